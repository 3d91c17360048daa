//! Experiments with many runs: plan, cost, execution and results.
//!
//! A [`Plan`] is losses × seeds on the same data. A [`Comparison`] and a [`Sweep`] are the results of
//! one, a [`Search`] tunes a loss, and [`Bound`] follows a single training run.

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
pub use cost::TimeEstimate;
pub use plan::Plan;
pub use sweep::{Axes, Sweep};
pub use tune::{Search, Tuned};
pub use unfinished::{Unfinished, batch_folder};
pub use variant::Variant;
