//! What lies in the folder of a run that is about to be trained, and what becomes of it.

use std::path::Path;

use super::{Run, RunRecord, Status};
use crate::error::{Error, Result};
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
    Checkpoint(Box<Newest>),
    Trained,
}

impl Run {
    /// Looks at the folder, and removes it where that is asked for.
    ///
    /// # Errors
    /// The folder is taken by something that must stay.
    pub(super) fn what_exists(&self, existing: Existing) -> Result<Found> {
        if !self.folder.is_taken() {
            return Ok(Found::Nothing);
        }
        if existing == Existing::Replace {
            self.refuse_own_inputs()?;
            self.folder.remove()?;
            return Ok(Found::Nothing);
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

    /// Refuses to remove the folder where training reads a file in it.
    fn refuse_own_inputs(&self) -> Result<()> {
        let folder = resolved(self.folder.path());
        let inputs =
            [("data.path", &self.config.data.path), ("model.init", &self.config.model.init)];
        match inputs.into_iter().find(|(_, path)| resolved(Path::new(path)).starts_with(&folder)) {
            Some((key, path)) => {
                let problem = "lies in the folder that --force removes first: take another --name";
                Err(Error::setting(key, path, problem))
            }
            None => Ok(()),
        }
    }

    fn go_on(&self, status: Status) -> Result<Found> {
        if status == Status::Trained {
            return Ok(Found::Trained);
        }
        if let Some(divergence) = self.divergence()? {
            return Err(self.folder.diverged_before(divergence));
        }
        // Stopped before the first checkpoint: nothing to lose.
        let newest = Checkpoint::newest(self.folder.path())?;
        Ok(newest.map_or(Found::Nothing, |newest| Found::Checkpoint(Box::new(newest))))
    }
}
