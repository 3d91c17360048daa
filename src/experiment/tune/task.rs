//! The definition of a search.

use std::path::PathBuf;

use crate::config::Config;
use crate::eval::Score;

/// A search for the best settings of a loss.
#[derive(Debug, Clone)]
pub struct Search {
    /// The given settings: those of the first trial, and those that are not searched.
    pub config: Config,
    /// Total number of trials, at least one.
    pub trials: usize,
    /// Number of parallel trials; more than four have no effect.
    pub jobs: usize,
    /// Folder of the runs.
    pub runs: PathBuf,
    /// Whether to repeat finished trials.
    pub force: bool,
    /// The metric to maximise.
    pub score: Score,
    /// The command line.
    pub command: String,
}
