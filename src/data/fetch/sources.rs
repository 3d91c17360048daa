//! Sources of the four IDX files: a folder, the Debian package, or a download.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::parts::{Half, Idx};
use crate::data::{read_images, read_labels};
use crate::error::{Error, Fault, Result};

/// Folder in which the Debian package installs the files.
pub(super) const DEBIAN_FOLDER: &str = "/usr/share/datasets/fashion-mnist";

/// The Debian package with the files.
const DEBIAN_PACKAGE: &str = "dataset-fashion-mnist";

/// URL of the upstream files.
const UPSTREAM: &str =
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion";

/// Runs a program with arguments in a folder; the error says why it failed.
pub(super) type Run<'a> = &'a dyn Fn(&str, &[&str], &Path) -> std::result::Result<(), String>;

/// Runs a program without showing its output.
pub(super) fn run(
    program: &str,
    arguments: &[&str],
    folder: &Path,
) -> std::result::Result<(), String> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let last = stderr.lines().rfind(|line| !line.trim().is_empty());
            Err(format!("{program} failed: {}", last.unwrap_or("no error message").trim()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(format!("{program} is not installed"))
        }
        Err(error) => Err(format!("{program} cannot be run: {error}")),
    }
}

/// Reads and verifies the images and labels of each part from a folder.
///
/// # Errors
/// [`Error::Fault`] for the first file that is missing, damaged or has other content.
pub(super) fn from_folder(folder: &Path, parts: &[Half]) -> Result<Vec<Idx>> {
    let read = |part: &Half| {
        let images = read_images(&in_folder(folder, part.images), Some(part.images_sha256))?;
        let labels = read_labels(&in_folder(folder, part.labels), Some(part.labels_sha256))?;
        Ok(Idx { images, labels })
    };
    if !folder.is_dir() {
        return Err(Fault::new(folder, "folder not found").into());
    }
    parts.iter().map(read).collect()
}

/// The files that [`from_folder`] may read.
pub(super) fn candidates(folder: &Path, parts: &[Half]) -> Vec<PathBuf> {
    let names = parts.iter().flat_map(|part| [part.images, part.labels]);
    names.flat_map(|name| [folder.join(name), folder.join(zipped(name))]).collect()
}

/// The plain file if it exists, else the gzip file, as upstream distributes it.
fn in_folder(folder: &Path, name: &str) -> PathBuf {
    let plain = folder.join(name);
    if plain.is_file() { plain } else { folder.join(zipped(name)) }
}

fn zipped(name: &str) -> String {
    format!("{name}.gz")
}

/// Downloads the Debian package, without installing it, and reads the files in it.
///
/// # Errors
/// The error of the first step that failed.
pub(super) fn from_debian_package(scratch: &Path, parts: &[Half], run: Run) -> Result<Vec<Idx>> {
    let step = |program, arguments: &[&str]| run(program, arguments, scratch).map_err(Error::Other);
    step("dpkg", &["--version"])?;
    step("apt-get", &["download", DEBIAN_PACKAGE])?;
    let package = fs::read_dir(scratch)
        .map_err(Error::io("read", scratch))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find(|name| name.starts_with(DEBIAN_PACKAGE) && name.ends_with(".deb"))
        .ok_or_else(|| Error::Other("apt-get downloaded no package".to_owned()))?;
    step("dpkg", &["-x", &package, "unpacked"])?;
    let inside = DEBIAN_FOLDER.trim_start_matches('/');
    from_folder(&scratch.join("unpacked").join(inside), parts)
}

/// Downloads the four files with curl, or with wget if curl is missing.
///
/// # Errors
/// The error of the first download that failed.
pub(super) fn from_download(scratch: &Path, parts: &[Half], run: Run) -> Result<Vec<Idx>> {
    let with_curl = run("curl", &["--version"], scratch).is_ok();
    for name in parts.iter().flat_map(|part| [part.images, part.labels]) {
        let file = zipped(name);
        let url = format!("{UPSTREAM}/{file}");
        let result = if with_curl {
            let options = ["--fail", "--location", "--silent", "--show-error"];
            let limits = ["--connect-timeout", "20", "--retry", "2"];
            run("curl", &[&options[..], &limits, &["--output", &file, &url]].concat(), scratch)
        } else {
            let options = ["--no-verbose", "--timeout=20", "--tries=3", "--output-document"];
            run("wget", &[&options[..], &[&file, &url]].concat(), scratch)
        };
        result.map_err(Error::Other)?;
    }
    from_folder(scratch, parts)
}

/// A folder for intermediate files, removed when dropped.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// Creates an empty folder inside `parent`, which is created if missing.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder cannot be created.
    pub fn new(parent: &Path) -> Result<Scratch> {
        let folder = parent.join(format!(".fetch.{}", std::process::id()));
        // Left over from a killed process with the same id.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(Error::io("create the folder", &folder))?;
        Ok(Scratch(folder))
    }

    /// A new folder inside.
    ///
    /// # Errors
    /// [`Error::Io`] if it cannot be created.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.0.join(name);
        fs::create_dir_all(&folder).map_err(Error::io("create the folder", &folder))?;
        Ok(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A hidden folder that cannot be removed does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_or_is_missing_is_reported() {
        let here = Path::new(".");
        assert_eq!(run("sh", &["-c", "exit 0"], here), Ok(()));
        let loud = run("sh", &["-c", "echo first >&2; echo 'last ' >&2; exit 3"], here);
        assert_eq!(loud.unwrap_err(), "sh failed: last");
        let mute = run("sh", &["-c", "exit 3"], here);
        assert_eq!(mute.unwrap_err(), "sh failed: no error message");
        let none = run("no-such-program-of-dml", &[], here);
        assert_eq!(none.unwrap_err(), "no-such-program-of-dml is not installed");
    }

    #[test]
    fn a_scratch_folder_starts_empty_and_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let left_over = parent.path().join(format!(".fetch.{}", std::process::id()));
        fs::create_dir_all(left_over.join("old")).unwrap();
        let scratch = Scratch::new(parent.path()).unwrap();
        assert_eq!(fs::read_dir(&left_over).unwrap().count(), 0);
        assert!(scratch.folder("a").unwrap().is_dir());
        drop(scratch);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
