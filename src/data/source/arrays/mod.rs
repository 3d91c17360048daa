//! Reads NumPy's files: an archive (`.npz`) of images and labels, perhaps in parts, as MedMNIST and Keras
//! write it; or an array of images (`.npy`) with an array of labels in a file beside it.

mod archive;
mod beside;
mod labels;
mod pairs;
mod pixels;
#[cfg(test)]
mod tests;

pub(super) use self::beside::partner;

use super::kind::{Content, Found, Kind, Recognises, Report, refuse_columns};
use crate::data::ReadOptions;
use crate::data::numpy::{MAGIC, is_archive};
use crate::error::Result;

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
    refuse_columns(content.path, ("a NumPy file", ": labels are an array"), options)?;
    match content.bytes.starts_with(MAGIC) {
        true => beside::read(content, options),
        false => archive::read(content, options),
    }
}
