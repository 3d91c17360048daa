//! What a file of images is, recognised by its content alone.
//!
//! A file is read whole ([`bytes`]) and unpacked ([`unpack`], [`zip`]). It is then of a kind that is
//! known by its bytes, or text, which becomes UTF-8 ([`text`]) and is of a kind that is known by its
//! text, or else a table; anything else is refused with the way to turn it into what is read
//! ([`unreadable`]). A kind of source is a file here and a line in [`BY_BYTES`] or [`BY_TEXT`].

mod bytes;
mod guard;
mod idx_files;
mod names;
mod paths;
mod picture;
mod text;
mod unpack;
mod unreadable;
mod zip;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

pub use self::bytes::{Bytes, is_read_once, refuse_missing};
use super::csv::{After, Findings};
use super::{ClassNames, CsvOptions, Dataset, RawImages};
use crate::error::{Fault, Result};
use crate::runtime::{Memory, bytes as shown};

/// Reads a whole file, `-` for standard input, and unpacks it where it is compressed.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) where the file is missing, a folder, more than the
/// memory holds, or compressed and cut off, corrupt, or holds far more than images do;
/// [`Error::Io`](crate::error::Error::Io) where the system refuses to read it.
pub fn read_unzipped(path: &Path) -> Result<Bytes> {
    read_unpacked(path, &mut Vec::new())
}

/// The same, with remarks on what was decided.
fn read_unpacked(path: &Path, remarks: &mut Vec<String>) -> Result<Bytes> {
    let memory = Memory::now();
    let found = bytes::read(path, memory)?;
    let whole = unpack::unpacked(path, found, memory, remarks)?;
    refuse_larger(path, whole.len() as u64, memory)?;
    Ok(whole)
}

/// Refuses a file that no memory will hold the images of. As measured, reading takes 1.25 bytes a
/// byte of the file, which itself need not stay in memory.
fn refuse_larger(path: &Path, size: u64, memory: Memory) -> Result<()> {
    let needed = size.saturating_add(size / 4);
    if needed <= memory.total {
        return Ok(());
    }
    let (size, needed, there) = (shown(size), shown(needed), shown(memory.total));
    let problem = format!("has {size}, to read it takes {needed} of memory, and there are {there}");
    Err(Fault::new(path, problem).remedy("take a part of it").into())
}

/// The file that is read together with this one: the labels of IDX images, or the images of such
/// labels.
pub fn read_with(path: &Path) -> Option<PathBuf> {
    idx_files::partner(path)
}

/// The bytes of a file whose text is a table of images.
pub struct Table {
    /// As they are in the unpacked file; its hash is the file's.
    pub bytes: Bytes,
    /// The text in UTF-8, where it is not that already.
    decoded: Option<Vec<u8>>,
    /// What was decided, a line each.
    pub remarks: Vec<String>,
}

impl Table {
    /// The text in UTF-8, a byte-order mark included.
    pub fn text(&self) -> &[u8] {
        self.decoded.as_deref().unwrap_or(&self.bytes)
    }
}

/// What is told of each fault of a file's images, and says whether to go on.
type Tell<'a> = &'a mut dyn FnMut(Fault) -> After;

/// A kind of source beside the table.
struct Kind {
    recognises: fn(&[u8]) -> bool,
    read: fn(&Path, &[u8], &CsvOptions, Tell) -> Result<Found>,
}

/// Kinds that are known by their bytes.
const BY_BYTES: [Kind; 1] = [Kind { recognises: idx_files::is_idx, read: idx_files::read }];

/// Kinds that are known by their text.
const BY_TEXT: [Kind; 1] = [Kind { recognises: paths::is_list, read: paths::read }];

/// What a file of images turned out to be.
pub enum Source {
    /// A table of images, still to be read.
    Table(Table),
    /// Images of any other kind.
    Images(Box<Found>),
}

/// Images that no table holds.
pub struct Found {
    /// The images without a fault.
    raw: RawImages,
    /// SHA-256 of all that was read, in hexadecimal.
    sha256: String,
    /// Number of rows, those with a fault included.
    rows: usize,
    /// Whether there is a header.
    header: bool,
}

impl Found {
    /// Gives the images their classes.
    ///
    /// # Errors
    /// As [`Dataset::new`].
    pub(super) fn into_findings(self, file: &Path, options: &CsvOptions) -> Result<Findings> {
        let Found { raw, sha256, rows, header } = self;
        // Where an image is faulty, classes may only seem to be missing.
        let names = if raw.rows.len() == rows { options.names } else { ClassNames::Labels };
        let options = CsvOptions { names, ..options.clone() };
        Ok(Findings { data: Dataset::new(raw, &options, file, sha256)?, rows, header })
    }
}

/// Opens a file of images; faults of single images go to `tell`.
///
/// # Errors
/// As [`read_unzipped`], and where the file is of no kind that is read.
pub(super) fn open(path: &Path, options: &CsvOptions, tell: Tell) -> Result<Source> {
    let mut remarks = Vec::new();
    let bytes = read_unpacked(path, &mut remarks)?;
    let kind = BY_BYTES.iter().find(|kind| (kind.recognises)(&bytes));
    if let Some(kind) = kind {
        return images(kind, (path, &bytes), remarks, options, tell);
    }
    let decoded = match text::decoded(path, &bytes, &mut remarks)? {
        Cow::Borrowed(_) => None,
        Cow::Owned(text) => Some(text),
    };
    let table = Table { bytes, decoded, remarks };
    match BY_TEXT.iter().find(|kind| (kind.recognises)(table.text())) {
        Some(kind) => images(kind, (path, table.text()), table.remarks.clone(), options, tell),
        None => Ok(Source::Table(table)),
    }
}

fn images(
    kind: &Kind,
    (path, content): (&Path, &[u8]),
    remarks: Vec<String>,
    options: &CsvOptions,
    tell: Tell,
) -> Result<Source> {
    let mut found = (kind.read)(path, content, options, tell)?;
    found.raw.reading.remarks.splice(..0, remarks);
    Ok(Source::Images(Box::new(found)))
}

#[cfg(test)]
mod tests;
