//! All figures that neighbours give, from one search.

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::{
    ClassMetrics, ConfusionMatrix, EvalConfig, Neighbours, RecallAtK, nearest, recall_at, vote,
};
use crate::error::{Error, Result};

/// Embeddings and the classes of their images.
pub struct Labelled<'a> {
    /// `[N, E]`.
    pub embeddings: ArrayView2<'a, f32>,
    /// `[N]`, values in 0..C.
    pub labels: &'a [i64],
}

/// Classification by the vote of the k nearest references.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnnMetrics {
    /// Neighbours that vote.
    pub k: usize,
    /// Share of the queries whose class was found.
    pub accuracy: f64,
    /// Mean of the classes' precision.
    pub macro_precision: f64,
    /// Mean of the classes' recall.
    pub macro_recall: f64,
    /// Mean of the classes' F1.
    pub macro_f1: f64,
    /// The same for each class.
    pub per_class: Vec<ClassMetrics>,
    /// True classes down, predicted across.
    pub confusion: ConfusionMatrix,
}

/// Finds the neighbours of all queries among the references and computes every figure.
///
/// # Errors
/// More voters than there are references; embeddings that are not finite.
pub fn judge(
    references: &Labelled,
    queries: &Labelled,
    classes: usize,
    config: &EvalConfig,
) -> Result<(KnnMetrics, RecallAtK)> {
    let count = references.labels.len();
    for (key, k) in [("eval.knn", config.knn), ("eval.recall_voters", config.recall_voters)] {
        if k > count {
            let problem = format!("must be at most {count}, the number of training images");
            return Err(Error::setting(key, k, problem));
        }
    }
    let k = config.knn.max(config.recall_voters);
    let neighbours = nearest(references.embeddings, queries.embeddings, k)?;
    let knn = classify(&neighbours.first(config.knn), references.labels, queries.labels, classes);
    let voters = neighbours.first(config.recall_voters);
    let recall = recall_at(&voters, references.labels, queries.labels, classes, &config.recall_at);
    Ok((knn, recall))
}

fn classify(neighbours: &Neighbours, labels: &[i64], truth: &[i64], classes: usize) -> KnnMetrics {
    let confusion = ConfusionMatrix::new(truth, &vote(neighbours, labels, classes), classes);
    KnnMetrics {
        k: neighbours.k(),
        accuracy: confusion.accuracy(),
        macro_precision: confusion.macro_precision(),
        macro_recall: confusion.macro_recall(),
        macro_f1: confusion.macro_f1(),
        per_class: confusion.per_class(),
        confusion,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator};
    use ndarray::Array2;
    use rand::RngExt;
    use rand::seq::SliceRandom;

    /// 1,000 points around ten centres, and their classes.
    fn clusters(stream: u64) -> (Array2<f32>, Vec<i64>) {
        let mut random = generator(5, Purpose::Sample, stream);
        let labels: Vec<i64> = (0..1000).map(|i| i % 10).collect();
        let points = Array2::from_shape_fn((1000, 10), |(i, j)| {
            let centre = if labels[i] == j as i64 { 5.0 } else { 0.0 };
            centre + random.random_range(-1.0..1.0)
        });
        (points, labels)
    }

    fn accuracy(reference_labels: &[i64], config: &EvalConfig) -> (KnnMetrics, RecallAtK) {
        let (references, _) = clusters(0);
        let (queries, labels) = clusters(1);
        let references = Labelled { embeddings: references.view(), labels: reference_labels };
        let queries = Labelled { embeddings: queries.view(), labels: &labels };
        judge(&references, &queries, 10, config).unwrap()
    }

    #[test]
    fn clusters_are_recognised_and_shuffled_labels_are_guessing() {
        let (_, mut labels) = clusters(0);
        let config = EvalConfig::default();
        let (knn, recall) = accuracy(&labels, &config);
        assert_eq!((knn.accuracy, knn.macro_f1), (1.0, 1.0));
        assert!(recall.at.iter().all(|at| at.recall == 1.0));
        labels.shuffle(&mut generator(6, Purpose::Sample, 0));
        let (knn, recall) = accuracy(&labels, &config);
        assert!((knn.accuracy - 0.1).abs() < 0.04, "{}", knn.accuracy);
        assert!((recall.at[4].recall - 0.5).abs() < 0.1, "{:?}", recall.at);
    }

    #[test]
    fn both_numbers_of_voters_are_heeded_whichever_is_larger() {
        let (_, labels) = clusters(0);
        for (knn, recall_voters) in [(1, 10), (15, 3)] {
            let config = EvalConfig { knn, recall_voters, ..EvalConfig::default() };
            let (metrics, recall) = accuracy(&labels, &config);
            assert_eq!((metrics.k, recall.voters), (knn, recall_voters));
        }
    }

    #[test]
    fn more_voters_than_references_are_told_with_their_key() {
        let points = Array2::<f32>::zeros((3, 2));
        let part = || Labelled { embeddings: points.view(), labels: &[0, 1, 1] };
        let config = EvalConfig { knn: 1, recall_voters: 4, ..EvalConfig::default() };
        let message = judge(&part(), &part(), 2, &config).unwrap_err().to_string();
        assert!(message.starts_with("eval.recall_voters = 4: must be at most 3"), "{message}");
    }
}
