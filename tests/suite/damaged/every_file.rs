//! Every file of every kind of folder, damaged in many ways.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use dml::error::chain;
use dml::page::report;
use dml::run::{catalogue, difference};
use dml::runtime::Cores;
use serde_json::Value;

use super::edits::changes;
use super::{BOUND, COMPARE, SMALL, SWEEP, TUNE};
use crate::user::{User, texts};

/// A user with a comparison, a sweep, a search and a bound, and with all their runs.
fn user() -> User {
    let user = User::with_images(20);
    user.writes("small.toml", SMALL);
    user.succeeds(&COMPARE);
    user.succeeds(&SWEEP);
    user.succeeds(&[&TUNE[..], &["2"]].concat());
    user.succeeds(&BOUND);
    user
}

/// One result folder of each kind, with the files that are read from it.
fn folders(user: &User) -> Vec<(String, Vec<&'static str>)> {
    let search = user.run_folder("runs", "tune-");
    let compared = user.run_folder("runs", "compare-");
    // Listed in comparison.json, because the sweep has runs of the same loss and seed.
    let comparison = user.reads_text(&format!("{compared}/comparison.json"));
    let comparison: Value = serde_json::from_str(&comparison).unwrap();
    let first = comparison["runs"][0][0].as_str().unwrap().to_owned();
    let run = ["run.json", "config.toml", "history.csv", "metrics.json", "tsne.csv"].to_vec();
    let trial = ["trial.json", "run.json", "config.toml", "history.csv"].to_vec();
    vec![
        (first, run),
        (compared, vec!["comparison.json"]),
        (user.run_folder("runs", "sweep-"), vec!["sweep.json"]),
        (format!("{search}/trial-001"), trial),
        (search, vec!["search.json", "best.toml"]),
        (user.run_folder("runs", "bound-"), vec!["bound.csv", "run.json"]),
    ]
}

/// The errors of all readers of a folder; empty if all can read it.
fn readers(runs: &Path, folder: &Path, cores: &Cores) -> Vec<String> {
    let mut errors = Vec::new();
    errors.extend(report(folder, None, None, cores, |_| {}).err().map(|error| chain(&error)));
    let entries = catalogue(runs);
    errors.extend(entries.iter().filter_map(|entry| entry.problem.clone()));
    let other = entries.iter().find(|entry| entry.folder != folder);
    errors.extend(difference(folder, &other.unwrap().folder).err().map(|error| chain(&error)));
    errors
}

/// How many edits of each file are tried: all of them take minutes.
fn max_edits() -> usize {
    std::env::var("DML_TEST_CHANGES").map_or(15, |count| count.parse().unwrap())
}

#[test]
fn readers_name_a_damaged_file_and_never_panic() {
    let user = user();
    let (runs, cores) = (user.path("runs"), Cores::new(1));
    let (mut tried, mut refused) = (0, 0);
    for (folder, names) in folders(&user) {
        let folder = user.path(&folder);
        let before = readers(&runs, &folder, &cores);
        for name in names {
            let path = folder.join(name);
            let original = fs::read(&path).unwrap();
            for content in changes(name, &original, max_edits()) {
                fs::write(&path, &content).unwrap();
                let errors = catch_unwind(AssertUnwindSafe(|| readers(&runs, &folder, &cores)));
                let shown = || String::from_utf8_lossy(&content).into_owned();
                let Ok(errors) = errors else {
                    panic!("{}: panic on\n{}", path.display(), shown())
                };
                let new: Vec<&String> =
                    errors.iter().filter(|line| !before.contains(line)).collect();
                // An error names the file, its folder, or the file that it contradicts.
                let of_folder = folder.file_name().unwrap().to_str().unwrap();
                for line in &new {
                    let named = line.contains(name) || line.contains(of_folder);
                    assert!(named, "{name} is not named: {line}\n{}", shown());
                    assert!(line.contains("; "), "no advice in {line}");
                }
                tried += 1;
                refused += usize::from(!new.is_empty());
            }
            // The file missing, or a folder of its name.
            fs::remove_file(&path).unwrap();
            readers(&runs, &folder, &cores);
            fs::create_dir(&path).unwrap();
            readers(&runs, &folder, &cores);
            fs::remove_dir(&path).unwrap();
            fs::write(&path, &original).unwrap();
        }
        assert_eq!(readers(&runs, &folder, &cores), before, "restored, it reads as before");
    }
    assert!(tried > 200 && refused > tried / 3, "{refused} of {tried} were refused");
}

/// The last line on stderr of a command that exits with 1; `None` if it succeeds.
fn error_of(user: &User, args: &[&str]) -> Option<String> {
    let output = user.runs(args);
    let (out, err) = texts(&output);
    match output.status.code() {
        Some(0) => None,
        Some(1) => Some(err.lines().last().unwrap().to_owned()),
        code => panic!("{args:?} ended with {code:?}:\n{out}{err}"),
    }
}

#[test]
fn commands_run_again_on_damaged_files_repair_them_or_name_them() {
    let user = user();
    let out = ["--format", "csv", "--out", "e.csv", "--force"];
    for (folder, names) in folders(&user) {
        let export = [&["export", &folder], &out[..]].concat();
        let evaluate = ["eval", "--run", &folder, "--tsne", "linfa"];
        let more = [&TUNE[..], &["3"]].concat();
        let commands: Vec<&[&str]> = match folder.trim_start_matches("runs/") {
            kind if kind.starts_with("contrastive") => vec![&COMPARE, &export, &evaluate],
            kind if kind.starts_with("compare") => vec![&COMPARE],
            kind if kind.starts_with("sweep") => vec![&SWEEP],
            kind if kind.starts_with("tune") => vec![&more],
            _ => vec![&BOUND],
        };
        for name in names {
            let path = user.path(&folder).join(name);
            for command in &commands {
                let original = fs::read(&path).unwrap();
                fs::write(&path, &original[..original.len() / 2]).unwrap();
                if let Some(message) = error_of(&user, command) {
                    assert!(message.contains(name), "{command:?} on {name}: {message}");
                    assert!(message.contains("; "), "{command:?} on {name}: {message}");
                    fs::write(&path, &original).unwrap();
                }
            }
        }
    }
    let listed = error_of(&user, &["runs"]);
    assert_eq!(listed, None);
}
