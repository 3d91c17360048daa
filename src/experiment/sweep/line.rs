//! One line of the curves of a sweep.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::stats::{Estimate, nulls_as_nan};

/// One loss over the first key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The loss, and its values of the other keys.
    pub name: String,
    /// The places in the order of the first key's values.
    pub points: Vec<Place>,
}

/// One loss at one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The value of the first key, as it is shown.
    pub value: String,
    /// The seeds of the runs that came to their end.
    pub seeds: Vec<u64>,
    /// The score of each of them.
    #[serde(deserialize_with = "nulls_as_nan")]
    pub scores: Vec<f64>,
    /// Mean and 95 % interval over the seeds; no number where a run diverged.
    pub estimate: Estimate,
    /// MAP@R of each run.
    #[serde(deserialize_with = "nulls_as_nan")]
    pub map_at_r: Vec<f64>,
    /// Folders of the runs.
    pub runs: Vec<PathBuf>,
    /// The seeds under which the loss became no number.
    pub diverged: Vec<u64>,
}
