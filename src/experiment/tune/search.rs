//! Checks a search, does its trials in parallel, and ranks them.

use std::path::{Path, PathBuf};

use super::rank::Tuned;
use super::results::TrialResults;
use super::scorer::Scorer;
use super::space::{Space, propose};
use super::task::Search;
use crate::error::{Error, Result};
use crate::experiment::cost::TimeEstimate;
use crate::experiment::plan::Plan;
use crate::experiment::schedule::run_in_parallel_after;
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

/// A trial depends on the trials at least this far before it, so this many can run in parallel.
pub const LAG: usize = 4;

impl Search {
    /// Checks the settings.
    ///
    /// # Errors
    /// Invalid settings, or settings that do not compute the deciding metric.
    pub fn check(&self) -> Result<()> {
        self.config.check()?;
        self.score.check(&self.config.eval)
    }

    /// Estimates the remaining work.
    ///
    /// # Errors
    /// Settings that do not fit the data; not enough memory or disk space; more existing trials than
    /// requested.
    pub fn estimate(&self, session: &Session) -> Result<TimeEstimate> {
        let plan = self.plan();
        let left = self.check_trials(session)?;
        let losses = std::slice::from_ref(&self.config.loss);
        let needs = ResourceEstimate::of(session, &self.config, losses, self.jobs(), left)?;
        needs.check(&self.runs, Memory::now(), |line| session.progress.say(line))?;
        TimeEstimate::of_trials(session, &plan, (self.trials, left), needs.disk)
    }

