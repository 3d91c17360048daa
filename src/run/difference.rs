//! The differences between two runs.

use std::fmt::Display;
use std::path::Path;

use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use toml::{Table as Toml, Value};

use super::catalogue::Entry;
use super::metrics::Metrics;
use super::record::RunRecord;
use super::tested::Tested;
use crate::error::{Error, Result};
use crate::eval::{HEADLINES, METRICS, Metric, TRAIN_TIME, Unit};
use crate::files::ResultFolder;
use crate::words::{MISSING, decimals};

/// One line of a comparison of two runs: a difference, or a figure of both.
#[derive(Debug, Serialize)]
pub struct Difference {
    /// A setting's key, what was recorded, or a figure.
    pub what: String,
    /// In the first run.
    pub first: Side,
    /// In the second.
    pub second: Side,
}

/// One run's side of a difference: text for tables, and the value itself for JSON, null if missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// As a table shows it.
    pub shown: String,
    value: Json,
}

impl Serialize for Side {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl Side {
    /// A value shown as it is recorded.
    fn plain(value: impl Into<Json> + Display) -> Side {
        Side { shown: value.to_string(), value: value.into() }
    }

    /// A figure in its unit.
    fn figure(value: Option<f64>) -> Side {
        let shown = value.map_or(MISSING.to_owned(), |value| decimals(value, 4));
        Side { shown, value: value.into() }
    }

