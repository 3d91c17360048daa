//! Two runs held against each other.

use std::path::Path;

use serde::Serialize;
use toml::{Table as Toml, Value};

use super::{Entry, RunFolder, RunRecord};
use crate::error::{Error, Result};

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
/// One of them is no run, or was made by a newer version; both are the same run.
pub fn difference(first: &Path, second: &Path) -> Result<Vec<Difference>> {
    let place = |path: &Path| path.canonicalize().ok();
    if place(first).is_some_and(|place_of| Some(place_of) == place(second)) {
        let problem = format!("{} is held against itself: name two runs", first.display());
        return Err(Error::Other(problem));
    }
    let open = |path: &Path| -> Result<(Toml, RunRecord, Entry)> {
        let (folder, record) = RunFolder::open(path)?;
        let table = Toml::try_from(folder.config()?).expect("settings are plain values");
        let entry = Entry::read(path, folder.name()).expect("it was opened just now");
        Ok((table, record, entry))
    };
    let ((a, record_a, entry_a), (b, record_b, entry_b)) = (open(first)?, open(second)?);
    let mut found = setting_differences(&a, &b);
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
pub fn setting_differences(a: &Toml, b: &Toml) -> Vec<Difference> {
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
    use crate::experiment::catalogue::tests::run;

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
        let itself = difference(&a, &a).unwrap_err().to_string();
        assert!(itself.ends_with("held against itself: name two runs"), "{itself}");
    }
}
