//! Tasks that are done on other machines: as a Slurm job array, or as command lines.

pub use directives::{Memory, SbatchOption, TimeLimit};
pub use indices::ranges;
pub use logs::{Log, logs};
pub use script::{Limits, Script};
pub use submit::{Batch, JOB, Submitted};
mod directives;
mod indices;
mod logs;
mod script;
mod submit;

/// Folder of a batch's logs within its own.
const LOGS: &str = "logs";
