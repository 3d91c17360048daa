//! A search for the settings under which a loss does best.
//!
//! The same for every loss: as many trials, as many epochs, the same settings of training beside
//! its own, the same rule for stopping early. Only images for validation are looked at. A trial's
//! settings follow from the results of all trials up to four before it, whatever order they
//! ended in, so a search gives the same on any number of cores and when it is stopped and goes on.

use std::path::{Path, PathBuf};

use super::board::Board;
use super::rank::Tuned;
use super::scorer::Scorer;
use super::space::{Space, propose};
use super::task::Search;
use crate::error::{Error, Result};
use crate::eval::{EvalConfig, Score};
use crate::experiment::cost::TimeEstimate;
use crate::experiment::plan::Plan;
use crate::experiment::schedule::side_by_side_after;
use crate::experiment::variant::{Variant, refuse_unlike};
use crate::files::layout::TRIAL;
use crate::files::{ResultFolder, sha256_hex, write_json};
use crate::run::{
    Existing, Owner, Removal, ResourceEstimate, Run, RunLock, Status, Trial, hashed_folder,
    refuse_inputs_in, trials,
};
use crate::runtime::Memory;
use crate::session::Session;
use crate::words::count;

/// A trial knows of the results of trials so many before it; so many can run side by side.
pub const LAG: usize = 4;

impl Search {
    /// # Errors
    /// Settings that no training can have.
    pub fn check(&self) -> Result<()> {
        self.config.check()
    }

    /// Says what will be done and how long it takes.
    ///
    /// # Errors
    /// Settings that do not fit the data; not enough memory or disk; more trials are there than
    /// are asked for, whose results would no longer count.
    pub fn forecast(&self, session: &Session) -> Result<TimeEstimate> {
        let plan = self.plan();
        let left = self.check_trials(session)?;
        let losses = std::slice::from_ref(&self.config.loss);
        let needs = ResourceEstimate::of(session, &self.config, losses, self.jobs(), left)?;
        needs.check(&self.runs, Memory::now(), |line| session.progress.say(line))?;
        TimeEstimate::of_trials(session, &plan, (self.trials, left), needs.disk)
    }

    /// Refuses a search that cannot be made, and gives the number of trials that are left.
    ///
    /// # Errors
    /// As [`Search::forecast`], but for memory and disk.
    pub fn check_trials(&self, session: &Session) -> Result<usize> {
        let plan = self.plan();
        refuse_unlike(session, &plan.variants)?;
        let folder = self.folder(session)?;
        let ended = |place: &usize| ended(&folder, *place).is_ok_and(|trial| trial.is_some());
        let there = trials(&folder).len();
        if there > self.trials && !self.force {
            let problem = format!(
                "{} has {} already: name at least as many, or begin anew with --force",
                folder.display(),
                count(there, "trial")
            );
            return Err(Error::setting("--trials", self.trials, problem));
        }
        plan.prepare_run(session, &plan.variants[0], self.config.train.seed)?
            .check_scored(self.score)?;
        if self.force {
            refuse_inputs_in(&folder, [&self.config])?;
            ResultFolder::new(&folder).refuse_foreign()?;
        }
        let done = if self.force { 0 } else { (0..self.trials).filter(ended).count() };
        Ok(self.trials - done)
    }

    /// A plan of one run, to measure with.
    fn plan(&self) -> Plan {
        let name = self.config.loss.name().to_owned();
        Plan {
            variants: vec![Variant::new(name, self.config.clone())],
            seeds: vec![self.config.train.seed],
            jobs: self.jobs(),
            runs: self.runs.clone(),
            force: self.force,
            score: self.score,
            command: self.command.clone(),
        }
    }

    /// Trials side by side.
    pub fn jobs(&self) -> usize {
        self.jobs.clamp(1, LAG)
    }

    /// `runs/tune-LOSS-HASH`, where the hash is over all that decides the search but the number of
    /// trials: more of them go on where fewer ended.
    ///
    /// # Errors
    /// Settings that do not fit the data.
    pub fn folder(&self, session: &Session) -> Result<PathBuf> {
        let config = &self.config;
        let dataset = &session.dataset;
        let data = dataset.identity();
        let fingerprint =
            config.training_fingerprint(&data, &session.device_name, session.engine)?;
        let evaluation = config.evaluation_settings(session.engine);
        let space = Space::of(&config.loss).hashed();
        // The first trial has the settings as given.
        let owner = |folder: &Path| match Owner::of_run(&folder.join(name(0)), &fingerprint) {
            Owner::Other => Owner::Other,
            Owner::Same | Owner::Unknown => Owner::Same,
        };
        let parts = [&fingerprint, &evaluation, &space, self.score.first_name()];
        let hash = sha256_hex(parts.join("\n").as_bytes());
        Ok(hashed_folder(&self.runs, &format!("tune-{}", config.loss.name()), &hash, owner))
    }

