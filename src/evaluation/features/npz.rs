//! Chooses an array of a NumPy archive.

use std::path::{Path, PathBuf};

use super::choice::{Wanted, choose};
use crate::data::numpy::{Archive, damaged_archive};
use crate::error::Result;

/// An archive in memory.
pub struct Npz {
    bytes: Vec<u8>,
    file: PathBuf,
    archive: Archive,
}

impl Npz {
    /// Reads the headers of an archive.
    ///
    /// # Errors
    /// As [`Archive::new`].
    pub fn new(bytes: Vec<u8>, file: &Path) -> Result<Npz> {
        let archive = Archive::new(&bytes, file)?;
        Ok(Npz { bytes, file: file.to_path_buf(), archive })
    }

    /// The bytes of the chosen array, and its name in messages.
    ///
    /// # Errors
    /// No such key, or several candidates.
    pub fn array(&self, wanted: Wanted, key: Option<&str>) -> Result<(Vec<u8>, PathBuf)> {
        let shapes = self.archive.arrays.iter().map(|entry| {
            let header = entry.header.as_ref();
            (entry.key.as_str(), header.map(|header| (header.shape.as_slice(), header.dtype)))
        });
        let index = choose(&shapes.collect::<Vec<_>>(), wanted, key, &self.file)?;
        let entry = &self.archive.arrays[index];
        let name = self.archive.name(entry);
        // The header gives the size; a member that is longer is refused by the array.
        let bytes = entry.member.whole(&self.bytes, entry.most());
        Ok((bytes.map_err(|why| damaged_archive(&name, &why))?, name))
    }
}
