//! A trial of a search, as its run's folder records it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::Value;

use crate::error::{Fault, Result};
use crate::files::layout::TRIAL;
use crate::files::{Checked, ResultFolder, is_share, read_json};
use crate::words::dml;

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
    pub fn read(folder: &ResultFolder) -> Result<Option<Trial>> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::write_json;

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
        assert_eq!(Trial::read(&ResultFolder::new(folder.path())).unwrap().unwrap(), trial);
        trial.failed("the loss became NaN".to_owned());
        assert_eq!((trial.score(), trial.state.is_end()), (None, true));
    }
}
