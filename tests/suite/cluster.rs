//! Commands with many runs beyond one machine: their tasks, side by side, give what one process gives.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::user::{User, signal, texts, wait_a_little};

/// Settings for a few images.
const SMALL: &str = "[data]\npath = \"small.csv\"\n[train]\nepochs = 2\nbatch = 32\n\
                     [tsne]\nperplexity = 3.0\niterations = 20\n";

/// A user whose settings file has a name that a shell would take apart.
fn user() -> User {
    let user = User::with_images(20);
    user.writes("it's small.toml", SMALL);
    user
}

const COMPARE: [&str; 5] = ["compare", "--config", "it's small.toml", "--seeds", "1,2"];

/// The commands that stand on stdout, a line each.
fn lines(user: &User, args: &[&str]) -> (Vec<String>, String) {
    let (out, err) = user.succeeds(&[args, &["--executor", "lines"]].concat());
    (out.lines().map(str::to_owned).collect(), err)
}

/// Starts a line as GNU parallel does.
fn started(user: &User, line: &str) -> Child {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec {line}")]).current_dir(user.path(""));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for lines that were started, which must succeed, and gives what they printed.
fn ended(children: Vec<Child>) -> Vec<String> {
    let outputs = children.into_iter().map(|child| child.wait_with_output().unwrap());
    outputs
        .map(|output| {
            let (out, err) = texts(&output);
            assert!(output.status.success(), "{out}{err}");
            out + &err
        })
        .collect()
}

fn side_by_side(user: &User, lines: &[String]) -> Vec<String> {
    ended(lines.iter().map(|line| started(user, line)).collect())
}

/// All files under a folder that hold no times and no names of folders, sorted, with their content.
fn repeatable(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let differs = [
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
        } else if !differs.contains(&name.as_str()) && !name.starts_with("checkpoint") {
            files.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    files.sort();
    files
}

/// Asserts that two folders hold the same files with the same bytes.
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

/// What a program says of itself as JSON.
fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn lines_done_side_by_side_and_collected_give_the_bytes_of_one_process() {
    let user = user();
    let args = |runs| [&COMPARE[..], &["--runs", runs]].concat();
    let (here, _) = user.succeeds(&args("here"));
    let (all, err) = lines(&user, &args("there"));
    assert_eq!(all.len(), 4, "{all:?}");
    assert!(err.contains("4 tasks for 4 of 4 runs; when they have ended:"), "{err}");
    assert!(all.iter().all(|line| line.contains("'it'\\''s small.toml'")), "{all:?}");
    assert!(!user.path("there").exists(), "nothing is written before a task begins");

    let collect = [&args("there")[..], &["--collect"]].concat();
    side_by_side(&user, &all[..2]);
    let told = user.fails(1, &collect);
    assert!(
        told.starts_with("error: 2 of 4 runs are not finished (cross-entropy seed 1, cross"),
        "{told}"
    );
    let (_, err) = texts(&user.runs(&collect));
    assert!(err.contains("run 2, cross-entropy seed 1: not begun"), "{err}");

    let (rest, _) = lines(&user, &args("there"));
    assert_eq!(rest, all[2..], "only what is missing");
    side_by_side(&user, &rest);
    let again = side_by_side(&user, &all[..1]);
    assert!(again[0].contains("finished already") && !again[0].contains("epoch 1/"), "{again:?}");
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

    // One that is damaged, too.
    let damaged = user.run_folder("there", "contrastive-seed2-");
    user.writes(&format!("{damaged}/run.json"), "{");
    let (anew, _) = lines(&user, &[&args("there")[..], &["--force"]].concat());
    assert_eq!(anew, all, "a task is not told to do anew what it has begun");
    assert!(user.fails(1, &collect).contains("4 of 4 runs are not finished"));
}

#[test]
fn a_task_that_is_stopped_goes_on_by_the_same_line() {
    let user = user();
    let long = ["--losses", "contrastive", "--epochs", "60", "--checkpoint-every", "1 step"];
    let args = [&COMPARE[..3], &["--seeds", "1"], &long].concat();
    user.succeeds(&[&args[..], &["--runs", "here"]].concat());
    let (line, _) = lines(&user, &args);
    let child = started(&user, &line[0]);
    let begun = || {
        let runs = std::fs::read_dir(user.path("runs")).into_iter().flatten().flatten();
        runs.map(|run| run.path()).any(|run| run.join("checkpoint.safetensors").exists())
    };
    while !begun() {
        wait_a_little();
    }
    signal(&child, "TERM");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", texts(&output).1);
    let (_, err) = texts(&user.runs(&[&args[..], &["--collect"]].concat()));
    assert!(err.contains("run 0, contrastive seed 1: begun"), "{err}");
    let told = side_by_side(&user, &line);
    assert!(told[0].contains("goes on "), "{told:?}");
    let [one, other] = ["here", "runs"].map(|runs| user.run_folder(runs, "contrastive-seed1-"));
    assert_same(&user, &one, &other);
}

#[test]
fn a_sweep_by_lines_has_the_gap_of_a_training_that_diverges() {
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
    let told = side_by_side(&user, &all);
    assert_eq!(told.iter().filter(|text| text.contains(": diverged: ")).count(), 2, "{told:?}");
    assert!(lines(&user, &args("there")).0.is_empty(), "what diverged would again");
    let (there, err) = user.succeeds(&[&args("there")[..], &["--collect"]].concat());
    assert!(err.contains("4 runs, 4 of them finished"), "{err}");
    let body = |text: &str| text.split("written to").next().unwrap().to_owned();
    assert_eq!(body(&here), body(&there));
    assert!(there.contains("diverged in 2 of 2"), "{there}");
}

#[test]
fn workers_side_by_side_search_as_one_process_does_and_take_over_from_one_that_is_killed() {
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
    // One that is killed amid its first trial, when others are at work.
    let mut workers: Vec<Child> = all[..3].iter().map(|line| started(&user, line)).collect();
    let begun = || {
        let searches = std::fs::read_dir(user.path("there")).into_iter().flatten().flatten();
        searches.map(|found| found.path()).any(|found| found.join("trial-001/run.json").exists())
    };
    while !begun() {
        wait_a_little();
    }
    let mut killed = workers.remove(0);
    killed.kill().unwrap();
    killed.wait().unwrap();
    ended(workers);
    let collect = [&args("9", "there")[..], &["--collect"]].concat();
    // Whoever was killed may have been the last one at work.
    side_by_side(&user, &lines(&user, &args("9", "there")).0);
    user.succeeds(&collect);
    let [one, other] = ["here", "there"].map(|runs| user.run_folder(runs, "tune-contrastive-"));
    assert_same(&user, &one, &other);
    assert!(user.path(&format!("{other}/best.toml")).exists());
    // More trials, by one worker alone.
    let (more, _) = lines(&user, &[&args("11", "there")[..], &["--jobs", "1"]].concat());
    assert_eq!(more.len(), 1);
    let told = user.fails(1, &[&args("11", "there")[..], &["--collect"]].concat());
    assert!(told.contains("2 of 11 trials are not finished"), "{told}");
    let told = side_by_side(&user, &more);
    assert!(told[0].contains("task 0: 2 trials done"), "{told:?}");
}

/// A Slurm that notes what it is asked and answers so.
fn slurm(user: &User, sbatch: &str, squeue: &str) {
    std::fs::create_dir_all(user.path("bin")).unwrap();
    let programs = [
        ("sbatch", format!("echo \"sbatch $*\" >> asked; {sbatch}")),
        ("squeue", squeue.to_owned()),
        ("scontrol", "echo 'MaxArraySize            = 4'".to_owned()),
    ];
    for (name, body) in programs {
        let name = format!("bin/{name}");
        user.writes(&name, format!("#!/bin/sh\n{body}\n"));
        std::fs::set_permissions(user.path(&name), PermissionsExt::from_mode(0o755)).unwrap();
    }
}

/// Runs `dml` where only these programs are, and gives code, stdout and stderr.
fn with_slurm(user: &User, args: &[&str]) -> (Option<i32>, String, String) {
    let path = format!("{}:/usr/bin:/bin", user.path("bin").display());
    let output = user.dml(args).env("PATH", path).output().unwrap();
    let (out, err) = texts(&output);
    (output.status.code(), out, err)
}

const SLURM: [&str; 7] =
    ["compare", "--config", "it's small.toml", "--seeds", "1,2", "--executor", "slurm"];

#[test]
fn what_is_missing_is_submitted_once_with_a_job_that_collects() {
    let user = user();
    let only = |seeds| ["compare", "--config", "it's small.toml", "--seeds", seeds];
    user.succeeds(&only("1"));
    slurm(&user, "echo 41", "exit 1");
    let dry = [&SLURM[..], &["--dry-run", "--time", "2:00:00", "--jobs", "2"]].concat();
    let (code, out, err) = with_slurm(&user, &dry);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("#SBATCH --array=1,3%2\n#SBATCH --output=") && out.contains("B:TERM@90"));
    assert!(out.contains("it'\\''s small.toml") && out.contains(" --collect --cores "), "{out}");
    assert!(!user.path("asked").exists());
    let (code, out, err) = with_slurm(&user, &[&SLURM[..], &["--json"]].concat());
    assert_eq!(code, Some(0), "{err}");
    let told = json(&out);
    assert_eq!(
        (&told["job"], &told["tasks"], &told["finished"]),
        (&"41".into(), &2.into(), &2.into())
    );
    let asked = user.reads_text("asked");
    let asked: Vec<&str> = asked.lines().collect();
    assert!(asked[0].starts_with("sbatch --parsable runs/slurm-compare-"), "{asked:?}");
    assert!(asked[1].starts_with("sbatch --parsable --dependency=afterany:41 runs/"), "{asked:?}");
    // Slurm knows of tasks that still wait.
    slurm(&user, "echo 42", "echo PENDING; echo RUNNING");
    let (code, _, err) = with_slurm(&user, &SLURM);
    assert_eq!(code, Some(1));
    assert!(err.contains("2 tasks of job 41 are still waiting or at work"), "{err}");
    user.succeeds(&only("2"));
    let (code, out, err) = with_slurm(&user, &SLURM);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.starts_with("all 4 runs are finished or diverged: tables and pictures by\n"),
        "{out}"
    );
    let folder = user.run_folder("runs", "slurm-compare-");
    user.succeeds(&["runs", "remove", &folder]);
    assert!(!user.path(&folder).exists());
}

