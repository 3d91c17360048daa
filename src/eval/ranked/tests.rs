//! Retrieval metrics against pytorch-metric-learning, and in every way to compute them.

use ndarray::{Array2, s};
use rand::RngExt;
use rand::seq::SliceRandom;

use super::*;
use crate::eval::metrics::ranked_means;
use crate::eval::nearest;
use crate::random::{Purpose, generator};

#[derive(Deserialize)]
struct Reference {
    retrieval: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    references: Vec<Vec<f32>>,
    labels: Vec<i64>,
    queries: Option<Vec<Vec<f32>>>,
    truth: Option<Vec<i64>>,
    hits: Vec<Option<f64>>,
    precision_at_1: Option<f64>,
    /// Means over the queries by our keys.
    #[serde(flatten)]
    means: Means,
}

fn array(rows: &[Vec<f32>]) -> Array2<f32> {
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, column)| rows[row][column])
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../../tests/reference/retrieval.json");
    serde_json::from_str::<Reference>(text).unwrap().retrieval
}

/// All metrics that are in the list.
fn retrieve<'a>(
    references: &LabelledEmbeddings<'a>,
    queries: Option<&LabelledEmbeddings<'a>>,
    ks: &[usize],
) -> Result<Retrieval> {
    super::retrieve(references, queries, Wanted { ks, means: &ranked_means() })
}

fn of(case: &Case) -> Retrieval {
    let references = array(&case.references);
    let references = LabelledEmbeddings { embeddings: references.view(), labels: &case.labels };
    let queries = case.queries.as_deref().map(array);
    let queries = queries.as_ref().zip(case.truth.as_ref());
    let queries =
        queries.map(|(points, labels)| LabelledEmbeddings { embeddings: points.view(), labels });
    retrieve(&references, queries.as_ref(), &[1, 2, 4, 8]).unwrap()
}

/// Points around ten centres, `noise` wide, and their classes.
fn clusters(count: usize, noise: f32, stream: u64) -> (Array2<f32>, Vec<i64>) {
    let mut random = generator(7, Purpose::Sample, stream);
    let labels: Vec<i64> = (0..count).map(|_| random.random_range(0..10)).collect();
    let points = Array2::from_shape_fn((count, 10), |(row, column)| {
        let centre = if labels[row] == column as i64 { 3.0 } else { 0.0 };
        centre + noise * (random.random::<f32>() - 0.5)
    });
    (points, labels)
}

#[test]
fn every_metric_matches_pytorch_metric_learning() {
    let cases = cases();
    assert!(cases.len() >= 15);
    for case in cases {
        let ours = of(&case);
        // If no query is evaluated, both are undefined.
        let near = |ours: Option<f64>, theirs: Option<f64>| match (ours, theirs) {
            (Some(ours), Some(theirs)) => (ours - theirs).abs() < 1e-12,
            (ours, theirs) => ours == theirs,
        };
        assert!(near(ours.recall_at[0].recall, case.precision_at_1), "{}: {ours:?}", case.name);
        for RankedMean { key, .. } in ranked_means() {
            assert!(
                case.means.has(key),
                "{} in tests/reference/retrieval.json has no {key}: compute it in retrieval.py and \
                 run python tests/reference/retrieval.py",
                case.name
            );
            assert!(near(ours.means.get(key), case.means.get(key)), "{}: {ours:?}", case.name);
        }
        for (ours, theirs) in ours.recall_at.iter().zip(&case.hits) {
            assert!(near(ours.recall, *theirs), "{}: {ours:?}", case.name);
        }
    }
}

#[test]
fn queries_without_a_reference_of_their_class_are_skipped_and_counted() {
    let count = |name: &str| {
        let case = cases().into_iter().find(|case| case.name == name).unwrap();
        let found = of(&case);
        (found.queries, found.left_out)
    };
    assert_eq!(count("a query label without a reference"), (9, 3));
    assert_eq!(count("a class of one, each its own query"), (9, 1));
    assert_eq!(count("no query label has a reference"), (0, 3));
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let ((references, labels), (queries, truth)) = (clusters(3000, 5.0, 0), clusters(301, 5.0, 1));
    let references = LabelledEmbeddings { embeddings: references.view(), labels: &labels };
    let queries = LabelledEmbeddings { embeddings: queries.view(), labels: &truth };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| retrieve(&references, Some(&queries), &[1, 5]).unwrap())
    };
    let one = with(1);
    assert!(one.means.get("map_at_r").is_some_and(|map| map > 0.05 && map < 0.95), "{one:?}");
    assert!([2, 5].into_iter().all(|threads| with(threads) == one));
}

