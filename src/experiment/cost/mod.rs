//! The time that a command with many runs will take, estimated before it starts.

mod estimate;
mod measure;

pub use estimate::{Remaining, TimeEstimate};
