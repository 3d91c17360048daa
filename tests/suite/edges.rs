//! Edge cases: undefined metrics, too few images, labels of any kind, damaged files.

use dml::data::BatchKind;
use dml::loss::Loss;
use serde_json::Value;

use crate::user::{User, assert_picture};

/// A file of `tests/cases`.
fn case(name: &str) -> String {
    format!("{}/tests/cases/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// A user with a file under the name `data.csv`.
fn with_data(content: &[u8]) -> User {
    let user = User::new();
    user.writes("data.csv", content);
    user
}

/// Trains on `data.csv` for one epoch, as the run `mine`.
fn trains(user: &User, more: &[&str]) -> String {
    let args = ["train", "--data", "data.csv", "--epochs", "1", "--name", "mine"];
    user.succeeds(&[&args[..], more].concat()).1
}

/// A CSV of 12×12 images: labels, with the number of images of each.
fn images(classes: &[(&str, usize)]) -> String {
    let pixels: Vec<String> = (0..144).map(|pixel| format!("pixel{pixel}")).collect();
    let mut text = format!("label,{}\n", pixels.join(","));
    for (class, (label, count)) in classes.iter().enumerate() {
        for image in 0..*count {
            let value = |pixel: usize| match pixel % (class + 2) {
                0 => (200 + image % 50).to_string(),
                _ => ((pixel * 7 + image * 13) % 60).to_string(),
            };
            let row: Vec<String> = (0..144).map(value).collect();
            text += &format!("{label},{}\n", row.join(","));
        }
    }
    text
}

#[test]
fn without_a_matching_reference_metrics_are_missing_from_table_json_and_plots() {
    let user = User::new();
    let (embeddings, labels) = (case("e32.npy"), case("y_distinct.npy"));
    let args = ["eval", "--embeddings", &embeddings, "--labels", &labels];
    let (table, _) = user.succeeds(&[&args[..], &["--out", "out"]].concat());
    assert!(!table.contains("0.00 %"), "{table}");
    for name in ["1-NN accuracy", "macro F1", "vote top-5", "Recall@8", "R-precision", "MAP@R"] {
        let line = table.lines().find(|line| line.contains(name)).unwrap();
        assert!(line.trim_end().ends_with('–'), "{line}");
    }
    let text = user.reads_text("out/metrics.json");
    let figures = json(&text);
    assert!(!text.contains("-0.0") && figures["knn"]["accuracy"].is_null());
    assert!(figures["retrieval"]["map_at_r"].is_null());
    assert!(figures["distances"]["same_class"].is_null());
    assert_picture(&user.path("out/plots/recall.png"));
}

#[test]
fn a_run_without_matching_references_is_listed_reported_and_exported_without_metrics() {
    let classes: Vec<String> = (0..40).map(|class| format!("c{class}")).collect();
    let classes: Vec<(&str, usize)> = classes.iter().map(|class| (class.as_str(), 1)).collect();
    let user = with_data(images(&classes).as_bytes());
    trains(&user, &["--loss", "cross-entropy"]);
    user.succeeds(&["eval"]);
    let (list, _) = user.succeeds(&["runs", "--json"]);
    assert!(json(&list)[0]["map_at_r"].is_null() && json(&list)[0]["accuracy"].is_null());
    user.succeeds(&["report"]);
    let page = user.reads_text("runs/mine/report.html");
    let expected =
        "has another image of its class among the training images, so accuracy and MAP@R";
    assert!(page.contains(expected) && !page.contains("–.") && !page.contains("0.00 %"));
    user.succeeds(&["export", "runs/mine", "--format", "tensorboard", "--out", "logs"]);
    let compare = ["compare", "--data", "data.csv", "--losses", "cross-entropy,arcface"];
    let message = user.fails(1, &[&compare[..], &["--seeds", "1", "--metric", "map@r"]].concat());
    assert!(
        message.contains("and seed 1, map@r cannot be computed: no evaluation image"),
        "{message}"
    );
    let message = user.fails(1, &["train", "--data", "data.csv", "--loss", "triplet"]);
    assert!(
        message.contains("data.csv: has no class with two images, so triplet has"),
        "{message}"
    );
}

#[test]
fn with_fewer_references_than_voters_all_vote_and_every_command_says_so() {
    let content = std::fs::read(case("n10.csv")).unwrap();
    let user = with_data(&content);
    trains(&user, &[]);
    let (out, err) = user.succeeds(&["eval"]);
    assert!(out.contains("vote top-1 (9 voters; the tutorial's recall@k)"), "{out}");
    let remark = "there are only 9 references for eval.voters = 10: all of them vote";
    assert_eq!(err.matches(remark).count(), 1, "{err}");
    let metrics = json(&user.reads_text("runs/mine/metrics.json"));
    assert_eq!((&metrics["vote_top_k"]["voters"], &metrics["remark"]), (&9.into(), &remark.into()));
    let (out, err) = user.succeeds(&["eval", "--set", "eval.voters=3", "--json"]);
    assert!(json(&out)["vote_top_k"]["voters"] == 3 && !err.contains("references"), "{err}");
    let message = user.fails(1, &["eval", "--set", "train.epochs=3"]);
    assert!(
        message.contains("train.epochs = 3: applies to training, which is finished"),
        "{message}"
    );
    let message = user.fails(1, &["eval", "--test", "data.csv", "--set", "tsne.perplexity=2"]);
    assert!(message.contains("tsne.perplexity = 2: there is no t-SNE of test images"), "{message}");
    let message = user.fails(1, &["eval", "--set", "eval.kn=3"]);
    assert!(message.contains("the nearest key is eval.knn"), "{message}");
    let arrays = [case("e32.npy"), case("y_distinct.npy")];
    let args = ["eval", "--embeddings", &arrays[0], "--labels", &arrays[1]];
    let (out, err) = user.succeeds(&[&args[..], &["--set", "eval.knn=70"]].concat());
    assert!(out.contains("39-NN accuracy") && err.contains("eval.knn = 70"), "{out}{err}");
    let message = user.fails(1, &[&args[..], &["--set", "tsne.perplexity=7"]].concat());
    assert!(message.contains("dml draws no t-SNE"), "{message}");
}

#[test]
fn a_sweep_over_sizes_below_the_voters_and_a_comparison_of_few_images_succeed() {
    let user = User::with_images(30);
    let common = ["--data", "small.csv", "--epochs", "1", "--seeds", "1"];
    let sizes = ["sweep", "--train-size", "5,50", "--set", "data.validation=0.3"];
    let (out, err) = user.succeeds(&[&sizes[..], &common].concat());
    assert!(out.contains("1-NN accuracy, % over data.train_size"), "{out}");
    assert!(err.contains("only 5 references for eval.voters = 10"), "{err}");
    assert!(
        err.contains("no class has two training images: contrastive has no positive pair"),
        "{err}"
    );
    user.succeeds(&[&["compare"], &common[..]].concat());
    let folders = std::fs::read_dir(user.path("runs")).unwrap().flatten();
    let names: Vec<String> =
        folders.map(|folder| folder.file_name().into_string().unwrap()).collect();
    let found = |start: &str| names.iter().find(|name| name.starts_with(start)).unwrap();
    let (compared, swept) = (found("compare-"), found("sweep-"));
    assert_picture(&user.path(&format!("runs/{compared}/plots/tsne.png")));
    // For a file edited by hand, the message names the command that replaces it.
    let comparison = format!("runs/{compared}/comparison.json");
    let mut changed = json(&user.reads_text(&comparison));
    changed["standings"] = serde_json::json!([]);
    user.writes(&comparison, changed.to_string());
    let message = user.fails(1, &["report", &format!("runs/{compared}")]);
    assert!(message.ends_with("run the same dml compare again, which trains nothing again"));
    let sweep = format!("runs/{swept}/sweep.json");
    let mut changed = json(&user.reads_text(&sweep));
    changed["series"][0]["points"][0]["scores"] = serde_json::json!([]);
    user.writes(&sweep, changed.to_string());
    let message = user.fails(1, &["report", &format!("runs/{swept}")]);
    assert!(message.contains("contains lists or numbers that do not match"), "{message}");
}

#[test]
fn equal_images_share_one_point_of_the_map() {
    let content = std::fs::read(case("all_same.csv")).unwrap();
    let user = with_data(&content);
    trains(&user, &["--set", "data.validation=0.5"]);
    let (out, err) = user.succeeds(&["eval", "--perplexity", "10"]);
    assert!(err.contains("all 40 embeddings are equal, so the t-SNE is one point"), "{err}");
    assert!(out.lines().any(|line| line.contains("t-SNE KL") && line.ends_with('–')), "{out}");
    let map = user.reads_text("runs/mine/tsne.csv");
    assert!(map.lines().skip(1).all(|line| line.ends_with(",0,0")), "{map}");
    assert_picture(&user.path("runs/mine/plots/tsne.png"));
}

#[test]
fn every_array_has_the_labels_of_the_file_also_in_old_runs() {
    let user = with_data(images(&[("26", 20), ("3", 20), ("-7", 20)]).as_bytes());
    trains(&user, &["--loss", "cross-entropy"]);
    user.succeeds(&["eval"]);
    user.succeeds(&["export", "runs/mine", "--format", "npy", "--out", "arrays"]);
    let numbers = |name: &str| -> Vec<i64> {
        ndarray_npy::read_npy(user.path(name))
            .map(|array: ndarray::Array1<i64>| array.to_vec())
            .unwrap()
    };
    let mut labels = numbers("arrays/labels_train.npy");
    assert_eq!(labels, numbers("runs/mine/labels_train.npy"));
    labels.sort_unstable();
    labels.dedup();
    assert_eq!(labels, [-7, 3, 26]);
    let classes = numbers("runs/mine/classes_train.npy");
    assert_eq!(classes.iter().max(), Some(&2));
    // Earlier versions wrote the class numbers as labels, and no classes_*.npy.
    for part in ["train", "val"] {
        let file = |what: &str| user.path(&format!("runs/mine/{what}_{part}.npy"));
        std::fs::rename(file("classes"), file("labels")).unwrap();
    }
    user.succeeds(&["export", "runs/mine", "--format", "npy", "--out", "again"]);
    assert_eq!(user.reads("arrays/labels_train.npy"), user.reads("again/labels_train.npy"));
}

#[test]
fn text_labels_are_written_as_arrays_of_text() {
    let user = with_data(images(&[("cat", 20), ("élan", 20)]).as_bytes());
    trains(&user, &["--loss", "cross-entropy"]);
    let out = ["embed", "data.csv", "--out", "e.npy", "--labels-out", "labels.npy"];
    user.succeeds(&out);
    let bytes = user.reads("labels.npy");
    assert!(String::from_utf8_lossy(&bytes).contains("'descr': '<U4'"));
    assert_eq!(bytes.len(), 128 + 40 * 4 * 4);
    assert_eq!(bytes[128..132], u32::from('c').to_le_bytes());
}

#[test]
fn classes_with_one_image_matter_only_to_losses_that_need_pairs() {
    let user = with_data(images(&[("a", 60), ("b", 20), ("c", 1), ("d", 1), ("e", 1)]).as_bytes());
    for loss in Loss::all() {
        let needs_pairs = loss.batches() != BatchKind::Images;
        let loss = loss.name();
        let args = ["train", "--data", "data.csv", "--epochs", "1", "--loss", loss, "--name", loss];
        let (_, err) = user.succeeds(&args);
        let warned = err.contains("classes have a single training image");
        assert_eq!(warned, needs_pairs, "{loss}: {err}");
        user.succeeds(&["eval", "--run", &format!("runs/{loss}")]);
    }
}

#[test]
fn a_damaged_evaluation_is_reported_listed_and_repaired_without_training() {
    let user = with_data(images(&[("a", 30), ("b", 30)]).as_bytes());
    trains(&user, &["--loss", "cross-entropy"]);
    user.succeeds(&["eval"]);
    let original = user.reads_text("runs/mine/metrics.json");
    let model = user.reads("runs/mine/model.safetensors");
    let mut short = json(&original);
    short["distances"]["same_class_pairs"] = serde_json::json!([1, 2]);
    let mut other = json(&original);
    other["classes"] = serde_json::json!(["a"]);
    let clusters = |clusters: usize, nmi: f64, ami: f64| {
        serde_json::json!({
            "embeddings": 3, "clusters": clusters, "starts": 10, "nmi": nmi, "ami": ami
        })
    };
    let mut damaged = vec![original[..300].to_owned(), short.to_string(), other.to_string()];
    for (pointer, value) in [
        ("/classes", serde_json::json!(["a", "c"])),
        ("/knn/accuracy", Value::Null),
        ("/vote_top_k/at/1/accuracy", Value::Null),
        ("/retrieval/map_at_r", Value::Null),
        ("/knn/per_class/0/class", 99.into()),
        ("/clusters", clusters(2, 5.0, 0.5)),
        ("/clusters", clusters(2, 0.5, 1.5)),
        ("/clusters", clusters(99, 0.5, 0.5)),
        ("/distances/relative_spread", (-7).into()),
    ] {
        let mut edited = json(&original);
        *edited.pointer_mut(pointer).unwrap() = value;
        damaged.push(edited.to_string());
    }
    let mut empty = json(&original);
    empty["queries"] = 0.into();
    empty["classes"] = serde_json::json!([]);
    empty["knn"]["confusion"] = serde_json::json!([]);
    damaged.push(empty.to_string());
    for content in damaged {
        user.writes("runs/mine/metrics.json", &content);
        let (list, err) = user.succeeds(&["runs"]);
        assert!(list.contains("damaged") && list.lines().all(|line| line.chars().count() < 110));
        let remedy = "replace it with dml eval --run runs/mine";
        assert!(err.contains(remedy), "{err}");
        assert!(user.fails(1, &["report", "runs/mine"]).ends_with(remedy));
        user.succeeds(&["eval", "--run", "runs/mine"]);
        assert_eq!(user.reads_text("runs/mine/metrics.json"), original);
    }
    assert_eq!(user.reads("runs/mine/model.safetensors"), model);
    user.writes("runs/mine/run.json", "{\"dml\": \"0.1");
    let (list, err) = user.succeeds(&["runs", "--state", "damaged"]);
    assert!(list.contains("damaged") && err.contains("dml runs remove runs/mine"), "{err}");
    user.succeeds(&["runs", "remove", "runs/mine"]);
    assert!(!user.path("runs/mine").exists());
}

#[test]
fn embeddings_of_one_model_are_not_exported_for_the_other() {
    let user = with_data(images(&[("a", 30), ("b", 30)]).as_bytes());
    trains(&user, &["--loss", "cross-entropy"]);
    user.succeeds(&["eval"]);
    let export = ["export", "runs/mine", "--format", "csv", "--out", "e.csv", "--model"];
    let message = user.fails(1, &[&export[..], &["best"]].concat());
    assert!(
        message.ends_with("evaluate that model with dml eval --model best --run runs/mine"),
        "{message}"
    );
    user.succeeds(&["eval", "--model", "best"]);
    user.succeeds(&[&export[..], &["best"]].concat());
}