#[test]
fn recall_agrees_with_the_neighbour_search() {
    let ((references, labels), (queries, truth)) =
        (clusters(2000, 12.0, 2), clusters(200, 12.0, 3));
    let neighbours = nearest(references.view(), queries.view(), 8).unwrap();
    let references = LabelledEmbeddings { embeddings: references.view(), labels: &labels };
    let queries = LabelledEmbeddings { embeddings: queries.view(), labels: &truth };
    let found = retrieve(&references, Some(&queries), &[1, 2, 4, 8]).unwrap();
    for at in found.recall_at {
        let nearest = neighbours.indices.rows().into_iter().zip(&truth);
        let hits = nearest
            .filter(|(rows, truth)| rows.iter().take(at.k).any(|&r| labels[r as usize] == **truth))
            .count();
        assert_eq!(at.recall, Some(hits as f64 / 200.0), "{at:?}");
    }
}

#[test]
fn separate_classes_are_ranked_perfectly_and_shuffled_labels_at_random() {
    let ((references, mut labels), (queries, truth)) =
        (clusters(2000, 1.0, 4), clusters(300, 1.0, 5));
    let found = |labels: &[i64]| {
        let references = LabelledEmbeddings { embeddings: references.view(), labels };
        let queries = LabelledEmbeddings { embeddings: queries.view(), labels: &truth };
        retrieve(&references, Some(&queries), &[1]).unwrap()
    };
    assert_eq!(
        (found(&labels).means.get("map_at_r"), found(&labels).means.get("r_precision")),
        (Some(1.0), Some(1.0))
    );
    labels.shuffle(&mut generator(8, Purpose::Sample, 0));
    let chance = found(&labels);
    // A tenth of the i nearest are of the class, and 1 + (i − 1)/10 of them where the i-th is one:
    // the mean over i = 1..200 of 0.1 · (0.1 + 0.9/i) is 0.0126.
    assert!((chance.means.get("r_precision").unwrap() - 0.1).abs() < 0.02, "{chance:?}");
    assert!((chance.means.get("map_at_r").unwrap() - 0.0126).abs() < 0.005, "{chance:?}");
    assert!((chance.recall_at[0].recall.unwrap() - 0.1).abs() < 0.08, "{chance:?}");
}

#[test]
fn k_may_exceed_the_references_and_rows_may_be_strided() {
    let (points, _) = clusters(6, 1.0, 6);
    let labels = [0, 1, 0, 1, 0, 2];
    let columns = points.t().as_standard_layout().into_owned();
    let straight = LabelledEmbeddings { embeddings: points.view(), labels: &labels };
    let turned = LabelledEmbeddings { embeddings: columns.t(), labels: &labels };
    let found = retrieve(&straight, None, &[1, 100]).unwrap();
    assert_eq!(found, retrieve(&turned, None, &[1, 100]).unwrap());
    assert_eq!((found.queries, found.left_out, found.recall_at[1].recall), (5, 1, Some(1.0)));
}

#[test]
fn nan_is_reported_with_its_row() {
    let (mut points, labels) = clusters(20, 1.0, 7);
    points.slice_mut(s![13, 2]).fill(f32::NAN);
    let part = LabelledEmbeddings { embeddings: points.view(), labels: &labels };
    let message = retrieve(&part, None, &[1]).unwrap_err().to_string();
    assert!(message.contains("reference image 13"), "{message}");
}

#[test]
fn neighbours_already_found_give_the_same_bits() {
    let ((mut references, labels), (queries, truth)) =
        (clusters(400, 9.0, 8), clusters(90, 9.0, 9));
    // More equal points than any query needs.
    let first = references.row(0).to_owned();
    (0..120).for_each(|row| references.row_mut(row).assign(&first));
    let of_references = LabelledEmbeddings { embeddings: references.view(), labels: &labels };
    let of_queries = LabelledEmbeddings { embeddings: queries.view(), labels: &truth };
    let ks = [1, 3, 8];
    let wanted = Wanted { ks: &ks, means: &ranked_means() };
    let deepest = depth(&of_references, Some(&of_queries), &ks);
    let found = nearest(references.view(), queries.view(), deepest).unwrap();
    let measured = retrieve(&of_references, Some(&of_queries), &ks).unwrap();
    assert_eq!(retrieve_among(&found, &of_references, Some(&of_queries), wanted), measured);
    let deepest = depth(&of_references, None, &ks);
    let found = nearest(references.view(), references.view(), deepest + 1).unwrap().without_self();
    let measured = retrieve(&of_references, None, &ks).unwrap();
    assert_eq!(retrieve_among(&found, &of_references, None, wanted), measured);
    assert!(measured.means.get("r_precision").is_some_and(|r| r > 0.1 && r < 0.9), "{measured:?}");
}
