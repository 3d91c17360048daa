//! Lists the folders in a folder of runs.

use std::path::{Path, PathBuf};

use crate::files::ResultFolder;

/// The folders in a folder, sorted by name, without hidden ones.
pub fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let is_shown = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        path.is_dir() && !name.starts_with('.')
    };
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_shown).collect();
    folders.sort();
    folders
}

/// The trials in the folder of a search, finished or not; empty for any other folder.
pub fn trials(path: &Path) -> Vec<ResultFolder> {
    let is_trial = |folder: &ResultFolder| folder.name().starts_with("trial-");
    match ResultFolder::new(path).name().starts_with("tune-") {
        true => folders(path).into_iter().map(ResultFolder::new).filter(is_trial).collect(),
        false => Vec::new(),
    }
}
