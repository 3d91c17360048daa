//! Runs that are stopped, damaged, resumed, or started twice at once.

use std::io::Read;
use std::process::{Child, Output, Stdio};

use crate::user::{User, signal, texts, wait_a_little};

/// Trains far longer than any test waits.
const LONG: [&str; 9] = [
    "train",
    "--data",
    "small.csv",
    "--batch",
    "32",
    "--epochs",
    "60",
    "--checkpoint-every",
    "1 step",
];

/// Starts a command and waits until a run has a file of this name; returns the run's folder.
fn start_and_wait_for(user: &User, args: &[&str], file: &str) -> (Child, String) {
    let mut command = user.dml(args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    loop {
        assert!(child.try_wait().unwrap().is_none(), "it ended too early");
        let entries = std::fs::read_dir(user.path("runs")).into_iter().flatten().flatten();
        let mut started = entries.filter(|e| e.path().join(file).exists());
        if let Some(folder) = started.next() {
            return (child, format!("runs/{}", folder.file_name().to_str().unwrap()));
        }
        wait_a_little();
    }
}

/// Starts a command and waits until it reports that it resumes.
fn start_and_wait_until_resumed(user: &User, args: &[&str]) -> Child {
    let mut command = user.dml(args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut output, mut byte) = (Vec::new(), [0]);
    while !output.ends_with(b"resuming") {
        let count = child.stderr.as_mut().unwrap().read(&mut byte).unwrap();
        assert_eq!(count, 1, "it ended with {}", String::from_utf8_lossy(&output));
        output.push(byte[0]);
    }
    child
}

/// Sends a process a signal and returns its exit code and its last line on stderr.
fn stop_with(child: Child, name: &str) -> (Option<i32>, String) {
    signal(&child, name);
    let output: Output = child.wait_with_output().unwrap();
    let (_, err) = texts(&output);
    (output.status.code(), err.lines().last().unwrap_or_default().to_owned())
}

/// Asserts that a run has the model of an uninterrupted one.
fn assert_same_as_uninterrupted(user: &User, run: &str) {
    let resumed = user.reads(&format!("{run}/model.safetensors"));
    user.succeeds(&[&LONG[..], &["--force"]].concat());
    assert!(resumed == user.reads(&format!("{run}/model.safetensors")), "the bytes differ");
}

#[test]
fn a_run_whose_images_have_moved_resumes_with_the_file_given_by_data() {
    let user = User::with_images(12);
    let (mut child, run) = start_and_wait_for(&user, &LONG, "checkpoint.safetensors");
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::rename(user.path("small.csv"), user.path("moved.csv")).unwrap();
    let resume = ["train", "--resume", &run];
    let message = user.fails(1, &resume);
    let problem = "error: small.csv: the file that the run was trained on no longer exists; name the file \
                   with --data, or run dml in the folder that it was trained in; this is ";
    assert!(message.starts_with(problem), "{message}");
    let text = user.reads_text("moved.csv");
    user.writes("other.csv", &text[..text.trim_end().rfind('\n').unwrap()]);
    let message = user.fails(1, &[&resume[..], &["--data", "other.csv"]].concat());
    assert!(
        message.contains("other.csv: is not the file that the run was trained on"),
        "{message}"
    );
    user.succeeds(&[&resume[..], &["--data", "moved.csv"]].concat());
    user.succeeds(&["eval", "--run", &run]);
    std::fs::rename(user.path("moved.csv"), user.path("small.csv")).unwrap();
    let message = user.fails(1, &["eval", "--run", &run]);
    assert!(
        message.contains("moved.csv: the file that the run was trained on no longer exists"),
        "{message}"
    );
    user.succeeds(&["eval", "--run", &run, "--data", "small.csv"]);
    assert_same_as_uninterrupted(&user, &run);
}

#[test]
fn a_second_process_on_a_run_is_refused_and_resumes_it_once_the_first_is_killed() {
    let user = User::with_images(12);
    let (mut first, run) = start_and_wait_for(&user, &LONG, "checkpoint.safetensors");
    for second in [&["train", "--resume", &run][..], &[&LONG[..], &["--force"]].concat()] {
        let message = user.fails(1, second);
        let owner = format!("error: process {} is using {run}", first.id());
        assert!(message.starts_with(&owner), "{message}");
    }
    first.kill().unwrap();
    first.wait().unwrap();
    user.succeeds(&["train", "--resume", &run]);
    assert_same_as_uninterrupted(&user, &run);
    let left = std::fs::read_dir(user.path("runs")).unwrap().count();
    assert_eq!(left, 1, "a lock is left over");
}

#[test]
fn a_damaged_checkpoint_is_reported_and_the_one_before_leads_to_the_same_bytes() {
    let user = User::with_images(12);
    let (mut child, run) = start_and_wait_for(&user, &LONG, "checkpoint_before.safetensors");
    child.kill().unwrap();
    child.wait().unwrap();
    user.writes(&format!("{run}/checkpoint.safetensors"), "half");
    let (_, err) = user.succeeds(&["train", "--resume", &run]);
    assert!(err.contains("checkpoint.safetensors: is not an intact"), "{err}");
    assert!(err.contains("the newest checkpoint is damaged; using the one before"), "{err}");
    assert_same_as_uninterrupted(&user, &run);
}

#[test]
fn ctrl_c_and_sigterm_save_the_step_say_how_to_resume_and_exit_with_130() {
    let user = User::with_images(12);
    let (child, run) = start_and_wait_for(&user, &LONG, "checkpoint.safetensors");
    let (code, message) = stop_with(child, "INT");
    assert_eq!(code, Some(130), "{message}");
    assert!(message.starts_with("interrupted: stopped "), "{message}");
    assert!(message.ends_with(&format!("; resume with dml train --resume {run}")), "{message}");
    let child = start_and_wait_until_resumed(&user, &["train", "--resume", &run]);
    let (code, message) = stop_with(child, "TERM");
    assert_eq!(code, Some(130), "{message}");
    let step = message.strip_prefix("interrupted: stopped ").unwrap().split(';').next().unwrap();
    let (_, err) = user.succeeds(&["train", "--resume", &run]);
    let resumes = format!("resuming {}", step.split(" of ").next().unwrap());
    assert!(err.contains(&resumes), "{resumes} is not in {err}");
    assert_same_as_uninterrupted(&user, &run);
}

#[test]
fn a_second_signal_exits_at_once() {
    let user = User::with_images(12);
    let endless = "[data]\npath = \"small.csv\"\nvalidation = 0.3\n[train]\nepochs = 1\n\
                   [tsne]\niterations = 1000000\nperplexity = 2.0\n";
    user.writes("endless.toml", endless);
    let args = ["compare", "--config", "endless.toml", "--seeds", "1", "--jobs", "1"];
    let (child, _) = start_and_wait_for(&user, &args, "plots/retrieval.png");
    signal(&child, "INT");
    let (code, _) = stop_with(child, "TERM");
    assert_eq!(code, Some(130));
}

#[test]
fn a_run_killed_before_its_settings_were_written_can_be_started_again() {
    let user = User::with_images(12);
    let (mut child, run) = start_and_wait_for(&user, &LONG, "run.json");
    child.kill().unwrap();
    child.wait().unwrap();
    for name in ["config.toml", "checkpoint.safetensors", "checkpoint_before.safetensors"] {
        let _ = std::fs::remove_file(user.path(&run).join(name));
    }
    user.succeeds(&[&LONG[..], &["--force"]].concat());
    std::fs::remove_dir_all(user.path(&run)).unwrap();
    std::fs::create_dir(user.path(&run)).unwrap();
    user.writes(&format!("{run}/.run.json.123.tmp"), "{");
    user.succeeds(&LONG);
}

#[test]
fn an_interrupted_comparison_resumes_by_the_same_command_without_repeating_finished_runs() {
    let user = User::with_images(12);
    user.writes("small.toml", "[data]\npath = \"small.csv\"\n[tsne]\niterations = 20\n");
    let compare = |epochs, runs| {
        ["compare", "--config", "small.toml", "--epochs", epochs, "--jobs", "1", "--runs", runs]
    };
    user.succeeds(&compare("20", "uninterrupted"));
    let args = compare("20", "runs");
    // Wait until the first of six runs is finished.
    let (child, _) = start_and_wait_for(&user, &args, "times.json");
    let (code, message) = stop_with(child, "INT");
    assert_eq!(code, Some(130), "{message}");
    assert!(message.starts_with("interrupted: ") && message.contains(" of 6 runs "), "{message}");
    assert!(message.ends_with("; run the same command again to resume"), "{message}");
    let count = message["interrupted: ".len()..].split(' ').next().unwrap();
    let (table, err) = user.succeeds(&args);
    let reused = err.matches("already trained").count();
    // One of the runs may have been trained and not evaluated.
    let finished: usize = count.parse().unwrap();
    assert!(finished >= 1 && (finished..=finished + 1).contains(&reused), "{message}\n{err}");
    let rows = |table: &str, with: &str| -> Vec<String> {
        table.lines().filter(|line| line.contains(with)).map(str::to_owned).collect()
    };
    let (uninterrupted, _) = user.succeeds(&compare("20", "uninterrupted"));
    for metric in ["accuracy", "macro F1", "MAP@R", "NMI"] {
        assert_eq!(rows(&table, metric), rows(&uninterrupted, metric));
    }
}

#[test]
fn a_run_of_short_epochs_saved_together_resumes_to_the_same_bytes() {
    let user = User::with_images(2);
    let train = ["train", "--data", "small.csv", "--epochs", "600", "--loss", "cross-entropy"];
    let runs = |folder| [&train[..], &["--runs", folder, "--name", "a"]].concat();
    user.succeeds(&runs("uninterrupted"));
    let (mut child, run) =
        start_and_wait_for(&user, &runs("runs"), "checkpoint_before.safetensors");
    child.kill().unwrap();
    child.wait().unwrap();
    let child = start_and_wait_until_resumed(&user, &["train", "--resume", &run]);
    let (code, message) = stop_with(child, "INT");
    assert_eq!(code, Some(130), "{message}");
    let (_, err) = user.succeeds(&["train", "--resume", &run]);
    let epoch = message.strip_prefix("interrupted: stopped ").unwrap().split([';', ' ']).nth(2);
    assert!(err.contains(&format!("epoch {}", epoch.unwrap())), "{message}\n{err}");
    for model in ["model.safetensors", "model_best.safetensors"] {
        let resumed = user.reads(&format!("{run}/{model}"));
        assert!(resumed == user.reads(&format!("uninterrupted/a/{model}")), "{model} differs");
    }
    // Every epoch once, with the same losses; times vary.
    let losses = |run: &str| -> Vec<String> {
        let text = user.reads_text(&format!("{run}/history.csv"));
        text.lines().map(|line| line.split(',').take(3).collect::<Vec<_>>().join(",")).collect()
    };
    assert_eq!(losses(&run).len(), 601);
    assert_eq!(losses(&run), losses("uninterrupted/a"));
}
