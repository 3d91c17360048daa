//! Distributes commands with many runs over machines: submits their tasks to Slurm or prints them as
//! command lines, runs a single task, and collects the results.

mod command_lines;
mod dispatch;
mod lines;
mod mode;
mod slurm;
mod submission;

pub use dispatch::{run_other_mode, submit};
pub use mode::{Mode, mode};
pub use submission::{Submission, refuse_unfinished};
