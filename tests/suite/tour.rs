//! The main commands, one after another, on real images.

use crate::user::{User, assert_picture, shipped_sample};

/// Settings for a few hundred images, with a perplexity that suits so few points.
const SMALL: &str = "[data]\npath = \"small.csv\"\nnames = \"fashion-mnist\"\n[train]\nepochs = 1\n\
                     [tsne]\nperplexity = 8.0\niterations = 100\n";

fn user() -> User {
    let user = User::with_images(120);
    user.writes("small.toml", SMALL);
    user
}

#[test]
fn train_and_eval_write_all_files_and_pictures() {
    let user = user();
    let (out, err) = user.succeeds(&["train", "--loss", "cross-entropy", "--config", "small.toml"]);
    assert!(err.contains("device: cpu"), "{err}");
    assert!(err.contains("epoch 1/1  train loss"), "{err}");
    let run = user.run_folder("runs", "cross-entropy-seed2022-");
    assert!(out.contains(&format!("next       dml eval --run {run}")), "{out}");
    let (out, _) = user.succeeds(&["eval", "--knn", "1"]);
    assert!(out.contains("1140 references") && out.contains("60 queries"), "{out}");
    assert!(out.contains("1-NN accuracy") && out.contains("vote top-5 (10 voters)"), "{out}");
    assert!(out.contains("Recall@8 (any of 8 nearest)") && out.contains("MAP@R"), "{out}");
    assert!(
        out.contains("NMI of k-means (10 clusters)") && out.contains("relative spread"),
        "{out}"
    );
    assert!(out.contains("Ankle boot"), "the confusion matrix has class names: {out}");
    for name in [
        "config.toml",
        "run.json",
        "history.csv",
        "model.safetensors",
        "model_best.safetensors",
        "checkpoint.safetensors",
        "embeddings_train.npy",
        "labels_train.npy",
        "classes_train.npy",
        "embeddings_val.npy",
        "labels_val.npy",
        "classes_val.npy",
        "metrics.json",
        "confusion.csv",
        "tsne.csv",
        "times.json",
    ] {
        assert!(!user.reads(&format!("{run}/{name}")).is_empty(), "{name}");
    }
    assert!(!user.path(&format!("{run}/plots/pairs.png")).exists(), "cross-entropy has no pairs");
    for name in ["loss", "confusion", "recall", "distances", "retrieval", "tsne"] {
        assert_picture(&user.path(&format!("{run}/plots/{name}.png")));
    }
    let map = user.reads_text(&format!("{run}/tsne.csv"));
    assert_eq!(map.lines().count(), 61);
    assert_eq!(map.lines().next(), Some("row,label,class,x,y"));
}

#[test]
fn json_output_equals_metrics_json_and_eval_applies_its_settings() {
    let user = user();
    user.succeeds(&["train", "--config", "small.toml", "--name", "mine"]);
    let (out, _) = user.succeeds(&["eval", "--run", "runs/mine", "--knn", "5", "--json"]);
    let printed: serde_json::Value = serde_json::from_str(&out).unwrap();
    let written: serde_json::Value =
        serde_json::from_slice(&user.reads("runs/mine/metrics.json")).unwrap();
    assert_eq!(printed, written);
    assert_eq!(printed["knn"]["k"], 5);
    assert_eq!(printed["model"], "last");
    let args = ["eval", "--model", "best", "--recall-at", "1,100", "--tsne", "linfa", "--json"];
    let (out, _) = user.succeeds(&[&args[..], &["--set", "eval.voters=3"]].concat());
    let printed: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(printed["model"], "best");
    assert_eq!(printed["vote_top_k"]["at"].as_array().unwrap().len(), 2);
    assert_eq!(printed["tsne"]["engine"], "linfa");
    assert_eq!(printed["retrieval"]["recall_at"][1]["k"], 100);
    let (out, err) = user.succeeds(&["eval", "--hits-at", "1,7", "--json"]);
    assert!(err.contains("--hits-at is now called --recall-at"), "{err}");
    let printed: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(printed["retrieval"]["recall_at"][1]["k"], 7);
    assert_eq!(printed["vote_top_k"]["at"].as_array().unwrap().len(), 5);
    user.fails(2, &["eval", "--hits-at", "1,7", "--recall-at", "1"]);
}

#[test]
fn tsne_of_both_also_draws_the_training_embeddings() {
    let user = user();
    user.succeeds(&["train", "--config", "small.toml", "--name", "mine"]);
    let (out, _) = user.succeeds(&["eval", "--tsne-of", "both"]);
    assert!(out.contains("t-SNE KL, training"), "{out}");
    let rows = |name: &str| user.reads_text(&format!("runs/mine/{name}")).lines().count();
    assert_eq!((rows("tsne.csv"), rows("tsne_train.csv")), (61, 1141));
    assert_picture(&user.path("runs/mine/plots/tsne_train.png"));
    let figures: serde_json::Value =
        serde_json::from_slice(&user.reads("runs/mine/metrics.json")).unwrap();
    let kl = |map: &str| figures[map]["kl"].as_f64().unwrap();
    assert!(kl("tsne_train") > kl("tsne"));
    // A map without metrics is removed.
    user.succeeds(&["eval"]);
    assert!(!user.path("runs/mine/tsne_train.csv").exists());
    assert!(!user.path("runs/mine/plots/tsne_train.png").exists());
}

