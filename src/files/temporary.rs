//! Temporary files: their names, and the removal of those of dead processes.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::{RemovedOnAbort, is_at};

/// Extension of temporary files, which only this program uses.
const ENDING: &str = ".dml-tmp";

/// Maximum number of bytes of the final name in the temporary name; systems allow 255 in total.
const MAX_NAME: usize = 200;

/// Up to version 0.1 a temporary name was `.NAME.PID.tmp`, which other programs may use, too. So
/// only the kinds of files that those versions wrote count; the list never grows.
const OLD_ENDING: &str = ".tmp";
const OLD_KINDS: [&str; 15] = [
    "json",
    "toml",
    "csv",
    "gz",
    "md",
    "png",
    "svg",
    "html",
    "npy",
    "safetensors",
    "parquet",
    "pt",
    "tsv",
    "pbtxt",
    "dml",
];

/// A file that is being written under a temporary name. It is removed if it is dropped before
/// [`Temporary::persist`].
///
/// Its process holds an operating system lock on it, which is released when the process ends in any
/// way: a temporary file that can be locked is stale.
#[derive(Debug)]
pub struct Temporary {
    path: PathBuf,
    target: PathBuf,
    /// Holds the lock.
    _file: File,
    _on_abort: RemovedOnAbort,
    persisted: bool,
}

impl Temporary {
    /// Creates an empty file in the folder of `target`, so that the rename stays on one file
    /// system.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn create(target: &Path) -> io::Result<(Temporary, File)> {
        for attempt in 0.. {
            let path = temporary_name(target, attempt);
            let file =
                File::options().create(true).write(true).read(true).truncate(false).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                // Another thread, or a process with the same number on another machine, is writing
                // it.
                Err(TryLockError::WouldBlock) => continue,
                // A file system without locks: do without.
                Err(TryLockError::Error(_)) => {}
            }
            // Another process may have removed the file between opening and locking.
            if is_at(&file, &path) {
                file.set_len(0)?;
                let writer = file.try_clone()?;
                let (target, _on_abort) = (target.to_path_buf(), RemovedOnAbort::new(&path));
                let temporary =
                    Temporary { path, target, _file: file, _on_abort, persisted: false };
                return Ok((temporary, writer));
            }
        }
        unreachable!("there is always another number")
    }

    /// The temporary path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Renames it to its final name, replacing an existing file.
    ///
    /// # Errors
    /// The rename fails; then the temporary file is removed.
    pub fn persist(mut self) -> io::Result<()> {
        fs::rename(&self.path, &self.target)?;
        self.persisted = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.persisted {
            // The original failure matters more, and a left-over file does no harm.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// `.NAME.PID.dml-tmp`, or `.NAME.PID-1.dml-tmp` if that is taken.
fn temporary_name(target: &Path, attempt: usize) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let end = (0..=MAX_NAME.min(name.len())).rev().find(|&end| name.is_char_boundary(end));
    let (name, process) = (&name[..end.unwrap_or(0)], std::process::id());
    let number = if attempt == 0 { String::new() } else { format!("-{attempt}") };
    target.with_file_name(format!(".{name}.{process}{number}{ENDING}"))
}

/// Whether a file name is temporary, in the current format or in that of an earlier version.
pub fn is_temporary(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    is_new(&name) || old_process(&name).is_some()
}

/// Splits `.NAME.PROCESS` followed by an extension into `NAME` and `PROCESS`.
fn parts<'a>(name: &'a str, ending: &str) -> Option<(&'a str, &'a str)> {
    name.strip_prefix('.')?.strip_suffix(ending)?.rsplit_once('.')
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_new(name: &str) -> bool {
    parts(name, ENDING).is_some_and(|(name, process)| {
        let (process, attempt) = process.split_once('-').unwrap_or((process, "0"));
        !name.is_empty() && is_number(process) && is_number(attempt)
    })
}

/// The process number in a temporary name of an earlier version.
fn old_process(name: &str) -> Option<u32> {
    let (name, process) = parts(name, OLD_ENDING)?;
    // A checkpoint already had a temporary name, from which another one was derived.
    let name = parts(name, OLD_ENDING).map_or(name, |(inner, _)| inner);
    let is_ours = name.rsplit_once('.').is_some_and(|(_, kind)| OLD_KINDS.contains(&kind));
    if is_ours && is_number(process) { process.parse().ok() } else { None }
}

/// Removes stale temporary files from the folder of a run.
///
/// Earlier versions did not lock their files, so those are removed if no process of this program
/// has that number. Files that cannot be removed do no harm.
pub fn sweep(folder: &Path) {
    sweep_new(folder);
    for (path, name) in files_in(folder) {
        if old_process(&name).is_some_and(|process| !is_alive(process)) {
            let _ = fs::remove_file(path);
        }
    }
}

/// The same for any folder, except for names of earlier versions, which may be the user's files.
pub(super) fn sweep_new(folder: &Path) {
    for (path, name) in files_in(folder) {
        if is_new(&name) {
            remove_unlocked(&path);
        }
    }
}

fn files_in(folder: &Path) -> impl Iterator<Item = (PathBuf, String)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| (entry.path(), entry.file_name().to_string_lossy().into_owned()))
}

