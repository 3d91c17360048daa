//! Runs that are stopped, damaged, go on, or are begun twice at once.

use std::io::Read;
use std::process::{Child, Output, Stdio};

use crate::user::{User, signal, texts, wait_a_little};

/// Far longer than any test looks at it.
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

/// Starts a command and waits until a checkpoint of this name is there; gives its run's folder.
fn under_way(user: &User, args: &[&str], checkpoint: &str) -> (Child, String) {
    let mut command = user.dml(args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    loop {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was looked at");
        let entries = std::fs::read_dir(user.path("runs")).into_iter().flatten().flatten();
        let mut begun = entries.filter(|e| e.path().join(checkpoint).exists());
        if let Some(folder) = begun.next() {
            return (child, format!("runs/{}", folder.file_name().to_str().unwrap()));
        }
        wait_a_little();
    }
}

/// Starts a command and waits until it says that it goes on.
fn going_on(user: &User, args: &[&str]) -> Child {
    let mut command = user.dml(args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut said, mut byte) = (Vec::new(), [0]);
    while !said.ends_with(b"goes on") {
        let count = child.stderr.as_mut().unwrap().read(&mut byte).unwrap();
        assert_eq!(count, 1, "it ended with {}", String::from_utf8_lossy(&said));
        said.push(byte[0]);
    }
    child
}

/// Ends a process by a signal and gives its code and its last line on stderr.
fn stopped(child: Child, name: &str) -> (Option<i32>, String) {
    signal(&child, name);
    let output: Output = child.wait_with_output().unwrap();
    let (_, err) = texts(&output);
    (output.status.code(), err.lines().last().unwrap_or_default().to_owned())
}

/// Asserts that a run has the model of one that never stopped.
fn assert_undisturbed(user: &User, run: &str) {
    let resumed = user.reads(&format!("{run}/model.safetensors"));
    user.succeeds(&[&LONG[..], &["--force"]].concat());
    assert!(resumed == user.reads(&format!("{run}/model.safetensors")), "the bytes differ");
}

#[test]
fn a_run_whose_file_has_moved_goes_on_with_the_file_that_is_named() {
    let user = User::with_images(12);
    let (mut child, run) = under_way(&user, &LONG, "checkpoint.safetensors");
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::rename(user.path("small.csv"), user.path("moved.csv")).unwrap();
    let resume = ["train", "--resume", &run];
    let message = user.fails(1, &resume);
    let problem = "error: small.csv: there is no such file any more, which the run was trained on; name \
                   the file with --data, or call dml from the folder it was trained in: this is ";
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
    assert!(message.contains("moved.csv: there is no such file any more"), "{message}");
    user.succeeds(&["eval", "--run", &run, "--data", "small.csv"]);
    assert_undisturbed(&user, &run);
}

#[test]
fn the_second_on_a_run_is_refused_and_after_a_kill_goes_on_to_the_same_bytes() {
    let user = User::with_images(12);
    let (mut first, run) = under_way(&user, &LONG, "checkpoint.safetensors");
    for second in [&["train", "--resume", &run][..], &[&LONG[..], &["--force"]].concat()] {
        let message = user.fails(1, second);
        let owner = format!("error: process {} is at work on {run}", first.id());
        assert!(message.starts_with(&owner), "{message}");
    }
    first.kill().unwrap();
    first.wait().unwrap();
    user.succeeds(&["train", "--resume", &run]);
    assert_undisturbed(&user, &run);
    let left = std::fs::read_dir(user.path("runs")).unwrap().count();
    assert_eq!(left, 1, "no lock is left over");
}

#[test]
fn a_damaged_checkpoint_is_told_and_the_one_before_leads_to_the_same_bytes() {
    let user = User::with_images(12);
    let (mut child, run) = under_way(&user, &LONG, "checkpoint_before.safetensors");
    child.kill().unwrap();
    child.wait().unwrap();
    user.writes(&format!("{run}/checkpoint.safetensors"), "half");
    let (_, err) = user.succeeds(&["train", "--resume", &run]);
    assert!(err.contains("checkpoint.safetensors: is not an intact"), "{err}");
    assert!(err.contains("the newest checkpoint is damaged, the one before is used"), "{err}");
    assert_undisturbed(&user, &run);
}

#[test]
fn ctrl_c_and_sigterm_save_the_step_say_how_to_go_on_and_end_with_130() {
    let user = User::with_images(12);
    let (child, run) = under_way(&user, &LONG, "checkpoint.safetensors");
    let (code, told) = stopped(child, "INT");
    assert_eq!(code, Some(130), "{told}");
    assert!(told.starts_with("interrupted: stopped "), "{told}");
    assert!(told.ends_with(&format!("; go on with dml train --resume {run}")), "{told}");
    let child = going_on(&user, &["train", "--resume", &run]);
    let (code, told) = stopped(child, "TERM");
    assert_eq!(code, Some(130), "{told}");
    let place = told.strip_prefix("interrupted: stopped ").unwrap().split(';').next().unwrap();
    let (_, err) = user.succeeds(&["train", "--resume", &run]);
    let goes_on = format!("goes on {}", place.split(" of ").next().unwrap());
    assert!(err.contains(&goes_on), "{goes_on} is not in {err}");
    assert_undisturbed(&user, &run);
}

#[test]
fn a_second_signal_ends_at_once_what_the_first_waits_for() {
    let user = User::with_images(12);
    let endless = "[data]\npath = \"small.csv\"\nvalidation = 0.3\n[train]\nepochs = 1\n\
                   [tsne]\niterations = 1000000\nperplexity = 2.0\n";
    user.writes("endless.toml", endless);
    let args = ["compare", "--config", "endless.toml", "--seeds", "1", "--jobs", "1"];
    let (child, _) = under_way(&user, &args, "plots/retrieval.png");
    signal(&child, "INT");
    let (code, _) = stopped(child, "TERM");
    assert_eq!(code, Some(130));
}

#[test]
fn a_run_that_was_killed_before_its_settings_were_written_can_be_done_again() {
    let user = User::with_images(12);
    let (mut child, run) = under_way(&user, &LONG, "run.json");
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
fn a_comparison_that_is_interrupted_goes_on_by_the_same_command_without_finished_runs() {
    let user = User::with_images(12);
    user.writes("small.toml", "[data]\npath = \"small.csv\"\n[tsne]\niterations = 20\n");
    let compare = |epochs, runs| {
        ["compare", "--config", "small.toml", "--epochs", epochs, "--jobs", "1", "--runs", runs]
    };
    user.succeeds(&compare("20", "undisturbed"));
    let args = compare("20", "runs");
    // The first of six runs is finished.
    let (child, _) = under_way(&user, &args, "times.json");
    let (code, told) = stopped(child, "INT");
    assert_eq!(code, Some(130), "{told}");
    assert!(told.starts_with("interrupted: ") && told.contains(" of 6 runs "), "{told}");
    assert!(told.ends_with("; the same command goes on from here"), "{told}");
    let count = told["interrupted: ".len()..].split(' ').next().unwrap();
    let (table, err) = user.succeeds(&args);
    let taken = err.matches("finished already").count();
    // One of the runs may have been trained and not evaluated.
    let finished: usize = count.parse().unwrap();
    assert!(finished >= 1 && (finished..=finished + 1).contains(&taken), "{told}\n{err}");
    let rows = |table: &str, with: &str| -> Vec<String> {
        table.lines().filter(|line| line.contains(with)).map(str::to_owned).collect()
    };
    let (undisturbed, _) = user.succeeds(&compare("20", "undisturbed"));
    for metric in ["accuracy", "macro F1", "MAP@R", "NMI"] {
        assert_eq!(rows(&table, metric), rows(&undisturbed, metric));
    }
}

#[test]
fn short_epochs_that_are_saved_together_are_gone_on_with_to_the_same_bytes() {
    let user = User::with_images(2);
    let train = ["train", "--data", "small.csv", "--epochs", "600", "--loss", "cross-entropy"];
    let runs = |folder| [&train[..], &["--runs", folder, "--name", "a"]].concat();
    user.succeeds(&runs("undisturbed"));
    let (mut child, run) = under_way(&user, &runs("runs"), "checkpoint_before.safetensors");
    child.kill().unwrap();
    child.wait().unwrap();
    let child = going_on(&user, &["train", "--resume", &run]);
    let (code, told) = stopped(child, "INT");
    assert_eq!(code, Some(130), "{told}");
    let (_, err) = user.succeeds(&["train", "--resume", &run]);
    let place = told.strip_prefix("interrupted: stopped ").unwrap().split([';', ' ']).nth(2);
    assert!(err.contains(&format!("epoch {}", place.unwrap())), "{told}\n{err}");
    for model in ["model.safetensors", "model_best.safetensors"] {
        let resumed = user.reads(&format!("{run}/{model}"));
        assert!(resumed == user.reads(&format!("undisturbed/a/{model}")), "{model} differs");
    }
    // Losses of every epoch, each once; the seconds differ.
    let losses = |run: &str| -> Vec<String> {
        let text = user.reads_text(&format!("{run}/history.csv"));
        text.lines().map(|line| line.split(',').take(3).collect::<Vec<_>>().join(",")).collect()
    };
    assert_eq!(losses(&run).len(), 601);
    assert_eq!(losses(&run), losses("undisturbed/a"));
}
