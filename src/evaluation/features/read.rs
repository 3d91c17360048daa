//! Embeddings and their labels from the files that people have them in.
//!
//! A file is known by its content, not by its name, and is read once, so that a pipe will do.
//! `FILE:KEY` names an array of an archive or a column of a table.

use std::path::{Path, PathBuf};

use ndarray::Array2;

use super::content::Source;
use super::labels::Labels;
use super::numbers::Numbers;
use super::single::{Scaling, to_f32};
use crate::error::{Error, Fault, Result};
use crate::words::things;

/// Embeddings with their labels, and what the files were taken for.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// A row each.
    pub embeddings: Numbers,
    /// As many labels.
    pub labels: Labels,
    /// The embeddings' file, for messages.
    pub file: PathBuf,
    /// The labels' file, for messages.
    pub label_file: PathBuf,
    /// What was understood, in one line.
    pub understood: String,
}

/// The file that a path to embeddings or labels names, without a key behind it.
pub fn embedding_file(path: &Path) -> PathBuf {
    Source::new(path).file
}

impl Features {
    /// Reads embeddings, and their labels from the same file or another one.
    ///
    /// # Errors
    /// [`Error::Fault`] with file and row: a file that cannot be read or holds something else, one
    /// with several arrays or columns to choose from, numbers that are not finite, as many labels
    /// as embeddings are missing.
    pub fn read(embeddings: &Path, labels: Option<&Path>) -> Result<Features> {
        let source = Source::new(embeddings);
        let content = source.open()?;
        let label_source = labels.map(Source::new);
        let beside = label_source.as_ref().is_none_or(|labels| labels.file == source.file);
        let label_key = label_source.as_ref().and_then(|labels| labels.key.as_deref());
        let own_key = label_key.filter(|_| beside);
        let (numbers, told) = content.embeddings(source.key.as_deref(), own_key)?;
        let (labels, told_labels, label_file) = match label_source.as_ref().filter(|_| !beside) {
            Some(labels) => {
                let (found, told) = labels.open()?.labels(labels.key.as_deref())?;
                let told = format!("{}: {told}", labels.file.display());
                (found, told, labels.shown())
            }
            None => {
                let (found, told) = content.labels_beside(label_key, source.key.as_deref())?;
                (found, told, source.shown())
            }
        };
        let file = source.shown();
        refuse_other_count(&numbers, &file, &labels, &label_file)?;
        let understood = format!("{}: {told}; labels: {told_labels}", source.file.display());
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
        true => "save the transpose of the embeddings, z.T: a row is an embedding",
        false => "save one label a row",
    };
    Err(Error::from(Fault::new(label_file, problem).remedy(remedy)))
}

/// Reads an array of embeddings `[N, D]` as f32; N and D at least 1.
///
/// # Errors
/// [`Error::Fault`] with the file: no array of numbers, another shape, a value that is not finite
/// or too large to be squared, with its row and column.
pub fn read_embeddings(path: &Path) -> Result<Array2<f32>> {
    let source = Source::new(path);
    let (numbers, _) = source.open()?.embeddings(source.key.as_deref(), None)?;
    Ok(to_f32((numbers, path), None, Scaling::Kept)?.references)
}

/// Reads whole numbers `[N]` as labels; N at least 1.
///
/// # Errors
/// [`Error::Fault`] with the file: no array of labels, another shape, a label that is no whole
/// number of 64 bits.
pub fn read_labels(path: &Path) -> Result<Vec<i64>> {
    let source = Source::new(path);
    let (labels, _) = source.open()?.labels(source.key.as_deref())?;
    labels.numbers().map_err(|text| {
        Fault::new(path, "is no whole number of 64 bits")
            .value(text)
            .remedy("save class numbers as integers")
            .into()
    })
}

#[cfg(test)]
mod tests;
