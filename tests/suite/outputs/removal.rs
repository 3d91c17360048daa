//! Which files dml removes: its own, and none of the user.

use super::{SMALL, user};
use crate::user::User;

#[test]
fn force_removes_no_file_of_the_user_and_none_that_training_reads() {
    let user = user();
    let again = ["train", "--config", "small.toml", "--seed", "1", "--name", "mine", "--force"];
    user.writes("runs/mine/notes.txt", "mine");
    let model = user.reads("runs/mine/model.safetensors");
    let message = user.fails(1, &again);
    assert!(
        message.contains("runs/mine: contains notes.txt, which dml did not write"),
        "{message}"
    );
    assert_eq!(user.reads_text("runs/mine/notes.txt"), "mine");
    std::fs::remove_file(user.path("runs/mine/notes.txt")).unwrap();
    let init = [&again[..], &["--init", "runs/mine/model.safetensors"]].concat();
    let message = user.fails(1, &init);
    assert!(message.contains("lies in the folder that --force removes: copy it"), "{message}");
    assert!(user.reads("runs/mine/model.safetensors") == model);
    user.succeeds(&again);
}

#[test]
fn dml_knows_every_file_that_it_writes_into_the_folders_of_runs() {
    let user = User::with_images(30);
    user.writes("small.toml", SMALL);
    user.writes("both.toml", SMALL.to_owned() + "of = \"both\"\n");
    let sample = ["data", "sample", "small.csv", "--per-class", "9", "--out", "test.csv"];
    user.succeeds(&sample);
    let changed = user.reads_text("test.csv").replace(",0,0,0,", ",1,0,0,");
    user.writes("test.csv", changed);
    let config = ["--config", "small.toml"];
    let both = ["--config", "both.toml", "--loss", "center", "--name", "single"];
    user.succeeds(&[&["train"][..], &both].concat());
    user.succeeds(&["eval", "--run", "runs/single"]);
    user.succeeds(&["eval", "--run", "runs/single", "--test", "test.csv"]);
    user.succeeds(&["report", "runs/single"]);
    let compare = ["compare", "--losses", "contrastive,triplet", "--seeds", "1,2", "--test"];
    user.succeeds(&[&compare[..], &["test.csv"], &config].concat());
    let sweep = ["sweep", "--losses", "contrastive", "--seeds", "1", "--set", "loss.margin=1,2"];
    user.succeeds(&[&sweep[..], &config].concat());
    user.succeeds(&[&["tune", "--loss", "triplet", "--trials", "2"][..], &config].concat());
    user.succeeds(&[&["bound", "--points", "3"][..], &config].concat());
    let diverges = ["train", "--learning-rate", "1e30", "--epochs", "3", "--name", "diverged"];
    user.fails(1, &[&diverges[..], &config].concat());
    let names: Vec<String> = std::fs::read_dir(user.path("runs"))
        .unwrap()
        .map(|entry| format!("runs/{}", entry.unwrap().file_name().to_str().unwrap()))
        .collect();
    assert!(names.len() > 9, "{names:?}");
    let remove: Vec<&str> = names.iter().map(String::as_str).collect();
    user.succeeds(&[&["runs", "remove"][..], &remove].concat());
    assert_eq!(std::fs::read_dir(user.path("runs")).unwrap().count(), 0);
}

#[test]
fn temporary_files_of_a_killed_process_are_removed() {
    let user = user();
    user.writes(".new.npy.4194305.dml-tmp", "half");
    user.writes(".mine.csv.4194305.tmp", "the user's");
    user.succeeds(&["embed", "small.csv", "--out", "new.npy"]);
    assert!(!user.path(".new.npy.4194305.dml-tmp").exists());
    assert!(user.path(".mine.csv.4194305.tmp").exists());
}
