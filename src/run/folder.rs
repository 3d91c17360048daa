//! A run's folder: what lies where.

use std::fs;
use std::path::{Path, PathBuf};

use super::record::{RunRecord, Status, refuse_newer};
use crate::config::Config;
use crate::error::{Error, Fault, Result};
use crate::files::layout::{CONFIG, LAST_MODEL, RECORD};
use crate::files::{ResultFolder, folder_of, foreign_files, read_json, write_json, write_text};
use crate::words::count;

impl ResultFolder {
    /// An existing run.
    ///
    /// # Errors
    /// There is no run at `path`.
    pub fn open(path: &Path) -> Result<(ResultFolder, RunRecord)> {
        let folder = ResultFolder::new(path);
        match folder.record()? {
            Some(record) => Ok((folder, record)),
            None if !path.exists() => Err(not_there(path).into()),
            None => {
                let fault = Fault::new(path, format!("is no run folder: it has no {RECORD}"))
                    .remedy("name the folder of a run, as in runs/NAME");
                Err(fault.into())
            }
        }
    }

    /// The run under `runs` whose training ended last.
    ///
    /// # Errors
    /// There is none; where there is one that cannot be read, this is told.
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
            let fault = Fault::new(runs, "holds no trained run");
            fault.remedy("train one with dml train, or name it with --run").into()
        };
        let newest = newest.map(|(_, folder, record)| (folder, record));
        newest.ok_or_else(|| refusal.unwrap_or_else(none))
    }

    /// What the run is; `None` where there is no run.
    ///
    /// # Errors
    /// The record is there and cannot be read, or a newer version of this program made it.
    pub fn record(&self) -> Result<Option<RunRecord>> {
        refuse_newer(self.path(), &self.file(RECORD))?;
        read_json(&self.file(RECORD), &self.record_again())
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

    /// Refuses to remove what this program did not write.
    ///
    /// # Errors
    /// There are such files in the folder: the first few are named.
    pub fn refuse_foreign(&self) -> Result<()> {
        let foreign = foreign_files(self.path());
        let Some(first) = foreign.first() else { return Ok(()) };
        let more = match foreign.len() {
            1 => String::new(),
            files => format!(" and {}", count(files - 1, "more file")),
        };
        let problem = format!("holds {}{more}, which dml did not write", first.display());
        let remedy = "nothing is removed; move your files out of the folder first";
        Err(Fault::new(self.path(), problem).remedy(remedy).into())
    }

    /// Removes a run with all its files, as [`ResultFolder::put_away`]; refuses to remove anything else.
    ///
    /// # Errors
    /// As [`ResultFolder::check_removable`]; the system refuses.
    pub fn remove(&self) -> Result<()> {
        self.check_removable()?;
        self.put_away()
    }

    /// Refuses to remove anything but a run, and what the user put into one.
    ///
    /// # Errors
    /// The folder is no run, or holds files of the user's.
    pub fn check_removable(&self) -> Result<()> {
        let has_both = self.file(RECORD).is_file() && self.file(CONFIG).is_file();
        // Stopped between the two, a run has a record alone.
        if !has_both && !matches!(self.record(), Ok(Some(_))) {
            let problem = format!("is no run folder (it lacks {RECORD} or {CONFIG})");
            let fault =
                Fault::new(self.path(), problem).remedy("it is not removed; take another name");
            return Err(fault.into());
        }
        self.refuse_foreign()
    }

    /// Removes the folder of a run, a comparison, a sweep or a search with all in it. Stopped at any
    /// moment, it is there as a whole or not at all.
    ///
    /// # Errors
    /// It holds files of the user's; the system refuses.
    pub fn put_away(&self) -> Result<()> {
        self.refuse_foreign()?;
        let removed = self.path().with_file_name(format!(".{}.removed", self.name()));
        if removed.exists() {
            // Left by a process that was stopped while it removed.
            fs::remove_dir_all(&removed).map_err(Error::io("remove", &removed))?;
        }
        fs::rename(self.path(), &removed).map_err(Error::io("remove", self.path()))?;
        fs::remove_dir_all(&removed).map_err(Error::io("remove", &removed))
    }
}

/// What is said of a folder that was named and does not exist.
pub fn not_there(path: &Path) -> Fault {
    Fault::new(path, "is not there").remedy("dml runs lists the runs that there are")
}

/// A folder that a file of `of` names, which may have been moved together with `of` since.
pub fn beside(of: &Path, named: &Path) -> PathBuf {
    let name = named.file_name().unwrap_or_default();
    let sibling = match folder_of(of) {
        Some(folder) => folder.join(name),
        // The working folder itself, or one in it.
        None => match of.canonicalize() {
            Ok(of) => of.parent().unwrap_or(&of).join(name),
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
        assert!(message.contains("is no run folder"), "{message}");
        assert!(precious.join("chapter.txt").exists());
        fs::write(precious.join(RECORD), "{}").unwrap();
        assert!(ResultFolder::new(&precious).remove().is_err(), "run.json is a common name");
        fs::write(precious.join(CONFIG), "").unwrap();
        let message = ResultFolder::new(&precious).remove().unwrap_err().to_string();
        assert!(message.contains("holds chapter.txt, which dml did not write"), "{message}");
        fs::remove_file(precious.join("chapter.txt")).unwrap();
        ResultFolder::new(&precious).remove().unwrap();
        assert!(!precious.exists());
    }

    #[test]
    fn a_record_that_cannot_be_understood_is_told_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(RECORD), "{\"dml\":").unwrap();
        let message = ResultFolder::open(folder.path()).unwrap_err().to_string();
        assert!(message.contains("run.json: cannot be understood"), "{message}");
        let way_out = format!("dml runs remove {} and train it again", folder.path().display());
        assert!(message.ends_with(&way_out), "{message}");
    }

    #[test]
    fn where_no_run_is_trained_the_message_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let message = ResultFolder::newest(folder.path()).unwrap_err().to_string();
        assert!(message.contains("holds no trained run; train one with dml train"), "{message}");
        fs::create_dir(folder.path().join("later")).unwrap();
        fs::write(folder.path().join("later").join(RECORD), "{\"dml\": \"9.0.0\"}").unwrap();
        let message = ResultFolder::newest(folder.path()).unwrap_err().to_string();
        assert!(message.contains("later: was made by dml 9.0.0, this is dml "), "{message}");
    }
}
