//! Opens sources of data, whose kind is detected from their content alone.
//!
//! A folder holds pictures ([`folder`]). A file is read ([`bytes`]) and decompressed ([`unpack`], [`zip`]). Its kind is the first of [`KINDS`]
//! that recognises its bytes or, after conversion to UTF-8 ([`text`]), its text; anything else is refused
//! with how to convert it ([`unreadable`]). A kind of source is a file here and a line in the list; it
//! turns the content of a file and the options into labels and images of one shape ([`kind`]).

mod arrays;
mod bytes;
mod csv;
mod folder;
mod guard;
mod idx_files;
mod kind;
mod list;
mod names;
mod parts;
mod picture;
mod pictures;
mod stack;
mod text;
mod unpack;
mod unreadable;
mod whole;
mod zip;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

pub use self::bytes::{is_read_once, refuse_missing};
pub use self::kind::Watch;
pub(super) use self::kind::{After, Findings, Report};
pub use self::whole::read_unzipped;

use self::bytes::Bytes;
use self::kind::{Content, Kind, Recognises};
use self::whole::read_unpacked;
use super::{Dataset, ReadOptions};
use crate::error::Result;
use crate::words::either;

/// The kinds of sources, in the order in which they are tried. Any text is a CSV.
const KINDS: &[Kind] = &[folder::KIND, arrays::KIND, idx_files::KIND, list::KIND, csv::KIND];

/// Opens a source of data.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) for the first problem: the file is missing, too
/// large for the memory, a damaged compressed file, or of an unsupported kind; what its kind refuses; an
/// image, a label or a value is missing or damaged; the range of values needs a scale.
/// [`Error::Io`](crate::error::Error::Io) if it cannot be read.
pub fn open(path: &Path, options: &ReadOptions) -> Result<Dataset> {
    open_watched(path, options, &|_, _| ())
}

/// The same; `watch` sees the progress.
///
/// # Errors
/// As [`open`].
pub fn open_watched(path: &Path, options: &ReadOptions, watch: Watch) -> Result<Dataset> {
    let mut first = None;
    let mut report = |fault| {
        first.get_or_insert(fault);
        After::Stop
    };
    let findings = examine(path, options, &mut report, watch)?;
    match first {
        Some(fault) => Err(fault.into()),
        None => Ok(findings.data),
    }
}

/// Opens a source of data and reports each fault of its images and classes.
///
/// # Errors
/// As [`open`], but only for faults of the whole file.
pub(super) fn examine(
    path: &Path,
    options: &ReadOptions,
    report: Report,
    watch: Watch,
) -> Result<Findings> {
    let mut remarks = Vec::new();
    let (kind, content) = recognise(path, &mut remarks, watch)?;
    let mut found = (kind.read)(&content, options, report)?;
    found.images.reading.remarks.splice(..0, remarks);
    found.into_findings(path, options)
}

/// Reads a source and finds its kind.
fn recognise<'a>(
    path: &'a Path,
    remarks: &mut Vec<String>,
    watch: Watch<'a>,
) -> Result<(&'static Kind, Content<'a>)> {
    if path.is_dir() {
        let kind = KINDS.iter().find(|kind| matches!(kind.recognises, Recognises::Folder));
        let bytes = Bytes::Owned(Vec::new().into());
        return Ok((
            kind.expect("a kind is of folders"),
            Content { path, bytes, decoded: None, watch },
        ));
    }
    let bytes = read_unpacked(path, remarks)?;
    let by_bytes =
        |kind: &&Kind| matches!(kind.recognises, Recognises::Bytes(is_one) if is_one(&bytes));
    if let Some(kind) = KINDS.iter().find(by_bytes) {
        return Ok((kind, Content { path, bytes, decoded: None, watch }));
    }
    let decoded = match text::to_utf8(path, &bytes, &image_sources(), remarks)? {
        Cow::Borrowed(_) => None,
        Cow::Owned(text) => Some(text),
    };
    let content = Content { path, bytes, decoded, watch };
    let text = content.text();
    let by_text =
        |kind: &&Kind| matches!(kind.recognises, Recognises::Text(is_one) if is_one(text));
    let kind = KINDS.iter().find(by_text).expect("any text is a CSV");
    Ok((kind, content))
}

/// The kinds of sources for help and messages: `a CSV of images, a list of image files or …`.
pub fn image_sources() -> String {
    either(&KINDS.iter().rev().map(|kind| kind.name).collect::<Vec<_>>())
}

/// The second file that is read with this one: the labels of IDX images, the images of IDX labels, or the
/// labels of a NumPy array.
pub fn read_with(path: &Path) -> Option<PathBuf> {
    arrays::partner(path).or_else(|| idx_files::partner(path))
}

/// Whether a file is one of EMNIST's by its name.
pub fn is_emnist(path: &Path) -> bool {
    names::Name::of(path).is_emnist()
}

#[cfg(test)]
mod tests;
