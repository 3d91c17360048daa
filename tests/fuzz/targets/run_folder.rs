//! The files of result folders: the record, configuration, history, metrics and map of a run, and the
//! files of a comparison, a sweep, a search and a trial. In the input they are separated by bytes of 255,
//! which valid UTF-8 never contains. All readers get them: reports, lists, differences.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use dml::evaluation::Evaluation;
use dml::experiment::{Comparison, Sweep, Tuned};
use dml::page::Reporter;
use dml::run::{ResultFolder, Trained, catalogue, difference};
use dml::runtime::Cores;
use dml_fuzz::{bounded, folder};
use libfuzzer_sys::fuzz_target;

/// The files that the parts of an input are written to, in this order.
const FILES: [&str; 10] = [
    "run/run.json",
    "run/config.toml",
    "run/history.csv",
    "run/metrics.json",
    "run/tsne.csv",
    "compare/comparison.json",
    "sweep/sweep.json",
    "tune-x/search.json",
    "tune-x/best.toml",
    "tune-x/trial-001/trial.json",
];

/// The runs folder, with a folder of each kind in it.
fn runs() -> &'static Path {
    static RUNS: OnceLock<PathBuf> = OnceLock::new();
    RUNS.get_or_init(|| {
        let runs = folder().join("runs");
        for name in ["run", "compare", "sweep", "tune-x/trial-001"] {
            std::fs::create_dir_all(runs.join(name)).expect("a temporary folder");
        }
        runs
    })
}

fuzz_target!(|input: &[u8]| {
    let runs = runs();
    let mut parts = input.split(|&byte| byte == 255);
    for name in FILES {
        let part = parts.next().unwrap_or_default();
        std::fs::write(runs.join(name), part).expect("a temporary file");
    }
    // A trial is a run, too.
    for name in ["run.json", "config.toml", "history.csv"] {
        let to = runs.join("tune-x/trial-001").join(name);
        std::fs::copy(runs.join("run").join(name), to).expect("a temporary file");
    }
    let (bytes, run) = (input.len(), runs.join("run"));
    if let Ok((run, _)) = bounded(bytes, || ResultFolder::open(&run)) {
        let _ = bounded(bytes, || run.config().is_ok());
        let _ = bounded(bytes, || Evaluation::read(&run).is_ok());
        if let Ok(history) = bounded(bytes, || run.history()) {
            let _ = (history.best_epoch(), history.collapsed(), history.seconds());
        }
    }
    let cores = Cores::new(1);
    let reporter = || Reporter::new(None, &cores);
    if let Ok(trained) = Trained::open(Some(&run), &run) {
        let _ = reporter().run(trained);
    }
    if let Ok(comparison) = bounded(bytes, || Comparison::read(&runs.join("compare"))) {
        let _ = reporter().comparison(&comparison);
    }
    if let Ok(sweep) = bounded(bytes, || Sweep::read(&runs.join("sweep"))) {
        let _ = reporter().sweep(&sweep);
    }
    if let Ok(tuned) = bounded(bytes, || Tuned::read(&runs.join("tune-x"))) {
        let _ = reporter().search(&tuned);
    }
    let _ = (catalogue(runs).len(), difference(&run, &runs.join("tune-x/trial-001")).is_ok());
});
