//! The time that a command with many runs will take, measured before it starts.

mod measured;
mod time;

pub use time::{Forecast, Left};
