//! One process at a time works on a run.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::files::{RemovedOnAbort, ResultFolder, create_folder, folder_of, is_at};

/// The right to write into a run's folder, held until it is dropped.
///
/// It is a lock of the operating system on `.NAME.lock` beside the folder, so it outlives a folder
/// that is replaced, and ends with its process however that ends: a lock that a dead process left
/// is taken over. The file holds the process's number, to be told to whoever comes second.
#[derive(Debug)]
pub struct RunLock {
    path: PathBuf,
    file: File,
    goes: Option<RemovedOnAbort>,
}

impl RunLock {
    /// Takes the lock of a run, or refuses at once; removes what a process left half written that
    /// died with the lock.
    ///
    /// # Errors
    /// Another process, or another thread of this one, works on the run: told with the process's
    /// number; a lock file that cannot be made.
    pub fn take(folder: &ResultFolder) -> Result<RunLock> {
        RunLock::attempt(folder)?.map_err(|mut file| held(folder, &mut file))
    }

    /// The same, but none where somebody else works on the run.
    ///
    /// # Errors
    /// A lock file that cannot be made.
    pub fn try_take(folder: &ResultFolder) -> Result<Option<RunLock>> {
        Ok(RunLock::attempt(folder)?.ok())
    }

    /// The lock, or the file by which another holds it.
    fn attempt(folder: &ResultFolder) -> Result<std::result::Result<RunLock, File>> {
        let path = folder.path().with_file_name(format!(".{}.lock", folder.name()));
        if let Some(runs) = folder_of(&path) {
            create_folder(runs)?;
        }
        loop {
            let mut file = File::options()
                .create(true)
                .read(true)
                .write(true)
                .truncate(false)
                .open(&path)
                .map_err(Error::io("lock the run by", &path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Err(file)),
                Err(TryLockError::Error(e)) => return Err(Error::io("lock", &path)(e)),
            }
            // Whoever held it before may have removed the file between our opening and locking.
            if is_at(&file, &path) {
                write_owner(&mut file).map_err(Error::io("write", &path))?;
                folder.sweep();
                let goes = Some(RemovedOnAbort::new(&path));
                return Ok(Ok(RunLock { path, file, goes }));
            }
        }
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // First: what an abort removes from now on may be the next holder's.
        self.goes = None;
        // Removed while it is still held: see the check in `take`.
        if is_at(&self.file, &self.path) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn write_owner(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn held(folder: &ResultFolder, file: &mut File) -> Error {
    let mut owner = String::new();
    let known = file.read_to_string(&mut owner).is_ok() && !owner.trim().is_empty();
    let owner = if known { format!("process {}", owner.trim()) } else { "another process".into() };
    Error::Other(format!(
        "{owner} is at work on {}: wait for it, or stop it first",
        folder.path().display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_with_the_number_of_the_first_until_that_lets_go() {
        let runs = tempfile::tempdir().unwrap();
        let folder = ResultFolder::new(runs.path().join("a"));
        let first = RunLock::take(&folder).unwrap();
        let message = RunLock::take(&folder).unwrap_err().to_string();
        let owner = format!("process {} is at work on", std::process::id());
        assert!(message.starts_with(&owner), "{message}");
        RunLock::take(&ResultFolder::new(runs.path().join("b"))).expect("another run is free");
        assert!(RunLock::try_take(&folder).unwrap().is_none());
        drop(first);
        RunLock::take(&folder).unwrap();
        assert_eq!(fs::read_dir(runs.path()).unwrap().count(), 0, "no lock is left over");
    }

    #[test]
    fn a_lock_file_that_a_dead_process_left_is_taken_over() {
        let runs = tempfile::tempdir().unwrap();
        fs::write(runs.path().join(".a.lock"), "4194304\n").unwrap();
        let folder = ResultFolder::new(runs.path().join("a"));
        let lock = RunLock::take(&folder).unwrap();
        let owner = fs::read_to_string(runs.path().join(".a.lock")).unwrap();
        assert_eq!(owner.trim(), std::process::id().to_string());
        drop(lock);
    }

    #[test]
    fn many_that_come_and_go_are_never_inside_together() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let runs = tempfile::tempdir().unwrap();
        let folder = ResultFolder::new(runs.path().join("a"));
        let (inside, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while taken.load(Ordering::SeqCst) < 200 {
                        let Ok(lock) = RunLock::take(&folder) else { continue };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        taken.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
    }
}