#[test]
fn what_slurm_refuses_is_told_with_the_way_out_and_nothing_is_removed() {
    let user = user();
    user.succeeds(&["compare", "--config", "it's small.toml", "--seeds", "1"]);
    std::fs::create_dir(user.path("bin")).unwrap();
    let forced = [&SLURM[..], &["--force"]].concat();
    let nowhere = |user: &User| {
        let output = user.dml(&forced).env("PATH", user.path("bin")).output().unwrap();
        texts(&output).1
    };
    let err = nowhere(&user);
    assert!(err.contains("needs Slurm's program scontrol, and it is not there"), "{err}");
    slurm(&user, "echo 41", "exit 1");
    let many = ["compare", "--config", "it's small.toml", "--seeds", "1-3", "--executor", "slurm"];
    let (_, _, err) = with_slurm(&user, &many);
    assert!(
        err.contains("the number 5, and this Slurm takes numbers below 4 (MaxArraySize)"),
        "{err}"
    );
    user.run_folder("runs", "contrastive-seed1-");
    slurm(&user, "echo 'sbatch: error: Invalid account' >&2; exit 1", "exit 1");
    let (code, _, err) = with_slurm(&user, &SLURM);
    assert_eq!(code, Some(1));
    assert!(err.contains("sbatch refuses") && err.contains("Invalid account"), "{err}");
    // What it would not take is found out before anything is removed.
    let (code, _, err) = with_slurm(&user, &forced);
    assert_eq!(code, Some(1));
    assert!(err.contains("sbatch refuses --test-only runs/slurm-compare-"), "{err}");
    user.run_folder("runs", "contrastive-seed1-");
    slurm(&user, "case $* in *afterany*) echo no >&2; exit 1;; esac; echo 41", "exit 1");
    let (code, _, err) = with_slurm(&user, &SLURM);
    assert_eq!(code, Some(1));
    assert!(err.contains("submitted as job 41, what collects is not"), "{err}");
}

