//! Reads all bytes of a file, a pipe or standard input.

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

/// Bytes to read between two checks of the total.
pub(super) const PIECE: u64 = 4 << 20;

/// The path that means standard input; write `./-` for a file of that name.
const STDIN: &str = "-";

/// Whether standard input was already read, which works only once.
static STDIN_WAS_READ: AtomicBool = AtomicBool::new(false);

/// Whether a path can be read only once: standard input, a pipe, or a shell's `<(command)`.
pub fn is_read_once(path: &Path) -> bool {
    path == Path::new(STDIN)
        || fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Refuses a path where nothing is.
///
/// # Errors
/// [`Error::Fault`] if it does not exist; [`Error::Io`] if it cannot be examined.
pub fn refuse_missing(path: &Path) -> Result<()> {
    match path == Path::new(STDIN) {
        true => Ok(()),
        false => fs::metadata(path).map(drop).map_err(Error::io("read", path)),
    }
}

/// The metadata of a file.
fn metadata(path: &Path) -> Result<Metadata> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            Err(Fault::new(path, "is a folder").remedy("name a file in it").into())
        }
        metadata => metadata.map_err(Error::io("read", path)),
    }
}

/// Reads all bytes at a path; `-` is standard input.
///
/// # Errors
/// As [`refuse_missing`]; it is a folder; standard input was already read or is a terminal; a pipe delivers more
/// than fits into the free memory; the file cannot be read.
pub(super) fn read(path: &Path, memory: Memory) -> Result<Bytes> {
    if path == Path::new(STDIN) {
        return read_stdin(path, memory);
    }
    let is_file = metadata(path)?.is_file();
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    if is_file {
        // Mapping saves a copy.
        match get_reader_bytes(&mut file) {
            Ok(ReaderBytes::Owned(mapped)) => return Ok(Bytes::Owned(mapped)),
            // An empty file, for example, cannot be mapped.
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
        return Err(Fault::new(path, "was already read, which works only once")
            .remedy(remedy)
            .into());
    }
    read_all(path, stdin, memory)
}

fn refuse_terminal(path: &Path, is_terminal: bool) -> Result<()> {
    if !is_terminal {
        return Ok(());
    }
    let remedy = "pipe a file into it: zcat images.csv.gz | dml data check -";
    Err(Fault::new(path, "is a terminal, not a file").remedy(remedy).into())
}

/// Reads to the end, up to the free memory: a device may never end.
fn read_all(path: &Path, mut from: impl Read, memory: Memory) -> Result<Bytes> {
    let mut all = Vec::new();
    loop {
        let more = from.by_ref().take(PIECE).read_to_end(&mut all);
        if more.map_err(Error::io("read", path))? == 0 {
            return Ok(Bytes::Owned(all.into()));
        }
        if all.len() as u64 > memory.available {
            let free = bytes(memory.available);
            let problem = format!("delivers more than the {free} of free memory");
            return Err(Fault::new(path, problem).remedy("use a part of it").into());
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
    fn a_pipe_is_read_rather_than_mapped() {
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
    fn an_endless_file_is_refused_before_the_memory_is_full() {
        let memory = Memory { total: 1 << 40, available: 9_000_000 };
        let message = read(Path::new("/dev/zero"), memory).err().unwrap().to_string();
        let problem = "/dev/zero: delivers more than the 9 MB of free memory";
        assert_eq!(message, format!("{problem}; use a part of it"));
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
