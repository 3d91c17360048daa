//! Commands of many runs, split into tasks: run side by side, they leave the same files as one process.

mod lines;
mod slurm;

use crate::user::User;

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
