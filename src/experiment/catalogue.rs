//! The runs of a folder: found, listed with their key figures, and held against each other.

use std::path::{Path, PathBuf};

use serde::Serialize;
use toml::{Table as Toml, Value};

use super::{Evaluation, METRICS, RunFolder, RunRecord, Status, read_json};
use crate::config::{Config, Setting, number};
use crate::error::Result;
use crate::report::table::Table;
use crate::train::{History, files};

/// A run with what is known of it.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// Its name, with the folder of a search in front of a trial's.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// How far it came: `training`, `trained`, `evaluated`, or what is wrong with it.
    pub state: String,
    /// The loss.
    pub loss: Option<String>,
    /// The seed.
    pub seed: Option<u64>,
    /// Epochs that are done.
    pub epochs: usize,
    /// Images that it trains on.
    pub train: Option<usize>,
    /// Validation loss after the last epoch.
    pub validation_loss: Option<f64>,
    /// Accuracy of its nearest neighbours.
    pub accuracy: Option<f64>,
    /// MAP@R.
    pub map_at_r: Option<f64>,
    /// Seconds of training.
    pub seconds: Option<f64>,
    #[serde(skip)]
    config: Option<Config>,
}

impl Entry {
    /// What is known of the run in a folder; none where there is no run.
    pub fn read(path: &Path, name: String) -> Option<Entry> {
        let folder = RunFolder::new(path);
        let record = match folder.record() {
            Ok(record) => Ok(record?),
            Err(error) => Err(error.to_string()),
        };
        let history = History::read(&folder.file(files::HISTORY)).unwrap_or_default();
        // Figures that an older version wrote otherwise are figures that are not known.
        let evaluation: Option<Evaluation> = read_json(&folder.file(METRICS)).unwrap_or_default();
        let (record, state) = match record {
            Ok(record) => {
                let state = match (record.status, &evaluation) {
                    (Status::Training, _) => "training",
                    (Status::Trained, None) => "trained",
                    (Status::Trained, Some(_)) => "evaluated",
                };
                (Some(record), state.to_owned())
            }
            Err(problem) => (None, problem),
        };
        let figures = evaluation.as_ref().map(|evaluation| &evaluation.figures);
        Some(Entry {
            name,
            folder: path.to_path_buf(),
            state,
            loss: record.as_ref().map(|record| record.loss.clone()),
            seed: record.as_ref().map(|record| record.seed),
            epochs: history.epochs.len(),
            train: record.as_ref().map(|record| record.data.train),
            validation_loss: history.epochs.last().map(|epoch| epoch.validation_loss),
            accuracy: figures.map(|figures| figures.knn.accuracy),
            map_at_r: figures.map(|figures| figures.retrieval.map_at_r),
            seconds: (!history.epochs.is_empty()).then(|| history.seconds()),
            config: folder.config().ok(),
        })
    }

    /// Whether the run has a setting; one of another loss it has not.
    pub fn has(&self, setting: &Setting) -> bool {
        let value = self.config.as_ref().and_then(|config| config.value(&setting.key));
        value.is_some_and(|value| same(&value, &setting.value))
    }
}

/// 5 is 5.0, and text is text however it was written.
fn same(a: &Value, b: &Value) -> bool {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// All runs in a folder, and the trials of its searches, by name.
///
/// Folders that are no runs are passed over; a folder that is not there holds none.
pub fn catalogue(runs: &Path) -> Vec<Entry> {
    let mut found = Vec::new();
    for folder in folders(runs) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("tune-") {
            let trials = folders(&folder).into_iter().filter_map(|trial| {
                let own = trial.file_name()?.to_string_lossy().into_owned();
                Entry::read(&trial, format!("{name}/{own}"))
            });
            found.extend(trials);
        } else {
            found.extend(Entry::read(&folder, name));
        }
    }
    found
}

/// The folders in a folder, by name, without hidden ones.
fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let is_shown = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        path.is_dir() && !name.starts_with('.')
    };
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(is_shown).collect();
    folders.sort();
    folders
}

/// A row a run.
pub fn listed(entries: &[Entry]) -> Table {
    let header = [
        "run",
        "state",
        "epochs",
        "images",
        "validation loss",
        "accuracy, %",
        "MAP@R, %",
        "train time, s",
    ];
    let mut table = Table::new(header);
    let number = |value: Option<f64>, decimals: usize| {
        value.map_or("–".to_owned(), |value| format!("{value:.decimals$}"))
    };
    for entry in entries {
        table.push([
            entry.name.clone(),
            entry.state.clone(),
            entry.epochs.to_string(),
            entry.train.map_or("–".to_owned(), super::grouped),
            number(entry.validation_loss, 4),
            number(entry.accuracy.map(|share| 100.0 * share), 2),
            number(entry.map_at_r.map(|share| 100.0 * share), 2),
            number(entry.seconds, 1),
        ]);
    }
    table
}

/// What two runs differ in: one line a difference, figures all.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// A setting's key, what was recorded, or a figure.
    pub what: String,
    /// Of the first run.
    pub first: String,
    /// Of the second.
    pub second: String,
}

