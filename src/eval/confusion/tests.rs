//! Confusion matrices and their metrics against scikit-learn, and their limits.

use super::*;
use crate::random::{Purpose, generator};
use rand::RngExt;

#[derive(Deserialize)]
struct Reference {
    classification: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    classes: usize,
    truth: Vec<i64>,
    predicted: Vec<i64>,
    labels: Vec<usize>,
    accuracy: f64,
    precision: f64,
    recall: f64,
    f1: f64,
    per_class: PerClass,
    confusion: Vec<Vec<u64>>,
}

#[derive(Deserialize)]
struct PerClass {
    precision: Vec<f64>,
    recall: Vec<f64>,
    f1: Vec<f64>,
    support: Vec<u64>,
}

fn cases() -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/metrics.json");
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str::<Reference>(&text).unwrap().classification
}

fn near(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() < 1e-12
}

#[test]
fn every_metric_matches_scikit_learn() {
    let cases = cases();
    assert!(cases.len() >= 10);
    for case in cases {
        let matrix = ConfusionMatrix::new(&case.truth, &case.predicted, case.classes);
        let pairs = [
            ("accuracy", matrix.accuracy(), case.accuracy),
            ("precision", matrix.macro_precision(), case.precision),
            ("recall", matrix.macro_recall(), case.recall),
            ("F1", matrix.macro_f1(), case.f1),
        ];
        for (figure, ours, theirs) in pairs {
            assert!(near(ours, theirs), "{}: {figure} {ours} against {theirs}", case.name);
        }
        assert_eq!(matrix.rows().collect::<Vec<_>>(), case.confusion, "{}", case.name);
    }
}

#[test]
fn every_class_matches_scikit_learn() {
    for case in cases() {
        let ours = ConfusionMatrix::new(&case.truth, &case.predicted, case.classes).per_class();
        let occurring: Vec<usize> = ours.iter().map(|class| class.class).collect();
        assert_eq!(occurring, case.labels, "{}", case.name);
        for (i, class) in ours.iter().enumerate() {
            let theirs = &case.per_class;
            assert!(near(class.precision, theirs.precision[i]), "{}: {class:?}", case.name);
            assert!(near(class.recall, theirs.recall[i]), "{}: {class:?}", case.name);
            assert!(near(class.f1, theirs.f1[i]), "{}: {class:?}", case.name);
            assert_eq!(class.support, theirs.support[i], "{}: {class:?}", case.name);
        }
    }
}

#[test]
fn swapping_truth_and_prediction_swaps_precision_and_recall() {
    let case = cases().into_iter().find(|c| c.name == "precision and recall far apart").unwrap();
    let right = ConfusionMatrix::new(&case.truth, &case.predicted, case.classes);
    let exchanged = ConfusionMatrix::new(&case.predicted, &case.truth, case.classes);
    assert!((right.macro_precision() - right.macro_recall()).abs() > 0.05);
    assert!(near(exchanged.macro_precision(), right.macro_recall()));
    assert!(!near(exchanged.macro_precision(), case.precision));
}

#[test]
fn shuffled_labels_give_chance_accuracy() {
    let mut random = generator(1, Purpose::Sample, 0);
    let truth: Vec<i64> = (0..20_000).map(|row| row % 10).collect();
    let predicted: Vec<i64> = truth.iter().map(|_| random.random_range(0..10)).collect();
    let matrix = ConfusionMatrix::new(&truth, &predicted, 10);
    assert!((matrix.accuracy() - 0.1).abs() < 0.01, "{}", matrix.accuracy());
    assert!((matrix.macro_f1() - 0.1).abs() < 0.01, "{}", matrix.macro_f1());
}

#[test]
fn an_empty_matrix_gives_zeros_rather_than_nan() {
    let matrix = ConfusionMatrix::new(&[], &[], 3);
    let figures = [matrix.accuracy(), matrix.macro_precision(), matrix.macro_f1()];
    assert_eq!(figures, [0.0; 3]);
    assert!(matrix.per_class().is_empty());
}

#[test]
fn a_matrix_round_trips_through_json() {
    let matrix = ConfusionMatrix::new(&[0, 1, 1], &[0, 0, 1], 2);
    let text = serde_json::to_string(&matrix).unwrap();
    assert_eq!(text, "[[1,0],[1,1]]");
    assert_eq!(serde_json::from_str::<ConfusionMatrix>(&text).unwrap(), matrix);
    let ragged = serde_json::from_str::<ConfusionMatrix>("[[1,0],[1]]").unwrap_err();
    assert!(ragged.to_string().contains("square"), "{ragged}");
}

#[test]
fn a_large_matrix_is_serialised_as_pairs() {
    let truth = [0, 11_315, 11_315, 4, 11_315];
    let matrix = ConfusionMatrix::new(&truth, &[0, 11_315, 7, 4, 7], 11_316);
    let text = serde_json::to_string(&matrix).unwrap();
    assert_eq!(
        text,
        "{\"classes\":11316,\"counts\":[[0,0,1],[4,4,1],[11315,7,2],[11315,11315,1]]}"
    );
    assert_eq!(serde_json::from_str::<ConfusionMatrix>(&text).unwrap(), matrix);
    assert_eq!(matrix.accuracy(), 0.6);
    let classes: Vec<usize> = matrix.per_class().iter().map(|class| class.class).collect();
    assert_eq!(classes, [0, 4, 7, 11_315]);
    let row = matrix.rows().last().unwrap();
    assert_eq!((row.len(), row[7], row[11_315], row.iter().sum()), (11_316, 2, 1, 3));
    let outside = r#"{"classes": 3, "counts": [[0, 3, 1]]}"#;
    let refused = serde_json::from_str::<ConfusionMatrix>(outside).unwrap_err();
    assert!(refused.to_string().contains("none with the numbers 0 and 3"), "{refused}");
}

#[test]
fn the_largest_square_is_serialised_as_rows() {
    let square = ConfusionMatrix::new(&[1999], &[0], ConfusionMatrix::LARGEST_SQUARE);
    let text = serde_json::to_string(&square).unwrap();
    assert!(text.starts_with("[[0,0,") && !square.is_large());
    assert_eq!(serde_json::from_str::<ConfusionMatrix>(&text).unwrap(), square);
}
