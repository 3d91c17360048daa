//! Embeddings from files: evaluated like the run that they come from.

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
fn arrays_of_a_run_evaluate_to_the_metrics_of_the_run() {
    let user = evaluated();
    let args = [&REFERENCES[..], &QUERIES, &["--knn", "3", "--json", "--out", "out"]].concat();
    let printed = json(&user.succeeds(&args).0);
    let run = json(&user.reads_text("runs/mine/metrics.json"));
    for figure in
        ["knn", "vote_top_k", "retrieval", "clusters", "distances", "queries", "references"]
    {
        assert!(!run[figure].is_null() && printed[figure] == run[figure], "{figure}");
    }
    assert_eq!(printed, json(&user.reads_text("out/metrics.json")));
    assert!(!user.reads("out/confusion.csv").is_empty());
    for name in ["confusion", "recall", "distances"] {
        assert_picture(&user.path(&format!("out/plots/{name}.png")));
    }
}

#[test]
fn without_queries_each_reference_is_a_query_and_files_are_written_only_with_out() {
    let user = evaluated();
    let (out, _) = user.succeeds(&[&REFERENCES[..], &["--normalise"]].concat());
    assert!(out.contains("each of 570 against all others, divided by their length"), "{out}");
    assert!(out.contains("MAP@R") && out.contains("Recall@1 (any of 1 nearest)"), "{out}");
    assert!(!user.path("metrics.json").exists() && !user.path("plots").exists());
    let metrics = json(&user.succeeds(&[&REFERENCES[..], &["--json"]].concat()).0);
    assert_eq!(metrics["queries"], 570);
    assert!(metrics["retrieval"]["map_at_r"].as_f64().unwrap() > 0.15, "{}", metrics["retrieval"]);
}

#[test]
fn no_clusters_leaves_cluster_metrics_out_of_files_and_runs() {
    let user = evaluated();
    let (out, _) = user.succeeds(&[&REFERENCES[..], &["--no-clusters"]].concat());
    let dash = |line: &str| line.contains("NMI of k-means") && line.ends_with('–');
    assert!(out.lines().any(|line| dash(line.trim_end())), "{out}");
    let without = json(&user.succeeds(&[&REFERENCES[..], &["--no-clusters", "--json"]].concat()).0);
    let with = json(&user.succeeds(&[&REFERENCES[..], &["--json"]].concat()).0);
    assert!(without["clusters"].is_null() && with["clusters"]["nmi"].is_number());
    assert_eq!(without["retrieval"], with["retrieval"]);
    user.succeeds(&["eval", "--knn", "3", "--no-clusters"]);
    assert!(json(&user.reads_text("runs/mine/metrics.json"))["clusters"].is_null());
}

#[test]
fn invalid_arrays_and_conflicting_arguments_are_errors() {
    let user = evaluated();
    let swapped = ["eval", "--embeddings", REFERENCES[4], "--labels", REFERENCES[2]];
    let message = user.fails(1, &swapped);
    assert!(message.contains("labels_train.npy: has the shape [570], but embeddings"), "{message}");
    let message = user.fails(1, &REFERENCES[..3]);
    assert!(
        message.contains("contains embeddings without labels; name the labels with --labels"),
        "{message}"
    );
    let message = user.fails(1, &[&REFERENCES[..], &QUERIES[..2]].concat());
    assert!(message.contains("(those of queries with --query-labels)"), "{message}");
    let labels = ["--queries", QUERIES[1], "--query-labels", REFERENCES[4]];
    let message = user.fails(1, &[&REFERENCES[..], &labels].concat());
    assert!(message.contains("has 570 labels for the 30 rows of"), "{message}");
    let (out, err) = user.succeeds(&[&REFERENCES[..], &["--knn", "570"]].concat());
    assert!(out.contains("569-NN accuracy"), "{out}");
    assert!(err.contains("only 569 references for eval.knn = 570: all of them vote"), "{err}");
    for wrong in [
        &[&REFERENCES[..], &["--run", "runs/mine"]].concat()[..],
        &[&REFERENCES[..], &["--test", "small.csv"]].concat(),
        &["eval", "--normalise"],
        &["eval", "--out", "out"],
    ] {
        let message = user.fails(2, wrong);
        assert!(message.contains("error: "), "{message}");
    }
}

