//! One trial of a search: its settings, its score after each epoch, and when it is stopped.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::Value;

use super::{Config, Error, Result, RunFolder, Score, Session, write_json};
use crate::data::DataSplit;
use crate::error::Fault;
use crate::eval::{self, Labelled};
use crate::experiment::run::UNANSWERABLE;
use crate::files::{Checked, is_share, read_json};
use crate::model::Network;
use crate::train::{Observer, RunProgress, Verdict};
use crate::words::dml;

/// What a trial is kept in, within its run's folder.
pub const TRIAL: &str = "trial.json";

/// Earlier trials that a median needs.
const ENOUGH: usize = 4;

/// One trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Counted from 1.
    pub number: usize,
    /// The settings that are searched, with its values.
    pub settings: BTreeMap<String, Value>,
    /// The score after each epoch.
    pub scores: Vec<f64>,
    /// How far it came.
    pub state: State,
    /// Seconds of training.
    pub seconds: f64,
    /// Why it diverged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// How far a trial came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It has not ended.
    Running,
    /// All epochs are done.
    Finished,
    /// It was stopped early.
    Stopped,
    /// It diverged.
    Failed,
}

impl Checked for Trial {
    fn check(&self) -> std::result::Result<(), String> {
        if self.number == 0 {
            return Err("has the number 0, trials count from 1".to_owned());
        }
        if !self.scores.iter().all(|&score| is_share(score)) {
            return Err("has a score that is not within 0 and 1".to_owned());
        }
        if self.scores.is_empty() && matches!(self.state, State::Finished | State::Stopped) {
            return Err("has ended without a score".to_owned());
        }
        match self.seconds >= 0.0 {
            true => Ok(()),
            false => Err("took a time that cannot be".to_owned()),
        }
    }
}

impl State {
    /// Whether nothing will be added.
    pub fn is_end(self) -> bool {
        self != State::Running
    }

    /// As it is told.
    pub fn told(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Finished => "finished",
            State::Stopped => "stopped early",
            State::Failed => "diverged",
        }
    }
}

impl Trial {
    /// A trial that has not begun.
    pub fn new(number: usize, settings: BTreeMap<String, Value>) -> Trial {
        let (scores, state) = (Vec::new(), State::Running);
        Trial { number, settings, scores, state, seconds: 0.0, remark: None }
    }

    /// What is known of the trial in a folder; none where it was not begun.
    ///
    /// # Errors
    /// A file that cannot be read, with how to do this one trial again.
    pub fn read(folder: &RunFolder) -> Result<Option<Trial>> {
        let removal = dml("runs remove", folder.path());
        let way_out = format!("remove this one trial with {removal}, and search again");
        let path = folder.file(TRIAL);
        let trial: Option<Trial> = read_json(&path, &way_out)?;
        match trial {
            Some(trial) if !trial.is_of(&folder.name()) => {
                let problem = format!("is of trial {}, not of this folder", trial.number);
                Err(Fault::new(&path, problem).remedy(way_out).into())
            }
            trial => Ok(trial),
        }
    }

    /// Whether a folder of this name is the trial's; any name that is no trial's may be.
    fn is_of(&self, folder: &str) -> bool {
        let number = folder.strip_prefix("trial-").and_then(|number| number.parse().ok());
        number.is_none_or(|number: usize| number == self.number)
    }

    /// The score after its last epoch; none of a trial that diverged.
    pub fn score(&self) -> Option<f64> {
        self.scores.last().copied().filter(|_| self.state != State::Failed)
    }

    /// Its training came to an end.
    pub fn ended(&mut self, seconds: f64) {
        self.seconds = seconds;
        if self.state == State::Running {
            self.state = State::Finished;
        }
    }

    /// Its settings made it diverge.
    pub fn failed(&mut self, why: String) {
        self.state = State::Failed;
        self.remark = Some(why);
    }

    /// What became of it, in a line.
    pub fn told(&self, score: &str) -> String {
        if let (State::Failed, Some(why)) = (self.state, &self.remark) {
            return format!("{}: {why}", self.state.told());
        }
        let last = self.scores.last().map_or(String::new(), |last| format!(", {score} {last:.4}"));
        let epochs = self.scores.len();
        format!("{}{last} after epoch {epochs}", self.state.told())
    }
}

