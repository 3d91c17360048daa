//! Parts of paths.

use std::path::Path;

/// The folder of a file; `None` for the working folder.
pub fn folder_of(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}
