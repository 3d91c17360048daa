//! The interface of a kind of source: how it recognises a file, and what it reads from it.

use std::path::Path;

use super::bytes::Bytes;
use crate::data::{ClassNames, Dataset, LabelColumn, RawImages, ReadOptions, Scale};
use crate::error::{Fault, Result};

/// A kind of source.
pub(super) struct Kind {
    /// Its name in messages, with an article.
    pub name: &'static str,
    /// How to recognise its files.
    pub recognises: Recognises,
    /// Reads labels and images.
    ///
    /// # Errors
    /// Faults of the whole file. Those of single images go to [`Report`].
    pub read: fn(&Content, &ReadOptions, Report) -> Result<Found>,
}

/// How to recognise the sources of a kind, never by their name.
pub(super) enum Recognises {
    /// By their bytes. Such kinds are tried first.
    Bytes(fn(&[u8]) -> bool),
    /// By their text in UTF-8, unless it is in a known unsupported format.
    Text(fn(&[u8]) -> bool),
    /// It is a folder.
    Folder,
}

/// The content of a recognised source.
pub(super) struct Content<'a> {
    /// The file as the user named it.
    pub path: &'a Path,
    /// Its bytes, decompressed; none of a folder.
    pub bytes: Bytes,
    /// The text in UTF-8, if the file is in another encoding.
    pub decoded: Option<Vec<u8>>,
    /// Who sees the progress of long reading.
    pub watch: Watch<'a>,
}

/// A callback for the pictures read so far, and all of them.
pub type Watch<'a> = &'a (dyn Fn(usize, usize) + Sync);

impl Content<'_> {
    /// The text in UTF-8, including a byte-order mark.
    pub fn text(&self) -> &[u8] {
        self.decoded.as_deref().unwrap_or(&self.bytes)
    }
}

/// Refuses flags for columns where there are none. `kind` is the kind of source with an article; `labels`
/// says after the remedy where the labels are. Flags of a run are for the table that it was trained on.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) with the flag to omit.
pub(super) fn refuse_columns(
    path: &Path,
    (kind, labels): (&str, &str),
    options: &ReadOptions,
) -> Result<()> {
    let remedy = match &options.label {
        _ if options.like.is_some() => return Ok(()),
        LabelColumn::Given(column) => format!("omit --label {column}{labels}"),
        _ if !options.drop.is_empty() => "omit --drop".to_owned(),
        _ => return Ok(()),
    };
    Err(Fault::new(path, format!("is {kind}, which has no columns")).remedy(remedy).into())
}

/// A callback for each fault of a single image, which decides whether to continue.
pub(in crate::data) type Report<'a> = &'a mut dyn FnMut(Fault) -> After;

/// Whether to continue after a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data) enum After {
    Stop,
    Continue,
}

/// The labels and images of a source.
pub(super) struct Found {
    /// The valid images, all of one shape.
    pub images: RawImages,
    /// SHA-256 of all that was read, in hexadecimal; identifies the images.
    pub sha256: String,
    /// Number of images, including those with a fault.
    pub rows: usize,
    /// Whether there is a header.
    pub header: bool,
    /// Whether the values are in a known range; if not, that has been reported.
    pub is_scaled: bool,
    /// Whether the values are those of pictures, whose white is 255 however dark they are.
    pub are_pictures: bool,
}

impl Found {
    /// Images without any fault.
    pub fn faultless(images: RawImages, sha256: String) -> Found {
        let rows = images.rows.len();
        Found { images, sha256, rows, header: false, is_scaled: true, are_pictures: false }
    }

    /// Gives the images their classes and scale.
    ///
    /// # Errors
    /// As [`Dataset::new`].
    pub fn into_findings(self, file: &Path, options: &ReadOptions) -> Result<Findings> {
        let Found { images, sha256, rows, header, is_scaled, are_pictures } = self;
        // With faulty images, a class may be missing from the valid ones only.
        let faultless = images.rows.len() == rows;
        let names = if faultless { options.names } else { ClassNames::Labels };
        let scale = match options.scale {
            _ if !is_scaled => Scale::By(1.0),
            Scale::Auto if are_pictures && options.like.is_none() => Scale::By(255.0),
            scale => scale,
        };
        let options = ReadOptions { names, scale, ..options.clone() };
        Ok(Findings { data: Dataset::new(images, &options, file, sha256)?, rows, header })
    }
}

/// The result of reading a source, for `check`.
pub(in crate::data) struct Findings {
    /// The valid images.
    pub data: Dataset,
    /// Number of images, including those with a fault.
    pub rows: usize,
    /// Whether there is a header.
    pub header: bool,
}