/// Whether a trial is hopeless after an epoch (from 1): at least four earlier trials came so far,
/// and the median of their scores is higher.
///
/// # Source
/// Golovin et al.: Google Vizier, KDD 2017, the median stopping rule, by the last value in place of
/// the running mean.
pub fn is_hopeless(score: f64, epoch: usize, earlier: &[Trial]) -> bool {
    let mut others: Vec<f64> =
        earlier.iter().filter_map(|trial| trial.scores.get(epoch - 1)).copied().collect();
    if others.len() < ENOUGH {
        return false;
    }
    others.sort_by(f64::total_cmp);
    let (low, high) = (others[(others.len() - 1) / 2], others[others.len() / 2]);
    score < 0.5 * (low + high)
}

/// Takes a trial's score after each epoch, and stops it where it is hopeless.
pub struct Scorer<'a> {
    /// The trial.
    pub trial: Trial,
    /// Where it is kept.
    pub path: PathBuf,
    session: &'a Session,
    config: &'a Config,
    score: Score,
    parts: DataSplit,
    earlier: Vec<Trial>,
}

impl<'a> Scorer<'a> {
    /// For a trial that knows of these earlier ones.
    ///
    /// # Errors
    /// Settings that do not fit the data.
    pub fn new(
        session: &'a Session,
        config: &'a Config,
        score: Score,
        trial: Trial,
        earlier: Vec<Trial>,
        path: PathBuf,
    ) -> Result<Scorer<'a>> {
        let parts = session.parts(config)?;
        Ok(Scorer { trial, path, session, config, score, parts, earlier })
    }
}

/// A score on the validation images, against the training images.
///
/// # Errors
/// As [`Score::measure`]; no validation image has a training image of its class.
pub fn score(
    session: &Session,
    config: &Config,
    parts: &DataSplit,
    score: Score,
    network: &mut dyn Network,
) -> Result<f64> {
    let normalise = config.loss.normalises();
    let mut embed = |rows: &[i64]| eval::embed(network, &session.images, rows, normalise);
    let (references, queries) = (embed(&parts.train.rows), embed(&parts.validation.rows));
    let trial = eval::Trial {
        references: Labelled::new(&references, &parts.train.labels),
        queries: Some(Labelled::new(&queries, &parts.validation.labels)),
        classes: session.dataset.classes.len(),
    };
    let found = session.cores.spread(|| score.measure(&trial, &config.eval))??;
    found.ok_or_else(|| Error::Other(format!("there is no {score}: {UNANSWERABLE}")))
}

impl Observer for Scorer<'_> {
    fn after_epoch(
        &mut self,
        epoch: usize,
        network: &mut dyn Network,
        progress: &RunProgress,
    ) -> Result<Verdict> {
        let score = score(self.session, self.config, &self.parts, self.score, network)?;
        // After an interruption an epoch may be told of again.
        self.trial.scores.truncate(epoch - 1);
        self.trial.scores.push(score);
        let last = epoch == self.config.train.epochs;
        let stops = !last && is_hopeless(score, epoch, &self.earlier);
        if stops {
            self.trial.state = State::Stopped;
        }
        let name = self.score.name(self.config.eval.knn);
        progress.say(&format!("{name} {score:.4} after epoch {epoch}"));
        write_json(&self.path, &self.trial)?;
        Ok(if stops { Verdict::Stop } else { Verdict::GoOn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trials(scores: &[&[f64]]) -> Vec<Trial> {
        let trial =
            |scores: &&[f64]| Trial { scores: scores.to_vec(), ..Trial::new(1, BTreeMap::new()) };
        scores.iter().map(trial).collect()
    }

    #[test]
    fn a_trial_below_the_median_of_those_that_came_so_far_is_hopeless() {
        let earlier = trials(&[&[0.5, 0.6], &[0.6, 0.7], &[0.7], &[0.8, 0.9]]);
        assert!(is_hopeless(0.64, 1, &earlier) && !is_hopeless(0.66, 1, &earlier));
        assert!(!is_hopeless(0.0, 2, &earlier), "three are too few");
        assert!(!is_hopeless(0.0, 1, &[]));
    }

    #[test]
    fn a_trial_reads_back_as_it_was_written_and_a_failed_one_has_no_score() {
        let settings = BTreeMap::from([
            ("train.learning_rate".to_owned(), Value::Float(1.0)),
            ("loss.normalise".to_owned(), Value::Boolean(true)),
            ("train.schedule".to_owned(), Value::String("cosine".to_owned())),
        ]);
        let mut trial = Trial { scores: vec![0.8123456789012345], ..Trial::new(3, settings) };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(TRIAL);
        write_json(&path, &trial).unwrap();
        assert_eq!(Trial::read(&RunFolder::new(folder.path())).unwrap().unwrap(), trial);
        trial.failed("the loss became NaN".to_owned());
        assert_eq!((trial.score(), trial.state.is_end()), (None, true));
    }
}
