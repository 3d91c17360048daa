//! The result of a search: its trials, best first, a picture, and the best settings.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::{Table as Toml, Value};

use super::space::{Space, position};
use super::task::Search;
use crate::config::{Config, number};
use crate::error::{Error, Fault, Result, chain};
use crate::experiment::compare::current_name;
use crate::files::layout::{BEST, SEARCH};
use crate::files::{Checked, ResultFolder, read_json, write_json, write_text};
use crate::loss::Span;
use crate::report::Style;
use crate::report::chart::{Picture, Scale, trials};
use crate::report::table::Table;
use crate::run::{RunLock, State, Trial, affects_model};
use crate::session::Session;
use crate::words;

/// File name of the picture.
const PICTURE: &str = "trials.png";

/// A finished search.
#[derive(Debug, Serialize, Deserialize)]
pub struct Tuned {
    /// The command line; empty in files of earlier versions.
    #[serde(default)]
    pub command: String,
    /// The loss.
    pub loss: String,
    /// The data file.
    pub data: String,
    /// Maximum number of epochs of a trial.
    pub epochs: usize,
    /// Seed of the runs and of the search.
    pub seed: u64,
    /// Name of the metric that was maximised.
    #[serde(deserialize_with = "current_name")]
    pub score: String,
    /// Number of validation images.
    pub validation: usize,
    /// The trials, best first.
    pub trials: Vec<Trial>,
    #[serde(skip)]
    space: Space,
    #[serde(skip)]
    best: Config,
    #[serde(skip)]
    folder: PathBuf,
    #[serde(skip)]
    style: Style,
}

impl Tuned {
    /// Ranks the trials: finished ones by their scores, then stopped ones, then those that diverged.
    ///
    /// # Errors
    /// No trial finished.
    pub fn new(
        search: &Search,
        session: &Session,
        folder: PathBuf,
        mut trials: Vec<Trial>,
    ) -> Result<Tuned> {
        let kind = |trial: &Trial| match trial.state {
            State::Finished => 0,
            State::Stopped => 1,
            State::Running | State::Failed => 2,
        };
        let key = |trial: &Trial| trial.score().unwrap_or(0.0);
        trials.sort_by(|a, b| kind(a).cmp(&kind(b)).then(key(b).total_cmp(&key(a))));
        if kind(&trials[0]) > 0 {
            return Err(none_finished(&trials));
        }
        let set = trials[0]
            .settings
            .iter()
            .map(|(key, value)| crate::config::Setting { key: key.clone(), value: value.clone() });
        let best = search.config.with(&set.collect::<Vec<_>>())?;
        Ok(Tuned {
            command: search.command.clone(),
            loss: search.config.loss.name().to_owned(),
            data: search.config.data.path.clone(),
            epochs: search.config.train.epochs,
            seed: search.config.train.seed,
            score: search.score.name(search.config.eval.knn),
            validation: session.parts(&search.config)?.validation.rows.len(),
            trials,
            space: Space::of(&search.config.loss),
            best,
            folder,
            style: session.style,
        })
    }

    /// Whether the best settings are those of the first trial, which has the given settings.
    pub fn is_no_better(&self) -> bool {
        let first = self.trials.iter().find(|trial| trial.number == 1);
        first.is_some_and(|first| first.settings == self.trials[0].settings)
    }

    /// The given settings with the best values of the searched ones.
    pub fn best(&self) -> &Config {
        &self.best
    }

    /// Reads a search from its folder.
    ///
    /// # Errors
    /// Not the folder of a finished search; a file was changed.
    pub fn read(path: &Path) -> Result<Tuned> {
        let folder = ResultFolder::new(path);
        let remedy = "run the same dml tune again, which repeats no finished trial";
        let read: Option<Tuned> = read_json(&folder.file(SEARCH), remedy)?;
        let missing = || Fault::new(path, format!("is not a finished search: it has no {SEARCH}"));
        let mut tuned = read.ok_or_else(missing)?;
        let best = folder.file(BEST);
        tuned.best = Config::read_with(&best, |config| config.check().map(|()| config))
            .map_err(|error| Error::Other(format!("{}; {remedy}", chain(&error))))?;
        if tuned.best.loss.name() != tuned.loss {
            let problem =
                format!("is for {}, but the search is for {}", tuned.best.loss.name(), tuned.loss);
            return Err(Fault::new(&best, problem).remedy(remedy).into());
        }
        tuned.space = Space::of(&tuned.best.loss);
        tuned.folder = path.to_path_buf();
        Ok(tuned)
    }

    /// The folder of the search.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The trials and the best score, in a sentence.
    pub fn caption(&self) -> String {
        let count = |state| self.trials.iter().filter(|trial| trial.state == state).count();
        let given = self.trials.iter().find(|trial| trial.number == 1).and_then(Trial::score);
        let given =
            given.map_or(String::new(), |score| format!(" (given settings, trial 1: {score:.4})"));
        format!(
            "{}: {} of at most {} on {}, {} finished, {} stopped early, {} diverged; best {} {:.4} on \
             {}{given}. As the highest of many scores it is optimistic: compare it under other seeds.",
            self.loss,
            words::count(self.trials.len(), "trial"),
            words::count(self.epochs, "epoch"),
            self.data,
            count(State::Finished),
            count(State::Stopped),
            count(State::Failed),
            self.score,
            self.trials[0].score().unwrap_or_default(),
            words::count(self.validation, "validation image"),
        )
    }

