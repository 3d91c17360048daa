//! Writing files so that a reader never meets half of one, and hashing what files hold.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// Writes a file under a temporary name beside it and renames it when it is whole.
///
/// Whatever stops the writing, `path` holds either what it held before or all of the new content.
/// Its folder has to be there: one that was taken away meanwhile is not made anew with half of
/// what it held.
///
/// # Errors
/// [`Error::Io`] with the path that could not be written or renamed; a folder that is not there.
pub fn write_atomically(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<()> {
    write_by_name(path, |temporary| write_whole(temporary, content))
}

/// The same for what opens files itself: `write` is given the temporary name.
///
/// # Errors
/// As [`write_atomically`].
pub fn write_by_name(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> Result<()> {
    if is_device(path) {
        return write(path).map_err(Error::io("write", path));
    }
    let temporary = temporary_name(path);
    let written = write(&temporary).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|refusal| {
        // The first error is the one to tell; a left-over temporary file harms nobody.
        let _ = fs::remove_file(&temporary);
        match folder_of(path).filter(|folder| !folder.is_dir()) {
            Some(folder) => Error::Other(format!(
                "cannot write {}: the folder {} was removed or replaced meanwhile; bring it back, \
                 or begin anew",
                path.display(),
                folder.display()
            )),
            None => Error::io("write", path)(refusal),
        }
    })
}

/// Whether something else than a file or folder is there, `/dev/stdout` or a pipe for example: it takes
/// what is written, and must not be replaced by a file. What the system keeps in `/dev` and `/proc`
/// is none, whatever it leads to.
pub fn is_device(path: &Path) -> bool {
    let of_the_system = |path: &Path| ["/dev", "/proc"].iter().any(|top| path.starts_with(top));
    let leads_there = fs::read_link(path).is_ok_and(|target| of_the_system(&target));
    of_the_system(path)
        || leads_there
        || fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Writes text as [`write_atomically`] does.
///
/// # Errors
/// As there.
pub fn write_text(path: &Path, text: &str) -> Result<()> {
    write_atomically(path, |file| file.write_all(text.as_bytes()))
}

/// Makes a folder with those above it; one that is there is no matter.
///
/// # Errors
/// The system refuses.
pub fn create_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).map_err(Error::io("create the folder", path))
}

/// The folder that a file is in; none for the working folder.
pub fn folder_of(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}

fn write_whole(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    let mut writer = BufWriter::new(File::create(path)?);
    content(&mut writer)?;
    writer.flush()?;
    match writer.get_ref().sync_all() {
        // A pipe or a terminal has nothing to be brought to.
        Err(e) if e.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
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
    let inside = name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp"));
    inside.and_then(|inside| inside.rsplit_once('.')).is_some_and(|(name, process)| {
        let ours = KINDS.iter().any(|kind| name.contains(&format!(".{kind}")));
        ours && process.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Endings of the files that are written so; a file of the user's that looks alike has another.
const KINDS: [&str; 7] = ["json", "toml", "csv", "md", "png", "npy", "safetensors"];

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
    fn a_folder_that_was_taken_away_is_told_and_not_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone/a.txt");
        let message = write_atomically(&path, |w| w.write_all(b"new")).unwrap_err().to_string();
        assert!(message.contains("gone was removed or replaced meanwhile"), "{message}");
        assert!(!path.parent().unwrap().exists());
    }

    #[test]
    fn a_pipe_takes_what_is_written_and_stays_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read_to_string(pipe).unwrap()
        });
        write_text(&pipe, "through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        assert!(is_device(&pipe) && !is_device(folder.path()));
        let link = folder.path().join("stdout");
        std::os::unix::fs::symlink("/proc/self/fd/1", &link).unwrap();
        assert!(is_device(&link) && is_device(Path::new("/dev/stdout")));
    }

    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_hex(b"abc"), expected);
    }
}
