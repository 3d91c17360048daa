//! Runs that are killed, go on, or are begun twice at once.

use std::process::{Child, Stdio};

use crate::user::User;

const LONG: [&str; 5] = ["train", "--data", "small.csv", "--epochs", "200"];

/// A training that has written its first checkpoint and has long to go.
fn under_way(user: &User) -> (Child, String) {
    let mut command = user.dml(&LONG);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    loop {
        assert!(child.try_wait().unwrap().is_none(), "the training ended before it was looked at");
        let entries = std::fs::read_dir(user.path("runs")).into_iter().flatten().flatten();
        let mut begun = entries.filter(|e| e.path().join("checkpoint.safetensors").exists());
        if let Some(folder) = begun.next() {
            return (child, format!("runs/{}", folder.file_name().to_str().unwrap()));
        }
        std::thread::yield_now();
    }
}

#[test]
fn the_second_on_a_run_is_refused_and_after_a_kill_goes_on_to_the_same_bytes() {
    let user = User::with_images(12);
    let (mut first, run) = under_way(&user);
    for second in [&["train", "--resume", &run][..], &[&LONG[..], &["--force"]].concat()] {
        let message = user.fails(1, second);
        let owner = format!("error: process {} is at work on {run}", first.id());
        assert!(message.starts_with(&owner), "{message}");
    }
    first.kill().unwrap();
    first.wait().unwrap();
    user.succeeds(&["train", "--resume", &run]);
    let resumed = user.reads(&format!("{run}/model.safetensors"));
    user.succeeds(&[&LONG[..], &["--force"]].concat());
    assert!(resumed == user.reads(&format!("{run}/model.safetensors")), "the bytes differ");
    let left = std::fs::read_dir(user.path("runs")).unwrap().count();
    assert_eq!(left, 1, "no lock is left over");
}

#[test]
fn a_damaged_checkpoint_is_told_and_the_one_before_leads_to_the_same_bytes() {
    let user = User::with_images(12);
    let (mut child, run) = under_way(&user);
    let older = user.path(&format!("{run}/checkpoint_before.safetensors"));
    while !older.exists() {
        assert!(child.try_wait().unwrap().is_none(), "the training ended before it was looked at");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    user.writes(&format!("{run}/checkpoint.safetensors"), "half");
    let (_, err) = user.succeeds(&["train", "--resume", &run]);
    assert!(err.contains("checkpoint.safetensors: is no whole"), "{err}");
    assert!(err.contains("the newest checkpoint is damaged, the one before is used"), "{err}");
    let resumed = user.reads(&format!("{run}/model.safetensors"));
    user.succeeds(&[&LONG[..], &["--force"]].concat());
    assert!(resumed == user.reads(&format!("{run}/model.safetensors")), "the bytes differ");
}
