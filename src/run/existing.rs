//! What to do if the folder of a run that is about to be trained already exists.

use std::path::Path;

use super::record::{RunRecord, Status};
use super::setup::Run;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::files::layout::CHECKPOINT;
use crate::files::resolved;
use crate::train::{Checkpoint, Newest};
use crate::words::dml;

/// What to do if the run's folder exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Stop with an error.
    Refuse,
    /// Remove the run and train it again.
    Replace,
    /// Use a finished run as it is and resume an unfinished one; refuse any other.
    Resume,
}

/// What the run's folder contains.
pub enum Found {
    Nothing,
    /// A run that may be removed, once all other checks have passed.
    ToReplace,
    Checkpoint(Box<Newest>),
    Trained,
}

/// Refuses to remove a folder that contains an input file of these settings.
///
/// # Errors
/// An input lies in the folder; the message names its setting.
pub fn refuse_inputs_in<'a>(
    folder: &Path,
    settings: impl IntoIterator<Item = &'a Config>,
) -> Result<()> {
    let folder = resolved(folder);
    let inputs = settings
        .into_iter()
        .flat_map(|config| [("data.path", &config.data.path), ("model.init", &config.model.init)]);
    let mut inputs = inputs.filter(|(_, path)| resolved(Path::new(path)).starts_with(&folder));
    inputs.next().map_or(Ok(()), |(key, path)| {
        let problem = "lies in the folder that --force removes: copy it elsewhere, or use another \
                       --name or --runs";
        Err(Error::setting(key, path, problem))
    })
}

impl Run {
    /// Inspects the folder.
    ///
    /// # Errors
    /// The folder contains something that must not be removed.
    pub fn inspect_folder(&self, existing: Existing) -> Result<Found> {
        if !self.folder.is_taken() {
            return Ok(Found::Nothing);
        }
        if existing == Existing::Replace {
            self.check_replaceable([&self.config])?;
            return Ok(Found::ToReplace);
        }
        let path = self.folder.path();
        let same = self.folder.record()?.filter(|r| r.fingerprint == self.record.fingerprint);
        let problem = match (same, existing) {
            (Some(record), Existing::Resume) => return self.found_to_resume(record.status),
            (Some(RunRecord { status: Status::Training, .. }), _)
                if let Some(divergence) = self.divergence()? =>
            {
                return Err(self.folder.diverged_before(divergence));
            }
            (Some(RunRecord { status: Status::Trained, .. }), _) => {
                format!("is trained already: evaluate it with {}", dml("eval --run", path))
            }
            (Some(_), _) => {
                format!("is unfinished: resume it with {}", dml("train --resume", path))
            }
            (None, _) => "contains something else: use another --name".to_owned(),
        };
        Err(Error::Other(format!("{} {problem}, or replace the run with --force", path.display())))
    }

    /// Refuses to remove the folder, if it exists, unless it is a run without files of the user's and
    /// without inputs of these settings.
    ///
    /// # Errors
    /// The message names the file or the setting.
    pub fn check_replaceable<'a>(
        &self,
        settings: impl IntoIterator<Item = &'a Config>,
    ) -> Result<()> {
        if !self.folder.is_taken() {
            return Ok(());
        }
        refuse_inputs_in(self.folder.path(), settings)?;
        self.folder.check_removable()
    }

    fn found_to_resume(&self, status: Status) -> Result<Found> {
        if status == Status::Trained {
            // If the models are damaged or missing, the last checkpoint can restore them.
            let lost = self.models().is_err();
            let last = self.last_checkpoint().filter(|_| lost);
            return Ok(last.map_or(Found::Trained, |last| Found::Checkpoint(Box::new(last))));
        }
        if let Some(divergence) = self.divergence()? {
            return Err(self.folder.diverged_before(divergence));
        }
        // Without a checkpoint, nothing was saved that a restart could lose.
        let newest = Checkpoint::newest(self.folder.path()).map_err(|error| match error {
            Error::Fault(fault) => fault.remedy(self.folder.retrain_remedy()).into(),
            other => other,
        })?;
        Ok(newest.map_or(Found::Nothing, |newest| Found::Checkpoint(Box::new(newest))))
    }

    /// The checkpoint after the last epoch; `None` for a trial that was stopped early.
    pub fn last_checkpoint(&self) -> Option<Newest> {
        let checkpoint = Checkpoint::read(&self.folder.file(CHECKPOINT)).ok()?;
        let done = checkpoint.notes.history.epochs.len() == self.config.train.epochs;
        done.then_some(Newest { checkpoint, passed_over: None })
    }
}
