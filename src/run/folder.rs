//! A run's folder: opening, its record and settings, and removal.

use std::fs;
use std::path::{Path, PathBuf};

use super::record::{RunRecord, Status, refuse_newer};
use crate::config::Config;
use crate::error::{Error, Fault, Result};
use crate::files::layout::{CONFIG, LAST_MODEL, RECORD};
use crate::files::{ResultFolder, folder_of, foreign_files, read_json, write_json, write_text};
use crate::words::count;

impl ResultFolder {
    /// Opens an existing run.
    ///
    /// # Errors
    /// There is no run at `path`.
    pub fn open(path: &Path) -> Result<(ResultFolder, RunRecord)> {
        let folder = ResultFolder::new(path);
        match folder.record()? {
            Some(record) => Ok((folder, record)),
            None if !path.exists() => Err(missing_folder(path).into()),
            None => {
                let fault = Fault::new(path, format!("is not a run folder: it has no {RECORD}"))
                    .remedy("name the folder of a run, such as runs/NAME");
                Err(fault.into())
            }
        }
    }

    /// The run under `runs` whose training ended last.
    ///
    /// # Errors
    /// There is none; if a run could not be read, that run's error.
    pub fn newest(runs: &Path) -> Result<(ResultFolder, RunRecord)> {
        let entries = fs::read_dir(runs).into_iter().flatten().flatten();
        let mut refusal = None;
        let trained = entries.filter_map(|entry| {
            let folder = ResultFolder::new(entry.path());
            let record = folder.record().map_err(|error| refusal = Some(error)).ok().flatten()?;
            let model = fs::metadata(folder.file(LAST_MODEL)).ok()?;
            (record.status == Status::Trained).then_some((model.modified().ok()?, folder, record))
        });
        let newest = trained.max_by_key(|(time, ..)| *time);
        let none = || {
            let fault = Fault::new(runs, "contains no trained run");
            fault.remedy("train one with dml train, or name it with --run").into()
        };
        let newest = newest.map(|(_, folder, record)| (folder, record));
        newest.ok_or_else(|| refusal.unwrap_or_else(none))
    }

    /// The record of the run; `None` if there is no run.
    ///
    /// # Errors
    /// The record exists but cannot be read, or a newer version of dml wrote it.
    pub fn record(&self) -> Result<Option<RunRecord>> {
        refuse_newer(self.path(), &self.file(RECORD))?;
        read_json(&self.file(RECORD), &self.record_remedy())
    }

    /// # Errors
    /// The record cannot be written.
    pub fn write_record(&self, record: &RunRecord) -> Result<()> {
        write_json(&self.file(RECORD), record)
    }

    /// # Errors
    /// The configuration cannot be written.
    pub fn write_config(&self, config: &Config) -> Result<()> {
        write_text(&self.file(CONFIG), &config.to_toml())
    }

    /// Refuses to remove files that dml did not write.
    ///
    /// # Errors
    /// The folder contains such files; the message names the first.
    pub fn refuse_foreign(&self) -> Result<()> {
        let foreign = foreign_files(self.path());
        let Some(first) = foreign.first() else { return Ok(()) };
        let more = match foreign.len() {
            1 => String::new(),
            files => format!(" and {}", count(files - 1, "more file")),
        };
        let problem = format!("contains {}{more}, which dml did not write", first.display());
        let remedy = "nothing was removed; move your files out of the folder first";
        Err(Fault::new(self.path(), problem).remedy(remedy).into())
    }

    /// Removes a run with all its files, as [`ResultFolder::remove_folder`]; refuses to remove anything else.
    ///
    /// # Errors
    /// As [`ResultFolder::check_removable`]; a file cannot be removed.
    pub fn remove(&self) -> Result<()> {
        self.check_removable()?;
        self.remove_folder()
    }

