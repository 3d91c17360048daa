//! Reads all bytes of a file and decompresses them.

use std::path::Path;

use super::bytes::{self, Bytes};
use super::unpack;
use crate::error::{Fault, Result};
use crate::runtime::{Memory, bytes as shown};

/// Reads a whole file, `-` for standard input, and decompresses it if necessary.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if the file is missing, a folder, too large for the
/// memory, or a compressed file that is truncated, corrupt or far too large when decompressed;
/// [`Error::Io`](crate::error::Error::Io) if it cannot be read.
pub fn read_unzipped(path: &Path) -> Result<Bytes> {
    read_unpacked(path, &mut Vec::new())
}

/// The same, with remarks on what was decided.
pub(super) fn read_unpacked(path: &Path, remarks: &mut Vec<String>) -> Result<Bytes> {
    let memory = Memory::now();
    let found = bytes::read(path, memory)?;
    let whole = unpack::decompress_all(path, found, memory, remarks)?;
    refuse_larger(path, whole.len() as u64, memory)?;
    Ok(whole)
}

/// Refuses a file whose images cannot fit into memory. As measured, reading takes 1.25 bytes per byte
/// of the file, which itself need not stay in memory.
pub(super) fn refuse_larger(path: &Path, size: u64, memory: Memory) -> Result<()> {
    let needed = size.saturating_add(size / 4);
    if needed <= memory.total {
        return Ok(());
    }
    let (size, needed, total) = (shown(size), shown(needed), shown(memory.total));
    let problem =
        format!("has {size} and needs {needed} of memory to read, but this machine has {total}");
    Err(Fault::new(path, problem).remedy("use a part of it").into())
}
