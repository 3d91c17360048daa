//! Only one process at a time writes into a run.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::files::{RemovedOnAbort, ResultFolder, create_folder, folder_of, is_at};

/// The right to write into a run's folder, held until it is dropped.
///
/// It is a lock of the operating system on `.NAME.lock` beside the folder, so it survives when the
/// folder is replaced, and is released however its process ends. The file holds the process id, for
/// the message to a second process.
#[derive(Debug)]
pub struct RunLock {
    path: PathBuf,
    file: File,
    removed_on_abort: Option<RemovedOnAbort>,
}

impl RunLock {
    /// Takes the lock of a run without waiting, and removes partial files of a process that died while
    /// it held the lock.
    ///
    /// # Errors
    /// Another process, or another thread of this one, holds the lock: the message has the process id;
    /// the lock file cannot be created.
    pub fn take(folder: &ResultFolder) -> Result<RunLock> {
        RunLock::attempt(folder)?.map_err(|mut file| held_error(folder, &mut file))
    }

    /// The same, but `None` if the lock is held.
    ///
    /// # Errors
    /// The lock file cannot be created.
    pub fn try_take(folder: &ResultFolder) -> Result<Option<RunLock>> {
        Ok(RunLock::attempt(folder)?.ok())
    }

    /// The lock, or the lock file that another process holds.
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
            // The previous holder may have removed the file after it was opened here.
            if is_at(&file, &path) {
                write_owner(&mut file).map_err(Error::io("write", &path))?;
                folder.sweep();
                let removed_on_abort = Some(RemovedOnAbort::new(&path));
                return Ok(Ok(RunLock { path, file, removed_on_abort }));
            }
        }
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // First, because an abort after the file is removed could remove the next holder's.
        self.removed_on_abort = None;
        // Removed while still locked: see the check in `attempt`.
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

fn held_error(folder: &ResultFolder, file: &mut File) -> Error {
    let mut owner = String::new();
    let known = file.read_to_string(&mut owner).is_ok() && !owner.trim().is_empty();
    let owner = if known { format!("process {}", owner.trim()) } else { "another process".into() };
    Error::Other(format!(
        "{owner} is using {}: wait until it ends, or stop it",
        folder.path().display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_is_refused_with_the_process_id_until_the_first_is_dropped() {
        let runs = tempfile::tempdir().unwrap();
        let folder = ResultFolder::new(runs.path().join("a"));
        let first = RunLock::take(&folder).unwrap();
        let message = RunLock::take(&folder).unwrap_err().to_string();
        let owner = format!("process {} is using", std::process::id());
        assert!(message.starts_with(&owner), "{message}");
        RunLock::take(&ResultFolder::new(runs.path().join("b")))
            .expect("another run is not locked");
        assert!(RunLock::try_take(&folder).unwrap().is_none());
        drop(first);
        RunLock::take(&folder).unwrap();
        assert_eq!(fs::read_dir(runs.path()).unwrap().count(), 0, "no lock file is left");
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
    fn threads_that_take_and_drop_the_lock_never_hold_it_together() {
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
