//! What a kind of source is, and what it makes of a file.

use std::path::Path;

use super::bytes::Bytes;
use crate::data::{ClassNames, Dataset, RawImages, ReadOptions, Scale};
use crate::error::{Fault, Result};

/// A kind of source.
pub(super) struct Kind {
    /// What a file of it is called in messages, with an article.
    pub name: &'static str,
    /// How its files are recognised.
    pub recognises: Recognises,
    /// Reads labels and images.
    ///
    /// # Errors
    /// Faults of the whole file. Those of single images go to [`Report`].
    pub read: fn(&Content, &ReadOptions, Report) -> Result<Found>,
}

/// How the files of a kind are recognised, never by their name.
pub(super) enum Recognises {
    /// By their bytes. Such kinds are tried first.
    Bytes(fn(&[u8]) -> bool),
    /// By their text in UTF-8, if the file is text and no other format that is known.
    Text(fn(&[u8]) -> bool),
}

/// The content of a file that was recognised.
pub(super) struct Content<'a> {
    /// The file as the user named it.
    pub path: &'a Path,
    /// Its bytes, unpacked.
    pub bytes: Bytes,
    /// The text in UTF-8, unless the bytes are that already.
    pub decoded: Option<Vec<u8>>,
}

impl Content<'_> {
    /// The text in UTF-8, including a byte-order mark.
    pub fn text(&self) -> &[u8] {
        self.decoded.as_deref().unwrap_or(&self.bytes)
    }
}

/// Takes each fault of a single image, and says whether to go on.
pub(in crate::data) type Report<'a> = &'a mut dyn FnMut(Fault) -> After;

/// Whether to continue after a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) enum After {
    Stop,
    Continue,
}

/// The labels and images of a source.
pub(super) struct Found {
    /// The images without a fault, all of one shape.
    pub images: RawImages,
    /// SHA-256 of all that was read, in hexadecimal; identifies the images.
    pub sha256: String,
    /// Number of images, including those with a fault.
    pub rows: usize,
    /// Whether there is a header.
    pub header: bool,
    /// Whether the values are of a known range; if not, that is reported already.
    pub is_scaled: bool,
}

impl Found {
    /// Images of which none has a fault.
    pub fn faultless(images: RawImages, sha256: String) -> Found {
        let rows = images.rows.len();
        Found { images, sha256, rows, header: false, is_scaled: true }
    }

    /// Gives the images their classes and scale.
    ///
    /// # Errors
    /// As [`Dataset::new`].
    pub fn into_findings(self, file: &Path, options: &ReadOptions) -> Result<Findings> {
        let Found { images, sha256, rows, header, is_scaled } = self;
        // If an image is faulty, classes may only seem to be missing.
        let faultless = images.rows.len() == rows;
        let names = if faultless { options.names } else { ClassNames::Labels };
        let scale = if is_scaled { options.scale } else { Scale::By(1.0) };
        let options = ReadOptions { names, scale, ..options.clone() };
        Ok(Findings { data: Dataset::new(images, &options, file, sha256)?, rows, header })
    }
}

/// A source that was read, for `check`.
pub(in crate::data) struct Findings {
    /// The images without a fault.
    pub data: Dataset,
    /// Number of images, including those with a fault.
    pub rows: usize,
    /// Whether there is a header.
    pub header: bool,
}
