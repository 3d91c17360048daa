//! A trial of a search, as recorded in its run's folder.

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
    /// The searched settings, with this trial's values.
    pub settings: BTreeMap<String, Value>,
    /// The score after each epoch.
    pub scores: Vec<f64>,
    /// Its state.
    pub state: State,
    /// Seconds of training.
    pub seconds: f64,
    /// Why it diverged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
}

/// State of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not ended yet.
    Running,
    /// All epochs are done.
    Finished,
    /// Stopped early.
    Stopped,
    /// Diverged.
    Failed,
}

impl Checked for Trial {
    fn check(&self) -> std::result::Result<(), String> {
        if self.number == 0 {
            return Err("has the number 0; trials count from 1".to_owned());
        }
        if !self.scores.iter().all(|&score| is_share(score)) {
            return Err("has a score outside 0..1".to_owned());
        }
        if self.scores.is_empty() && matches!(self.state, State::Finished | State::Stopped) {
            return Err("ended without a score".to_owned());
        }
        match self.seconds >= 0.0 {
            true => Ok(()),
            false => Err("has an impossible training time".to_owned()),
        }
    }
}

impl State {
    /// Whether the trial has ended.
    pub fn is_end(self) -> bool {
        self != State::Running
    }

    /// The word for it in tables and messages.
    pub fn label(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Finished => "finished",
            State::Stopped => "stopped early",
            State::Failed => "diverged",
        }
    }
}

impl Trial {
    /// A trial that has not started.
    pub fn new(number: usize, settings: BTreeMap<String, Value>) -> Trial {
        let (scores, state) = (Vec::new(), State::Running);
        Trial { number, settings, scores, state, seconds: 0.0, remark: None }
    }

    /// Reads the trial in a folder; `None` if it has not started.
    ///
    /// # Errors
    /// The file cannot be read; the remedy says how to repeat this trial.
    pub fn read(folder: &ResultFolder) -> Result<Option<Trial>> {
        let removal = dml("runs remove", folder.path());
        let remedy = format!("remove this trial with {removal} and search again");
        let path = folder.file(TRIAL);
        let trial: Option<Trial> = read_json(&path, &remedy)?;
        match trial {
            Some(trial) if !trial.belongs_in(&folder.name()) => {
                let problem = format!("is of trial {}, not of this folder", trial.number);
                Err(Fault::new(&path, problem).remedy(remedy).into())
            }
            trial => Ok(trial),
        }
    }

    /// Whether the trial may be in a folder of this name: names of other trials are excluded.
    fn belongs_in(&self, folder: &str) -> bool {
        let number = folder.strip_prefix("trial-").and_then(|number| number.parse().ok());
        number.is_none_or(|number: usize| number == self.number)
    }

    /// The score after its last epoch; `None` if it diverged.
    pub fn score(&self) -> Option<f64> {
        self.scores.last().copied().filter(|_| self.state != State::Failed)
    }

    /// Records that its training ended.
    pub fn ended(&mut self, seconds: f64) {
        self.seconds = seconds;
        if self.state == State::Running {
            self.state = State::Finished;
        }
    }

    /// Records that it diverged.
    pub fn failed(&mut self, why: String) {
        self.state = State::Failed;
        self.remark = Some(why);
    }

    /// Its outcome in a line.
    pub fn summary(&self, score: &str) -> String {
        if let (State::Failed, Some(why)) = (self.state, &self.remark) {
            return format!("{}: {why}", self.state.label());
        }
        let last = self.scores.last().map_or(String::new(), |last| format!(", {score} {last:.4}"));
        let epochs = self.scores.len();
        format!("{}{last} after epoch {epochs}", self.state.label())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::write_json;

    #[test]
    fn a_trial_round_trips_through_its_file_and_a_failed_one_has_no_score() {
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
