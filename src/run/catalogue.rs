//! Lists the runs in a folder with their key figures.

use std::path::{Path, PathBuf};

use serde::Serialize;
use toml::Value;

use super::listing::{folders, trials};
use super::metrics::Metrics;
use super::record::{Status, refuse_newer};
use super::tested::Tested;
use super::trial::Trial;
use crate::config::{Config, Setting, number};
use crate::error::chain;
use crate::eval::{HEADLINES, TRAIN_TIME};
use crate::evaluation::Evaluation;
use crate::files::ResultFolder;
use crate::files::layout::{HISTORY, RECORD};
use crate::report::table::Table;
use crate::words::{MISSING, decimals, grouped};

/// State of a run whose record or figures cannot be read.
const DAMAGED: &str = "damaged";
/// State of a run that a newer version made.
const NEWER: &str = "newer";

/// A run as `dml runs` lists it.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// Its name; for a trial, `SEARCH/TRIAL`.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its state: `training`, `trained`, `evaluated`, `diverged`; `damaged` if its record or figures
    /// cannot be read, `newer` if a newer version made it.
    pub state: String,
    /// Whether it is `damaged` or `newer`.
    pub damaged: bool,
    /// If so, what is wrong and the remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The loss.
    pub loss: Option<String>,
    /// The seed.
    pub seed: Option<u64>,
    /// Completed epochs.
    pub epochs: usize,
    /// Images that it trains on.
    pub train: Option<usize>,
    /// Images of unseen classes, on which it is evaluated; 0 if it is evaluated on validation images.
    pub unseen: usize,
    /// Validation loss after the last epoch.
    pub validation_loss: Option<f64>,
    /// Score of a search's trial after its last epoch.
    pub trial_score: Option<f64>,
    /// Its metrics by their keys.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Its metrics on files of test images.
    pub tests: Vec<Tested>,
    /// Seconds of training.
    pub seconds: Option<f64>,
    #[serde(skip)]
    config: Option<Config>,
}

impl Entry {
    /// Reads the run in a folder; `None` if there is no run.
    pub fn read(path: &Path, name: String) -> Option<Entry> {
        let folder = ResultFolder::new(path);
        let record = folder.record();
        let is_newer = refuse_newer(path, &folder.file(RECORD)).is_err();
        let (evaluation, trial) = (Evaluation::read(&folder), Trial::read(&folder));
        let (config, history) = (folder.config(), folder.history());
        let tests = Evaluation::read_tests(&folder);
        let test_error = tests.iter().find_map(|test| test.as_ref().err());
        let divergence = match &record {
            Ok(Some(run)) => folder.divergence_of(&run.fingerprint),
            _ => Ok(None),
        };
        // Before the first epoch ends there is no history file, which is no damage.
        let history_error = history.as_ref().err().filter(|_| folder.file(HISTORY).exists());
        let is_evaluated = matches!(&evaluation, Ok(Some(_)));
        let divergence_error = divergence.as_ref().err().filter(|_| !is_evaluated);
        let problem = [record.as_ref().err(), evaluation.as_ref().err(), trial.as_ref().err()]
            .into_iter()
            .chain([config.as_ref().err(), history_error, divergence_error, test_error])
            .flatten()
            .next()
            .map(|error| chain(error));
        let state = match (&record, &divergence) {
            (Ok(None), _) => return None,
            (Err(_), _) if is_newer => NEWER,
            _ if problem.is_some() => DAMAGED,
            (Ok(Some(run)), _) if run.status == Status::Trained && is_evaluated => "evaluated",
            (_, Ok(Some(_))) => "diverged",
            (Ok(Some(run)), _) if run.status == Status::Training => "training",
            _ => "trained",
        };
        let state = state.to_owned();
        let (record, evaluation) = (record.ok().flatten(), evaluation.ok().flatten());
        let (trial, history) = (trial.ok().flatten(), history.unwrap_or_default());
        let unseen = record.as_ref().map_or(0, |record| record.data.unseen);
        Some(Entry {
            name,
            folder: path.to_path_buf(),
            damaged: problem.is_some(),
            state,
            problem,
            loss: record.as_ref().map(|record| record.loss.clone()),
            seed: record.as_ref().map(|record| record.seed),
            epochs: history.epochs.len(),
            train: record.as_ref().map(|record| record.data.train),
            unseen,
            validation_loss: history.epochs.last().map(|epoch| epoch.validation_loss),
            trial_score: trial.as_ref().and_then(Trial::score),
            metrics: Metrics::of(evaluation.as_ref(), unseen > 0),
            tests: tests.iter().flatten().map(Tested::of).collect(),
            seconds: (!history.epochs.is_empty()).then(|| history.seconds()),
            config: config.ok(),
        })
    }

    /// Whether the run has this setting with this value; false for a setting of another loss.
    pub fn has(&self, setting: &Setting) -> bool {
        let value = self.config.as_ref().and_then(|config| config.value(&setting.key));
        value.is_some_and(|value| same(&value, &setting.value))
    }
}

/// Compares numbers by value, so 5 equals 5.0.
fn same(a: &Value, b: &Value) -> bool {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// All runs in a folder, and the trials of its searches, sorted by name.
///
/// Skips folders that are not runs; empty if the folder does not exist.
pub fn catalogue(runs: &Path) -> Vec<Entry> {
    let mut found = Vec::new();
    for folder in folders(runs) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let trials = trials(&folder).into_iter();
        found.extend(Entry::read(&folder, name.clone()));
        found.extend(
            trials
                .filter_map(|trial| Entry::read(trial.path(), format!("{name}/{}", trial.name()))),
        );
    }
    found
}

