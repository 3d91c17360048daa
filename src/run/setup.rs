//! A run whose settings, images and folder are decided.

use super::record::RunRecord;
use crate::config::Config;
use crate::data::Subset;
use crate::files::ResultFolder;

/// A run whose settings and folder are decided, not trained yet.
pub struct Run {
    /// Its resolved configuration.
    pub config: Config,
    /// Its folder.
    pub folder: ResultFolder,
    pub record: RunRecord,
    pub train: Subset,
    pub validation: Subset,
    pub unseen: Option<Subset>,
}
