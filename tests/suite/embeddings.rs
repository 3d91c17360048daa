//! Embeddings from elsewhere: their figures are those of the run that they come from.

use serde_json::Value;

use crate::user::{User, assert_picture};

const SMALL: &str = "[data]\npath = \"small.csv\"\n[train]\nepochs = 1\n\
                     [tsne]\nperplexity = 8.0\niterations = 50\n";

/// A user whose run `mine` is evaluated.
fn evaluated() -> User {
    let user = User::with_images(60);
    user.writes("small.toml", SMALL);
    let args = ["train", "--config", "small.toml", "--loss", "cross-entropy", "--name", "mine"];
    user.succeeds(&args);
    user.succeeds(&["eval", "--knn", "3"]);
    user
}

const REFERENCES: [&str; 5] = [
    "eval",
    "--embeddings",
    "runs/mine/embeddings_train.npy",
    "--labels",
    "runs/mine/labels_train.npy",
];
const QUERIES: [&str; 4] =
    ["--queries", "runs/mine/embeddings_val.npy", "--query-labels", "runs/mine/labels_val.npy"];

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn arrays_of_a_run_have_the_figures_of_the_run() {
    let user = evaluated();
    let args = [&REFERENCES[..], &QUERIES, &["--knn", "3", "--json", "--out", "out"]].concat();
    let printed = json(&user.succeeds(&args).0);
    let run = json(&user.reads_text("runs/mine/metrics.json"));
    for figure in ["knn", "recall", "retrieval", "clusters", "distances", "queries", "references"] {
        assert!(!run[figure].is_null() && printed[figure] == run[figure], "{figure}");
    }
    assert_eq!(printed, json(&user.reads_text("out/metrics.json")));
    assert!(!user.reads("out/confusion.csv").is_empty());
    for name in ["confusion", "recall", "distances"] {
        assert_picture(&user.path(&format!("out/plots/{name}.png")));
    }
}

#[test]
fn without_queries_each_reference_is_one_and_files_are_left_only_where_asked() {
    let user = evaluated();
    let (out, _) = user.succeeds(&[&REFERENCES[..], &["--normalise"]].concat());
    assert!(out.contains("each of 570 against all others, divided by their length"), "{out}");
    assert!(out.contains("MAP@R") && out.contains("hit@1 (any of 1 nearest)"), "{out}");
    assert!(!user.path("metrics.json").exists() && !user.path("plots").exists());
    let chance = json(&user.succeeds(&[&REFERENCES[..], &["--json"]].concat()).0);
    assert_eq!(chance["queries"], 570);
    assert!(chance["retrieval"]["map_at_r"].as_f64().unwrap() > 0.15, "{}", chance["retrieval"]);
}

#[test]
fn faulty_arrays_and_arguments_that_exclude_each_other_are_told() {
    let user = evaluated();
    let swapped = ["eval", "--embeddings", REFERENCES[4], "--labels", REFERENCES[2]];
    let message = user.fails(1, &swapped);
    assert!(message.contains("labels_train.npy: holds neither float32 nor float64"), "{message}");
    let labels = ["--queries", QUERIES[1], "--query-labels", REFERENCES[4]];
    let message = user.fails(1, &[&REFERENCES[..], &labels].concat());
    assert!(message.contains("has 570 labels for the 30 rows of"), "{message}");
    let (out, told) = user.succeeds(&[&REFERENCES[..], &["--knn", "570"]].concat());
    assert!(out.contains("569-NN accuracy"), "{out}");
    assert!(told.contains("only 569 references for eval.knn = 570: all of them vote"), "{told}");
    for wrong in [
        &REFERENCES[..3],
        &[&REFERENCES[..], &["--run", "runs/mine"]].concat(),
        &[&REFERENCES[..], &["--test", "small.csv"]].concat(),
        &[&REFERENCES[..], &QUERIES[..2]].concat(),
        &["eval", "--normalise"],
        &["eval", "--out", "out"],
    ] {
        let message = user.fails(2, wrong);
        assert!(message.contains("error: "), "{message}");
    }
}
