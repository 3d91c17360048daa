//! Files that mean nothing without their process: removed even where a library ends it by `abort`.

use std::ffi::CString;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Paths of all that exist.
static PATHS: Mutex<Vec<CString>> = Mutex::new(Vec::new());

/// A file that goes with its process. Dropped, it is as any other.
#[derive(Debug)]
pub struct RemovedOnAbort(Option<CString>);

impl RemovedOnAbort {
    /// Of the file at `path`; of a path that no system has, nothing is done.
    pub fn new(path: &Path) -> RemovedOnAbort {
        let path = CString::new(path.as_os_str().as_encoded_bytes()).ok();
        PATHS.lock().unwrap_or_else(PoisonError::into_inner).extend(path.clone());
        RemovedOnAbort(path)
    }
}

impl Drop for RemovedOnAbort {
    fn drop(&mut self) {
        let mut paths = PATHS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = paths.iter().position(|path| Some(path) == self.0.as_ref()) {
            paths.swap_remove(place);
        }
    }
}

/// Removes them; for a handler of signals, so nothing is allocated and no lock waited for.
pub fn remove_on_abort() {
    #[cfg(unix)]
    for path in PATHS.try_lock().iter().flat_map(|paths| paths.iter()) {
        // SAFETY: a system call on a path that ends in a zero.
        unsafe { libc::unlink(path.as_ptr()) };
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn files_go_as_long_as_they_are_registered() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
        for path in [&one, &two] {
            std::fs::write(path, "").unwrap();
        }
        let first = RemovedOnAbort::new(&one);
        drop(RemovedOnAbort::new(&two));
        // Other tests hold files of their own: only those of this one are looked at.
        let registered = |path: &Path| {
            let path = CString::new(path.as_os_str().as_encoded_bytes()).unwrap();
            PATHS.lock().unwrap().contains(&path)
        };
        assert!(registered(&one) && !registered(&two));
        drop(first);
        assert!(!registered(&one));
    }
}