#[test]
fn settings_of_tasks_that_cannot_be_are_told() {
    let user = user();
    for (args, told) in [
        (&["--time", "1h"][..], "take minutes, H:MM:SS"),
        (&["--mem", "lots"], "as in 4G"),
        (&["--sbatch", "--array=1-9"], "--array is set already"),
        (&["--sbatch=-a0-9"], "-a is set already"),
        (&["--partition", "a b"], "as sinfo lists them"),
        (&["--grace", "0"], "from 1 to 65535"),
        (&["--task", "0"], "cannot be used with"),
        (&["--collect"], "cannot be used with"),
    ] {
        let err = user.fails(2, &[&SLURM[..], args].concat());
        assert!(err.contains(told), "{args:?}: {err}");
    }
    let grace = user.fails(1, &[&SLURM[..], &["--time", "1", "--grace", "60"]].concat());
    assert!(grace.contains("--grace = 60: must be shorter than --time 1, 60 s"), "{grace}");
    let alone = user.fails(1, &[&COMPARE[..], &["--time", "1:00:00"]].concat());
    assert!(alone.contains("--time = 1:00:00: is for --executor slurm alone"), "{alone}");
    let beyond = user.fails(1, &[&COMPARE[..], &["--task", "4"]].concat());
    assert!(beyond.contains("--task = 4: there are tasks from 0 to 3"), "{beyond}");
    let tune = ["tune", "--loss", "contrastive", "--config", "it's small.toml", "--task", "4"];
    assert!(user.fails(1, &tune).contains("there are tasks from 0 to 3"));
    assert!(!user.path("runs").exists());
}
