//! All bytes of a file, a pipe or standard input.

use std::fs::{self, File, Metadata};
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use polars::io::mmap::ReaderBytes;
use polars::io::utils::get_reader_bytes;

use crate::error::{Error, Fault, Result};
use crate::runtime::{Memory, bytes};

/// All bytes of a file, mapped into memory or owned.
pub type Bytes = ReaderBytes<'static>;

/// Bytes between two looks at how many there are.
pub(super) const PIECE: u64 = 4 << 20;

/// The name that stands for standard input; a file of that name is `./-`.
const STDIN: &str = "-";

/// Whether standard input was read: it gives its bytes once.
static STDIN_WAS_READ: AtomicBool = AtomicBool::new(false);

/// Whether a path can be read once only: standard input, a pipe, or what a shell puts in place of
/// `<(command)`.
pub fn is_read_once(path: &Path) -> bool {
    path == Path::new(STDIN)
        || fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Refuses a path that leads to no file.
///
/// # Errors
/// [`Error::Fault`] where there is nothing, or a folder; [`Error::Io`] where the system does not
/// say.
pub fn refuse_missing(path: &Path) -> Result<()> {
    if path == Path::new(STDIN) { Ok(()) } else { found(path).map(drop) }
}

/// What is at a path.
fn found(path: &Path) -> Result<Metadata> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            Err(Fault::new(path, "is a folder").remedy("name a file in it").into())
        }
        found => found.map_err(Error::io("read", path)),
    }
}

/// All bytes at a path; `-` is standard input.
///
/// # Errors
/// As [`refuse_missing`]; standard input a second time, or where it is a terminal; a pipe that
/// gives more than the free memory holds; the system refuses.
pub(super) fn read(path: &Path, memory: Memory) -> Result<Bytes> {
    if path == Path::new(STDIN) {
        return read_stdin(path, memory);
    }
    let is_file = found(path)?.is_file();
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    if is_file {
        // Mapped, which saves copying it.
        match get_reader_bytes(&mut file) {
            Ok(ReaderBytes::Owned(mapped)) => return Ok(Bytes::Owned(mapped)),
            // The system maps no empty file, for example.
            _ => file = File::open(path).map_err(Error::io("read", path))?,
        }
    }
    refuse_terminal(path, file.is_terminal())?;
    read_all(path, file, memory)
}

fn read_stdin(path: &Path, memory: Memory) -> Result<Bytes> {
    let stdin = io::stdin().lock();
    refuse_terminal(path, stdin.is_terminal())?;
    if STDIN_WAS_READ.swap(true, Ordering::Relaxed) {
        let remedy = "name a file for one of the two";
        return Err(Fault::new(path, "was read already, and gives its bytes once")
            .remedy(remedy)
            .into());
    }
    read_all(path, stdin, memory)
}

fn refuse_terminal(path: &Path, is_terminal: bool) -> Result<()> {
    if !is_terminal {
        return Ok(());
    }
    let remedy = "send a file into it: zcat images.csv.gz | dml data check -";
    Err(Fault::new(path, "is the keyboard, not a file").remedy(remedy).into())
}

/// Reads to the end, or until there is no more memory: a device may never end.
fn read_all(path: &Path, mut from: impl Read, memory: Memory) -> Result<Bytes> {
    let mut all = Vec::new();
    loop {
        let more = from.by_ref().take(PIECE).read_to_end(&mut all);
        if more.map_err(Error::io("read", path))? == 0 {
            return Ok(Bytes::Owned(all.into()));
        }
        if all.len() as u64 > memory.available {
            let free = bytes(memory.available);
            let problem = format!("gives more than the {free} of memory that are free");
            return Err(Fault::new(path, problem).remedy("take a part of it").into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    const ENOUGH: Memory = Memory { total: 1 << 40, available: 1 << 40 };

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_mapped_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let writer = {
            let pipe = pipe.clone();
            std::thread::spawn(move || fs::write(pipe, b"1,2\n"))
        };
        assert!(is_read_once(&pipe));
        assert_eq!(&*read(&pipe, ENOUGH).unwrap(), b"1,2\n");
        writer.join().unwrap().unwrap();
    }

    #[test]
    fn an_empty_file_has_no_bytes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(read(file.path(), ENOUGH).unwrap().is_empty());
        assert!(!is_read_once(file.path()));
    }

    #[test]
    fn what_never_ends_is_refused_before_the_memory_is_full() {
        let memory = Memory { total: 1 << 40, available: 9_000_000 };
        let message = read(Path::new("/dev/zero"), memory).err().unwrap().to_string();
        let problem = "/dev/zero: gives more than the 9 MB of memory that are free";
        assert_eq!(message, format!("{problem}; take a part of it"));
    }

    #[test]
    fn a_missing_file_and_a_folder_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.csv");
        let message = |path: &Path| read(path, ENOUGH).err().unwrap().to_string();
        let remedy = "check the path; relative paths start at the working folder";
        let shown = missing.display();
        assert_eq!(message(&missing), format!("{shown}: file not found; {remedy}"));
        let shown = folder.path().display();
        assert_eq!(message(folder.path()), format!("{shown}: is a folder; name a file in it"));
        assert!(refuse_missing(&missing).is_err() && refuse_missing(Path::new(STDIN)).is_ok());
    }
}