/// A file written by another program.
fn case(name: &str) -> String {
    format!("{}/tests/cases/formats/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// What NumPy computed from those files.
fn reference() -> Value {
    json(include_str!("../reference/formats.json"))
}

#[test]
fn files_of_every_format_give_the_same_metrics_as_numpy() {
    let user = User::new();
    let labels = case("y_i8.npy");
    let of = |name: &str, more: &[&str]| {
        let embeddings = case(name);
        let args = [&["eval", "--json", "--embeddings", &embeddings][..], more].concat();
        json(&user.succeeds(&args).0)
    };
    let expected = &reference()["accuracy"];
    let plain = of("z_little_f4.npy", &["--labels", &labels]);
    assert_eq!(plain["knn"]["accuracy"], expected["z"]);
    assert_eq!(of("doubles.npy", &["--labels", &labels])["knn"]["accuracy"], expected["doubles"]);
    for name in ["z_big_f8.npy", "stored.npz", "pandas.csv.gz", "polars_lists_zstd.parquet"] {
        let labels: &[&str] = if name.ends_with(".npy") { &["--labels", &labels] } else { &[] };
        let found = of(name, labels);
        for figure in ["knn", "retrieval", "distances", "vote_top_k"] {
            let (found, plain) = (&found[figure], &plain[figure]);
            assert_eq!(found, plain, "{figure} of {name}");
        }
    }
    assert_eq!(of("pandas.csv", &[])["classes"], serde_json::json!(["cat", "dog", "gnu"]));
}

#[test]
fn points_far_from_the_origin_give_the_metrics_of_numpy() {
    let user = User::new();
    for (name, expected) in reference()["far"].as_object().unwrap() {
        let file = case(name);
        let found = json(&user.succeeds(&["eval", "--json", "--embeddings", &file]).0);
        assert_eq!(found["knn"]["accuracy"], expected["accuracy"], "{name}");
        for pairs in ["same_class", "other_class"] {
            let (found, expected) =
                (found["distances"][pairs].as_f64().unwrap(), expected[pairs].as_f64().unwrap());
            // The spacing of f64 at 1e8 is 1.5e-8; distances are about 1e-2.
            assert!((found - expected).abs() < 1e-7, "{name} {pairs}: {found} {expected}");
        }
    }
}

#[test]
fn embeddings_are_read_from_a_pipe_and_dml_says_how_it_read_them() {
    let user = User::new();
    let labels = case("y_text.npy");
    for name in ["-", "/dev/stdin"] {
        let mut command = user.dml(&["eval", "--embeddings", name, "--labels", &labels]);
        let file = std::fs::File::open(case("z_little_f4.npy")).unwrap();
        let mut cat = std::process::Command::new("cat")
            .stdin(file)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let output = command.stdin(cat.stdout.take().unwrap()).output().unwrap();
        cat.wait().unwrap();
        let (out, err) = crate::user::texts(&output);
        assert!(out.contains("each of 12 against all others"), "{out}{err}");
        assert!(err.starts_with(&format!("{name}: [12, 3] float32; labels: ")), "{err}");
        assert!(err.contains("[12] text, 3 classes, cat to gnu"), "{err}");
    }
}

#[test]
fn exported_embeddings_are_read_back_with_their_labels() {
    let user = evaluated();
    for format in ["csv", "parquet"] {
        let file = format!("all.{format}");
        user.succeeds(&["export", "runs/mine", "--format", format, "--out", &file]);
        let (out, err) = user.succeeds(&["eval", "--embeddings", &file]);
        assert!(out.contains("each of 600 against all others"), "{out}");
        assert!(err.contains("columns e0 to e9, [600, 10] float32, left out part, class"), "{err}");
        assert!(err.contains("labels: column label, 10 classes, 0 to 9"), "{err}");
        let (out, _) = user.succeeds(&["losses", "--embeddings", &file]);
        assert!(out.contains("600 embeddings of 10 numbers, 10 classes"), "{out}");
    }
}
