//! What a file of images is, recognised by its content alone.
//!
//! A file is read whole ([`bytes`]) and unpacked ([`unpack`], [`zip`]); text becomes UTF-8
//! ([`text`]); what is neither text nor a kind of source is refused with the way to turn it into one
//! ([`unreadable`]).

mod bytes;
mod text;
mod unpack;
mod unreadable;
mod zip;

use std::borrow::Cow;
use std::path::Path;

pub use self::bytes::{Bytes, STDIN, is_read_once, refuse_missing};
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

/// Opens a file of images.
///
/// # Errors
/// As [`read_unzipped`], and where the file is neither text nor a kind of source.
pub fn open(path: &Path) -> Result<Table> {
    let mut remarks = Vec::new();
    let bytes = read_unpacked(path, &mut remarks)?;
    let decoded = match text::decoded(path, &bytes, &mut remarks)? {
        Cow::Borrowed(_) => None,
        Cow::Owned(text) => Some(text),
    };
    Ok(Table { bytes, decoded, remarks })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_no_memory_holds_is_refused_with_the_figures() {
        let memory = Memory { total: 10_000_000_000, available: 1 };
        let path = Path::new("large.csv");
        assert!(refuse_larger(path, 7_900_000_000, memory).is_ok());
        let message = refuse_larger(path, 8_100_000_000, memory).unwrap_err().to_string();
        let figures = "has 8.1 GB, to read it takes 10.1 GB of memory, and there are 10.0 GB";
        assert_eq!(message, format!("large.csv: {figures}; take a part of it"));
    }
}