/// A column of the table of runs.
type Cell = Box<dyn Fn(&Entry) -> Option<String>>;

/// One row per run; columns that no run fills are omitted.
pub fn run_table(entries: &[Entry]) -> Table {
    let mut columns: Vec<(String, Cell)> = [
        ("run", (|e| Some(e.name.clone())) as fn(&Entry) -> Option<String>),
        ("state", |e| Some(e.state.clone())),
        ("epochs", |e| Some(e.epochs.to_string())),
        ("images", |e| e.train.map(grouped)),
        ("unseen images", |e| (e.unseen > 0).then(|| grouped(e.unseen))),
        ("validation loss", |e| e.validation_loss.map(|loss| decimals(loss, 4))),
        ("trial's score", |e| e.trial_score.map(|score| format!("{score:.4}"))),
    ]
    .into_iter()
    .map(|(name, cell)| (name.to_owned(), Box::new(cell) as Cell))
    .collect();
    for metric in HEADLINES {
        let cell = |e: &Entry| e.metrics.get(metric).map(|value| metric.unit.number(value));
        columns.push((metric.column(), Box::new(cell)));
    }
    let tests = |e: &Entry| {
        let shown: Vec<String> = e.tests.iter().map(Tested::shown).collect();
        (!shown.is_empty()).then(|| shown.join("; "))
    };
    columns.push(("test images, %".to_owned(), Box::new(tests)));
    let seconds = |e: &Entry| e.seconds.map(|seconds| TRAIN_TIME.unit.number(seconds));
    columns.push((TRAIN_TIME.column(), Box::new(seconds)));
    columns.retain(|(_, cell)| entries.iter().any(|entry| cell(entry).is_some()));
    let mut table = Table::new(columns.iter().map(|(name, _)| name.clone()));
    for entry in entries {
        let shown = |(_, cell): &(String, Cell)| cell(entry).unwrap_or_else(|| MISSING.to_owned());
        table.push(columns.iter().map(shown));
    }
    table
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::fs;

    /// A trained run without a model, with these settings.
    pub fn run(runs: &Path, name: &str, settings: &str) -> PathBuf {
        let folder = runs.join(name);
        fs::create_dir_all(&folder).unwrap();
        let config = Config::parse(settings, Path::new("x.toml")).unwrap();
        fs::write(folder.join("config.toml"), config.to_toml()).unwrap();
        let record = serde_json::json!({
            "dml": "0.1.0", "libtorch": "2.13.0", "device": "cpu", "loss": config.loss.name(),
            "seed": config.train.seed, "fingerprint": "", "status": "trained",
            "data": {"path": "a.csv", "sha256": "abc", "images": 10, "train": 9, "validation": 1,
                     "side": 28, "classes": []},
        });
        fs::write(folder.join("run.json"), record.to_string()).unwrap();
        folder
    }

    #[test]
    fn runs_and_trials_are_listed_and_other_folders_skipped() {
        let runs = tempfile::tempdir().unwrap();
        run(runs.path(), "b", "");
        run(runs.path(), "a", "[train]\nseed = 3");
        run(runs.path(), "tune-x/trial-001", "");
        run(runs.path(), "tune-y", "");
        run(runs.path(), ".c.removed", "");
        fs::create_dir(runs.path().join("compare-x")).unwrap();
        fs::create_dir(runs.path().join("broken")).unwrap();
        fs::write(runs.path().join("broken/run.json"), "{").unwrap();
        let found = catalogue(runs.path());
        let names: Vec<&str> = found.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "broken", "tune-x/trial-001", "tune-y"]);
        assert_eq!((found[0].seed, found[0].state.as_str()), (Some(3), "trained"));
        assert_eq!((found[2].state.as_str(), found[2].damaged), ("damaged", true));
        let problem = found[2].problem.as_ref().unwrap();
        assert!(problem.contains("cannot be parsed"), "{problem}");
        let table = run_table(&found);
        assert_eq!(table.rows.len(), 5);
        assert!(table.rows.iter().flatten().all(|cell| cell.len() < 30), "{:?}", table.rows);
        assert!(catalogue(&runs.path().join("none")).is_empty());
    }

    #[test]
    fn a_note_of_divergence_counts_only_for_the_same_settings() {
        let runs = tempfile::tempdir().unwrap();
        let folder = run(runs.path(), "a", "");
        let state = |note: &str| {
            fs::write(folder.join("diverged.json"), note).unwrap();
            catalogue(runs.path()).remove(0).state
        };
        assert_eq!(state(r#"{"fingerprint": "", "why": "NaN", "remedy": ""}"#), "diverged");
        assert_eq!(state(r#"{"fingerprint": "of other settings", "why": "NaN"}"#), "trained");
        assert_eq!(state("{"), "damaged");
        assert!(catalogue(runs.path())[0].problem.as_ref().unwrap().contains("remove this file"));
    }

    #[test]
    fn a_run_is_found_by_its_settings_of_any_type() {
        let runs = tempfile::tempdir().unwrap();
        run(runs.path(), "a", "[loss]\nmargin = 2.0\n[train]\nschedule = \"cosine\"");
        let entry = &catalogue(runs.path())[0];
        let has = |text: &str| entry.has(&Setting::read(text).unwrap());
        assert!(has("loss.margin=2") && has("train.schedule=cosine") && has("train.epochs=5"));
        assert!(!has("loss.margin=1") && !has("loss.temperature=0.1"));
    }
}
