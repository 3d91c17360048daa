//! Numbers over seeds: means with intervals, paired tests, Holm's correction, ranks.
//!
//! This floor knows no run and no file.

mod estimate;
mod multiple;
mod ranks;
mod wording;

pub use estimate::{
    CUT, DIFFERENCES, Ends, Estimate, SHARES, estimate, is_within, paired_difference,
    rows_some_missing, some_missing,
};
pub use multiple::all_pairs;
pub use ranks::rank_probabilities;
pub use wording::{
    LEVEL, from_to, hundredths, listed, mean, p_told, percent, points, share, shown_p,
};
