//! Identity of files independent of their paths.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::paths::folder_of;

/// Maximum number of symbolic links to follow, as in operating systems.
const MAX_LINKS: usize = 40;

/// The absolute path with all symbolic links resolved, as far as the path exists.
pub fn resolved(path: &Path) -> PathBuf {
    let mut path = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        let folder = folder_of(&path).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().unwrap_or_else(|_| match folder == Path::new(".") {
            true => folder.to_path_buf(),
            false => resolved(folder),
        });
        let Some(name) = path.file_name() else {
            return path.canonicalize().unwrap_or(path);
        };
        path = folder.join(name);
        match fs::read_link(&path) {
            Ok(target) => path = folder.join(target),
            Err(_) => return path,
        }
    }
    path
}

/// Whether two paths lead to the same file: compared by device and inode if both exist, so that
/// links and case-insensitive names do not matter; otherwise by resolved path.
pub fn is_same_file(a: &Path, b: &Path) -> bool {
    match (identity(a), identity(b)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => resolved(a) == resolved(b),
        _ => false,
    }
}

/// Whether `path` still names the open file.
pub fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        let open = file.metadata().ok().map(|found| number(&found));
        open.is_some() && open == fs::metadata(path).ok().map(|found| number(&found))
    }
    // On other systems an open file cannot be removed.
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

/// Device and inode of a file.
#[cfg(unix)]
fn number(found: &fs::Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|found| number(&found))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<PathBuf> {
    path.canonicalize().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_is_the_same_under_any_path() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("deep/er")).unwrap();
        fs::write(path("a.csv"), "1").unwrap();
        fs::write(path("b.csv"), "1").unwrap();
        fs::hard_link(path("a.csv"), path("hard.csv")).unwrap();
        symlink(path("a.csv"), path("soft.csv")).unwrap();
        symlink("../../a.csv", path("deep/er/soft.csv")).unwrap();
        symlink(folder.path(), path("deep/top")).unwrap();
        for name in ["hard.csv", "soft.csv", "deep/er/soft.csv", "deep/top/a.csv", "deep/../a.csv"]
        {
            assert!(is_same_file(&path("a.csv"), &path(name)), "{name}");
            assert!(!is_same_file(&path("b.csv"), &path(name)), "{name}");
        }
        // Files that do not exist yet are compared by path.
        assert!(is_same_file(&path("new.csv"), &path("deep/top/new.csv")));
        assert!(!is_same_file(&path("new.csv"), &path("a.csv")));
        symlink(path("new.csv"), path("dangling.csv")).unwrap();
        assert!(is_same_file(&path("dangling.csv"), &path("new.csv")));
        symlink(path("round"), path("round")).unwrap();
        assert!(!is_same_file(&path("round"), &path("a.csv")), "a link to itself terminates");
    }
}
