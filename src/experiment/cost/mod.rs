//! The time that a command with many runs will take, measured before it starts.

mod estimate;
mod measure;

pub use estimate::{Left, TimeEstimate};
