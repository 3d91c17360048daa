//! Lost and edited files of a run or a trial, and the advice to restore them.

use std::fs;
use std::path::PathBuf;

use super::{SMALL, TUNE};
use crate::user::User;

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