    /// A setting; `None` if the run lacks it.
    fn setting(value: Option<&Value>) -> Side {
        let shown = value.map_or(MISSING.to_owned(), Value::to_string);
        Side { shown, value: serde_json::to_value(value).unwrap_or_default() }
    }
}

/// Settings, data and versions that differ, then the figures of both.
///
/// # Errors
/// One of them is not a run, or was made by a newer version; both are the same run.
pub fn difference(first: &Path, second: &Path) -> Result<Vec<Difference>> {
    let canonical = |path: &Path| path.canonicalize().ok();
    if canonical(first).is_some_and(|path| Some(path) == canonical(second)) {
        let problem = format!("{} is compared with itself: name two runs", first.display());
        return Err(Error::Other(problem));
    }
    let open = |path: &Path| -> Result<(Toml, RunRecord, Entry)> {
        let (folder, record) = ResultFolder::open(path)?;
        let table = Toml::try_from(folder.config()?).expect("settings are plain values");
        let entry = Entry::read(path, folder.name()).expect("the run was just opened");
        Ok((table, record, entry))
    };
    let ((a, record_a, entry_a), (b, record_b, entry_b)) = (open(first)?, open(second)?);
    let mut found = setting_differences(&a, &b);
    let recorded = |record: &RunRecord| {
        let data = &record.data;
        [
            ("data's SHA-256", Side::plain(data.sha256.clone())),
            ("training images", Side::plain(data.train)),
            ("validation images", Side::plain(data.validation)),
            ("images of unseen classes", Side::plain(data.unseen)),
            ("dml", Side::plain(record.dml.clone())),
            ("libtorch", Side::plain(record.libtorch.clone())),
            ("device", Side::plain(record.device.clone())),
            ("engine", Side::plain(record.engine.to_string())),
        ]
    };
    for ((what, first), (_, second)) in recorded(&record_a).into_iter().zip(recorded(&record_b)) {
        if first != second {
            found.push(Difference { what: what.to_owned(), first, second });
        }
    }
    let row = |what: &str, of: fn(&Entry) -> Side| Difference {
        what: what.to_owned(),
        first: of(&entry_a),
        second: of(&entry_b),
    };
    found.push(row("epochs done", |entry| Side::plain(entry.epochs)));
    found.push(row("validation loss", |entry| Side::figure(entry.validation_loss)));
    found.extend(metric_rows(&entry_a.metrics, &entry_b.metrics));
    found.extend(test_rows(&entry_a.tests, &entry_b.tests));
    found.push(row(&TRAIN_TIME.column(), |entry| Side::figure(entry.seconds)));
    Ok(found)
}

/// The metrics that one of two runs has, and always those that stand for an evaluation.
fn metric_rows(a: &Metrics, b: &Metrics) -> Vec<Difference> {
    let side = |metrics: &Metrics, metric: &Metric, key: &str| {
        let factor = if metric.unit == Unit::Percent { 100.0 } else { 1.0 };
        Side::figure(metrics.by_key(key).map(|value| factor * value))
    };
    let mut rows = Vec::new();
    for metric in METRICS {
        let mut columns: Vec<(String, String)> = Vec::new();
        if HEADLINES.iter().any(|headline| headline.key == metric.key) {
            columns.push((metric.key.to_owned(), metric.column()));
        }
        for found in a.iter().chain(b.iter()).filter(|found| found.metric.key == metric.key) {
            if !columns.iter().any(|(key, _)| *key == found.key()) {
                columns.push((found.key(), metric.unit.named(&found.name())));
            }
        }
        rows.extend(columns.into_iter().map(|(key, what)| Difference {
            what,
            first: side(a, metric, &key),
            second: side(b, metric, &key),
        }));
    }
    rows
}

/// The headline metrics of two runs on each file of test images that one of them was evaluated on.
/// What they are called says how many neighbours voted, so figures of other settings get rows of their
/// own.
fn test_rows(a: &[Tested], b: &[Tested]) -> Vec<Difference> {
    let mut files: Vec<&Tested> = Vec::new();
    for test in a.iter().chain(b) {
        if !files.iter().any(|other| test.is_on_same_images(other)) {
            files.push(test);
        }
    }
    let rows = |test: &&Tested| {
        let on = |side: &[Tested]| {
            let found = side.iter().find(|other| test.is_on_same_images(other));
            found.map_or(Vec::new(), Tested::headlines)
        };
        let (first, second) = (on(a), on(b));
        let mut names: Vec<&String> = Vec::new();
        for (name, _) in first.iter().chain(&second) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let side = |side: &[(String, f64)], name: &String| {
            Side::figure(side.iter().find(|(known, _)| known == name).map(|(_, value)| *value))
        };
        let row = |name: &&String| Difference {
            what: Unit::Percent.named(&format!("{name} on {}", test.images)),
            first: side(&first, name),
            second: side(&second, name),
        };
        names.iter().map(row).collect::<Vec<_>>()
    };
    files.iter().flat_map(rows).collect()
}

/// Settings that differ, or that one of the two lacks.
pub fn setting_differences(a: &Toml, b: &Toml) -> Vec<Difference> {
    let mut keys: Vec<(String, String)> = Vec::new();
    for (section, values) in a.iter().chain(b) {
        for key in values.as_table().into_iter().flat_map(Toml::keys) {
            let path = (section.clone(), key.clone());
            if !keys.contains(&path) {
                keys.push(path);
            }
        }
    }
    let value = |table: &Toml, (section, key): &(String, String)| {
        Side::setting(table.get(section).and_then(|values| values.get(key)))
    };
    let differing = keys.iter().filter(|path| value(a, path) != value(b, path));
    differing
        .map(|path| Difference {
            what: format!("{}.{}", path.0, path.1),
            first: value(a, path),
            second: value(b, path),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::catalogue::tests::run;

    #[test]
    fn test_files_of_two_runs_are_matched_by_content_and_by_the_number_of_voters() {
        let test = |images: &str, sha256: Option<&str>, k: usize, accuracy: f64| Tested {
            images: images.to_owned(),
            sha256: sha256.map(str::to_owned),
            metrics: Metrics::of_accuracy(k, accuracy),
        };
        let a = [
            test("t.csv", Some("1"), 1, 0.5),
            test("copy.csv", Some("1"), 5, 0.625),
            test("old.csv", None, 1, 0.25),
        ];
        let b = [
            test("moved/t.csv", Some("1"), 1, 0.75),
            test("t.csv", Some("2"), 1, 1.0),
            test("old.csv", None, 5, 0.5),
        ];
        let rows = test_rows(&a, &b);
        let found: Vec<[&str; 3]> = rows
            .iter()
            .map(|row| [row.what.as_str(), &row.first.shown, &row.second.shown])
            .collect();
        let expected = [
            ["1-NN accuracy on t.csv, %", "50.0000", "75.0000"],
            ["1-NN accuracy on old.csv, %", "25.0000", "–"],
            ["5-NN accuracy on old.csv, %", "–", "50.0000"],
            ["1-NN accuracy on t.csv, %", "–", "100.0000"],
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn differing_settings_are_listed_with_the_figures_of_both_runs() {
        let runs = tempfile::tempdir().unwrap();
        let a = run(runs.path(), "a", "[train]\nepochs = 3");
        let b = run(runs.path(), "b", "[loss]\nname = \"supcon\"");
        let found = difference(&a, &b).unwrap();
        let of = |what: &str| {
            let line = found.iter().find(|line| line.what == what);
            line.map(|line| (line.first.shown.as_str(), line.second.shown.as_str()))
        };
        assert_eq!(of("train.epochs"), Some(("3", "5")));
        assert_eq!(of("loss.margin"), Some(("2.5", "–")));
        assert_eq!(of("train.batch"), None);
        assert_eq!(of("accuracy, %"), Some(("–", "–")));
        assert!(difference(&a, runs.path()).is_err());
        let json = serde_json::to_value(&found).unwrap();
        let of = |what: &str| {
            let line = json.as_array().unwrap().iter().find(|line| line["what"] == what).unwrap();
            (line["first"].clone(), line["second"].clone())
        };
        assert_eq!(of("train.epochs"), (3.into(), 5.into()));
        assert_eq!(of("loss.margin"), (2.5.into(), Json::Null));
        assert_eq!(of("loss.name"), ("contrastive".into(), "supcon".into()));
        assert_eq!(of("accuracy, %"), (Json::Null, Json::Null));
        assert_eq!(of("epochs done"), (0.into(), 0.into()));
        let itself = difference(&a, &a).unwrap_err().to_string();
        assert!(itself.ends_with("is compared with itself: name two runs"), "{itself}");
    }
}
