//! The files of a run's folder: record, configuration, history, figures and map, parted in the
//! input by bytes of 255, which no text holds.
#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use dml::data::{CsvOptions, Dataset, load};
use dml::experiment::{Evaluation, RunFolder, read_json, read_map};
use dml::train::History;
use dml_fuzz::{bounded, file, folder};
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 5] = ["run.json", "config.toml", "history.csv", "metrics.json", "tsne.csv"];

/// Eight images of two classes.
fn dataset() -> &'static Dataset {
    static DATASET: OnceLock<Dataset> = OnceLock::new();
    DATASET.get_or_init(|| {
        let row = |row: usize| format!("{},{}\n", row % 2, vec!["7"; 64].join(","));
        let rows: String = (0..8).map(row).collect();
        let path = file("images.csv", rows.as_bytes());
        load(&path, &CsvOptions::default()).expect("a faultless file")
    })
}

fuzz_target!(|input: &[u8]| {
    let dataset = dataset();
    let mut parts = input.split(|&byte| byte == 255);
    for name in FILES {
        file(name, parts.next().unwrap_or_default());
    }
    let run: &Path = folder();
    if let Ok((run, _)) = bounded(input.len(), || RunFolder::open(run)) {
        let _ = bounded(input.len(), || run.config().map(|config| config.check().is_ok()));
    }
    if let Ok(history) = bounded(input.len(), || History::read(&run.join("history.csv"))) {
        let _ = (history.best_epoch(), history.collapsed(), history.seconds());
    }
    let _ = bounded(input.len(), || read_json::<Evaluation>(&run.join("metrics.json")).is_ok());
    let _ = bounded(input.len(), || read_map(run, dataset).is_ok());
});
