//! The lines of a sweep's curves.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::stats::{Estimate, nulls_as_nan};

/// One loss over the values of the first key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The loss, with its values of the other keys.
    pub name: String,
    /// The points in the order of the first key's values.
    pub points: Vec<GridPoint>,
}

/// One loss in one cell of the grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GridPoint {
    /// The value of the first key as text.
    pub value: String,
    /// The seeds of the finished runs.
    pub seeds: Vec<u64>,
    /// The scores of these runs.
    #[serde(deserialize_with = "nulls_as_nan")]
    pub scores: Vec<f64>,
    /// Mean and 95 % interval over the seeds; NaN if a run diverged.
    pub estimate: Estimate,
    /// MAP@R of each run.
    #[serde(deserialize_with = "nulls_as_nan")]
    pub map_at_r: Vec<f64>,
    /// Folders of the runs.
    pub runs: Vec<PathBuf>,
    /// The seeds of the diverged runs.
    pub diverged: Vec<u64>,
}
