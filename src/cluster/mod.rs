//! Submits the unfinished runs of a command to Slurm, as a job array.

pub use directives::{Memory, SbatchOption, TimeLimit};
pub use indices::ranges;
pub use logs::{Log, logs};
pub use queue::refuse_queued;
pub use script::{GRACE, Limits, Script};
pub use submit::Batch;
pub use submitted::Submitted;
mod directives;
mod indices;
mod logs;
mod queue;
mod script;
mod submit;
mod submitted;