    /// Checks the search against the data and existing trials, and returns the number of remaining trials.
    ///
    /// # Errors
    /// As [`Search::estimate`], except for memory and disk space.
    pub fn check_trials(&self, session: &Session) -> Result<usize> {
        let plan = self.plan();
        refuse_unlike(session, &plan.variants)?;
        let folder = self.folder(session)?;
        let ended = |index: &usize| ended(&folder, *index).is_ok_and(|trial| trial.is_some());
        let existing = trials(&folder).len();
        if existing > self.trials && !self.force {
            let problem = format!(
                "{} already has {}: use at least as many, or start again with --force",
                folder.display(),
                count(existing, "trial")
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

    /// A plan of one run, for the estimate.
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

    /// Number of parallel trials.
    pub fn jobs(&self) -> usize {
        self.jobs.clamp(1, LAG)
    }

    /// `runs/tune-LOSS-HASH`. The hash covers everything that affects the search except the number of
    /// trials, so that a search with more trials continues one with fewer.
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
        // The first trial has the given settings.
        let owner = |folder: &Path| match Owner::of_run(&folder.join(name(0)), &fingerprint) {
            Owner::Other => Owner::Other,
            Owner::Same | Owner::Unknown => Owner::Same,
        };
        let score = self.score.first_name();
        let parts = [&fingerprint, &evaluation, &space, &score].map(String::as_str);
        let hash = sha256_hex(parts.join("\n").as_bytes());
        Ok(hashed_folder(&self.runs, &format!("tune-{}", config.loss.name()), &hash, owner))
    }

    /// Does the remaining trials, or with `force` all of them, and ranks them.
    ///
    /// # Errors
    /// [`Error::Interrupted`] with the number of ended trials; the first error of a trial, except that
    /// it diverged.
    pub fn carry_out(&self, session: &Session) -> Result<Tuned> {
        let folder = self.folder(session)?;
        let run = Run::new(session, self.config.clone(), &folder, Some(&name(0)))?;
        let images = run.images();
        let voting = self.score.voting(&self.config.eval);
        let remark = voting.and_then(|eval| eval.remark(run.train_images()));
        remark.iter().for_each(|remark| session.progress.say_once(remark));
        let mut session = session.share();
        session.progress =
            session.progress.of_many(self.trials, images.saturating_mul(self.trials as u64));
        if self.force {
            self.remove(&session)?;
        }
        let results = TrialResults::new(self.trials);
        let tasks = (0..self.trials).collect();
        let wait = |session: &Session, index: &usize| {
            results.wait_for((index + 1).saturating_sub(LAG), session)
        };
        let done =
            run_in_parallel_after(&session, self.jobs(), tasks, wait, |session, index, earlier| {
                let pending = results.start(index);
                let trial =
                    earlier.and_then(|earlier| self.trial(session, &folder, index, &earlier));
                session.progress.ended();
                pending.finish(trial.as_ref().ok().cloned());
                trial
            });
        Tuned::new(self, &session, folder, all_ended(done)?)
    }

    /// Removes the search with all its trials, if it exists.
    ///
    /// # Errors
    /// Another process uses it; the system refuses.
    pub fn remove(&self, session: &Session) -> Result<()> {
        let folder = self.folder(session)?;
        if trials(&folder).is_empty() {
            return Ok(());
        }
        refuse_inputs_in(&folder, [&self.config])?;
        Removal::of(&folder)?.carry_out()
    }

    /// Does one trial, or reuses it if it has ended.
    fn trial(
        &self,
        session: &Session,
        folder: &Path,
        index: usize,
        earlier: &[Trial],
    ) -> Result<Trial> {
        session.interrupt.check("not started")?;
        let _lock = RunLock::take(&ResultFolder::new(folder.join(name(index))))?;
        self.locked_trial(session, folder, index, earlier)
    }

    /// Like `trial`, for a caller that holds the lock of the trial.
    pub fn locked_trial(
        &self,
        session: &Session,
        folder: &Path,
        index: usize,
        earlier: &[Trial],
    ) -> Result<Trial> {
        let space = Space::of(&self.config.loss);
        let settings = propose(&space, index, self.config.train.seed, earlier);
        let config = self.config.with(&settings)?;
        let run = Run::new(session, config, folder, Some(&name(index)))?;
        let path = run.folder.file(TRIAL);
        let title = format!("{} {}", run.config.loss.name(), name(index));
        let progress = session.progress.run(&title, run.images());
        let before = Trial::read(&run.folder)?;
        if let Some(trial) = before.as_ref().filter(|trial| trial.state.is_end()) {
            progress.trained();
            return Ok(trial.clone());
        }
        let settings = space.values_of(&run.config);
        let trial = before.unwrap_or_else(|| Trial::new(index + 1, settings.clone()));
        // A run that was trained to the end without scores cannot be ranked.
        let trained = run.folder.record()?.is_some_and(|r| r.status == Status::Trained);
        let is_unscored = trained && trial.scores.len() < run.config.train.epochs;
        let (trial, existing) = match is_unscored {
            true => (Trial::new(index + 1, settings), Existing::Replace),
            false => (trial, Existing::Resume),
        };
        let earlier = earlier.to_vec();
        let mut scorer = Scorer::new(session, &run.config, self.score, trial, earlier, path)?;
        match run.train_observed(session, existing, &mut scorer, &progress) {
            Ok(history) => scorer.trial.ended(history.seconds()),
            Err(Error::Diverged(divergence)) => scorer.trial.failed(divergence.to_string()),
            Err(error) => return Err(error),
        }
        progress.trained();
        progress.say(&scorer.trial.summary(&self.score.name(self.config.eval.knn)));
        write_json(&scorer.path, &scorer.trial)?;
        Ok(scorer.trial)
    }
}

/// All trials, if all have ended.
///
/// # Errors
/// The error of the first trial that failed, which interrupts the trials that wait for it; else
/// [`Error::Interrupted`] with the number of ended trials.
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

/// Reads a trial, by its index from 0; `None` if it has not ended.
///
/// # Errors
/// Its file cannot be read.
pub fn ended(folder: &Path, index: usize) -> Result<Option<Trial>> {
    let trial = Trial::read(&ResultFolder::new(folder.join(name(index))))?;
    Ok(trial.filter(|trial| trial.state.is_end()))
}

/// Name of a trial's folder, by its index from 0.
pub fn name(index: usize) -> String {
    format!("trial-{:03}", index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn an_error_is_reported_instead_of_the_interrupted_trials_that_waited() {
        let ended = || Ok(Trial::new(1, BTreeMap::new()));
        let waited = || Err(Error::Interrupted("not started".to_owned()));
        let full = Err(Error::Other("the disk is full".to_owned()));
        let message = all_ended(vec![ended(), waited(), full, waited()]).unwrap_err().to_string();
        assert_eq!(message, "the disk is full");
        let stopped = all_ended(vec![ended(), waited()]).unwrap_err();
        assert!(matches!(stopped, Error::Interrupted(message) if message == "1 of 2 trials ended"));
        assert_eq!(all_ended(vec![ended(), ended()]).unwrap().len(), 2);
    }
}
