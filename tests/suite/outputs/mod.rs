//! Output files and streams: no file of the user is overwritten, and a stream has only the result.

#[cfg(target_os = "linux")]
mod full_disk;
mod overwriting;
mod refused;
mod removal;
mod streams;

use std::process::{Command, Output};

use crate::user::User;

const SMALL: &str = "[data]\npath = \"small.csv\"\nvalidation = 0.2\n[train]\nepochs = 1\nbatch = 64\n\
                     [tsne]\nperplexity = 8.0\niterations = 30\n";

/// A user with a trained and evaluated run, `runs/mine`.
fn user() -> User {
    let user = User::with_images(30);
    user.writes("small.toml", SMALL);
    user.succeeds(&["train", "--config", "small.toml", "--seed", "1", "--name", "mine"]);
    user.succeeds(&["eval", "--run", "runs/mine"]);
    user
}

/// Runs a line with `$dml` in it by bash.
fn shell(user: &User, line: &str) -> Output {
    let mut command = Command::new("bash");
    command.args(["-c", line]).env("dml", env!("CARGO_BIN_EXE_dml")).current_dir(user.path("."));
    command.output().unwrap()
}
