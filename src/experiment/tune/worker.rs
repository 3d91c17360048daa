//! A search by several processes, which coordinate only through the files and locks of the trials.

use std::path::Path;
use std::time::Duration;

use super::task::Search;
use crate::error::Result;
use crate::experiment::tune::{LAG, ended, name};
use crate::experiment::unfinished::{Unfinished, unknown_task};
use crate::files::ResultFolder;
use crate::run::{Run, RunLock, Trial};
use crate::session::Session;
use crate::words::count;

/// How often a waiting worker looks for a trial.
const POLL_INTERVAL: Duration = Duration::from_millis(300);

/// The next step of a worker.
enum Next {
    /// Do this trial, whose lock it holds.
    Trial(usize, RunLock),
    /// Wait: the remaining trials depend on those of other workers.
    Wait,
    /// Stop: all trials have ended, or other workers do them.
    Nothing,
}

impl Search {
    /// Runs the trials that no other worker does, one after the other, as one of at most four parallel
    /// workers, and returns their number.
    ///
    /// A worker takes the first free trial once those that it depends on have ended. A lock ends with
    /// its process, so another worker resumes the trial of one that died from its checkpoint. A single
    /// worker does all trials.
    ///
    /// # Errors
    /// An unknown worker; an interruption; the first error of a trial, except that it diverged.
    pub fn work(&self, session: &Session, worker: usize) -> Result<usize> {
        if worker >= LAG {
            return Err(unknown_task(worker, LAG));
        }
        let folder = self.folder(session)?;
        Run::new(session, self.config.clone(), &folder, Some(&name(0)))?
            .check_resources(session)?;
        let mut trials: Vec<Trial> = Vec::new();
        let mut done = 0;
        loop {
            session.interrupt.check(&format!("{} ended here", count(done, "trial")))?;
            match self.next(&folder, &mut trials)? {
                Next::Trial(index, _lock) => {
                    let _core = session.cores.take();
                    let earlier = &trials[..(index + 1).saturating_sub(LAG)];
                    self.locked_trial(session, &folder, index, earlier)?;
                    done += 1;
                }
                Next::Wait => std::thread::sleep(POLL_INTERVAL),
                Next::Nothing => return Ok(done),
            }
        }
    }

    /// Finds the next step. `trials` are the known trials before the first that has not ended.
    fn next(&self, folder: &Path, trials: &mut Vec<Trial>) -> Result<Next> {
        while trials.len() < self.trials
            && let Some(trial) = ended(folder, trials.len())?
        {
            trials.push(trial);
        }
        // Later trials depend on the first that has not ended.
        let within = self.trials.min(trials.len() + LAG);
        for index in trials.len()..within {
            if ended(folder, index)?.is_some() {
                continue;
            }
            let run = ResultFolder::new(folder.join(name(index)));
            let Some(lock) = RunLock::try_take(&run)? else { continue };
            // It may have ended in the meantime.
            if ended(folder, index)?.is_none() {
                return Ok(Next::Trial(index, lock));
            }
        }
        Ok(if within < self.trials { Next::Wait } else { Next::Nothing })
    }

    /// The trials that have not ended; with `force`, all.
    ///
    /// # Errors
    /// Settings that do not fit the data; the file of a trial cannot be read.
    pub fn unfinished(&self, session: &Session) -> Result<Vec<Unfinished>> {
        let folder = self.folder(session)?;
        let mut unfinished = Vec::new();
        for index in 0..self.trials {
            let run = ResultFolder::new(folder.join(name(index)));
            let trial = if self.force { None } else { Trial::read(&run)? };
            if trial.as_ref().is_some_and(|trial| trial.state.is_end()) {
                continue;
            }
            let progress = match trial.map_or(0, |trial| trial.scores.len()) {
                0 => "not scored yet".to_owned(),
                epochs => format!("scored after epoch {epochs}"),
            };
            unfinished.push(Unfinished { task: index, name: name(index), progress });
        }
        Ok(unfinished)
    }
}
