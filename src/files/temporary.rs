//! Files under way: what they are called until they are whole, and removing those of dead processes.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::{RemovedOnAbort, is_at};

/// What a temporary name ends with: nothing but this program writes it.
const ENDING: &str = ".dml-tmp";

/// Bytes of the final name that its temporary name repeats; systems take 255 in all.
const LONGEST: usize = 200;

/// Up to version 0.1 a temporary name was `.NAME.PID.tmp`, which other programs may use as well. So
/// it counts only for the kinds of files that those versions wrote; the list never grows.
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

/// A file that is being written, under a name that only this program gives. Dropped before it is
/// whole, it is removed.
///
/// Its process holds a lock of the operating system on it, which ends with the process however that
/// ends: a temporary file that can be locked belongs to nobody.
#[derive(Debug)]
pub struct Temporary {
    path: PathBuf,
    target: PathBuf,
    /// Holds the lock.
    _file: File,
    _goes: RemovedOnAbort,
    persisted: bool,
}

impl Temporary {
    /// Makes an empty file beside `target`, so that the rename stays on one file system.
    ///
    /// # Errors
    /// The system refuses.
    pub fn create(target: &Path) -> io::Result<(Temporary, File)> {
        for attempt in 0.. {
            let path = temporary_name(target, attempt);
            let file =
                File::options().create(true).write(true).read(true).truncate(false).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                // Another thread, or a process of the same number elsewhere, is at work on it.
                Err(TryLockError::WouldBlock) => continue,
                // A file system without locks: as good as it can be.
                Err(TryLockError::Error(_)) => {}
            }
            // Somebody may have swept the file between our opening and locking.
            if is_at(&file, &path) {
                file.set_len(0)?;
                let writer = file.try_clone()?;
                let (target, _goes) = (target.to_path_buf(), RemovedOnAbort::new(&path));
                let temporary = Temporary { path, target, _file: file, _goes, persisted: false };
                return Ok((temporary, writer));
            }
        }
        unreachable!("there is always another number")
    }

    /// Where it is until it is whole.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its final name, in place of what has it now.
    ///
    /// # Errors
    /// The system refuses; then it is removed.
    pub fn persist(mut self) -> io::Result<()> {
        fs::rename(&self.path, &self.target)?;
        self.persisted = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.persisted {
            // What made it fail is what counts; a left-over file harms nobody.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// `.NAME.PID.dml-tmp`, or `.NAME.PID-1.dml-tmp` where that is taken.
fn temporary_name(target: &Path, attempt: usize) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let end = (0..=LONGEST.min(name.len())).rev().find(|&end| name.is_char_boundary(end));
    let (name, process) = (&name[..end.unwrap_or(0)], std::process::id());
    let number = if attempt == 0 { String::new() } else { format!("-{attempt}") };
    target.with_file_name(format!(".{name}.{process}{number}{ENDING}"))
}

/// Whether a file's name is one that [`Temporary::create`] gives, or that an earlier version gave.
pub fn is_temporary(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    is_new(&name) || old_process(&name).is_some()
}

/// `NAME` and what stands for the process in `.NAME.PROCESS` and an ending.
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

/// The number of the process in a name that an earlier version gave.
fn old_process(name: &str) -> Option<u32> {
    let (name, process) = parts(name, OLD_ENDING)?;
    // A checkpoint had a temporary name of its own, and was written under that of this name.
    let name = parts(name, OLD_ENDING).map_or(name, |(inner, _)| inner);
    let is_ours = name.rsplit_once('.').is_some_and(|(_, kind)| OLD_KINDS.contains(&kind));
    if is_ours && is_number(process) { process.parse().ok() } else { None }
}

/// Removes the temporary files in the folder of a run that no living process writes.
///
/// Earlier versions held no lock on theirs, so their files go where the process is none of this
/// program's. What cannot be removed harms nobody.
pub fn sweep(folder: &Path) {
    sweep_new(folder);
    for (path, name) in files_in(folder) {
        if old_process(&name).is_some_and(|process| !is_alive(process)) {
            let _ = fs::remove_file(path);
        }
    }
}

/// The same in any folder, without the names of earlier versions, which may be the user's there.
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
    // Removed while it is locked: whoever opened it meanwhile sees that it is gone. And only where
    // the name still is this file's: its writer may have renamed it, and another begun under the name.
    if file.try_lock().is_ok() && is_at(&file, path) {
        let _ = fs::remove_file(path);
    }
}

/// Whether a process of this number runs this program, as far as the system tells.
fn is_alive(process: u32) -> bool {
    let name = |process: &str| fs::read_to_string(format!("/proc/{process}/comm")).ok();
    name(&process.to_string()).is_some_and(|found| {
        // Somebody may have renamed the program.
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
    fn a_name_is_recognised_whatever_the_file_is_called() {
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
    fn what_merely_looks_alike_is_none() {
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
    fn what_dead_processes_left_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let old_kinds = ["pairs.svg", "report.html", "a.parquet", "a.pt", "run.json", "a.csv.gz"];
        let mut dead: Vec<String> =
            old_kinds.iter().map(|name| format!(".{name}.{DEAD}.tmp")).collect();
        dead.push(format!("..checkpoint.safetensors.{DEAD}.tmp.{DEAD}.tmp"));
        dead.push(format!(".any.kind.{DEAD}.dml-tmp"));
        // The number of a process that lives, but does not hold the file.
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
    fn two_that_write_one_file_at_once_do_not_meet() {
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
    fn a_file_is_never_swept_while_it_is_written_however_often() {
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
