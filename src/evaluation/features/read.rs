//! Reads embeddings with their labels from one file or two, or either alone.

use std::path::{Path, PathBuf};

use ndarray::Array2;

use super::content::Source;
use super::labels::Labels;
use super::numbers::Numbers;
use super::single::{Scaling, to_f32};
use crate::error::{Error, Fault, Result};
use crate::words::things;

/// Embeddings with their labels, and how the files were interpreted.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// One row per embedding.
    pub embeddings: Numbers,
    /// One label per row.
    pub labels: Labels,
    /// The embeddings' file, for messages.
    pub file: PathBuf,
    /// The labels' file, for messages.
    pub label_file: PathBuf,
    /// How the files were interpreted, in one line.
    pub understood: String,
}

/// The file of a path to embeddings or labels, without its `:KEY`.
pub fn embedding_file(path: &Path) -> PathBuf {
    Source::new(path).file
}

impl Features {
    /// Reads embeddings, and their labels from the same file or another one.
    ///
    /// # Errors
    /// [`Error::Fault`] with file and row: a file cannot be read or contains something else, the choice
    /// of array or column is ambiguous, a number is not finite, or the numbers of labels and
    /// embeddings differ.
    pub fn read(embeddings: &Path, labels: Option<&Path>) -> Result<Features> {
        let source = Source::new(embeddings);
        let content = source.open()?;
        let label_source = labels.map(Source::new);
        let same_file = label_source.as_ref().is_none_or(|labels| labels.file == source.file);
        let label_key = label_source.as_ref().and_then(|labels| labels.key.as_deref());
        let own_key = label_key.filter(|_| same_file);
        let (numbers, description) = content.embeddings(source.key.as_deref(), own_key)?;
        let (labels, label_description, label_file) =
            match label_source.as_ref().filter(|_| !same_file) {
                Some(labels) => {
                    let (found, description) = labels.open()?.labels(labels.key.as_deref())?;
                    let description = format!("{}: {description}", labels.file.display());
                    (found, description, labels.shown())
                }
                None => {
                    let (found, description) =
                        content.labels_beside(label_key, source.key.as_deref())?;
                    (found, description, source.shown())
                }
            };
        let file = source.shown();
        refuse_other_count(&numbers, &file, &labels, &label_file)?;
        let understood =
            format!("{}: {description}; labels: {label_description}", source.file.display());
        Ok(Features { embeddings: numbers, labels, file, label_file, understood })
    }
}

fn refuse_other_count(
    numbers: &Numbers,
    file: &Path,
    labels: &Labels,
    label_file: &Path,
) -> Result<()> {
    let ((rows, columns), count) = (numbers.dim(), labels.len());
    if rows == count {
        return Ok(());
    }
    let (labels, row) = (things(count, "label"), things(rows, "row"));
    let problem = format!("has {count} {labels} for the {rows} {row} of {}", file.display());
    let remedy = match columns == count {
        true => "save the transpose of the embeddings, z.T, with one embedding per row",
        false => "save one label per row",
    };
    Err(Error::from(Fault::new(label_file, problem).remedy(remedy)))
}

/// Reads an array of embeddings `[N, D]` as f32; N and D at least 1.
///
/// # Errors
/// [`Error::Fault`] with the file: not an array of numbers, another shape, or a value, with its row and
/// column, that is not finite or too large to be squared.
pub fn read_embeddings(path: &Path) -> Result<Array2<f32>> {
    let source = Source::new(path);
    let (numbers, _) = source.open()?.embeddings(source.key.as_deref(), None)?;
    Ok(to_f32((numbers, path), None, Scaling::Kept)?.references)
}

/// Reads integer labels `[N]`; N at least 1.
///
/// # Errors
/// [`Error::Fault`] with the file: not an array of labels, another shape, or a label that is not a
/// 64-bit integer.
pub fn read_labels(path: &Path) -> Result<Vec<i64>> {
    let source = Source::new(path);
    let (labels, _) = source.open()?.labels(source.key.as_deref())?;
    labels.numbers().map_err(|text| {
        Fault::new(path, "is not a 64-bit integer")
            .value(text)
            .remedy("save class numbers as integers")
            .into()
    })
}

#[cfg(test)]
mod tests;
