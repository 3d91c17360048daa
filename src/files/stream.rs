//! Outputs that are written directly: pipes, terminals, devices, and descriptors opened by a shell.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::resolved;

/// The target of a write: a file under a temporary name, or a stream.
#[derive(Debug)]
pub struct Target {
    file: File,
    is_stream: bool,
    reader_left: bool,
}

impl Target {
    /// A file.
    pub(super) fn new(file: File) -> Target {
        Target { file, is_stream: false, reader_left: false }
    }

    /// Whether it is a pipe whose reader has closed it.
    pub fn reader_left(&self) -> bool {
        self.reader_left
    }

    /// Syncs a file to disk; does nothing for a stream.
    pub(super) fn sync(&self) -> io::Result<()> {
        if self.is_stream { Ok(()) } else { self.file.sync_all() }
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes);
        if written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            self.reader_left = true;
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Whether a path is not a file or folder, or refers to a descriptor that the shell opened for this
/// process: it must be written directly and not be replaced by a file.
pub fn is_stream(path: &Path) -> bool {
    descriptor(path).is_some() || is_device(path)
}

fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Opens the stream at a path; `None` if it is a file, a folder, or does not exist.
pub(super) fn open(path: &Path) -> Option<io::Result<Target>> {
    let file = match descriptor(path) {
        // Duplicated to continue where the shell's other commands write: reopening would overwrite
        // a file from its start, and fails for a socket.
        Some(number) => duplicate(number),
        None if is_device(path) => File::options().write(true).open(path),
        None => return None,
    };
    Some(file.map(|file| Target { file, is_stream: true, reader_left: false }))
}

/// The file descriptor of this process that a path refers to, as `/dev/stdout` refers to 1.
#[cfg(unix)]
fn descriptor(path: &Path) -> Option<i32> {
    let mut path = path.to_path_buf();
    // One link at a time, since resolving all would end at the file itself.
    for _ in 0..8 {
        let by_name = ["/dev/stdin", "/dev/stdout", "/dev/stderr"];
        if let Some(number) = by_name.iter().position(|name| path == Path::new(name)) {
            return Some(number as i32);
        }
        let folder = path.parent().map(resolved)?;
        let own = format!("/proc/{}/fd", std::process::id());
        if folder == Path::new("/dev/fd") || folder == Path::new(&own) {
            return path.file_name()?.to_str()?.parse().ok();
        }
        path = folder.join(fs::read_link(&path).ok()?);
    }
    None
}

#[cfg(not(unix))]
fn descriptor(_: &Path) -> Option<i32> {
    None
}

#[cfg(unix)]
fn duplicate(number: i32) -> io::Result<File> {
    use std::os::fd::FromRawFd;
    // SAFETY: the call accepts any number and reports invalid descriptors.
    let copy = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 3) };
    if copy < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was just created and is owned by nobody else.
    Ok(unsafe { File::from_raw_fd(copy) })
}

#[cfg(not(unix))]
fn duplicate(_: i32) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::{write_atomically, write_text};
    use super::*;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::symlink;

    fn pipe(folder: &Path) -> std::path::PathBuf {
        let pipe = folder.join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        pipe
    }

    #[test]
    fn a_pipe_is_written_and_stays_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = pipe(folder.path());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read_to_string(pipe).unwrap()
        });
        write_text(&pipe, "through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        assert!(is_stream(&pipe) && !is_stream(folder.path()));
    }

    #[test]
    fn descriptors_of_the_shell_are_streams_and_other_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("stdout");
        symlink("/proc/self/fd/1", &link).unwrap();
        let dev = folder.path().join("dev");
        symlink("/dev", &dev).unwrap();
        for path in [&link, Path::new("/dev/stdout"), Path::new("/dev/fd/2"), &dev.join("stderr")] {
            assert!(is_stream(path), "{}", path.display());
        }
        assert!(is_stream(Path::new("/dev/null")));
        assert!(!is_stream(Path::new("/dev/not-there")) && !is_stream(Path::new("/dev")));
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        symlink(&file, folder.path().join("soft")).unwrap();
        assert!(!is_stream(&folder.path().join("soft")));
    }

    #[test]
    fn an_open_file_is_continued_where_the_shell_left_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"before ").unwrap();
        let name = format!("/dev/fd/{}", file.as_raw_fd());
        write_text(Path::new(&name), "result ").unwrap();
        file.write_all(b"after").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before result after");
        let closed = write_text(Path::new("/dev/fd/999"), "lost").unwrap_err();
        assert_eq!(closed.to_string(), "cannot write /dev/fd/999");
    }

    #[test]
    fn a_closed_pipe_ends_writing_without_an_error_and_a_full_device_with_one() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = pipe(folder.path());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || drop(File::open(pipe).unwrap())
        });
        let mut rows = 0;
        write_atomically(&pipe, |to| {
            (0..1_000_000).try_for_each(|_| {
                rows += 1;
                to.write_all(&[b'x'; 100])
            })
        })
        .unwrap();
        reader.join().unwrap();
        assert!(rows < 1_000_000, "writing continues without a reader");
        #[cfg(target_os = "linux")]
        {
            let full = write_text(Path::new("/dev/full"), "x").unwrap_err();
            assert!(crate::error::chain(&full).contains("No space left on device"));
        }
    }
}
