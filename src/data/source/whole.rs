//! All bytes of a file, unpacked.

use std::path::Path;

use super::bytes::{self, Bytes};
use super::unpack;
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
pub(super) fn read_unpacked(path: &Path, remarks: &mut Vec<String>) -> Result<Bytes> {
    let memory = Memory::now();
    let found = bytes::read(path, memory)?;
    let whole = unpack::unpacked(path, found, memory, remarks)?;
    refuse_larger(path, whole.len() as u64, memory)?;
    Ok(whole)
}

/// Refuses a file that no memory will hold the images of. As measured, reading takes 1.25 bytes a
/// byte of the file, which itself need not stay in memory.
pub(super) fn refuse_larger(path: &Path, size: u64, memory: Memory) -> Result<()> {
    let needed = size.saturating_add(size / 4);
    if needed <= memory.total {
        return Ok(());
    }
    let (size, needed, there) = (shown(size), shown(needed), shown(memory.total));
    let problem = format!("has {size}, to read it takes {needed} of memory, and there are {there}");
    Err(Fault::new(path, problem).remedy("take a part of it").into())
}
