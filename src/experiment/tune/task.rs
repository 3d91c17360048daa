//! What to search.

use std::path::PathBuf;

use crate::config::Config;
use crate::eval::Score;

/// What to search.
#[derive(Debug, Clone)]
pub struct Search {
    /// The settings that are not searched, and those of the first trial.
    pub config: Config,
    /// Trials in all, at least one.
    pub trials: usize,
    /// Trials side by side, at most four.
    pub jobs: usize,
    /// Folder of the runs.
    pub runs: PathBuf,
    /// Whether to do again what is finished.
    pub force: bool,
    /// What is to be as high as possible.
    pub score: Score,
    /// What was typed to have it carried out.
    pub command: String,
}
