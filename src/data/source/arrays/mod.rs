//! Reads NumPy's files: an archive (`.npz`) of images and labels, perhaps in parts, as MedMNIST and Keras
//! write it; or an array of images (`.npy`) with an array of labels in a file beside it.

mod archive;
mod beside;
mod labels;
mod pairs;
mod pixels;
#[cfg(test)]
mod tests;

use std::path::Path;

pub(super) use self::beside::partner;

use super::kind::{Content, Found, Kind, Recognises, Report};
use crate::data::numpy::{MAGIC, is_archive};
use crate::data::{LabelColumn, ReadOptions};
use crate::error::{Fault, Result};

/// NumPy's arrays and archives.
pub(super) const KIND: Kind = Kind {
    name: "a NumPy file (.npz or .npy)",
    recognises: Recognises::Bytes(|bytes| bytes.starts_with(MAGIC) || is_archive(bytes)),
    read,
};

/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if a file or member is damaged, if there are no images or
/// labels, if several arrays may be either, or if their values are not images or labels.
fn read(content: &Content, options: &ReadOptions, _: Report) -> Result<Found> {
    refuse_columns(content.path, options)?;
    match content.bytes.starts_with(MAGIC) {
        true => beside::read(content, options),
        false => archive::read(content, options),
    }
}

fn refuse_columns(path: &Path, options: &ReadOptions) -> Result<()> {
    // Those of a run are for the table that it was trained on.
    if options.like.is_some() {
        return Ok(());
    }
    let problem = "is a NumPy file, which has no columns";
    let remedy = match &options.label {
        LabelColumn::Given(column) => format!("omit --label {column}: labels are an array"),
        _ if !options.drop.is_empty() => "omit --drop".to_owned(),
        _ => return Ok(()),
    };
    Err(Fault::new(path, problem).remedy(remedy).into())
}
