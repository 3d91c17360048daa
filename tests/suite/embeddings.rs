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
fn without_queries_each_reference_is_one_and_files_are_left_only_where_asked() {
    let user = evaluated();
    let (out, _) = user.succeeds(&[&REFERENCES[..], &["--normalise"]].concat());
    assert!(out.contains("each of 570 against all others, divided by their length"), "{out}");
    assert!(out.contains("MAP@R") && out.contains("Recall@1 (any of 1 nearest)"), "{out}");
    assert!(!user.path("metrics.json").exists() && !user.path("plots").exists());
    let chance = json(&user.succeeds(&[&REFERENCES[..], &["--json"]].concat()).0);
    assert_eq!(chance["queries"], 570);
    assert!(chance["retrieval"]["map_at_r"].as_f64().unwrap() > 0.15, "{}", chance["retrieval"]);
}

#[test]
fn clusters_are_left_out_where_asked_also_of_a_run() {
    let user = evaluated();
    let (out, _) = user.succeeds(&[&REFERENCES[..], &["--no-clusters"]].concat());
    let dash = |line: &str| line.contains("NMI of k-means clusters") && line.ends_with('–');
    assert!(out.lines().any(|line| dash(line.trim_end())), "{out}");
    let without = json(&user.succeeds(&[&REFERENCES[..], &["--no-clusters", "--json"]].concat()).0);
    let with = json(&user.succeeds(&[&REFERENCES[..], &["--json"]].concat()).0);
    assert!(without["clusters"].is_null() && with["clusters"]["nmi"].is_number());
    assert_eq!(without["retrieval"], with["retrieval"]);
    user.succeeds(&["eval", "--knn", "3", "--no-clusters"]);
    assert!(json(&user.reads_text("runs/mine/metrics.json"))["clusters"].is_null());
}

#[test]
fn faulty_arrays_and_arguments_that_exclude_each_other_are_told() {
    let user = evaluated();
    let swapped = ["eval", "--embeddings", REFERENCES[4], "--labels", REFERENCES[2]];
    let message = user.fails(1, &swapped);
    assert!(
        message.contains("labels_train.npy: has the shape [570], where embeddings"),
        "{message}"
    );
    let message = user.fails(1, &REFERENCES[..3]);
    assert!(
        message.contains("holds embeddings without labels; name those with --labels"),
        "{message}"
    );
    let message = user.fails(1, &[&REFERENCES[..], &QUERIES[..2]].concat());
    assert!(message.contains("(of queries with --query-labels)"), "{message}");
    let labels = ["--queries", QUERIES[1], "--query-labels", REFERENCES[4]];
    let message = user.fails(1, &[&REFERENCES[..], &labels].concat());
    assert!(message.contains("has 570 labels for the 30 rows of"), "{message}");
    let (out, told) = user.succeeds(&[&REFERENCES[..], &["--knn", "570"]].concat());
    assert!(out.contains("569-NN accuracy"), "{out}");
    assert!(told.contains("only 569 references for eval.knn = 570: all of them vote"), "{told}");
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

/// A file of the formats that other programs write.
fn case(name: &str) -> String {
    format!("{}/tests/cases/formats/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// What NumPy computed of those files.
fn reference() -> Value {
    json(include_str!("../reference/formats.json"))
}

#[test]
fn files_of_every_format_are_evaluated_to_the_figures_of_numpy_and_to_the_same() {
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
fn points_far_from_the_origin_have_the_figures_of_numpy() {
    let user = User::new();
    for (name, expected) in reference()["far"].as_object().unwrap() {
        let file = case(name);
        let found = json(&user.succeeds(&["eval", "--json", "--embeddings", &file]).0);
        assert_eq!(found["knn"]["accuracy"], expected["accuracy"], "{name}");
        for pairs in ["same_class", "other_class"] {
            let (found, expected) =
                (found["distances"][pairs].as_f64().unwrap(), expected[pairs].as_f64().unwrap());
            // The spacing of f64 at 1e8 is 1.5e-8, of distances of 1e-2.
            assert!((found - expected).abs() < 1e-7, "{name} {pairs}: {found} {expected}");
        }
    }
}

#[test]
fn embeddings_come_through_a_pipe_and_what_was_understood_is_said() {
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
fn what_a_run_exports_reads_back_with_its_labels() {
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