/// Settings, data and versions that differ, then the figures of both.
///
/// # Errors
/// One of them is no run, or was made by a newer version.
pub fn difference(first: &Path, second: &Path) -> Result<Vec<Difference>> {
    let open = |path: &Path| -> Result<(Toml, RunRecord, Entry)> {
        let (folder, record) = RunFolder::open(path)?;
        let table = Toml::try_from(folder.config()?).expect("settings are plain values");
        let entry = Entry::read(path, folder.name()).expect("it was opened just now");
        Ok((table, record, entry))
    };
    let ((a, record_a, entry_a), (b, record_b, entry_b)) = (open(first)?, open(second)?);
    let mut found = settings(&a, &b);
    let recorded = |record: &RunRecord| {
        let data = &record.data;
        [
            ("data's SHA-256", data.sha256.clone()),
            ("training images", data.train.to_string()),
            ("validation images", data.validation.to_string()),
            ("images of unseen classes", data.unseen.to_string()),
            ("dml", record.dml.clone()),
            ("libtorch", record.libtorch.clone()),
            ("device", record.device.clone()),
            ("engine", record.engine.to_string()),
        ]
    };
    for ((what, first), (_, second)) in recorded(&record_a).into_iter().zip(recorded(&record_b)) {
        if first != second {
            found.push(Difference { what: what.to_owned(), first, second });
        }
    }
    let figures = |entry: &Entry| {
        let shown = |value: Option<f64>, scale: f64| {
            value.map_or("–".to_owned(), |value| format!("{:.4}", scale * value))
        };
        [
            ("epochs done", entry.epochs.to_string()),
            ("validation loss", shown(entry.validation_loss, 1.0)),
            ("accuracy, %", shown(entry.accuracy, 100.0)),
            ("MAP@R, %", shown(entry.map_at_r, 100.0)),
            ("train time, s", shown(entry.seconds, 1.0)),
        ]
    };
    let both = figures(&entry_a).into_iter().zip(figures(&entry_b));
    found.extend(both.map(|((what, first), (_, second))| Difference {
        what: what.to_owned(),
        first,
        second,
    }));
    Ok(found)
}

/// Settings that differ, or that one of the two lacks.
fn settings(a: &Toml, b: &Toml) -> Vec<Difference> {
    let mut keys: Vec<(String, String)> = Vec::new();
    for (section, values) in a.iter().chain(b) {
        for key in values.as_table().into_iter().flat_map(Toml::keys) {
            let place = (section.clone(), key.clone());
            if !keys.contains(&place) {
                keys.push(place);
            }
        }
    }
    let of = |table: &Toml, (section, key): &(String, String)| {
        let value = table.get(section).and_then(|values| values.get(key));
        value.map_or("–".to_owned(), Value::to_string)
    };
    let differing = keys.iter().filter(|place| of(a, place) != of(b, place));
    differing
        .map(|place| Difference {
            what: format!("{}.{}", place.0, place.1),
            first: of(a, place),
            second: of(b, place),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn run(runs: &Path, name: &str, settings: &str) -> PathBuf {
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
    fn runs_and_trials_are_found_and_what_is_no_run_is_passed_over() {
        let runs = tempfile::tempdir().unwrap();
        run(runs.path(), "b", "");
        run(runs.path(), "a", "[train]\nseed = 3");
        run(runs.path(), "tune-x/trial-001", "");
        run(runs.path(), ".c.removed", "");
        fs::create_dir(runs.path().join("compare-x")).unwrap();
        fs::create_dir(runs.path().join("broken")).unwrap();
        fs::write(runs.path().join("broken/run.json"), "{").unwrap();
        let found = catalogue(runs.path());
        let names: Vec<&str> = found.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "broken", "tune-x/trial-001"]);
        assert_eq!((found[0].seed, found[0].state.as_str()), (Some(3), "trained"));
        assert!(found[2].state.contains("cannot be understood"), "{}", found[2].state);
        assert_eq!(listed(&found).rows.len(), 4);
        assert!(catalogue(&runs.path().join("none")).is_empty());
    }

    #[test]
    fn a_run_is_found_by_its_settings_whatever_their_kind() {
        let runs = tempfile::tempdir().unwrap();
        run(runs.path(), "a", "[loss]\nmargin = 2.0\n[train]\nschedule = \"cosine\"");
        let entry = &catalogue(runs.path())[0];
        let has = |text: &str| entry.has(&Setting::read(text).unwrap());
        assert!(has("loss.margin=2") && has("train.schedule=cosine") && has("train.epochs=5"));
        assert!(!has("loss.margin=1") && !has("loss.temperature=0.1"));
    }

    #[test]
    fn two_runs_are_told_apart_by_what_differs() {
        let runs = tempfile::tempdir().unwrap();
        let a = run(runs.path(), "a", "[train]\nepochs = 3");
        let b = run(runs.path(), "b", "[loss]\nname = \"supcon\"");
        let found = difference(&a, &b).unwrap();
        let of = |what: &str| {
            let line = found.iter().find(|line| line.what == what);
            line.map(|line| (line.first.as_str(), line.second.as_str()))
        };
        assert_eq!(of("train.epochs"), Some(("3", "5")));
        assert_eq!(of("loss.margin"), Some(("2.5", "–")));
        assert_eq!(of("train.batch"), None);
        assert_eq!(of("accuracy, %"), Some(("–", "–")));
        assert!(difference(&a, runs.path()).is_err());
    }
}
