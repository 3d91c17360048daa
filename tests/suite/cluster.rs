//! Commands of many runs, split into tasks: run side by side, they leave the same files as one process.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::user::{User, signal, texts, wait_a_little};

/// Settings for a few images.
const SMALL: &str = "[data]\npath = \"small.csv\"\n[train]\nepochs = 2\nbatch = 32\n\
                     [tsne]\nperplexity = 3.0\niterations = 20\n";

/// A user whose settings file has a name that a shell would split.
fn user() -> User {
    let user = User::with_images(20);
    user.writes("it's small.toml", SMALL);
    user
}

const COMPARE: [&str; 5] = ["compare", "--config", "it's small.toml", "--seeds", "1,2"];

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

/// Parses output as JSON.
fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
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

/// Writes a fake Slurm: `sbatch` appends its arguments to `calls` and runs the given shell code, `squeue`
/// runs its own.
fn fake_slurm(user: &User, sbatch: &str, squeue: &str) {
    std::fs::create_dir_all(user.path("bin")).unwrap();
    let programs = [
        ("sbatch", format!("echo \"sbatch $*\" >> calls; {sbatch}")),
        ("squeue", squeue.to_owned()),
        ("scontrol", "echo 'MaxArraySize            = 4'".to_owned()),
    ];
    for (name, body) in programs {
        let name = format!("bin/{name}");
        user.writes(&name, format!("#!/bin/sh\n{body}\n"));
        std::fs::set_permissions(user.path(&name), PermissionsExt::from_mode(0o755)).unwrap();
    }
}

/// Runs `dml` with the fake Slurm first in PATH and returns exit code, stdout and stderr.
fn with_slurm(user: &User, args: &[&str]) -> (Option<i32>, String, String) {
    let path = format!("{}:/usr/bin:/bin", user.path("bin").display());
    let output = user.dml(args).env("PATH", path).output().unwrap();
    let (out, err) = texts(&output);
    (output.status.code(), out, err)
}

const SLURM: [&str; 7] =
    ["compare", "--config", "it's small.toml", "--seeds", "1,2", "--executor", "slurm"];

#[test]
fn missing_runs_are_submitted_once_with_a_job_that_collects_them() {
    let user = user();
    let local = |seeds| ["compare", "--config", "it's small.toml", "--seeds", seeds];
    user.succeeds(&local("1"));
    fake_slurm(&user, "echo 41", "exit 1");
    let dry = [&SLURM[..], &["--dry-run", "--time", "2:00:00", "--jobs", "2"]].concat();
    let (code, out, err) = with_slurm(&user, &dry);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("#SBATCH --array=1,3%2\n#SBATCH --output=") && out.contains("B:TERM@90"));
    assert!(out.contains("it'\\''s small.toml") && out.contains(" --collect --cores "), "{out}");
    assert!(!user.path("calls").exists());
    let (code, out, err) = with_slurm(&user, &[&SLURM[..], &["--json"]].concat());
    assert_eq!(code, Some(0), "{err}");
    let submission = json(&out);
    assert_eq!(
        (&submission["job"], &submission["tasks"], &submission["finished"]),
        (&"41".into(), &2.into(), &2.into())
    );
    let calls = user.reads_text("calls");
    let calls: Vec<&str> = calls.lines().collect();
    assert!(calls[0].starts_with("sbatch --parsable runs/slurm-compare-"), "{calls:?}");
    assert!(calls[1].starts_with("sbatch --parsable --dependency=afterany:41 runs/"), "{calls:?}");
    // Tasks are still pending.
    fake_slurm(&user, "echo 42", "echo PENDING; echo RUNNING");
    let (code, _, err) = with_slurm(&user, &SLURM);
    assert_eq!(code, Some(1));
    assert!(err.contains("job 41 still has 2 tasks queued or running"), "{err}");
    user.succeeds(&local("2"));
    let (code, out, err) = with_slurm(&user, &SLURM);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.starts_with("all 4 runs are finished or diverged; for tables and pictures:\n"),
        "{out}"
    );
    let folder = user.run_folder("runs", "slurm-compare-");
    user.succeeds(&["runs", "remove", &folder]);
    assert!(!user.path(&folder).exists());
}

