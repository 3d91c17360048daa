//! Runs edited by hand: recomputed or reported, never a panic.

use crate::user::User;

const SMALL: &str = "[data]\nvalidation = 0.3\n[train]\nepochs = 1\nbatch = 16\n\
                     [tsne]\niterations = 20\nperplexity = 2.0\n[eval]\nvoters = 3\n";

const COMPARE: [&str; 7] =
    ["compare", "--config", "small.toml", "--data", "small.csv", "--seeds", "1"];

/// A user who has run [`COMPARE`].
fn compared() -> User {
    let user = User::with_images(12);
    user.writes("small.toml", SMALL);
    user.succeeds(&COMPARE);
    user
}

#[test]
fn metrics_at_another_k_than_configured_are_recomputed() {
    let user = compared();
    let metrics = format!("{}/metrics.json", user.run_folder("runs", "contrastive-"));
    let before = user.reads_text(&metrics);
    let changed = before.replacen("\"k\": 5,", &format!("\"k\": {},", 1_u64 << 62), 1);
    assert_ne!(before, changed);
    user.writes(&metrics, changed);
    user.succeeds(&COMPARE);
    assert_eq!(user.reads_text(&metrics), before);
}

#[test]
fn an_edited_map_is_an_error_that_says_what_to_do() {
    let user = compared();
    let run = user.run_folder("runs", "contrastive-");
    let map = format!("{run}/tsne.csv");
    user.writes(&map, "row,label,class,x,y\n4000000000,0,a,1.0,2.0\n");
    let message = user.fails(1, &COMPARE);
    assert!(
        message.contains("tsne.csv: contains row 4000000000, but the data has 120 images"),
        "{message}"
    );
    user.succeeds(&["eval", "--run", &run]);
    user.succeeds(&COMPARE);
}
