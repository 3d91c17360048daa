//! TODO ('experiment',)

mod bound;
mod compare;
mod cost;
mod one_run;
mod plan;
mod schedule;
mod sweep;
mod tune;
mod unfinished;
mod variant;

pub use bound::Bound;
pub use compare::{Comparison, Finished, LossRuns, Summary};
pub use cost::Forecast;
pub use plan::Plan;
pub use sweep::{Axes, Sweep};
pub use tune::{Search, Tuned};
pub use unfinished::{Unfinished, batch_folder};
pub use variant::Arm;
