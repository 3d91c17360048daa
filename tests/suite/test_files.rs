//! Figures of one run on several files of test images.

use crate::user::User;

/// A run on a few images, and two files of test images.
fn user() -> User {
    let user = User::with_images(6);
    for (name, seed) in [("a.csv", "1"), ("b.csv", "2")] {
        let args = ["--per-class", "2", "--seed", seed, "--out", name];
        user.succeeds(&[&["data", "sample", "small.csv"], &args[..]].concat());
    }
    let few = ["--data", "small.csv", "--batch", "16", "--epochs", "1"];
    user.succeeds(&[&["train", "--name", "mine"], &few[..]].concat());
    user
}

/// The names of the files with figures on test images.
fn figures(user: &User) -> Vec<String> {
    let entries = std::fs::read_dir(user.path("runs/mine")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<String> = names.filter(|name| name.starts_with("metrics_test")).collect();
    found.sort();
    found
}

#[test]
fn figures_on_every_test_file_are_kept_and_shown_with_its_name() {
    let user = user();
    user.succeeds(&["eval", "--set", "tsne.iterations=20"]);
    for file in ["a.csv", "b.csv", "a.csv"] {
        user.succeeds(&["eval", "--test", file]);
    }
    let kept = figures(&user);
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(kept[0].starts_with("metrics_test-a-") && kept[1].starts_with("metrics_test-b-"));
    let (runs, _) = user.succeeds(&["runs"]);
    assert!(
        runs.contains("a.csv: 1-NN accuracy ") && runs.contains("; b.csv: 1-NN accuracy "),
        "{runs}"
    );
    let (json, _) = user.succeeds(&["runs", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["tests"][1]["images"], "b.csv");
    user.succeeds(&["report", "mine"]);
    let page = user.reads_text("runs/mine/report.html");
    for file in ["a.csv", "b.csv"] {
        assert!(page.contains(&format!("20 test images of {file}")), "{file}");
        assert!(page.contains(&format!("dml eval --runs again --test {file}")), "{file}");
    }

    // As an earlier version left the figures on the last file.
    let path = |name: &str| user.path(&format!("runs/mine/{name}"));
    std::fs::rename(path(&kept[0]), path("metrics_test.json")).unwrap();
    let (runs, _) = user.succeeds(&["runs"]);
    assert!(
        runs.contains("a.csv: 1-NN accuracy ") && runs.contains("b.csv: 1-NN accuracy "),
        "{runs}"
    );
    let few = ["--data", "small.csv", "--batch", "16", "--epochs", "1"];
    let other = ["train", "--name", "other", "--loss", "cross-entropy"];
    user.succeeds(&[&other[..], &few].concat());
    user.succeeds(&["eval", "--run", "other", "--test", "b.csv"]);
    let (diff, _) = user.succeeds(&["runs", "diff", "mine", "other"]);
    assert!(diff.contains("accuracy on a.csv, %") && diff.contains("MAP@R on b.csv, %"), "{diff}");
    user.succeeds(&["eval", "--run", "mine", "--test", "b.csv"]);
    assert!(path("metrics_test.json").exists(), "it is of other images");
    user.succeeds(&["eval", "--run", "mine", "--test", "a.csv"]);
    assert_eq!(figures(&user), kept, "the earlier file has made way");
    std::fs::copy(user.path("a.csv"), user.path("same.csv")).unwrap();
    user.succeeds(&["eval", "--run", "mine", "--test", "same.csv", "--knn", "3"]);
    let renamed = kept[0].replace("_test-a-", "_test-same-");
    assert_eq!(figures(&user), [kept[1].clone(), renamed], "one set of figures on one content");
    assert!(!path(&kept[0].replace("metrics", "confusion").replace("json", "csv")).exists());
    let (runs, _) = user.succeeds(&["runs"]);
    assert!(runs.contains("same.csv: 3-NN accuracy ") && !runs.contains(" a.csv"), "{runs}");
    user.succeeds(&["runs", "remove", "mine", "other"]);
}
