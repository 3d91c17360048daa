//! Tasks as command lines, run side by side.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::{COMPARE, user};
use crate::user::{User, signal, texts, wait_a_little};

/// The command lines printed to stdout, and stderr.
fn lines(user: &User, args: &[&str]) -> (Vec<String>, String) {
    let (out, err) = user.succeeds(&[args, &["--executor", "lines"]].concat());
    (out.lines().map(str::to_owned).collect(), err)
}

/// Starts a command line as GNU parallel does.
fn start(user: &User, line: &str) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec {line}")]).current_dir(user.path(""));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for started lines, which must succeed, and returns what each printed.
fn wait_for(children: Vec<Child>) -> Vec<String> {
    let outputs = children.into_iter().map(|child| child.wait_with_output().unwrap());
    outputs
        .map(|output| {
            let (out, err) = texts(&output);
            assert!(output.status.success(), "{out}{err}");
            out + &err
        })
        .collect()
}

/// Runs command lines at the same time and returns what each printed.
fn run_side_by_side(user: &User, lines: &[String]) -> Vec<String> {
    wait_for(lines.iter().map(|line| start(user, line)).collect())
}

/// All files under a folder that contain neither times nor folder names, sorted, with their content.
fn repeatable(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let varying = [
        "history.csv",
        "times.json",
        "table.csv",
        "table.md",
        "comparison.json",
        "trial.json",
        "search.json",
        "sweep.json",
        "runs.csv",
        "report.html",
    ];
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        if path.is_dir() {
            files.extend(repeatable(&path));
        } else if !varying.contains(&name.as_str()) && !name.starts_with("checkpoint") {
            files.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

/// Asserts that two folders contain the same files with the same bytes.
fn assert_same(user: &User, one: &str, other: &str) {
    let [one, other] = [one, other].map(|name| {
        let root = user.path(name);
        let inside = |(path, bytes): (PathBuf, Vec<u8>)| {
            (path.strip_prefix(&root).unwrap().to_path_buf(), bytes)
        };
        repeatable(&root).into_iter().map(inside).collect::<Vec<_>>()
    });
    let names = |files: &[(PathBuf, Vec<u8>)]| {
        files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&one), names(&other));
    for ((name, one), (_, other)) in one.iter().zip(&other) {
        assert!(one == other, "{} differs", name.display());
    }
}

#[test]
fn tasks_run_side_by_side_and_collected_give_the_bytes_of_one_process() {
    let user = user();
    let args = |runs| [&COMPARE[..], &["--runs", runs]].concat();
    let (here, _) = user.succeeds(&args("here"));
    let (all, err) = lines(&user, &args("there"));
    assert_eq!(all.len(), 4, "{all:?}");
    assert!(err.contains("4 tasks for 4 of 4 runs; when they have ended:"), "{err}");
    assert!(all.iter().all(|line| line.contains("'it'\\''s small.toml'")), "{all:?}");
    assert!(!user.path("there").exists(), "nothing is written before a task starts");

    let collect = [&args("there")[..], &["--collect"]].concat();
    run_side_by_side(&user, &all[..2]);
    let message = user.fails(1, &collect);
    assert!(
        message.starts_with("error: 2 of 4 runs are not finished (cross-entropy seed 1, cross"),
        "{message}"
    );
    let (_, err) = texts(&user.runs(&collect));
    assert!(err.contains("run 2, cross-entropy seed 1: not started"), "{err}");

    let (rest, _) = lines(&user, &args("there"));
    assert_eq!(rest, all[2..], "only the missing runs");
    run_side_by_side(&user, &rest);
    let again = run_side_by_side(&user, &all[..1]);
    assert!(again[0].contains("already trained") && !again[0].contains("epoch 1/"), "{again:?}");
    let (there, err) = user.succeeds(&collect);
    assert!(err.contains("4 of them finished") && !err.contains("epoch 1/"), "{err}");
    let table = |text: &str| text.lines().filter(|l| l.contains("macro F1")).collect::<String>();
    assert_eq!(table(&here), table(&there));
    for start in ["contrastive-seed1-", "contrastive-seed2-", "cross-entropy-seed1-"] {
        let [one, other] = ["here", "there"].map(|runs| user.run_folder(runs, start));
        assert_same(&user, &one, &other);
    }
    let (none, err) = user.succeeds(&[&args("there")[..], &["--executor", "lines"]].concat());
    assert!(none.is_empty() && err.contains("all 4 runs are finished"), "{none}{err}");
    assert!(err.trim_end().ends_with("--runs there --collect"), "{err}");

    // The same with a damaged run.
    let damaged = user.run_folder("there", "contrastive-seed2-");
    user.writes(&format!("{damaged}/run.json"), "{");
    let (forced, _) = lines(&user, &[&args("there")[..], &["--force"]].concat());
    assert_eq!(
        forced, all,
        "tasks are not passed --force, which would discard what they have done"
    );
    assert!(user.fails(1, &collect).contains("4 of 4 runs are not finished"));
}

#[test]
fn a_stopped_task_resumes_when_its_line_is_run_again() {
    let user = user();
    let long = ["--losses", "contrastive", "--epochs", "60", "--checkpoint-every", "1 step"];
    let args = [&COMPARE[..3], &["--seeds", "1"], &long].concat();
    user.succeeds(&[&args[..], &["--runs", "here"]].concat());
    let (line, _) = lines(&user, &args);
    let child = start(&user, &line[0]);
    let has_started = || {
        let runs = std::fs::read_dir(user.path("runs")).into_iter().flatten().flatten();
        runs.map(|run| run.path()).any(|run| run.join("checkpoint.safetensors").exists())
    };
    while !has_started() {
        wait_a_little();
    }
    signal(&child, "TERM");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", texts(&output).1);
    let (_, err) = texts(&user.runs(&[&args[..], &["--collect"]].concat()));
    assert!(err.contains("run 0, contrastive seed 1: started"), "{err}");
    let outputs = run_side_by_side(&user, &line);
    assert!(outputs[0].contains("resuming "), "{outputs:?}");
    let [one, other] = ["here", "runs"].map(|runs| user.run_folder(runs, "contrastive-seed1-"));
    assert_same(&user, &one, &other);
}

#[test]
fn a_sweep_split_into_tasks_has_a_gap_where_training_diverged() {
    let user = user();
    let args = |runs| {
        [
            "sweep",
            "--config",
            "it's small.toml",
            "--losses",
            "contrastive",
            "--seeds",
            "1,2",
            "--set",
            "train.learning_rate=1e-3,1e30",
            "--runs",
            runs,
        ]
    };
    let (here, _) = user.succeeds(&args("here"));
    let (all, _) = lines(&user, &args("there"));
    let outputs = run_side_by_side(&user, &all);
    assert_eq!(
        outputs.iter().filter(|text| text.contains(": diverged: ")).count(),
        2,
        "{outputs:?}"
    );
    assert!(
        lines(&user, &args("there")).0.is_empty(),
        "a diverged run is not repeated: it would diverge again"
    );
    let (there, err) = user.succeeds(&[&args("there")[..], &["--collect"]].concat());
    assert!(err.contains("4 runs, 4 of them finished"), "{err}");
    let body = |text: &str| text.split("written to").next().unwrap().to_owned();
    assert_eq!(body(&here), body(&there));
    assert!(there.contains("diverged in 2 of 2"), "{there}");
}

#[test]
fn parallel_workers_search_as_one_process_does_and_replace_a_killed_one() {
    let user = user();
    let args = |trials, runs| {
        [
            "tune",
            "--loss",
            "contrastive",
            "--config",
            "it's small.toml",
            "--trials",
            trials,
            "--runs",
            runs,
        ]
    };
    user.succeeds(&args("9", "here"));
    let (all, err) = lines(&user, &args("9", "there"));
    assert_eq!(all.len(), 4, "{all:?}");
    assert!(err.contains("4 tasks for 9 of 9 trials"), "{err}");
    // Kill one worker during its first trial, while the others run.
    let mut workers: Vec<Child> = all[..3].iter().map(|line| start(&user, line)).collect();
    let has_started = || {
        let searches = std::fs::read_dir(user.path("there")).into_iter().flatten().flatten();
        searches.map(|found| found.path()).any(|found| found.join("trial-001/run.json").exists())
    };
    while !has_started() {
        wait_a_little();
    }
    let mut killed = workers.remove(0);
    killed.kill().unwrap();
    killed.wait().unwrap();
    wait_for(workers);
    let collect = [&args("9", "there")[..], &["--collect"]].concat();
    // The killed worker may have been the last one running.
    run_side_by_side(&user, &lines(&user, &args("9", "there")).0);
    user.succeeds(&collect);
    let [one, other] = ["here", "there"].map(|runs| user.run_folder(runs, "tune-contrastive-"));
    assert_same(&user, &one, &other);
    assert!(user.path(&format!("{other}/best.toml")).exists());
    // More trials, by a single worker.
    let (more, _) = lines(&user, &[&args("11", "there")[..], &["--jobs", "1"]].concat());
    assert_eq!(more.len(), 1);
    let message = user.fails(1, &[&args("11", "there")[..], &["--collect"]].concat());
    assert!(message.contains("2 of 11 trials are not finished"), "{message}");
    let outputs = run_side_by_side(&user, &more);
    assert!(outputs[0].contains("task 0: 2 trials done"), "{outputs:?}");
}
