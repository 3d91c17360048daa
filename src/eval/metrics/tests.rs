//! Every metric of the list: reference values, unique names, a value that JSON keeps.

use super::*;
use crate::eval::{EvalConfig, Figures, LabelledEmbeddings, Results, RetrievalTask, Watch};

/// Where the reference values of a metric are: a file in `tests/reference/` and a pointer into it. Those
/// of distances and of a run are computed by hand in their tests.
fn reference(metric: &Metric) -> Option<(&'static str, String)> {
    let key = metric.key;
    Some(match metric.value {
        Value::Votes(_) => {
            ("metrics", format!("/classification/0/{}", key.trim_start_matches("macro_")))
        }
        Value::VoteTop => ("metrics", "/recall/recall_at".to_owned()),
        Value::RecallAt => ("retrieval", "/retrieval/0/hits".to_owned()),
        Value::Ranked(_) => ("retrieval", format!("/retrieval/0/{key}")),
        Value::Clusters(_) => ("retrieval", format!("/clusters/0/{key}")),
        Value::Distances(_) | Value::Tsne | Value::TrainTsne | Value::TrainSeconds => return None,
    })
}

#[test]
fn every_metric_has_reference_values_of_another_program() {
    for metric in METRICS {
        let Some((file, pointer)) = reference(metric) else { continue };
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference");
        let text = std::fs::read_to_string(format!("{folder}/{file}.json")).unwrap();
        let values: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(
            values.pointer(&pointer).is_some_and(|value| !value.is_null()),
            "tests/reference/{file}.json has no {pointer} for {}: compute it in {file}.py and run \
             python tests/reference/{file}.py",
            metric.key
        );
    }
}

#[test]
fn keys_and_names_are_unique_and_keys_are_plain() {
    for (index, metric) in METRICS.iter().enumerate() {
        let others = || METRICS.iter().skip(index + 1);
        assert!(others().all(|other| other.key != metric.key), "{}", metric.key);
        assert!(others().all(|other| other.name != metric.name), "{}", metric.name);
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let key = metric.key(Some(1));
        assert!(!key.is_empty() && key.chars().all(is_plain), "{key}");
        assert_eq!(metric.is_family(), matches!(metric.value, Value::VoteTop | Value::RecallAt));
    }
}

#[test]
fn words_of_metrics_are_their_keys_as_people_type_them() {
    let words = [
        MAP_AT_R.cli_name(None),
        retrieval::RECALL_AT_K.cli_name(Some(4)),
        VOTE_TOP_K.cli_name(None),
    ];
    assert_eq!(words, ["map@r", "recall@4", "vote-top-k"]);
    assert_eq!(
        (ACCURACY.name(Some(5)), ACCURACY.column()),
        ("5-NN accuracy".into(), "accuracy, %".into())
    );
}

#[test]
fn every_metric_has_a_value_and_keeps_it_in_json() {
    let points = ndarray::Array2::from_shape_fn((12, 2), |(row, column)| {
        (row * (column + 2) % 7) as f32 + (row % 3) as f32
    });
    let labels: Vec<i64> = (0..12).map(|row| row % 3).collect();
    let references = LabelledEmbeddings::new(&points, &labels);
    let task = RetrievalTask { references, queries: None, classes: 3 };
    let figures = Figures::of(&task, &EvalConfig::default(), 1, &Watch::default()).unwrap();
    let read: Figures = serde_json::from_str(&serde_json::to_string(&figures).unwrap()).unwrap();
    assert_eq!(read, figures);
    let results = |figures| Results {
        tsne: Some(Some(1.0)),
        train_tsne: Some(Some(2.0)),
        train_seconds: Some(3.0),
        ..Results::from(figures)
    };
    for metric in METRICS {
        let [written, read] = [&figures, &read].map(|figures| results(figures).of(metric));
        assert!(!written.is_empty() && written.iter().all(|found| found.value.is_some()));
        let values = |found: &[crate::eval::Measured]| -> Vec<(String, Option<f64>)> {
            found.iter().map(|found| (found.key(), found.value)).collect()
        };
        assert_eq!(values(&written), values(&read));
    }
}
