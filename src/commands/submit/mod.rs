//! Commands with many runs beyond one machine: as a job array of Slurm's, or as command lines.

mod command_lines;
mod dispatch;
mod lines;
mod mode;
mod slurm;
mod submission;

pub use dispatch::{done_otherwise, submit};
pub use mode::{Mode, mode};
pub use submission::{Submission, refuse_unfinished};