#[test]
fn a_submission_is_removed_only_once_slurm_has_nothing_of_it_left() {
    let user = User::new();
    let folder = "runs/slurm-compare-1a2b3c4d5e6f";
    std::fs::create_dir_all(user.path(&format!("{folder}/logs"))).unwrap();
    user.writes(&format!("{folder}/tasks.sh"), "");
    user.writes(&format!("{folder}/job.json"), r#"{"job": "41", "collector": "42"}"#);
    let remove = ["runs", "remove", "slurm-compare-1a2b3c4d5e6f"];
    let dry = [&remove[..], &["--dry-run"]].concat();
    let unchecked = "cannot check whether jobs 41 42 are still queued or running: ";

    fake_slurm(&user, "exit 1", "echo \"$*\" > asked; echo PENDING; echo RUNNING");
    for args in [&remove[..], &dry] {
        let (code, _, err) = with_slurm(&user, args);
        assert_eq!(code, Some(1), "{err}");
        let told = "2 tasks queued or running: wait for them, or cancel them with scancel 41 42";
        assert!(err.contains(told), "{err}");
    }
    assert!(user.reads_text("asked").contains("--jobs=41,42"));
    fake_slurm(&user, "exit 1", "echo 'Unable to contact slurm controller' >&2; exit 1");
    let (code, out, err) = with_slurm(&user, &dry);
    assert!(code == Some(0) && out.contains(folder), "{out}{err}");
    assert!(err.contains(&format!("{unchecked}squeue: Unable to contact")), "{err}");
    let nowhere = user.dml(&dry).env("PATH", user.path("nowhere")).output().unwrap();
    let (_, err) = texts(&nowhere);
    assert!(err.contains(&format!("{unchecked}squeue is not on this machine")), "{err}");
    fake_slurm(&user, "exit 1", "echo 'error: Invalid job id specified' >&2; exit 1");
    let (code, _, err) = with_slurm(&user, &remove);
    assert!(code == Some(0) && err.is_empty(), "{err}");
    assert!(!user.path(folder).exists());
}

#[test]
fn a_submission_that_slurm_refuses_says_what_to_do_and_removes_nothing() {
    let user = user();
    user.succeeds(&["compare", "--config", "it's small.toml", "--seeds", "1"]);
    std::fs::create_dir(user.path("bin")).unwrap();
    let forced = [&SLURM[..], &["--force"]].concat();
    let without_slurm = |user: &User| {
        let output = user.dml(&forced).env("PATH", user.path("bin")).output().unwrap();
        texts(&output).1
    };
    let err = without_slurm(&user);
    assert!(err.contains("cannot run scontrol: command not found"), "{err}");
    fake_slurm(&user, "echo 41", "exit 1");
    let many = ["compare", "--config", "it's small.toml", "--seeds", "1-3", "--executor", "slurm"];
    let (_, _, err) = with_slurm(&user, &many);
    assert!(
        err.contains("number 5, but this Slurm allows only numbers below 4 (MaxArraySize)"),
        "{err}"
    );
    user.run_folder("runs", "contrastive-seed1-");
    fake_slurm(&user, "echo 'sbatch: error: Invalid account' >&2; exit 1", "exit 1");
    let (code, _, err) = with_slurm(&user, &SLURM);
    assert_eq!(code, Some(1));
    assert!(err.contains("sbatch --parsable ") && err.contains("Invalid account"), "{err}");
    // sbatch --test-only runs before anything is removed.
    let (code, _, err) = with_slurm(&user, &forced);
    assert_eq!(code, Some(1));
    assert!(err.contains("sbatch --test-only runs/slurm-compare-"), "{err}");
    user.run_folder("runs", "contrastive-seed1-");
    fake_slurm(&user, "case $* in *afterany*) echo no >&2; exit 1;; esac; echo 41", "exit 1");
    let (code, _, err) = with_slurm(&user, &SLURM);
    assert_eq!(code, Some(1));
    assert!(err.contains("submitted as job 41, but the job that collects"), "{err}");
}

#[test]
fn invalid_task_options_are_errors() {
    let user = user();
    for (args, expected) in [
        (&["--time", "1h"][..], "expected minutes, H:MM:SS"),
        (&["--mem", "lots"], "for example 4G"),
        (&["--sbatch", "--array=1-9"], "dml sets --array itself"),
        (&["--sbatch=-a0-9"], "dml sets -a itself"),
        (&["--partition", "a b"], "as listed by sinfo"),
        (&["--grace", "0"], "from 1 to 65535"),
        (&["--task", "0"], "cannot be used with"),
        (&["--collect"], "cannot be used with"),
    ] {
        let err = user.fails(2, &[&SLURM[..], args].concat());
        assert!(err.contains(expected), "{args:?}: {err}");
    }
    let grace = user.fails(1, &[&SLURM[..], &["--time", "1", "--grace", "60"]].concat());
    assert!(grace.contains("--grace = 60: must be shorter than --time 1, 60 s"), "{grace}");
    let alone = user.fails(1, &[&COMPARE[..], &["--time", "1:00:00"]].concat());
    assert!(alone.contains("--time = 1:00:00: needs --executor slurm"), "{alone}");
    let beyond = user.fails(1, &[&COMPARE[..], &["--task", "4"]].concat());
    assert!(beyond.contains("--task = 4: must be from 0 to 3"), "{beyond}");
    let tune = ["tune", "--loss", "contrastive", "--config", "it's small.toml", "--task", "4"];
    assert!(user.fails(1, &tune).contains("--task = 4: must be from 0 to 3"));
    assert!(!user.path("runs").exists());
}