fn remove_unlocked(path: &Path) {
    let Ok(file) = File::options().write(true).open(path) else { return };
    // Removed while locked, so that a process that opened it meanwhile notices. And only if the
    // path still is this file: its writer may have renamed it, and another process created a new
    // one.
    if file.try_lock().is_ok() && is_at(&file, path) {
        let _ = fs::remove_file(path);
    }
}

/// Whether a process with this number runs this program, if the system can tell.
fn is_alive(process: u32) -> bool {
    let name = |process: &str| fs::read_to_string(format!("/proc/{process}/comm")).ok();
    name(&process.to_string()).is_some_and(|found| {
        // The program may have been renamed.
        found.starts_with(env!("CARGO_PKG_NAME")) || Some(found) == name("self")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No process has this number: Linux gives none above 4,194,304.
    const DEAD: u32 = 4_194_305;

    fn holds(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn temporary_names_are_recognised_for_any_file_name() {
        let names = ["loss.svg", "a", ".hidden", "no ending 7", "ö.tar.gz", "x.new-format"];
        for name in names {
            for attempt in [0, 1, 12] {
                let path = temporary_name(Path::new(name), attempt);
                assert!(is_temporary(path.file_name().unwrap()), "{}", path.display());
            }
        }
        let lengthy = temporary_name(Path::new(&"ö".repeat(127)), 3);
        assert!(lengthy.as_os_str().len() < 255 && is_temporary(lengthy.as_os_str()));
    }

    #[test]
    fn similar_names_are_not_temporary() {
        let names = [
            "notes.tmp",
            ".notes.tmp",
            ".thesis.2024.tmp",
            ".chapter.tex.12.tmp",
            ".loss.svg.tmp",
            ".loss.svg.x1.tmp",
            "loss.svg.12.tmp",
            ".dml-tmp",
            ".12.dml-tmp",
            ".a.dml-tmp",
            ".a.1-.dml-tmp",
            "a.12.dml-tmp",
            ".a.12.dml-tmp.bak",
            ".json.5.tmp",
        ];
        for name in names {
            assert!(!is_temporary(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn only_files_of_dead_processes_are_swept() {
        let folder = tempfile::tempdir().unwrap();
        let old_kinds = ["pairs.svg", "report.html", "a.parquet", "a.pt", "run.json", "a.csv.gz"];
        let mut dead: Vec<String> =
            old_kinds.iter().map(|name| format!(".{name}.{DEAD}.tmp")).collect();
        dead.push(format!("..checkpoint.safetensors.{DEAD}.tmp.{DEAD}.tmp"));
        dead.push(format!(".any.kind.{DEAD}.dml-tmp"));
        // The number of a live process that does not hold the file.
        dead.push(format!(".plain.{}-1.dml-tmp", std::process::id()));
        let own = format!(".loss.png.{}.tmp", std::process::id());
        let others = ["model.safetensors", ".thesis.2024.tmp", ".notes.tmp", own.as_str()];
        for name in dead.iter().map(String::as_str).chain(others) {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        let (under_way, _) = Temporary::create(&folder.path().join("table.md")).unwrap();
        sweep(folder.path());
        let name = under_way.path().file_name().unwrap().to_str().unwrap();
        let is_linux = cfg!(target_os = "linux");
        let mut left: Vec<&str> = others.into_iter().filter(|n| is_linux || *n != own).collect();
        left.push(name);
        left.sort_unstable();
        assert_eq!(holds(folder.path()), left);
        under_way.persist().unwrap();
        assert!(folder.path().join("table.md").exists());
    }

    #[test]
    fn two_writers_of_the_same_file_do_not_interfere() {
        use std::io::Write;
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.txt");
        let (first, mut one) = Temporary::create(&target).unwrap();
        let (second, mut two) = Temporary::create(&target).unwrap();
        assert_ne!(first.path(), second.path());
        one.write_all(b"first").unwrap();
        two.write_all(b"second").unwrap();
        second.persist().unwrap();
        first.persist().unwrap();
        assert_eq!(
            (fs::read(&target).unwrap(), holds(folder.path()).len()),
            (b"first".to_vec(), 1)
        );
    }

    #[test]
    fn a_file_is_never_swept_while_it_is_written() {
        use std::io::Write;
        use std::sync::atomic::{AtomicBool, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    sweep(folder.path());
                }
            });
            for round in 0..500_u32 {
                let target = folder.path().join("a.txt");
                let (temporary, mut file) = Temporary::create(&target).unwrap();
                file.write_all(round.to_string().as_bytes()).unwrap();
                temporary.persist().unwrap();
                assert_eq!(fs::read_to_string(&target).unwrap(), round.to_string());
            }
            done.store(true, Ordering::SeqCst);
        });
    }
}
