//! Folder names of this version and of earlier ones.

use crate::user::User;

const QUICK: &str = "[data]\npath = \"small.csv\"\n[train]\nepochs = 1\nbatch = 32\n\
                     [tsne]\niterations = 20\n";

/// A user with a few images and quick settings.
fn user() -> User {
    let user = User::with_images(12);
    user.writes("quick.toml", QUICK);
    user
}

/// Renames a folder as an earlier version did, whose names had six digits of the hash.
fn with_short_name(user: &User, folder: &str) -> String {
    let (start, digits) = folder.rsplit_once('-').unwrap();
    assert!(digits.len() == 12 && digits.bytes().all(|b| b.is_ascii_hexdigit()), "{folder}");
    let old = format!("{start}-{}", &digits[..6]);
    std::fs::rename(user.path(folder), user.path(&old)).unwrap();
    old
}

/// The number of folders in `runs`.
fn folders(user: &User) -> usize {
    std::fs::read_dir(user.path("runs")).unwrap().count()
}

const TRAIN: [&str; 5] = ["train", "--config", "quick.toml", "--seed", "1"];
const COMPARE: [&str; 7] =
    ["compare", "--config", "quick.toml", "--seeds", "1", "--losses", "contrastive,cross-entropy"];

#[test]
fn a_run_of_an_earlier_version_is_reused_not_trained_again() {
    let user = user();
    user.succeeds(&TRAIN);
    let old = with_short_name(&user, &user.run_folder("runs", "contrastive-seed1-"));
    let message = user.fails(1, &TRAIN);
    assert!(
        message.contains(&format!("{old} is trained already: evaluate it with dml eval")),
        "{message}"
    );
    user.succeeds(&["eval", "--run", &old]);
    user.succeeds(&["eval"]);
    let (_, err) = user.succeeds(&COMPARE);
    assert!(err.contains(&format!("already trained, see {old}")), "{err}");
    let compared = with_short_name(&user, &user.run_folder("runs", "compare-"));
    let (out, _) = user.succeeds(&COMPARE);
    assert!(out.contains(&format!("written to {compared}\n")), "{out}");
    user.succeeds(&["report", &compared]);
    // Two runs and their comparison.
    assert_eq!(folders(&user), 3);
    let sweep =
        ["sweep", "--config", "quick.toml", "--seeds", "1", "--losses", "contrastive", "--set"];
    let sweep = [&sweep[..], &["loss.margin=2.5,3.5"]].concat();
    let (_, err) = user.succeeds(&sweep);
    assert!(err.contains(&format!("already trained, see {old}")), "{err}");
    let swept = with_short_name(&user, &user.run_folder("runs", "sweep-"));
    let (out, _) = user.succeeds(&sweep);
    assert!(out.contains(&format!("written to {swept}\n")), "{out}");
    assert_eq!(folders(&user), 5);
}

#[test]
fn a_short_name_with_other_settings_is_ignored_and_a_long_name_takes_precedence() {
    let user = user();
    user.succeeds(&TRAIN);
    let new = user.run_folder("runs", "contrastive-seed1-");
    let old = with_short_name(&user, &new);
    let record = user.reads_text(&format!("{old}/run.json"));
    let fingerprint =
        record.split("\"fingerprint\": \"").nth(1).unwrap().split('"').next().unwrap();
    assert!(fingerprint.len() == 64 && new.ends_with(&fingerprint[..12]), "{fingerprint}");
    // Other settings whose first six digits happen to be the same.
    let other = format!("{}{}", &fingerprint[..6], "0".repeat(58));
    user.writes(&format!("{old}/run.json"), record.replace(fingerprint, &other));
    user.succeeds(&TRAIN);
    assert!(user.path(&new).is_dir(), "the new run has its own folder");
    user.writes(&format!("{old}/run.json"), &record);
    let message = user.fails(1, &TRAIN);
    assert!(message.contains(&format!("{new} is trained already")), "{message}");
    // Nor does a hash that shares its first twelve digits get in the way.
    std::fs::remove_dir_all(user.path(&old)).unwrap();
    let other = format!("{}{}", &fingerprint[..12], "0".repeat(52));
    user.writes(&format!("{new}/run.json"), record.replace(fingerprint, &other));
    user.succeeds(&TRAIN);
    let start = new.rsplit_once('-').unwrap().0;
    assert!(user.path(&format!("{start}-{fingerprint}")).is_dir());
}

#[test]
fn a_search_of_an_earlier_version_continues() {
    let user = user();
    let tune = |trials| {
        [
            "tune",
            "--loss",
            "contrastive",
            "--config",
            "quick.toml",
            "--trials",
            trials,
            "--set",
            "data.validation=0.3",
        ]
    };
    user.succeeds(&tune("1"));
    let old = with_short_name(&user, &user.run_folder("runs", "tune-contrastive-"));
    user.succeeds(&tune("2"));
    assert!(user.path(&old).join("trial-002").is_dir());
    assert_eq!(folders(&user), 1);
    let (out, _) = user.succeeds(&tune("2"));
    assert!(out.contains("contrastive: 2 trials of at most 1 epoch on small.csv"), "{out}");
}

#[test]
fn two_losses_with_equal_settings_are_refused() {
    let user = user();
    user.writes("same.toml", "[loss]\nname = \"contrastive\"\n");
    let compare = ["compare", "--config", "quick.toml", "--seeds", "1", "--dry-run", "--losses"];
    let message = user.fails(1, &[&compare[..], &["contrastive,same.toml"]].concat());
    let refused = "error: contrastive and contrastive (same) have the same settings: drop one";
    assert_eq!(message, refused);
    user.writes("same.toml", "[loss]\nname = \"contrastive\"\nmargin = 2.4999\n");
    user.succeeds(&[&compare[..], &["contrastive,same.toml"]].concat());
}
