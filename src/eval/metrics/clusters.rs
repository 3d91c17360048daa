//! Metrics of k-means clusters, as scikit-learn defines them.

use super::definition::{Compared, Metric, Value};
use super::unit::Unit;

/// Normalised mutual information.
pub const NMI: Metric = Metric {
    key: "nmi",
    name: "NMI of k-means",
    unit: Unit::Share,
    value: Value::Clusters(|clusters| clusters.nmi),
    ..Metric::DEFAULT
};

/// Adjusted mutual information, which may be below 0.
pub const AMI: Metric = Metric {
    key: "ami",
    name: "AMI of k-means",
    unit: Unit::Number,
    value: Value::Clusters(|clusters| clusters.ami),
    compared: Compared::Never,
    ..Metric::DEFAULT
};
