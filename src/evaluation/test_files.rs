//! The files of an evaluation on test images in a run's folder: one set per content of the images.

use std::fs;

use super::output::metrics_file;
use super::stored::is_earlier_of;
use crate::data::Dataset;
use crate::error::Result;
use crate::files::{ResultFolder, content_ending, test_ending, without_test_file};

/// What the names of these files begin with.
const STARTS: [&str; 8] =
    ["metrics", "confusion", "embeddings", "labels", "classes", "recall", "distances", "retrieval"];

/// The name of the file with the metrics on these test images.
pub fn test_metrics_file(test: &Dataset) -> String {
    metrics_file(&test_ending(&test.file, &test.sha256))
}

/// Removes the results on the same images under another name: one that the image file had before, or
/// the one name that earlier versions gave to the results on any file.
///
/// # Errors
/// A file cannot be removed.
pub fn forget_other_names(folder: &ResultFolder, test: &Dataset) -> Result<()> {
    let ending = test_ending(&test.file, &test.sha256);
    let content = content_ending(&test.sha256);
    let is_earlier_of = is_earlier_of(folder, test);
    for inside in ["", "plots/"] {
        let entries = fs::read_dir(folder.file(inside)).into_iter().flatten().flatten();
        for name in entries.map(|entry| entry.file_name().to_string_lossy().into_owned()) {
            let without = without_test_file(&name);
            let start = without.split_once("_test.").map_or("", |(start, _)| start);
            let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
            let is_of_same_images = match without == name {
                true => is_earlier_of,
                false => stem.ends_with(&content) && !stem.ends_with(&ending),
            };
            if STARTS.contains(&start) && is_of_same_images {
                folder.forget(&[&format!("{inside}{name}")])?;
            }
        }
    }
    Ok(())
}
