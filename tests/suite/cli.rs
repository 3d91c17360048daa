//! Error messages, warnings, help, and behaviour in pipes.

use std::process::Stdio;

use dml::loss::Loss;

use crate::user::User;

const TRAIN: [&str; 5] = ["train", "--data", "small.csv", "--epochs", "1"];

#[test]
fn a_run_folder_is_replaced_only_with_force() {
    let user = User::with_images(12);
    user.succeeds(&TRAIN);
    let run = user.run_folder("runs", "contrastive-seed2022-");
    let before = user.reads(&format!("{run}/model.safetensors"));
    let message = user.fails(1, &TRAIN);
    assert!(message.contains("is trained already: evaluate it with dml eval --run"), "{message}");
    assert!(message.contains("--force"), "{message}");
    user.succeeds(&[&TRAIN[..], &["--force"]].concat());
    assert_eq!(before, user.reads(&format!("{run}/model.safetensors")));
    let other = user.fails(1, &[&TRAIN[..], &["--seed", "3", "--name", &run[5..]]].concat());
    assert!(other.contains("contains something else: use another --name"), "{other}");
}

#[test]
fn a_folder_that_is_not_a_run_is_never_removed() {
    let user = User::with_images(12);
    std::fs::create_dir_all(user.path("runs/thesis")).unwrap();
    user.writes("runs/thesis/chapter.txt", "mine");
    user.writes("runs/thesis/.chapter.tmp", "mine");
    let message = user.fails(1, &[&TRAIN[..], &["--name", "thesis", "--force"]].concat());
    assert!(message.contains("is not a run folder"), "{message}");
    assert_eq!(user.reads_text("runs/thesis/chapter.txt"), "mine");
    assert_eq!(user.reads_text("runs/thesis/.chapter.tmp"), "mine");
}

#[test]
fn errors_in_settings_name_the_key_and_the_remedy() {
    let user = User::with_images(12);
    for (args, expected) in [
        (
            vec!["--loss", "crossentropy"],
            "did you mean cross-entropy?); known losses: contrastive, cross",
        ),
        (vec!["--epochs", "0"], "train.epochs = 0: must be at least 1"),
        (vec!["--learning-rate", "-1"], "train.learning_rate = -1.0: must be a number above 0"),
        (vec!["--batch", "1"], "train.batch = 1: must be at least 2"),
        (
            vec!["--loss", "triplet", "--batch", "16"],
            "train.images_per_class = 16: must be at most 8, half of train.batch = 16",
        ),
        (vec!["--device", "cuda:99"], "device = cuda:99: "),
        (vec!["--config", "none.toml"], "none.toml: file not found; check the path"),
    ] {
        let defaults = ["train", "--data", "small.csv"];
        let message = user.fails(1, &[&defaults[..], &args].concat());
        assert!(message.starts_with("error: ") && message.contains(expected), "{message}");
    }
    user.writes("my.toml", "[train]\nepoch = 3\n");
    let message = user.fails(1, &["train", "--config", "my.toml"]);
    assert_eq!(message, "error: my.toml: unknown key train.epoch; the nearest key is train.epochs");
}

#[test]
fn wrong_usage_exits_with_2() {
    let user = User::new();
    for args in [
        vec!["trian"],
        vec!["train", "--epochs", "many"],
        vec!["train", "--device", "gpu"],
        vec!["eval", "--recall-at", "5..1"],
        vec!["eval", "--model", "first"],
    ] {
        let message = user.fails(2, &args);
        assert!(message.contains("error: "), "{message}");
    }
    let unknown = user.fails(2, &["trian"]);
    assert!(unknown.contains("train"), "the nearest command is named: {unknown}");
}

#[test]
fn errors_in_data_name_file_line_and_remedy() {
    let user = User::new();
    let missing = user.fails(1, &["train"]);
    assert!(missing.contains("data/fashion-mnist_train.csv is missing"), "{missing}");
    assert!(missing.contains("dml data fetch"), "{missing}");
    user.writes("bad.csv", "label,a,b,c,d\n0,1,2,3,4\n0,1,2,3,4\n1,1,2,300,4\n1,1,2,3,4\n");
    let faulty = user.fails(1, &["train", "--data", "bad.csv"]);
    assert!(faulty.contains("bad.csv, line 4, column c: '300'"), "{faulty}");
    let no_run = user.fails(1, &["eval"]);
    assert!(no_run.contains("runs: contains no trained run; train one with dml train"), "{no_run}");
}

#[test]
fn a_diverging_loss_stops_with_epoch_step_and_remedy() {
    let user = User::with_images(40);
    let message = user.fails(1, &[&TRAIN[..], &["--learning-rate", "1e30"]].concat());
    assert!(message.contains("loss became NaN in epoch 1, step 2 of 3"), "{message}");
    let remedy = "try a lower train.learning_rate (it is 1e30, the default is 0.001)";
    assert!(message.ends_with(remedy), "{message}");
}

#[test]
fn a_run_is_evaluated_only_on_the_file_it_was_split_from() {
    let user = User::with_images(12);
    user.succeeds(&TRAIN);
    let text = user.reads_text("small.csv");
    let cut: Vec<&str> = text.lines().take(100).collect();
    user.writes("other.csv", cut.join("\n"));
    let message = user.fails(1, &["eval", "--data", "other.csv"]);
    assert!(
        message.contains("other.csv: is not the file that the run was trained on"),
        "{message}"
    );
}

