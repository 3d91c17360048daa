//! Metrics of the distances between embeddings. None of them ranks losses: the scale of an embedding
//! is arbitrary.

use super::definition::{Better, Compared, Metric, Value};
use super::unit::Unit;

const DISTANCE: Metric = Metric {
    unit: Unit::Length,
    better: Better::Neither,
    compared: Compared::Never,
    ..Metric::DEFAULT
};

/// Mean distance between two of the same class.
pub const SAME_CLASS_DISTANCE: Metric = Metric {
    key: "same_class_distance",
    name: "mean distance, same class",
    value: Value::Distances(|distances| distances.same_class),
    ..DISTANCE
};

/// Mean distance between two of different classes.
pub const OTHER_CLASS_DISTANCE: Metric = Metric {
    key: "other_class_distance",
    name: "mean distance, different class",
    value: Value::Distances(|distances| distances.other_class),
    ..DISTANCE
};

/// Total variance over mean squared norm.
pub const RELATIVE_SPREAD: Metric = Metric {
    key: "relative_spread",
    name: "relative spread",
    unit: Unit::Number,
    value: Value::Distances(|distances| distances.relative_spread),
    ..DISTANCE
};
