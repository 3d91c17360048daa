//! Statistics over seeds: means with intervals, paired tests, Holm's correction, ranks.
//!
//! This module knows nothing of runs and files.

mod estimate;
mod multiple;
mod ranks;
mod wording;

pub use estimate::{
    CLIPPED, DIFFERENCES, Ends, Estimate, SHARES, estimate, is_within, nulls_as_nan,
    paired_difference, rows_with_nulls_as_nan,
};
pub use multiple::all_pairs;
pub use ranks::{LEAST_SEEDS, rank_probabilities};
pub use wording::{
    LEVEL, from_to, hundredths, listed, mean, p_text, percent, points, share, shown_p,
};
