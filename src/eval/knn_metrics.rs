//! Metrics of a k-NN classifier.

use serde::{Deserialize, Serialize};

use super::{
    ClassMetrics, ConfusionMatrix, EvalConfig, Neighbours, RetrievalTask, VoteTopK, Watch,
    is_answerable, vote, vote_top_k,
};
use crate::error::Result;

/// Classification by majority vote of the k nearest references.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnnMetrics {
    /// Number of voting neighbours.
    pub k: usize,
    /// Accuracy. `None`, like the three means, if no query has a reference of its class, so that
    /// none could be classified correctly.
    pub accuracy: Option<f64>,
    /// Mean precision of the classes.
    pub macro_precision: Option<f64>,
    /// Mean recall of the classes.
    pub macro_recall: Option<f64>,
    /// Mean F1 of the classes.
    pub macro_f1: Option<f64>,
    /// The same for each class; empty if there is no accuracy.
    pub per_class: Vec<ClassMetrics>,
    /// Rows are true classes, columns predicted ones.
    pub confusion: ConfusionMatrix,
}

impl KnnMetrics {
    /// The same with undefined metrics; only the counts stay.
    pub(super) fn undefined(self) -> KnnMetrics {
        let none = None;
        let (accuracy, macro_precision, macro_recall, macro_f1) = (none, none, none, none);
        let per_class = Vec::new();
        KnnMetrics { accuracy, macro_precision, macro_recall, macro_f1, per_class, ..self }
    }
}

/// Searches the neighbours of all queries and computes the metrics of their votes. If there are fewer
/// references than voters, all of them vote.
///
/// # Errors
/// There is no query or no reference; an embedding value is NaN, infinite or too large.
pub fn knn_metrics(task: &RetrievalTask, config: &EvalConfig) -> Result<(KnnMetrics, VoteTopK)> {
    task.check()?;
    let config = config.fitted(task.available());
    Ok(from_votes(&task.neighbours(config.neighbours_needed(), &Watch::default())?, task, &config))
}

/// The metrics of the votes of these neighbours.
pub(super) fn from_votes(
    neighbours: &Neighbours,
    task: &RetrievalTask,
    config: &EvalConfig,
) -> (KnnMetrics, VoteTopK) {
    let (labels, truth, classes) = (task.references.labels, task.evaluated().labels, task.classes);
    let knn = classify(&neighbours.first(config.knn), labels, truth, classes);
    let voters = neighbours.first(config.voters);
    let top_k = vote_top_k(&voters, labels, truth, classes, &config.vote_top);
    let queries = task.queries.as_ref().map(|queries| queries.labels);
    match is_answerable(labels, queries) {
        true => (knn, top_k),
        false => (knn.undefined(), top_k.undefined()),
    }
}

fn classify(neighbours: &Neighbours, labels: &[i64], truth: &[i64], classes: usize) -> KnnMetrics {
    let confusion = ConfusionMatrix::new(truth, &vote(neighbours, labels, classes), classes);
    KnnMetrics {
        k: neighbours.k(),
        accuracy: Some(confusion.accuracy()),
        macro_precision: Some(confusion.macro_precision()),
        macro_recall: Some(confusion.macro_recall()),
        macro_f1: Some(confusion.macro_f1()),
        per_class: confusion.per_class(),
        confusion,
    }
}
