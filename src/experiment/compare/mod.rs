//! A comparison: metrics over seeds, ranking, conclusion and pictures.

mod comparison;
mod conclusion;
mod metrics;
mod pictures;
mod ranking;
mod results;
mod stored;
mod summary;
mod table;

pub use comparison::Comparison;
pub use conclusion::NO_SPREAD;
pub use metrics::current_name;
pub use ranking::{RankedLoss, rank};
pub use results::{Finished, LossRuns, hash_of, without_diverged};
pub use summary::Summary;
