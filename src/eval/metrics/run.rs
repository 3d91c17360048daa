//! Metrics of a run that its embeddings alone do not give: of its t-SNE and its training.

use super::definition::{Better, Compared, Metric, Value};
use super::unit::Unit;

/// KL divergence of the t-SNE of the evaluated images. It tells how faithful the t-SNE is to its own
/// embedding, and those of two losses differ, so it ranks none.
pub const TSNE_KL: Metric = Metric {
    key: "tsne_kl",
    name: "t-SNE KL",
    unit: Unit::Nats,
    better: Better::Neither,
    value: Value::Tsne,
    ..Metric::DEFAULT
};

/// The same of the training images.
pub const TRAIN_TSNE_KL: Metric = Metric {
    key: "tsne_train_kl",
    name: "t-SNE KL, training",
    unit: Unit::Nats,
    better: Better::Neither,
    value: Value::TrainTsne,
    compared: Compared::Never,
    ..Metric::DEFAULT
};

/// Seconds of training.
pub const TRAIN_TIME: Metric = Metric {
    key: "train_seconds",
    name: "train time",
    unit: Unit::Seconds,
    better: Better::Lower,
    value: Value::TrainSeconds,
    ..Metric::DEFAULT
};
