//! Decompresses a file and refuses decompression bombs.

use std::io::{self, Read};
use std::path::Path;

use super::bytes::{Bytes, PIECE};
use crate::error::{Fault, Result};
use crate::runtime::{Memory, bytes};

/// Decompressed size up to which any ratio is accepted.
const ALWAYS_TAKEN: u64 = 64 << 20;

/// Limits on the decompression of a file.
pub(super) struct Guard<'a> {
    /// The file.
    pub path: &'a Path,
    /// Name of the compression.
    pub name: &'static str,
    /// Largest accepted compression ratio.
    pub largest_ratio: u64,
    /// Memory of the machine.
    pub memory: Memory,
}

impl Guard<'_> {
    /// Reads all of a decoder of `size` compressed bytes; `taken` returns how many it has consumed.
    ///
    /// # Errors
    /// [`Error::Fault`](crate::error::Error::Fault) with the file and what is wrong with it.
    pub fn read_all(
        &self,
        mut decoder: impl Read,
        size: usize,
        taken: impl Fn() -> usize,
    ) -> Result<Bytes> {
        // Images of digits or clothes have a ratio of about 5; a wrong guess costs a copy.
        let guess = (size as u64).saturating_mul(5).min(self.memory.available);
        let mut unpacked = Vec::with_capacity(guess as usize);
        loop {
            match decoder.by_ref().take(PIECE).read_to_end(&mut unpacked) {
                Ok(0) => return Ok(Bytes::Owned(unpacked.into())),
                Ok(_) => self.refuse_bomb(unpacked.len() as u64, taken() as u64)?,
                Err(error) => return Err(self.fault(unpacked.len(), &error).into()),
            }
        }
    }

    /// Refuses if the bytes decompressed so far exceed the largest ratio or the free memory.
    pub fn refuse_bomb(&self, unpacked: u64, packed: u64) -> Result<()> {
        let (name, free) = (self.name, self.memory.available);
        let most = packed.saturating_mul(self.largest_ratio).max(ALWAYS_TAKEN);
        let problem = if unpacked > most {
            let (unpacked, packed) = (bytes(unpacked), bytes(packed));
            format!(
                "the first {packed} of the {name} decompress to {unpacked}, too much for images"
            )
        } else if unpacked > free {
            format!("the {name} decompresses to more than the {} of free memory", bytes(free))
        } else {
            return Ok(());
        };
        Err(Fault::new(self.path, problem).remedy("use another file, or a part of it").into())
    }

    pub fn fault(&self, unpacked: usize, error: &io::Error) -> Fault {
        let name = self.name;
        let problem = match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                format!("the {name} is truncated after {unpacked} decompressed bytes")
            }
            io::ErrorKind::OutOfMemory => {
                format!("decompressing the {name} needs more than the free memory ({error})")
            }
            _ => format!("the {name} is corrupt after {unpacked} decompressed bytes ({error})"),
        };
        Fault::new(self.path, problem).remedy("download or create the file again")
    }
}
