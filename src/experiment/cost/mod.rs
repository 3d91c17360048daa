//! TODO ('experiment', 'cost')

mod measured;
mod time;

pub use time::{Forecast, Left};
