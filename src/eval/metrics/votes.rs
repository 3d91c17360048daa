//! Metrics of the classification by votes of nearest neighbours, as scikit-learn defines them.

use super::definition::{Compared, Metric, Value};

const VOTES: Metric = Metric { compared: Compared::SeenClasses, ..Metric::DEFAULT };

/// k-NN accuracy.
pub const ACCURACY: Metric = Metric {
    key: "accuracy",
    name: "{k}-NN accuracy",
    value: Value::Votes(|knn| knn.accuracy),
    column: Some("accuracy"),
    ..VOTES
};

/// Mean precision of the classes.
pub const MACRO_PRECISION: Metric = Metric {
    key: "macro_precision",
    name: "macro precision",
    value: Value::Votes(|knn| knn.macro_precision),
    ..VOTES
};

/// Mean recall of the classes.
pub const MACRO_RECALL: Metric = Metric {
    key: "macro_recall",
    name: "macro recall",
    value: Value::Votes(|knn| knn.macro_recall),
    ..VOTES
};

/// Mean F1 of the classes.
pub const MACRO_F1: Metric =
    Metric { key: "macro_f1", name: "macro F1", value: Value::Votes(|knn| knn.macro_f1), ..VOTES };

/// Vote top-k accuracy.
pub const VOTE_TOP_K: Metric = Metric {
    key: "vote_top_{k}",
    name: "vote top-{k}",
    value: Value::VoteTop,
    tutorial: Some("recall@k"),
    ..VOTES
};