#[test]
fn the_engine_is_printed_recorded_and_not_changed_on_resume() {
    let user = User::with_images(12);
    let (_, err) = user.succeeds(&[&TRAIN[..], &["--name", "auto"]].concat());
    assert!(err.contains("\nengine: fused\n"), "{err}");
    user.writes("libtorch.toml", "[train]\nengine = \"libtorch\"\n");
    let (_, err) =
        user.succeeds(&[&TRAIN[..], &["--config", "libtorch.toml", "--name", "other"]].concat());
    assert!(err.contains("\nengine: libtorch\n"), "{err}");
    let record = user.reads_text("runs/other/run.json");
    assert!(record.contains("\"engine\": \"libtorch\""), "{record}");
    user.writes("runs/other/run.json", record.replace("\"trained\"", "\"training\""));
    let resume = ["train", "--resume", "runs/other", "--engine", "fused"];
    let message = user.fails(1, &resume);
    assert!(message.contains("resume it with --engine libtorch"), "{message}");
    let message = user.fails(2, &[&TRAIN[..], &["--engine", "fast"]].concat());
    assert!(message.contains("use auto, libtorch or fused"), "{message}");
}

#[test]
fn there_are_no_progress_bars_if_stderr_is_not_a_terminal() {
    let user = User::with_images(12);
    let (_, err) = user.succeeds(&TRAIN);
    assert!(!err.contains('\r') && !err.contains('\u{1b}'), "{err:?}");
    let epochs = err.lines().filter(|line| line.contains("epoch 1/1")).count();
    let prefixes = ["device: ", "data: ", "engine: "];
    let in_order = err.lines().zip(prefixes).all(|(line, start)| line.starts_with(start));
    assert!(in_order && epochs == 1, "device, data, engine and one line per epoch: {err}");
}

#[test]
fn a_closed_stdout_ends_the_output_quietly() {
    let user = User::new();
    for args in [&["losses"][..], &["--help"]] {
        let mut command = user.dml(args);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{args:?}: {:?}", output.status);
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{args:?}");
    }
}

#[test]
fn a_closed_stderr_does_not_stop_training() {
    let user = User::with_images(12);
    let mut command = user.dml(&TRAIN);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert!(child.wait().unwrap().success());
    user.succeeds(&["eval"]);
}

#[test]
fn evaluation_on_training_images_or_of_an_unfinished_run_is_refused() {
    let user = User::with_images(12);
    user.succeeds(&[&TRAIN[..], &["--name", "mine"]].concat());
    let seen = user.fails(1, &["eval", "--test", "small.csv"]);
    assert!(seen.contains("small.csv: is the data that the run was trained on"), "{seen}");
    let record = user.reads_text("runs/mine/run.json").replace("\"trained\"", "\"training\"");
    user.writes("runs/mine/run.json", record);
    let unfinished = user.fails(1, &["eval", "--run", "runs/mine"]);
    assert!(unfinished.contains("resume it with dml train --resume runs/mine"), "{unfinished}");
    // Resuming it works: training had ended, only the record said otherwise.
    user.succeeds(&["train", "--resume", "runs/mine"]);
    user.succeeds(&["eval", "--run", "runs/mine"]);
    let finished = user.fails(1, &["train", "--resume", "runs/mine"]);
    assert!(finished.contains("is finished: evaluate it with dml eval"), "{finished}");
}

#[test]
fn every_command_has_help_and_losses_are_listed() {
    let user = User::new();
    for command in ["train", "eval", "compare"] {
        let (out, _) = user.succeeds(&[command, "--help"]);
        assert!(out.contains("Examples:") && out.contains(&format!("dml {command}")), "{out}");
    }
    let (out, _) = user.succeeds(&["losses", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&out).unwrap();
    let names: Vec<&str> =
        list.as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap()).collect();
    let all: Vec<&str> = Loss::all().iter().map(Loss::name).collect();
    assert_eq!(names, all);
    assert!(names.starts_with(&["contrastive", "cross-entropy", "triplet"]), "{names:?}");
}

#[test]
fn suggested_commands_can_be_pasted_for_any_folder_name() {
    let user = User::with_images(12);
    for runs in ["my runs – ü/n 1", "it's $HOME", "-odd"] {
        let flag = format!("--runs={runs}");
        let (out, _) = user.succeeds(&[&TRAIN[..], &[&flag]].concat());
        let next = out.lines().find_map(|line| line.strip_prefix("next       dml ")).unwrap();
        let again = user.fails(1, &[&TRAIN[..], &[&flag]].concat());
        let suggested = again.split("evaluate it with dml ").nth(1).unwrap();
        assert_eq!(suggested.split(", or replace").next().unwrap(), next);
        // Pasted into a shell, the command finds the run.
        let dml = env!("CARGO_BIN_EXE_dml");
        let typed = format!("'{dml}' {next} --perplexity 3 --json");
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", &typed]).current_dir(user.path(".")).output().unwrap();
        assert!(output.status.success(), "{next}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_removed_working_folder_and_a_file_name_that_is_not_utf8_are_errors() {
    use std::os::unix::ffi::OsStrExt;
    let user = User::with_images(12);
    let dml = env!("CARGO_BIN_EXE_dml");
    let script = format!("mkdir gone && cd gone && rmdir ../gone && exec '{dml}' runs");
    let mut shell = std::process::Command::new("sh");
    let output = shell.args(["-c", &script]).current_dir(user.path(".")).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(message.starts_with("error: the working folder was removed or replaced"), "{message}");
    let odd = std::ffi::OsStr::from_bytes(b"a\xffb.csv");
    std::fs::copy(user.path("small.csv"), user.path(".").join(odd)).unwrap();
    let output = user.dml(&["train", "--data"]).arg(odd).output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("$'a\\377b.csv' is not valid UTF-8: rename the file"), "{message}");
    assert!(user.dml(&["data", "check"]).arg(odd).output().unwrap().status.success());
    let mut bare = user.dml(&["data", "check", "small.csv"]);
    assert!(bare.env_remove("HOME").output().unwrap().status.success());
}
