//! Removal of runs, comparisons, sweeps and searches.

use std::path::Path;

use super::listing::trials;
use super::lock::RunLock;
use super::record::refuse_newer;
use crate::error::{Error, Fault, Result};
use crate::files::ResultFolder;
use crate::files::layout::{
    CHECKPOINT, COMPARISON, CONFIG, HISTORY, JOB, LAST_MODEL, PLOTS, RECORD, SEARCH, SWEEP,
};

/// A result that can be removed as a whole. It is locked, so no other process is using it.
#[derive(Debug)]
pub struct Removal {
    folder: ResultFolder,
    is_run: bool,
    /// Its own lock, and those of the trials in it.
    _locks: Vec<RunLock>,
}

impl Removal {
    /// Prepares to remove a run; the results of a comparison or a sweep, without their runs; a search
    /// with its trials; or the scripts and logs of submitted jobs.
    ///
    /// # Errors
    /// There is no such result at `path`, or another process is using it.
    pub fn of(path: &Path) -> Result<Removal> {
        let folder = ResultFolder::new(path);
        let holds = |name: &&str| folder.file(name).is_file();
        refuse_newer(path, &folder.file(RECORD))?;
        // If the record is damaged, the settings beside it still identify a run.
        let is_run = matches!(folder.record(), Ok(Some(_)))
            || (folder.file(RECORD).is_file() && folder.file(CONFIG).is_file());
        let trials = trials(path);
        // An interrupted search has only its trials.
        let is_result = [COMPARISON, SWEEP, SEARCH, JOB].iter().any(holds)
            || !trials.is_empty()
            || is_damaged_run(&folder);
        if !is_run && !is_result {
            // Reports a run that does not exist or cannot be read.
            ResultFolder::open(path)?;
            let fault = Fault::new(path, "is not a run, comparison, sweep or search");
            return Err(Error::from(fault.remedy("dml runs lists the runs")));
        }
        let inner = if is_run { &[][..] } else { &trials };
        let locks = std::iter::once(&folder).chain(inner).map(RunLock::take);
        let _locks = locks.collect::<Result<_>>()?;
        Ok(Removal { folder, is_run, _locks })
    }

    /// Removes it with all its files.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub fn carry_out(&self) -> Result<()> {
        if self.is_run { self.folder.remove() } else { self.folder.remove_folder() }
    }
}

/// Whether a folder with an unreadable record holds other files of a run. Any file that is not of a
/// run belongs to the user and prevents removal.
fn is_damaged_run(folder: &ResultFolder) -> bool {
    let record = folder.file(RECORD);
    let files = [HISTORY, CHECKPOINT, LAST_MODEL];
    let names_dml = || std::fs::read(&record).is_ok_and(|text| text.starts_with(b"{\n  \"dml\":"));
    record.is_file()
        && (names_dml()
            || files.iter().any(|name| folder.file(name).is_file())
            || folder.file(PLOTS).is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::catalogue::tests::run;

    #[test]
    fn only_runs_and_results_can_be_removed() {
        let runs = tempfile::tempdir().unwrap();
        let single = run(runs.path(), "a", "");
        run(runs.path(), "tune-x/trial-001", "");
        let search = runs.path().join("tune-x");
        let compared = runs.path().join("compare-x");
        std::fs::create_dir(&compared).unwrap();
        let error = Removal::of(&compared).unwrap_err().to_string();
        assert!(error.contains("is not a run"), "{error}");
        std::fs::write(compared.join(COMPARISON), "{}").unwrap();
        for path in [&single, &search, &compared] {
            Removal::of(path).unwrap().carry_out().unwrap();
            assert!(!path.exists());
        }
        // A folder that contains runs is not itself a run.
        run(runs.path(), "kept/b", "");
        assert!(Removal::of(&runs.path().join("kept")).is_err());
    }

    #[test]
    fn a_run_with_a_damaged_record_is_removed_but_one_of_a_newer_version_is_not() {
        let runs = tempfile::tempdir().unwrap();
        let damaged = run(runs.path(), "a", "");
        std::fs::write(damaged.join(RECORD), "{\"dml\": \"0.1").unwrap();
        Removal::of(&damaged).unwrap().carry_out().unwrap();
        assert!(!damaged.exists());
        for file in ["config.toml", "history.csv", "plots"] {
            let damaged = runs.path().join("d");
            std::fs::create_dir(&damaged).unwrap();
            std::fs::write(damaged.join(RECORD), "").unwrap();
            // A file of this name alone does not prove that dml made the folder.
            assert!(Removal::of(&damaged).is_err());
            match file {
                "plots" => std::fs::create_dir(damaged.join(file)).unwrap(),
                _ => std::fs::write(damaged.join(file), "").unwrap(),
            }
            Removal::of(&damaged).unwrap().carry_out().unwrap();
            assert!(!damaged.exists(), "{file}");
        }
        let newer = run(runs.path(), "b", "");
        std::fs::write(newer.join(RECORD), "{\"dml\": \"99.0.0\"}").unwrap();
        let message = Removal::of(&newer).unwrap_err().to_string();
        assert!(message.contains("was made by dml 99.0.0") && newer.exists(), "{message}");
    }

    #[test]
    fn a_search_is_not_removed_while_one_of_its_trials_is_running() {
        let runs = tempfile::tempdir().unwrap();
        let trial = run(runs.path(), "tune-x/trial-001", "");
        let _lock = RunLock::take(&ResultFolder::new(&trial)).unwrap();
        assert!(Removal::of(&runs.path().join("tune-x")).is_err());
        assert!(trial.exists());
    }
}
