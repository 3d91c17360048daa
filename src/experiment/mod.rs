//! Many runs: what is planned, what it costs, how it is carried out, and what it shows.
//!
//! A [`Plan`] is losses × seeds on the same data; a [`Comparison`], a [`Sweep`] and a [`Search`]
//! say what its runs show. [`Bound`] follows one training.

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
