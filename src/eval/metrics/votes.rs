//! Metrics of the classification by votes of nearest neighbours, as scikit-learn defines them.

use super::definition::{Better, Compared, Metric, Value};
use super::unit::Unit;

/// k-NN accuracy.
pub const ACCURACY: Metric = Metric {
    key: "accuracy",
    name: "{k}-NN accuracy",
    unit: Unit::Percent,
    better: Better::Higher,
    value: Value::Votes(|knn| knn.accuracy),
    compared: Compared::SeenClasses,
    column: Some("accuracy"),
    ..Metric::DEFAULT
};

/// Mean precision of the classes.
pub const MACRO_PRECISION: Metric = Metric {
    key: "macro_precision",
    name: "macro precision",
    unit: Unit::Percent,
    better: Better::Higher,
    value: Value::Votes(|knn| knn.macro_precision),
    compared: Compared::SeenClasses,
    ..Metric::DEFAULT
};

/// Mean recall of the classes.
pub const MACRO_RECALL: Metric = Metric {
    key: "macro_recall",
    name: "macro recall",
    unit: Unit::Percent,
    better: Better::Higher,
    value: Value::Votes(|knn| knn.macro_recall),
    compared: Compared::SeenClasses,
    ..Metric::DEFAULT
};

/// Mean F1 of the classes.
pub const MACRO_F1: Metric = Metric {
    key: "macro_f1",
    name: "macro F1",
    unit: Unit::Percent,
    better: Better::Higher,
    value: Value::Votes(|knn| knn.macro_f1),
    compared: Compared::SeenClasses,
    ..Metric::DEFAULT
};

/// Vote top-k accuracy.
pub const VOTE_TOP_K: Metric = Metric {
    key: "vote_top_{k}",
    name: "vote top-{k}",
    unit: Unit::Percent,
    better: Better::Higher,
    value: Value::VoteTop,
    compared: Compared::SeenClasses,
    tutorial: Some("recall@k"),
    ..Metric::DEFAULT
};
