//! Atomic file writing, validated reading, and hashing.

mod checked;
mod identity;
mod kept;
pub mod layout;
mod names;
mod on_abort;
mod output;
mod paths;
mod result_folder;
mod stream;
mod temporary;
mod test_names;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::{Compression, GzBuilder};
use serde::Serialize;
use sha2::{Digest, Sha256};

pub use checked::{Checked, from_json, is_share, read_csv, read_json};
pub use identity::{is_at, is_same_file, resolved};
pub use kept::{foreign_files, is_result_folder, keeper_of, kept_weights};
pub use names::{CSV, FileKind, HTML, NPY, PARQUET, SAFETENSORS, TORCHSCRIPT, is_gzip_name};
pub use on_abort::{RemovedOnAbort, remove_on_abort};
pub use output::{Output, OutputRules};
pub use paths::folder_of;
pub use result_folder::ResultFolder;
pub use stream::{Target, is_stream};
use temporary::sweep_new;
pub use temporary::{Temporary, is_temporary, sweep};
pub use test_names::{content_ending, test_ending, without_test_file};

use crate::error::{Error, Result};

/// Writes a file under a temporary name in the same folder and renames it when it is complete;
/// pipes, terminals and devices are written directly.
///
/// If writing is interrupted, `path` has either its old or the complete new content. Its folder
/// must exist: one that was removed meanwhile is not recreated. Writing to a pipe stops without an
/// error when its reader closes it.
///
/// # Errors
/// [`Error::Io`] with the path that could not be written or renamed; a folder that is missing.
pub fn write_atomically(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<Target>) -> io::Result<()>,
) -> Result<()> {
    let Some(stream) = stream::open(path) else {
        return replace(path, None, |file| fill(Target::new(file), content));
    };
    let target = stream.map_err(Error::io("write", path))?;
    fill(target, content).map_err(Error::io("write", path))
}

/// Writes JSON for people and programs.
///
/// # Errors
/// The file cannot be written.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value).expect("plain values");
    text.push(b'\n');
    write_atomically(path, |file| file.write_all(&text))
}

/// Like [`write_atomically`], but keeps the previous file under another name. At any moment one of
/// the two is complete.
///
/// # Errors
/// As [`write_atomically`].
pub fn write_with_backup(path: &Path, older: &Path, content: &[u8]) -> Result<()> {
    replace(path, Some(older), |file| fill(Target::new(file), |to| to.write_all(content)))
}

/// Writes a file under a temporary name and renames it.
fn replace(
    path: &Path,
    older: Option<&Path>,
    write: impl FnOnce(File) -> io::Result<()>,
) -> Result<()> {
    let written = Temporary::create(path).and_then(|(temporary, file)| {
        write(file)?;
        // The new file is complete on disk before the old one is moved.
        if let Some(older) = older.filter(|_| path.exists()) {
            fs::rename(path, older)?;
        }
        temporary.persist()
    });
    written.map_err(|error| match folder_of(path).filter(|folder| !folder.is_dir()) {
        Some(folder) => Error::Other(format!(
            "cannot write {}: the folder {} was removed or replaced meanwhile; restore it, or \
             start again",
            path.display(),
            folder.display()
        )),
        None => Error::io("write", path)(error),
    })
}

/// Writes all of the content and syncs it to disk.
fn fill(
    target: Target,
    content: impl FnOnce(&mut BufWriter<Target>) -> io::Result<()>,
) -> io::Result<()> {
    let mut writer = BufWriter::new(target);
    let written = content(&mut writer).and_then(|()| writer.flush());
    if writer.get_ref().reader_left() {
        return Ok(());
    }
    written?;
    writer.get_ref().sync()
}

/// Writes text like [`write_atomically`].
///
/// # Errors
/// As [`write_atomically`].
pub fn write_text(path: &Path, text: &str) -> Result<()> {
    write_atomically(path, |file| file.write_all(text.as_bytes()))
}

/// Writes like [`write_atomically`], with gzip compression if the name ends in `.gz`.
///
/// The same content gives the same bytes: the gzip contains no name and no time.
///
/// # Errors
/// As [`write_atomically`].
pub fn write_zipped(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    write_atomically(path, |file| {
        if !is_gzip_name(path) {
            return content(file);
        }
        let encoder = GzBuilder::new().write(file, Compression::best());
        let mut buffer = BufWriter::with_capacity(1 << 16, encoder);
        content(&mut buffer)?;
        buffer.into_inner().map_err(io::IntoInnerError::into_error)?.finish().map(drop)
    })
}

/// Creates a folder and its parents, unless they exist.
///
/// # Errors
/// The folder cannot be created.
pub fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(Error::io("create the folder", path))
}

/// SHA-256 as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_content_and_no_litter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/a.txt");
        create_folder(folder_of(&path).unwrap()).unwrap();
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
    fn a_removed_folder_is_reported_and_not_recreated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone/a.txt");
        let message = write_atomically(&path, |w| w.write_all(b"new")).unwrap_err().to_string();
        assert!(message.contains("gone was removed or replaced meanwhile"), "{message}");
        assert!(!path.parent().unwrap().exists());
    }

    #[test]
    fn a_file_with_the_longest_possible_name_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ö".repeat(127));
        write_text(&path, "all of it").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "all of it");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_gzip_bytes_do_not_depend_on_the_name() {
        let folder = tempfile::tempdir().unwrap();
        let written = |name: &str| {
            let path = folder.path().join(name);
            write_zipped(&path, |w| w.write_all(b"0,1,2\n")).unwrap();
            fs::read(path).unwrap()
        };
        let zipped = written("a.csv.gz");
        assert_eq!((written("B.CSV.GZ"), written("c.csv")), (zipped.clone(), b"0,1,2\n".to_vec()));
        // RFC 1952: no flags, time 0, slowest method, unknown system.
        assert_eq!(zipped[3..10], [0, 0, 0, 0, 0, 2, 255]);
    }

    #[test]
    fn hashes_are_sha_256() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), expected);
    }
}
