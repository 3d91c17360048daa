//! Runs named by their folder's name alone, in every command that takes one.

use crate::user::User;

#[test]
fn every_command_takes_the_name_of_a_run_without_its_folder() {
    let user = User::with_images(6);
    let few = ["--data", "small.csv", "--batch", "16", "--runs", "all"];
    for (name, more) in [("one", &[][..]), ("two", &["--loss", "cross-entropy"])] {
        let named = ["--epochs", "1", "--name", name];
        user.succeeds(&[&["train"], &few[..], &named, more].concat());
    }
    let finished = user.fails(1, &["train", "--resume", "one", "--runs", "all"]);
    assert!(finished.contains("all/one is finished: evaluate it with "), "{finished}");
    for args in [
        &["eval", "--run", "one", "--set", "tsne.iterations=20"][..],
        &["report", "one"],
        &["embed", "small.csv", "--run", "one", "--out", "one.npy"],
        &["export", "one", "--out", "one.safetensors"],
        &["losses", "--on", "one"],
        &["runs", "diff", "one", "two"],
    ] {
        let elsewhere = user.fails(1, args);
        assert!(elsewhere.contains("one: does not exist; dml runs lists"), "{elsewhere}");
        user.succeeds(&[args, &["--runs", "all"]].concat());
    }
    let similar = user.fails(1, &["eval", "--run", "twoo", "--runs", "all"]);
    assert!(similar.contains("twoo: does not exist; did you mean all/two? dml runs"), "{similar}");
    user.succeeds(&["runs", "remove", "one", "two", "--runs", "all"]);
    assert!(!user.path("all/one").exists() && !user.path("all/two").exists());
}
