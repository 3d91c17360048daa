//! What a comparison shows: metrics over seeds, standings, the conclusion, pictures.

mod comparison;
mod conclusion;
mod metrics;
mod pictures;
mod results;
mod standings;
mod summary;

pub use comparison::Comparison;
pub use conclusion::NO_SPREAD;
pub use metrics::current_name;
pub use results::{Finished, LossRuns, hash_of, without_diverged};
pub use standings::{Standing, standings};
pub use summary::Summary;
