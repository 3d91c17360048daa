//! What lies in the folder of a run that is about to be trained, and what becomes of it.

use std::path::Path;

use super::record::{RunRecord, Status};
use super::setup::Run;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::files::layout::CHECKPOINT;
use crate::files::resolved;
use crate::train::{Checkpoint, Newest};
use crate::words::dml;

/// What to do where the run's folder exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Say so and stop.
    Refuse,
    /// Remove the run and do it again.
    Replace,
    /// Take a finished run as it is, and go on with an unfinished one; any other is refused.
    GoOn,
}

/// What lies in a run's folder.
pub enum Found {
    Nothing,
    /// A run that is to be removed, which nothing speaks against, once there is nothing else to refuse.
    Replaced,
    Checkpoint(Box<Newest>),
    Trained,
}

/// Refuses to remove a folder in which a training of these settings reads a file.
///
/// # Errors
/// With the setting.
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
        let problem = "lies in the folder that --force removes: copy it elsewhere, or take another \
                       --name or --runs";
        Err(Error::setting(key, path, problem))
    })
}

impl Run {
    /// Looks at the folder.
    ///
    /// # Errors
    /// The folder is taken by something that must stay.
    pub fn what_exists(&self, existing: Existing) -> Result<Found> {
        if !self.folder.is_taken() {
            return Ok(Found::Nothing);
        }
        if existing == Existing::Replace {
            self.check_replaceable([&self.config])?;
            return Ok(Found::Replaced);
        }
        let path = self.folder.path();
        let same = self.folder.record()?.filter(|r| r.fingerprint == self.record.fingerprint);
        let way_out = match (same, existing) {
            (Some(record), Existing::GoOn) => return self.go_on(record.status),
            (Some(RunRecord { status: Status::Training, .. }), _)
                if let Some(divergence) = self.divergence()? =>
            {
                return Err(self.folder.diverged_before(divergence));
            }
            (Some(RunRecord { status: Status::Trained, .. }), _) => {
                format!("is trained already: evaluate it with {}", dml("eval --run", path))
            }
            (Some(_), _) => {
                format!("is unfinished: go on with {}", dml("train --resume", path))
            }
            (None, _) => "holds something else: take another --name".to_owned(),
        };
        Err(Error::Other(format!("{} {way_out}, or replace the run with --force", path.display())))
    }

    /// Refuses to remove what lies in the folder, where there is something: what is no run, files of
    /// the user's, and what a training of these settings reads.
    ///
    /// # Errors
    /// With the file or the setting.
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

    fn go_on(&self, status: Status) -> Result<Found> {
        if status == Status::Trained {
            // Of models that were damaged or lost, the last checkpoint has all that they hold.
            let lost = self.models().is_err();
            let last = self.last_checkpoint().filter(|_| lost);
            return Ok(last.map_or(Found::Trained, |last| Found::Checkpoint(Box::new(last))));
        }
        if let Some(divergence) = self.divergence()? {
            return Err(self.folder.diverged_before(divergence));
        }
        // Stopped before the first checkpoint: nothing to lose.
        let newest = Checkpoint::newest(self.folder.path()).map_err(|error| match error {
            Error::Fault(fault) => fault.remedy(self.folder.train_again()).into(),
            other => other,
        })?;
        Ok(newest.map_or(Found::Nothing, |newest| Found::Checkpoint(Box::new(newest))))
    }

    /// The checkpoint after the last epoch of a trained run; none of a trial that was stopped early.
    pub fn last_checkpoint(&self) -> Option<Newest> {
        let checkpoint = Checkpoint::read(&self.folder.file(CHECKPOINT)).ok()?;
        let done = checkpoint.notes.history.epochs.len() == self.config.train.epochs;
        done.then_some(Newest { checkpoint, passed_over: None })
    }
}
