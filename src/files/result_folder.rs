//! A folder of results and the paths of its files.

use std::fs;
use std::path::{Path, PathBuf};

use super::create_folder;
use super::layout::PLOTS;
use super::temporary::sweep;
use crate::error::{Error, Result};

/// A folder `runs/NAME/` of one run, comparison, sweep or search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultFolder {
    path: PathBuf,
}

impl ResultFolder {
    /// The folder at `path`, which may not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> ResultFolder {
        ResultFolder { path: path.into() }
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its last part.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A picture in it.
    pub fn plot(&self, name: &str) -> PathBuf {
        self.path.join(PLOTS).join(name)
    }

    /// Makes the folder with all above it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn create(&self) -> Result<()> {
        create_folder(&self.path)?;
        self.create_plots()
    }

    /// Makes the folder of the pictures in a run that is there.
    ///
    /// # Errors
    /// The run no longer exists, or a file cannot be removed.
    pub fn create_plots(&self) -> Result<()> {
        let plots = self.path.join(PLOTS);
        match fs::create_dir(&plots) {
            Err(_) if plots.is_dir() => Ok(()),
            created => created.map_err(Error::io("create the folder", &plots)),
        }
    }

    /// Removes outdated files; missing ones are ignored.
    ///
    /// # Errors
    /// The system refuses.
    pub fn forget(&self, names: &[&str]) -> Result<()> {
        for name in names {
            let path = self.file(name);
            match fs::remove_file(&path) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("remove", &path)(e));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether something lies where the folder would be: anything but an empty folder.
    pub fn is_taken(&self) -> bool {
        match fs::read_dir(&self.path) {
            Ok(mut entries) => entries.next().is_some(),
            Err(_) => self.path.exists(),
        }
    }

    /// Removes temporary files that a process left half written. Only whoever holds the run's lock
    /// may call it.
    pub fn sweep(&self) {
        [&self.path, &self.path.join(PLOTS)].into_iter().for_each(|folder| sweep(folder));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_folder_is_free_and_a_file_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!ResultFolder::new(folder.path()).is_taken());
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(ResultFolder::new(&file).is_taken());
        assert!(ResultFolder::new(folder.path()).is_taken());
        assert!(!ResultFolder::new(folder.path().join("none")).is_taken());
    }
}
