//! What is not finished of a command with many runs, so that it can be done elsewhere.

use std::path::{Path, PathBuf};

use super::cost::Left;
use super::plan::Plan;
use crate::error::{Error, Result};
use crate::files::sha256_hex;
use crate::run::{RunLock, digits};
use crate::session::Session;

/// A run, or a trial, that did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Its place from 0.
    pub place: usize,
    /// What it is called in messages.
    pub name: String,
    /// How far it came.
    pub reached: String,
}

impl Plan {
    /// The runs that are not finished, by their places among [`Plan::tasks`]; all, where they are to
    /// be done anew.
    ///
    /// # Errors
    /// Settings that do not fit the data; files of a run that cannot be read.
    pub fn unfinished(&self, session: &Session) -> Result<Vec<Unfinished>> {
        let mut unfinished = Vec::new();
        for (place, (variant, seed)) in self.tasks().into_iter().enumerate() {
            let variant = &self.variants[variant];
            let run = self.prepare_run(session, variant, seed)?;
            let left = if self.force { Left::all() } else { Left::of(session, &run)? };
            if !left.is_nothing() {
                let reached = reached(left, run.folder.is_taken());
                unfinished.push(Unfinished {
                    place,
                    name: format!("{} seed {seed}", variant.name),
                    reached: reached.to_owned(),
                });
            }
        }
        Ok(unfinished)
    }

    /// Removes all runs that are there, so that they are done anew wherever that is.
    ///
    /// # Errors
    /// Someone is at work on one of them, and none is removed; something else lies in its place.
    pub fn remove(&self, session: &Session) -> Result<()> {
        let mut held = Vec::new();
        for (variant, seed) in self.tasks() {
            let folder = self.prepare_run(session, &self.variants[variant], seed)?.folder;
            if folder.is_taken() {
                held.push((RunLock::take(&folder)?, folder));
            }
        }
        held.iter().try_for_each(|(_, folder)| folder.check_removable())?;
        held.iter().try_for_each(|(_, folder)| folder.remove())
    }

    /// Digits that tell these runs from any others, whatever their folders are called.
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

/// How far a run came.
fn reached(left: Left, begun: bool) -> &'static str {
    match (left.training > 0.0, begun) {
        (true, false) => "not begun",
        (true, true) => "begun",
        (false, _) => "trained, not evaluated with these settings",
    }
}

/// A number of a task that there is not.
pub fn no_task(place: usize, count: usize) -> Error {
    Error::setting("--task", place, format!("there are tasks from 0 to {}", count - 1))
}

/// Folder of the scripts and logs of a batch of tasks.
pub fn batch_folder(runs: &Path, what: &str) -> PathBuf {
    runs.join(format!("slurm-{what}"))
}