#[test]
fn test_images_are_evaluated_beside_the_validation_images() {
    let user = user();
    user.succeeds(&["train", "--config", "small.toml", "--name", "mine"]);
    let sample = shipped_sample();
    let sample = sample.to_str().unwrap();
    let args = ["--per-class", "20", "--seed", "5", "--out", "test.csv.gz"];
    user.succeeds(&[&["data", "sample", sample], &args[..]].concat());
    let (out, err) = user.succeeds(&["eval", "--test", "test.csv.gz"]);
    assert!(out.contains("test.csv.gz of runs/mine: 200 queries"), "{out}");
    let file = err.lines().find_map(|line| line.strip_prefix("figures: ")).unwrap();
    assert!(file.starts_with("runs/mine/metrics_test-test-"), "{file}");
    let metrics: serde_json::Value = serde_json::from_slice(&user.reads(file)).unwrap();
    assert_eq!(metrics["queries"], 200);
    let of = file.strip_prefix("runs/mine/metrics").unwrap().strip_suffix(".json").unwrap();
    for name in ["confusion", "distances", "retrieval"] {
        assert_picture(&user.path(&format!("runs/mine/plots/{name}{of}.png")));
    }
    assert!(
        !user.path("runs/mine/metrics.json").exists(),
        "the validation images were not evaluated"
    );
}

#[test]
fn compare_writes_tables_and_pictures_and_reuses_finished_runs() {
    let user = user();
    let args = ["compare", "--config", "small.toml", "--seeds", "1,2"];
    let (first, err) = user.succeeds(&args);
    assert!(first.contains("cross-entropy − contrastive"), "{first}");
    assert!(first.contains("1-NN accuracy, %") && first.contains(" ± "), "{first}");
    assert!(first.contains("MAP@R, %") && first.contains("NMI of k-means"), "{first}");
    assert!(first.contains("train time, s"), "{first}");
    assert!(!err.contains("already trained"), "{err}");
    let folder = user.run_folder("runs", "compare-contrastive-vs-cross-entropy-");
    for name in ["table.csv", "table.md", "comparison.json"] {
        assert!(!user.reads(&format!("{folder}/{name}")).is_empty(), "{name}");
    }
    for name in ["loss", "recall", "tsne"] {
        assert_picture(&user.path(&format!("{folder}/plots/{name}.png")));
    }
    let (second, err) = user.succeeds(&args);
    assert_eq!(err.matches("already trained").count(), 4, "{err}");
    assert_eq!(first, second, "reused runs give the same output");
    let (_, err) = user.succeeds(&[&args[..], &["--epochs", "2"]].concat());
    assert!(!err.contains("already trained"), "other settings are other runs: {err}");
}

#[test]
fn any_labelled_square_images_work_and_keep_their_labels() {
    let user = User::new();
    // 8×8 images, bright below for cats and above for dogs, the label in the last column.
    let row = |i: usize| {
        let dog = i % 2 == 1;
        let pixel = |p: usize| if (p < 32) == dog { 200 + (i + p) % 50 } else { (i * p) % 40 };
        let pixels: Vec<String> = (0..64).map(|p| pixel(p).to_string()).collect();
        format!("{},{}\n", pixels.join(","), if dog { "dog" } else { "cat" })
    };
    user.writes("pets.csv", (0..200).map(row).collect::<String>());
    let columns = ["--data", "pets.csv", "--label", "65", "--epochs", "3", "--name", "pets"];
    user.succeeds(&[&["train"], &columns[..]].concat());
    let record = user.reads_text("runs/pets/run.json");
    assert!(record.contains("\"cat\"") && record.contains("\"side\": 8"), "{record}");
    let (out, err) = user.succeeds(&["eval"]);
    let words: Vec<&str> = out.split_whitespace().collect();
    assert!(words.join(" ").contains("1-NN accuracy 100.00 %"), "{out}");
    // Ten validation images are too few for a perplexity of 30.
    assert!(err.contains("tsne.perplexity = 30 is too large for 10 different embeddings"), "{err}");
    assert!(user.path("runs/pets/tsne.csv").is_file());
}

#[test]
fn data_check_describes_a_file_and_lists_every_fault() {
    let user = User::with_images(2);
    let (out, _) = user.succeeds(&["data", "check", "small.csv", "--names", "fashion-mnist"]);
    assert!(out.contains("20 images of 28×28, a header"), "{out}");
    assert!(out.contains("Ankle boot") && out.contains("no faults"), "{out}");
    let edited = user.reads_text("small.csv").replacen("\n", "\nx", 1);
    let lines: Vec<String> = edited
        .lines()
        .enumerate()
        .map(|(i, line)| if i == 7 { format!("{line},5") } else { line.to_owned() })
        .collect();
    user.writes("bad.csv", lines.join("\n").replacen(",0,", ",256,", 1));
    let output = user.runs(&["data", "check", "bad.csv"]);
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(out.contains("line 8") && out.contains("256"), "{out}");
}
