//! A search by several processes, which know of each other by the trials' files and locks alone.

use std::path::Path;
use std::time::Duration;

use super::task::Search;
use crate::error::Result;
use crate::experiment::tune::{LAG, ended, name};
use crate::experiment::unfinished::{Unfinished, no_task};
use crate::files::ResultFolder;
use crate::run::{Run, RunLock, Trial};
use crate::session::Session;
use crate::words::count;

/// How often a worker that waits looks around.
const LOOK_UP: Duration = Duration::from_millis(300);

/// What a worker does next.
enum Next {
    /// A trial, of which it holds the lock, and which knows of so many before it.
    Trial(usize, RunLock),
    /// Trials are left that wait for those of other workers.
    Wait,
    /// All trials have ended, or others are at work on them.
    Nothing,
}

impl Search {
    /// Does one trial after another that nobody else is at work on, as one of at most four workers
    /// that do so at the same time, and gives how many.
    ///
    /// A worker takes the first trial that is free once those that it knows of have ended. A lock
    /// ends with its process, so what a worker has begun that died is taken over from its
    /// checkpoint; a worker alone does all of them.
    ///
    /// # Errors
    /// There is no such worker; an interruption; the first error of a trial that is not the fault of
    /// its settings.
    pub fn work(&self, session: &Session, worker: usize) -> Result<usize> {
        if worker >= LAG {
            return Err(no_task(worker, LAG));
        }
        let folder = self.folder(session)?;
        Run::new(session, self.config.clone(), &folder, Some(&name(0)))?.check_needs(session)?;
        let mut trials: Vec<Trial> = Vec::new();
        let mut done = 0;
        loop {
            session.interrupt.check(&format!("{} ended here", count(done, "trial")))?;
            match self.next(&folder, &mut trials)? {
                Next::Trial(place, _lock) => {
                    let _core = session.cores.take();
                    let earlier = &trials[..(place + 1).saturating_sub(LAG)];
                    self.locked_trial(session, &folder, place, earlier)?;
                    done += 1;
                }
                Next::Wait => std::thread::sleep(LOOK_UP),
                Next::Nothing => return Ok(done),
            }
        }
    }

    /// Looks around; `trials` are those that ended before any other, as far as was seen.
    fn next(&self, folder: &Path, trials: &mut Vec<Trial>) -> Result<Next> {
        while trials.len() < self.trials
            && let Some(trial) = ended(folder, trials.len())?
        {
            trials.push(trial);
        }
        // Those beyond wait for the first that has not ended.
        let within = self.trials.min(trials.len() + LAG);
        for place in trials.len()..within {
            if ended(folder, place)?.is_some() {
                continue;
            }
            let run = ResultFolder::new(folder.join(name(place)));
            let Some(lock) = RunLock::try_take(&run)? else { continue };
            // It may have ended since it was looked at.
            if ended(folder, place)?.is_none() {
                return Ok(Next::Trial(place, lock));
            }
        }
        Ok(if within < self.trials { Next::Wait } else { Next::Nothing })
    }

    /// The trials that have not ended; all, where they are to be done anew.
    ///
    /// # Errors
    /// Settings that do not fit the data; what is kept of a trial cannot be read.
    pub fn unfinished(&self, session: &Session) -> Result<Vec<Unfinished>> {
        let folder = self.folder(session)?;
        let mut unfinished = Vec::new();
        for place in 0..self.trials {
            let run = ResultFolder::new(folder.join(name(place)));
            let trial = if self.force { None } else { Trial::read(&run)? };
            if trial.as_ref().is_some_and(|trial| trial.state.is_end()) {
                continue;
            }
            let reached = match trial.map_or(0, |trial| trial.scores.len()) {
                0 => "not scored yet".to_owned(),
                epochs => format!("scored after epoch {epochs}"),
            };
            unfinished.push(Unfinished { place, name: name(place), reached });
        }
        Ok(unfinished)
    }
}