    /// One row per trial, best first.
    pub fn table(&self) -> Table {
        let keys = || self.space.settings.iter().map(|(key, _)| key);
        let fixed = ["trial", &self.score, "epochs", "state"];
        let mut table = Table::new(fixed.iter().map(|&s| s.to_owned()).chain(keys().cloned()));
        for trial in &self.trials {
            let score = trial.score().map_or("–".to_owned(), |score| format!("{score:.4}"));
            let epochs = trial.scores.len().to_string();
            let row = [trial.number.to_string(), score, epochs, trial.state.label().to_owned()];
            let value =
                |key: &String| trial.settings.get(key).map_or("–".to_owned(), crate::config::shown);
            table.push(row.into_iter().chain(keys().map(value)));
        }
        table
    }

    /// Path of the best settings.
    pub fn best_path(&self) -> PathBuf {
        self.folder.join(BEST)
    }

    /// Writes the ranked table, the best settings and the picture, and returns the folder.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self) -> Result<&Path> {
        let folder = ResultFolder::new(&self.folder);
        let _lock = RunLock::take(&folder)?;
        folder.create()?;
        self.table().write_csv(&folder.file("trials.csv"))?;
        write_json(&folder.file(SEARCH), self)?;
        write_text(&self.best_path(), &self.best_toml())?;
        self.draw()?.save(&folder.plot(PICTURE), self.style)?;
        Ok(&self.folder)
    }

    /// The best settings as a configuration: the loss and the training settings.
    pub fn best_toml(&self) -> String {
        let score = self.trials[0].score().unwrap_or_default();
        let trials = words::count(self.trials.len(), "trial");
        format!(
            "# Best of {trials}: {} {score:.4} on the validation images of seed {}.\n\n{}",
            self.score,
            self.seed,
            toml::to_string(&loss_and_training(&self.best)).expect("it came from TOML")
        )
    }

    /// Draws the score over each searched setting.
    ///
    /// # Errors
    /// There are no settings.
    pub fn draw(&self) -> Result<Picture> {
        let words: Vec<Vec<String>> = self
            .space
            .settings
            .iter()
            .map(|(_, span)| match span {
                Span::Choices(words) => words.iter().map(|&word| word.to_owned()).collect(),
                _ => Vec::new(),
            })
            .collect();
        let parameters: Vec<trials::Parameter> = self
            .space
            .settings
            .iter()
            .zip(&words)
            .map(|((key, span), words)| trials::Parameter {
                name: key,
                scale: match span {
                    Span::Linear(..) => Scale::Linear,
                    Span::Logarithmic(..) => Scale::Logarithmic,
                    Span::Choices(_) => Scale::Categories(words),
                },
            })
            .collect();
        let values: Vec<Vec<f64>> = self.trials.iter().map(|trial| self.plotted(trial)).collect();
        let drawn: Vec<trials::Trial> = self
            .trials
            .iter()
            .zip(&values)
            .map(|(trial, values)| trials::Trial {
                values,
                score: trial.score().unwrap_or(f64::NAN),
                stopped: trial.state == State::Stopped,
            })
            .collect();
        let trials = words::count(self.trials.len(), "trial");
        let epochs = words::count(self.epochs, "epoch");
        let note = format!("{}, {trials} of at most {epochs}", self.loss);
        trials::draw(&self.score, &parameters, &drawn, 0, &note)
    }

    /// The values of a trial in the picture: numbers, also outside of the searched range, and indices
    /// of words.
    fn plotted(&self, trial: &Trial) -> Vec<f64> {
        let one = |(key, span): &(String, Span)| {
            let Some(value) = trial.settings.get(key) else { return f64::NAN };
            match span {
                Span::Choices(_) => position(*span, value),
                _ => number(value).unwrap_or(f64::NAN),
            }
        };
        self.space.settings.iter().map(one).collect()
    }
}

/// The sections `[loss]` and `[train]`, without settings that do not affect the trained network.
fn loss_and_training(config: &Config) -> Toml {
    let mut sections = Toml::try_from(config).expect("settings are plain values");
    sections.retain(|section, _| ["loss", "train"].contains(&section));
    for (section, values) in &mut sections {
        if let Value::Table(values) = values {
            values.retain(|key, _| affects_model(&format!("{section}.{key}")));
        }
    }
    sections
}

/// The error of a search without a finished trial.
fn none_finished(trials: &[Trial]) -> Error {
    let first = trials.iter().min_by_key(|trial| trial.number).expect("at least one trial");
    let why = first.remark.as_deref().unwrap_or("stopped early");
    let problem = match trials {
        [_] => format!("the only trial diverged: {why}"),
        trials => format!("none of {} trials finished; the first: {why}", trials.len()),
    };
    Error::Other(format!("{problem}; more trials (--trials) try other settings and keep these"))
}

impl Checked for Tuned {
    fn check(&self) -> std::result::Result<(), String> {
        let Some(best) = self.trials.first() else { return Err("contains no trial".to_owned()) };
        if best.state != State::Finished {
            return Err("starts with an unfinished trial".to_owned());
        }
        let mut numbers: Vec<usize> = self.trials.iter().map(|trial| trial.number).collect();
        numbers.sort_unstable();
        match numbers.into_iter().eq(1..=self.trials.len()) {
            true => self.trials.iter().try_for_each(Checked::check),
            false => Err("does not contain each trial once".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_settings_have_every_training_setting_that_affects_the_model() {
        let config = Config::default();
        let kept = loss_and_training(&config);
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["loss", "train"]);
        let all = Toml::try_from(&config).unwrap();
        assert_eq!(kept["loss"], all["loss"]);
        let [kept, all] = [&kept, &all].map(|config| config["train"].as_table().unwrap());
        for (key, value) in all {
            let wanted = affects_model(&format!("train.{key}")).then_some(value);
            assert_eq!(kept.get(key), wanted, "{key}");
        }
        let left_out = ["device", "engine", "checkpoint_every"];
        assert!(left_out.iter().all(|key| !kept.contains_key(*key)));
    }
}