    /// Refuses to remove anything but a run, or a run folder that contains the user's files.
    ///
    /// # Errors
    /// The folder is not a run, or contains files of the user's.
    pub fn check_removable(&self) -> Result<()> {
        let has_both = self.file(RECORD).is_file() && self.file(CONFIG).is_file();
        // A run that was stopped between writing the two files has only a record.
        if !has_both && !matches!(self.record(), Ok(Some(_))) {
            let problem = format!("is not a run folder (it lacks {RECORD} or {CONFIG})");
            let fault =
                Fault::new(self.path(), problem).remedy("it was not removed; use another name");
            return Err(fault.into());
        }
        self.refuse_foreign()
    }

    /// Removes the folder of a run, a comparison, a sweep or a search with all its files. If the process
    /// stops halfway, the folder is either intact or gone.
    ///
    /// # Errors
    /// It contains files of the user's; a file cannot be removed.
    pub fn remove_folder(&self) -> Result<()> {
        self.refuse_foreign()?;
        let removed = self.path().with_file_name(format!(".{}.removed", self.name()));
        if removed.exists() {
            // Left by a process that was stopped during the removal.
            fs::remove_dir_all(&removed).map_err(Error::io("remove", &removed))?;
        }
        fs::rename(self.path(), &removed).map_err(Error::io("remove", self.path()))?;
        fs::remove_dir_all(&removed).map_err(Error::io("remove", &removed))
    }
}

/// The error for a folder that does not exist.
pub fn missing_folder(path: &Path) -> Fault {
    Fault::new(path, "does not exist").remedy("dml runs lists all runs")
}

/// The folder `named`, as a file in the folder `result` recorded it. Prefers a folder of that name
/// beside `result`, since both may have been moved together.
pub fn find_moved(result: &Path, named: &Path) -> PathBuf {
    let name = named.file_name().unwrap_or_default();
    let sibling = match folder_of(result) {
        Some(folder) => folder.join(name),
        // `result` is the working folder or directly inside it.
        None => match result.canonicalize() {
            Ok(result) => result.parent().unwrap_or(&result).join(name),
            Err(_) => named.to_path_buf(),
        },
    };
    if sibling.exists() { sibling } else { named.to_path_buf() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_runs_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let precious = folder.path().join("thesis");
        fs::create_dir(&precious).unwrap();
        fs::write(precious.join("chapter.txt"), "mine").unwrap();
        let message = ResultFolder::new(&precious).remove().unwrap_err().to_string();
        assert!(message.contains("is not a run folder"), "{message}");
        assert!(precious.join("chapter.txt").exists());
        fs::write(precious.join(RECORD), "{}").unwrap();
        assert!(ResultFolder::new(&precious).remove().is_err(), "run.json is a common name");
        fs::write(precious.join(CONFIG), "").unwrap();
        let message = ResultFolder::new(&precious).remove().unwrap_err().to_string();
        assert!(message.contains("contains chapter.txt, which dml did not write"), "{message}");
        fs::remove_file(precious.join("chapter.txt")).unwrap();
        ResultFolder::new(&precious).remove().unwrap();
        assert!(!precious.exists());
    }

    #[test]
    fn an_unreadable_record_is_reported_with_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(RECORD), "{\"dml\":").unwrap();
        let message = ResultFolder::open(folder.path()).unwrap_err().to_string();
        assert!(message.contains("run.json: cannot be parsed"), "{message}");
        let remedy = format!("dml runs remove {} and train it again", folder.path().display());
        assert!(message.ends_with(&remedy), "{message}");
    }

    #[test]
    fn newest_without_a_trained_run_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let message = ResultFolder::newest(folder.path()).unwrap_err().to_string();
        assert!(message.contains("contains no trained run; train one with dml train"), "{message}");
        fs::create_dir(folder.path().join("later")).unwrap();
        fs::write(folder.path().join("later").join(RECORD), "{\"dml\": \"9.0.0\"}").unwrap();
        let message = ResultFolder::newest(folder.path()).unwrap_err().to_string();
        assert!(message.contains("later: was made by dml 9.0.0, this is dml "), "{message}");
    }
}
