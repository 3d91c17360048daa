//! Distributes commands with many runs over machines: as a Slurm job array, or as command lines.

mod command_lines;
mod dispatch;
mod lines;
mod mode;
mod slurm;
mod submission;

pub use dispatch::{run_other_mode, submit};
pub use mode::{Mode, mode};
pub use submission::{Submission, refuse_unfinished};
