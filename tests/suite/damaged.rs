//! Files that dml wrote and that were then edited, truncated or lost: readers return a result or an
//! error that names the file, and never panic.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use dml::error::chain;
use dml::page::report;
use dml::run::{catalogue, difference};
use dml::runtime::Cores;
use serde_json::{Value, json};

use crate::user::{User, texts};

const SMALL: &str = "[data]\npath = \"small.csv\"\nvalidation = 0.2\n[train]\nepochs = 1\nbatch = 64\n\
                     [tsne]\nperplexity = 8.0\niterations = 30\n";

/// Commands that create a folder of each kind, and read it when run again.
const COMPARE: [&str; 5] = ["compare", "--config", "small.toml", "--seeds", "1,2"];
const SWEEP: [&str; 9] = [
    "sweep",
    "--config",
    "small.toml",
    "--train-size",
    "40,80",
    "--seeds",
    "1,2",
    "--losses",
    "contrastive,cross-entropy",
];
const TUNE: [&str; 6] = ["tune", "--config", "small.toml", "--loss", "cross-entropy", "--trials"];
const BOUND: [&str; 5] = ["bound", "--config", "small.toml", "--points", "4"];

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

/// At most `most` items, spread over the whole list.
fn sample<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let every = all.len().div_ceil(most).max(1);
    all.into_iter().step_by(every).collect()
}

/// Collects the JSON pointers of a value and all values in it.
fn pointers(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                pointers(inner, &format!("{here}/{key}"), found);
            }
        }
        Value::Array(list) => {
            // The others are like the first and the last.
            for index in [0, list.len().saturating_sub(1)] {
                if let Some(inner) = list.get(index) {
                    pointers(inner, &format!("{here}/{index}"), found);
                }
            }
        }
        _ => {}
    }
}

/// A copy of a value with the one at `pointer` replaced.
fn with(original: &Value, pointer: &str, other: Value) -> Value {
    let mut changed = original.clone();
    *changed.pointer_mut(pointer).unwrap() = other;
    changed
}

/// A JSON file with each value replaced, removed or repeated, as by hand.
fn edited_json(content: &[u8]) -> Vec<Vec<u8>> {
    let original: Value = serde_json::from_slice(content).unwrap();
    let mut found = Vec::new();
    pointers(&original, "", &mut found);
    found.dedup();
    let others = [
        json!(null),
        json!([]),
        json!({}),
        json!(-1),
        json!(0),
        json!(1e300),
        json!(-0.5),
        json!(1_000_000_000_000_000_u64),
        json!(u64::MAX),
        json!("NaN"),
        json!(true),
    ];
    let mut changed = Vec::new();
    for pointer in &found {
        let here = original.pointer(pointer).unwrap();
        changed.extend(others.iter().map(|other| with(&original, pointer, other.clone())));
        if let Value::Array(list) = here {
            let (mut shorter, mut longer) = (list.clone(), list.clone());
            longer.extend(shorter.pop());
            changed.push(with(&original, pointer, Value::Array(shorter)));
            changed.push(with(&original, pointer, Value::Array(longer)));
        }
        if let Value::Object(map) = here {
            for key in map.keys() {
                let mut fewer = map.clone();
                fewer.remove(key);
                changed.push(with(&original, pointer, Value::Object(fewer)));
            }
        }
    }
    changed.iter().map(|value| value.to_string().into_bytes()).collect()
}

