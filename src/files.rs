//! Writing files so that a reader never meets half of one, and hashing what files hold.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// Writes a file under a temporary name beside it and renames it when it is whole.
///
/// The folder is made where it is missing. Whatever stops the writing, `path` holds either what
/// it held before or all of the new content.
///
/// # Errors
/// [`Error::Io`] with the path that could not be created, written or renamed.
pub fn write_atomically(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(Error::io("create the folder", folder))?;
    }
    let temporary = temporary_name(path);
    let written = write_whole(&temporary, content)
        .and_then(|()| fs::rename(&temporary, path))
        .map_err(Error::io("write", path));
    if written.is_err() {
        // The first error is the one to tell; a left-over temporary file harms nobody.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Refuses to go on where a folder is gone that results belong in: whoever took it away must not
/// find half of a run in its place.
///
/// # Errors
/// There is no folder at `path` any more.
pub fn must_exist(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    Err(Error::Other(format!(
        "{} was removed or replaced meanwhile, so nothing more is written there; bring it back, \
         or begin anew",
        path.display()
    )))
}

fn write_whole(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let mut writer = BufWriter::new(File::create(path)?);
    content(&mut writer)?;
    writer.flush()?;
    writer.get_ref().sync_all()
}

/// SHA-256 as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `.NAME.PID.tmp` in the same folder, so that the rename stays on one file system.
fn temporary_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

/// Whether a file's name is one that [`write_atomically`] writes under.
pub fn is_temporary(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') && name.ends_with(".tmp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_content_and_no_litter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/a.txt");
        write_atomically(&path, |w| w.write_all(b"old")).unwrap();
        let failed = write_atomically(&path, |w| {
            w.write_all(b"half of the new")?;
            Err(io::Error::other("the disk is full"))
        });
        assert!(failed.unwrap_err().to_string().contains("a.txt"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), expected);
    }
}