    /// Does every trial that is not done yet, and ranks them; with `force`, all anew.
    ///
    /// # Errors
    /// [`Error::Interrupted`] with how many trials ended; the first error of a trial that is not
    /// the fault of its settings.
    pub fn carry_out(&self, session: &Session) -> Result<Tuned> {
        let folder = self.folder(session)?;
        let run = Run::new(session, self.config.clone(), &folder, Some(&name(0)))?;
        let images = run.images();
        if self.score == Score::Accuracy {
            // Classes are not ranked here, which is what the voters of vote top-k accuracy do.
            let eval = EvalConfig { voters: 1, ..self.config.eval.clone() };
            eval.remark(run.train_images()).iter().for_each(|told| session.progress.say_once(told));
        }
        let mut session = session.share();
        session.progress =
            session.progress.of_many(self.trials, images.saturating_mul(self.trials as u64));
        if self.force {
            self.remove(&session)?;
        }
        let board = Board::new(self.trials);
        let tasks = (0..self.trials).collect();
        let wait = |session: &Session, place: &usize| {
            board.up_to((place + 1).saturating_sub(LAG), session)
        };
        let done =
            side_by_side_after(&session, self.jobs(), tasks, wait, |session, place, earlier| {
                let promise = board.promise(place);
                let trial =
                    earlier.and_then(|earlier| self.trial(session, &folder, place, &earlier));
                session.progress.ended();
                promise.keep(trial.as_ref().ok().cloned());
                trial
            });
        Tuned::new(self, &session, folder, all_ended(done)?)
    }

    /// Removes the search with all its trials, where there is one.
    ///
    /// # Errors
    /// Someone is at work on it; the system refuses.
    pub fn remove(&self, session: &Session) -> Result<()> {
        let folder = self.folder(session)?;
        if trials(&folder).is_empty() {
            return Ok(());
        }
        refuse_inputs_in(&folder, [&self.config])?;
        Removal::of(&folder)?.carry_out()
    }

    /// One trial, done now or before.
    fn trial(
        &self,
        session: &Session,
        folder: &Path,
        place: usize,
        earlier: &[Trial],
    ) -> Result<Trial> {
        session.interrupt.check("not begun")?;
        let _lock = RunLock::take(&ResultFolder::new(folder.join(name(place))))?;
        self.locked_trial(session, folder, place, earlier)
    }

    /// The same of a trial whose lock is held.
    pub fn locked_trial(
        &self,
        session: &Session,
        folder: &Path,
        place: usize,
        earlier: &[Trial],
    ) -> Result<Trial> {
        let space = Space::of(&self.config.loss);
        let settings = propose(&space, place, self.config.train.seed, earlier);
        let config = self.config.with(&settings)?;
        let run = Run::new(session, config, folder, Some(&name(place)))?;
        let path = run.folder.file(TRIAL);
        let title = format!("{} {}", run.config.loss.name(), name(place));
        let progress = session.progress.run(&title, run.images());
        let before = Trial::read(&run.folder)?;
        if let Some(trial) = before.as_ref().filter(|trial| trial.state.is_end()) {
            progress.trained();
            return Ok(trial.clone());
        }
        let settings = space.values_of(&run.config);
        let trial = before.unwrap_or_else(|| Trial::new(place + 1, settings.clone()));
        // A run that was trained to its end without being scored has nothing to be ranked by.
        let trained = run.folder.record()?.is_some_and(|r| r.status == Status::Trained);
        let unscored = trained && trial.scores.len() < run.config.train.epochs;
        let (trial, existing) = match unscored {
            true => (Trial::new(place + 1, settings), Existing::Replace),
            false => (trial, Existing::GoOn),
        };
        let earlier = earlier.to_vec();
        let mut scorer = Scorer::new(session, &run.config, self.score, trial, earlier, path)?;
        match run.train_observed(session, existing, &mut scorer, &progress) {
            Ok(history) => scorer.trial.ended(history.seconds()),
            Err(Error::Diverged(divergence)) => scorer.trial.failed(divergence.to_string()),
            Err(error) => return Err(error),
        }
        progress.trained();
        progress.say(&scorer.trial.told(&self.score.name(self.config.eval.knn)));
        write_json(&scorer.path, &scorer.trial)?;
        Ok(scorer.trial)
    }
}

/// All trials, where all ended.
///
/// # Errors
/// What went wrong in the first trial that did not end; trials that wait for it are interrupted,
/// and do not hide that. Else, [`Error::Interrupted`] with how many ended.
fn all_ended(done: Vec<Result<Trial>>) -> Result<Vec<Trial>> {
    let (all, ended) = (done.len(), done.iter().filter(|trial| trial.is_ok()).count());
    let mut trials = Vec::new();
    let mut interrupted = false;
    for trial in done {
        match trial {
            Err(Error::Interrupted(_)) => interrupted = true,
            other => trials.push(other?),
        }
    }
    match interrupted {
        true => Err(Error::Interrupted(format!("{ended} of {} ended", count(all, "trial")))),
        false => Ok(trials),
    }
}

/// A trial, by its place from 0, where it has ended.
///
/// # Errors
/// What is kept of it cannot be read.
pub fn ended(folder: &Path, place: usize) -> Result<Option<Trial>> {
    let trial = Trial::read(&ResultFolder::new(folder.join(name(place))))?;
    Ok(trial.filter(|trial| trial.state.is_end()))
}

/// Name of a trial's folder, by its place from 0.
pub fn name(place: usize) -> String {
    format!("trial-{:03}", place + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_went_wrong_is_told_and_not_hidden_by_the_trials_that_waited_for_it() {
        let ended = || Ok(Trial::new(1, BTreeMap::new()));
        let waited = || Err(Error::Interrupted("not begun".to_owned()));
        let full = Err(Error::Other("the disk is full".to_owned()));
        let told = all_ended(vec![ended(), waited(), full, waited()]).unwrap_err().to_string();
        assert_eq!(told, "the disk is full");
        let stopped = all_ended(vec![ended(), waited()]).unwrap_err();
        assert!(matches!(stopped, Error::Interrupted(place) if place == "1 of 2 trials ended"));
        assert_eq!(all_ended(vec![ended(), ended()]).unwrap().len(), 2);
    }
}
