//! A run with its settings, images and folder.

use super::record::RunRecord;
use crate::config::Config;
use crate::data::Subset;
use crate::files::ResultFolder;

/// A run with its settings, images and folder, trained or not.
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
