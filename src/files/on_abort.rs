//! Files that are removed even if a library ends the process by `abort`.

use std::ffi::CString;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Paths of all registered files.
static PATHS: Mutex<Vec<CString>> = Mutex::new(Vec::new());

/// Registers a file for removal on abort, until dropped.
#[derive(Debug)]
pub struct RemovedOnAbort(Option<CString>);

impl RemovedOnAbort {
    /// Registers the file at `path`; a path with a zero byte is ignored.
    pub fn new(path: &Path) -> RemovedOnAbort {
        let path = CString::new(path.as_os_str().as_encoded_bytes()).ok();
        PATHS.lock().unwrap_or_else(PoisonError::into_inner).extend(path.clone());
        RemovedOnAbort(path)
    }
}

impl Drop for RemovedOnAbort {
    fn drop(&mut self) {
        let mut paths = PATHS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = paths.iter().position(|path| Some(path) == self.0.as_ref()) {
            paths.swap_remove(index);
        }
    }
}

/// Removes the registered files. For a signal handler: does not allocate or wait for a lock.
pub fn remove_on_abort() {
    #[cfg(unix)]
    for path in PATHS.try_lock().iter().flat_map(|paths| paths.iter()) {
        // SAFETY: a system call on a zero-terminated path.
        unsafe { libc::unlink(path.as_ptr()) };
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn files_are_registered_until_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
        for path in [&one, &two] {
            std::fs::write(path, "").unwrap();
        }
        let first = RemovedOnAbort::new(&one);
        drop(RemovedOnAbort::new(&two));
        // Other tests register files, too: only those of this test are checked.
        let registered = |path: &Path| {
            let path = CString::new(path.as_os_str().as_encoded_bytes()).unwrap();
            PATHS.lock().unwrap().contains(&path)
        };
        assert!(registered(&one) && !registered(&two));
        drop(first);
        assert!(!registered(&one));
    }
}