/// A file of lines with one of them missing, repeated, or with another value.
fn edited_lines(content: &[u8], separator: &str) -> Vec<Vec<u8>> {
    let text = String::from_utf8(content.to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut changed = Vec::new();
    for index in [0, 1, 2, lines.len() / 2, lines.len() - 1] {
        let Some(line) = lines.get(index) else { continue };
        let mut put = |other: Vec<&str>| {
            let all = [&lines[..index], &other, &lines[index + 1..]].concat();
            changed.push((all.join("\n") + "\n").into_bytes());
        };
        put(Vec::new());
        put(vec![line, line]);
        let cells: Vec<&str> = line.split(separator).collect();
        let values =
            ["", "NaN", "inf", "-1", "1e300", "99999999999999999999", "x", "[]", "\"", "0"];
        for cell in 0..cells.len() {
            for value in values {
                let mut other = cells.clone();
                other[cell] = value;
                put(vec![&other.join(separator)]);
            }
        }
        put(vec![&cells[1..].join(separator)]);
        put(vec![&[&cells[..], &["7"]].concat().join(separator)]);
    }
    changed
}

/// A file truncated at many lengths, with bytes that are not text, or all zeros.
fn corrupted(content: &[u8]) -> Vec<Vec<u8>> {
    let cut = |share: usize| content[..content.len() * share / 12].to_vec();
    let mut all: Vec<Vec<u8>> = (0..12).map(cut).collect();
    all.push(content[..content.len() - 1].to_vec());
    let middle = content.len() / 2;
    all.push([&content[..middle], &[0xff, 0xfe, 0], &content[middle..]].concat());
    all.push(vec![0; content.len()]);
    all
}

fn changes(name: &str, content: &[u8], most: usize) -> Vec<Vec<u8>> {
    let by_hand = match Path::new(name).extension().unwrap().to_str().unwrap() {
        "json" => edited_json(content),
        "toml" => edited_lines(content, "="),
        _ => edited_lines(content, ","),
    };
    [corrupted(content), sample(by_hand, most)].concat()
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

/// A user with a trained run, and the run's folder.
fn trained() -> (User, String) {
    let user = User::with_images(20);
    user.writes("small.toml", SMALL);
    user.succeeds(&["train", "--config", "small.toml"]);
    let run = user.run_folder("runs", "contrastive-");
    (user, run)
}

/// The models, history and record of a run.
fn results(user: &User, run: &str) -> Vec<Vec<u8>> {
    let files = ["model.safetensors", "model_best.safetensors", "history.csv", "run.json"];
    files.map(|name| user.reads(&format!("{run}/{name}"))).to_vec()
}

#[test]
fn each_lost_file_of_a_run_is_restored_without_training_by_the_suggested_command() {
    let (user, run) = trained();
    user.succeeds(&["eval", "--run", &run]);
    let original = results(&user, &run);
    let path = |name: &str| user.path(&run).join(name);
    let cut = |name: &str| {
        let content = fs::read(path(name)).unwrap();
        fs::write(path(name), &content[..content.len() / 2]).unwrap();
    };
    let resume = format!("dml train --resume {run}");

    cut("run.json");
    let message = user.fails(1, &["report", &run]);
    assert!(message.ends_with(&format!("rewrite it with {resume}")), "{message}");
    user.succeeds(&["train", "--resume", &run]);
    assert!(results(&user, &run) == original, "the run has changed");

    for name in ["model.safetensors", "model_best.safetensors"] {
        cut(name);
        let model = if name == "model.safetensors" { "last" } else { "best" };
        let message = user.fails(1, &["eval", "--run", &run, "--model", model]);
        let advice = format!("rewrite it from the checkpoint with {resume}");
        assert!(message.contains(name) && message.ends_with(&advice), "{message}");
        user.succeeds(&["train", "--resume", &run]);
        assert!(results(&user, &run) == original, "the models have changed");
    }

    // The history is also in the checkpoint, the settings in the record.
    cut("history.csv");
    user.succeeds(&["report", &run]);
    fs::remove_file(path("config.toml")).unwrap();
    user.succeeds(&["report", &run]);
    user.succeeds(&["eval", "--run", &run]);

    cut("metrics.json");
    let message = user.fails(1, &["report", &run]);
    assert!(message.ends_with(&format!("replace it with dml eval --run {run}")), "{message}");
    user.succeeds(&["eval", "--run", &run]);
    user.succeeds(&["report", &run]);

    // With the checkpoint lost too, the advice is to train this one run again.
    cut("history.csv");
    cut("checkpoint.safetensors");
    let message = user.fails(1, &["report", &run]);
    let name = run.trim_start_matches("runs/");
    let again = format!("--config {run}/config.toml --runs runs --name {name} --force");
    assert!(message.contains("history.csv") && message.ends_with(&again), "{message}");
}

#[test]
fn a_lost_record_never_leads_to_retraining_a_trained_network() {
    let (user, run) = trained();
    let original = results(&user, &run);
    for entry in fs::read_dir(user.path(&run)).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.file_name().unwrap().to_string_lossy().starts_with("checkpoint") {
            fs::remove_file(entry).unwrap();
        }
    }
    user.writes(&format!("{run}/run.json"), "{");
    user.succeeds(&["train", "--resume", &run]);
    assert!(results(&user, &run) == original, "the run has changed");

    let half = &original[0][..original[0].len() / 2];
    user.writes(&format!("{run}/model.safetensors"), half);
    user.writes(&format!("{run}/run.json"), "{");
    let message = user.fails(1, &["train", "--resume", &run]);
    assert!(message.contains("its models are damaged or missing too"), "{message}");
    assert!(message.ends_with("--force"), "{message}");
    assert!(user.reads(&format!("{run}/model.safetensors")) == half, "the model was overwritten");
}

#[test]
fn the_advice_for_a_lost_record_is_not_the_command_that_just_failed() {
    let user = User::with_images(20);
    user.writes("small.toml", SMALL);
    user.succeeds(&["train", "--config", "small.toml", "--name", "pilot-20261130"]);
    user.writes("runs/pilot-20261130/run.json", "{");
    let message = user.fails(1, &["train", "--resume", "runs/pilot-20261130"]);
    assert!(message.contains("the folder's name does not match the current settings"), "{message}");
    assert!(message.ends_with("--force") && !message.contains("--resume"), "{message}");
}

#[test]
fn a_setting_edited_in_an_unfinished_run_is_named() {
    let user = User::with_images(20);
    user.writes("small.toml", SMALL);
    user.succeeds(&["train", "--config", "small.toml", "--name", "mine"]);
    let record = user.reads_text("runs/mine/run.json");
    user.writes("runs/mine/run.json", record.replace("\"trained\"", "\"training\""));
    let config = user.reads_text("runs/mine/config.toml");
    user.writes("runs/mine/config.toml", config.replace("batch = 64", "batch = 32"));
    let message = user.fails(1, &["train", "--resume", "runs/mine"]);
    assert!(message.contains("train.batch was 64, now 32; restore them"), "{message}");
    user.writes("runs/mine/config.toml", config.replace("batch = 64", "batch = -3"));
    let message = user.fails(1, &["train", "--resume", "runs/mine"]);
    assert!(message.contains("config.toml") && message.contains("batch"), "{message}");
    user.writes("runs/mine/config.toml", &config);
    user.succeeds(&["train", "--resume", "runs/mine"]);
}

#[test]
fn a_damaged_trial_can_be_removed_without_the_rest_of_the_search() {
    let user = User::with_images(20);
    user.writes("small.toml", SMALL);
    user.succeeds(&[&TUNE[..], &["3"]].concat());
    let search = user.run_folder("runs", "tune-");
    let trial = format!("{search}/trial-002");
    let times =
        |name: &str| fs::metadata(user.path(&search).join(name)).unwrap().modified().unwrap();
    let before = [times("trial-001/run.json"), times("trial-003/run.json")];
    let path: PathBuf = user.path(&format!("{trial}/trial.json"));
    fs::write(&path, "{").unwrap();
    let more = [&TUNE[..], &["4"]].concat();
    let message = user.fails(1, &more);
    let advice = format!("remove this trial with dml runs remove {trial} and search again");
    assert!(message.ends_with(&advice), "{message}");
    user.succeeds(&["runs", "remove", &trial]);
    user.succeeds(&more);
    assert_eq!([times("trial-001/run.json"), times("trial-003/run.json")], before);
}
