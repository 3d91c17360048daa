//! Reads a compressed file to its end, and refuses what would fill the memory.

use std::io::{self, Read};
use std::path::Path;

use super::bytes::{Bytes, PIECE};
use crate::error::{Fault, Result};
use crate::runtime::{Memory, bytes};

/// Bytes that any compressed file may hold.
const ALWAYS_TAKEN: u64 = 64 << 20;

/// What stands between a compressed file and the memory.
pub(super) struct Guard<'a> {
    /// The file.
    pub path: &'a Path,
    /// How it is compressed.
    pub name: &'static str,
    /// What was read of it may hold so many times its own size.
    pub largest_ratio: u64,
    /// The memory there is.
    pub memory: Memory,
}

impl Guard<'_> {
    /// Reads all of a decoder of `size` bytes, of which `taken` tells how many it took.
    ///
    /// # Errors
    /// [`Error::Fault`](crate::error::Error::Fault) with the file and what is wrong with it.
    pub fn read_all(
        &self,
        mut decoder: impl Read,
        size: usize,
        taken: impl Fn() -> usize,
    ) -> Result<Bytes> {
        // Images of digits or clothes shrink about fivefold; a wrong guess costs a copy.
        let guess = (size as u64).saturating_mul(5).min(self.memory.available);
        let mut unpacked = Vec::with_capacity(guess as usize);
        loop {
            match decoder.by_ref().take(PIECE).read_to_end(&mut unpacked) {
                Ok(0) => return Ok(Bytes::Owned(unpacked.into())),
                Ok(_) => self.refuse_bomb(unpacked.len() as u64, taken() as u64)?,
                Err(refusal) => return Err(self.broken(unpacked.len(), &refusal).into()),
            }
        }
    }

    /// Refuses what is unpacked so far to so many bytes, where it is far more than images give or
    /// than there is memory.
    pub fn refuse_bomb(&self, unpacked: u64, packed: u64) -> Result<()> {
        let (name, free) = (self.name, self.memory.available);
        let most = packed.saturating_mul(self.largest_ratio).max(ALWAYS_TAKEN);
        let problem = if unpacked > most {
            let (unpacked, packed) = (bytes(unpacked), bytes(packed));
            format!("the first {packed} of the {name} hold {unpacked}, as no images do")
        } else if unpacked > free {
            format!("the {name} holds more than the {} of memory that are free", bytes(free))
        } else {
            return Ok(());
        };
        Err(Fault::new(self.path, problem).remedy("take another file, or a part of it").into())
    }

    pub fn broken(&self, unpacked: usize, refusal: &io::Error) -> Fault {
        let name = self.name;
        let problem = match refusal.kind() {
            io::ErrorKind::UnexpectedEof => {
                format!("the {name} is cut off after {unpacked} unpacked bytes")
            }
            io::ErrorKind::OutOfMemory => {
                format!("the {name} needs more memory than is free to be unpacked ({refusal})")
            }
            _ => format!("the {name} is corrupt after {unpacked} unpacked bytes ({refusal})"),
        };
        Fault::new(self.path, problem).remedy("fetch or make the file again")
    }
}
