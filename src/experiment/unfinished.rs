//! The unfinished runs of a command, which can be done on other machines.

use std::path::{Path, PathBuf};

use super::cost::Remaining;
use super::plan::Plan;
use crate::error::{Error, Result};
use crate::files::sha256_hex;
use crate::run::{RunLock, digits};
use crate::session::Session;

/// An unfinished run or trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Its task number, from 0.
    pub task: usize,
    /// Its name in messages.
    pub name: String,
    /// Its progress in words.
    pub progress: String,
}

impl Plan {
    /// The unfinished runs, numbered as in [`Plan::tasks`]; with `force`, all.
    ///
    /// # Errors
    /// Settings that do not fit the data; a file of a run cannot be read.
    pub fn unfinished(&self, session: &Session) -> Result<Vec<Unfinished>> {
        let mut unfinished = Vec::new();
        for (task, (variant, seed)) in self.tasks().into_iter().enumerate() {
            let variant = &self.variants[variant];
            let run = self.prepare_run(session, variant, seed)?;
            let left = if self.force { Remaining::all() } else { Remaining::of(session, &run)? };
            if !left.is_nothing() {
                unfinished.push(Unfinished {
                    task,
                    name: format!("{} seed {seed}", variant.name),
                    progress: progress(left, run.folder.is_taken()).to_owned(),
                });
            }
        }
        Ok(unfinished)
    }

    /// Removes all existing runs, so that they are repeated on whichever machine.
    ///
    /// # Errors
    /// Another process uses one of them, or a folder is not a run; then none is removed.
    pub fn remove(&self, session: &Session) -> Result<()> {
        let mut locked = Vec::new();
        for (variant, seed) in self.tasks() {
            let folder = self.prepare_run(session, &self.variants[variant], seed)?.folder;
            if folder.is_taken() {
                locked.push((RunLock::take(&folder)?, folder));
            }
        }
        locked.iter().try_for_each(|(_, folder)| folder.check_removable())?;
        locked.iter().try_for_each(|(_, folder)| folder.remove())
    }

    /// Short hash of these runs, independent of the names of their folders.
    ///
    /// # Errors
    /// Settings that do not fit the data.
    pub fn hash(&self, session: &Session) -> Result<String> {
        let of_run = |(variant, seed)| {
            let run = self.prepare_run(session, &self.variants[variant], seed)?;
            Ok(run.fingerprint().to_owned())
        };
        let runs: Vec<String> = self.tasks().into_iter().map(of_run).collect::<Result<_>>()?;
        Ok(digits(&sha256_hex(runs.join("\n").as_bytes())).to_owned())
    }
}

/// The progress of a run in words.
fn progress(left: Remaining, started: bool) -> &'static str {
    match (left.training > 0.0, started) {
        (true, false) => "not started",
        (true, true) => "started",
        (false, _) => "trained, not evaluated with these settings",
    }
}

/// The error for an unknown task number.
pub fn unknown_task(task: usize, count: usize) -> Error {
    Error::setting("--task", task, format!("must be from 0 to {}", count - 1))
}

/// Folder of the scripts and logs of a batch of tasks.
pub fn batch_folder(runs: &Path, what: &str) -> PathBuf {
    runs.join(format!("slurm-{what}"))
}
