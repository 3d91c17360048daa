//! The list of metrics. Tables, reports, TensorBoard, `dml runs` and `--metric` have what is in it.

mod clusters;
mod definition;
mod distances;
mod retrieval;
mod run;
mod unit;
mod votes;

pub use self::definition::{Better, Compared, K, Metric, Value};
pub use self::retrieval::MAP_AT_R;
pub use self::run::TRAIN_TIME;
pub use self::unit::Unit;
pub use self::votes::{ACCURACY, VOTE_TOP_K};

use super::ranked::RankedMean;

/// All metrics in the order in which they are shown.
pub const METRICS: &[Metric] = &[
    votes::ACCURACY,
    votes::MACRO_PRECISION,
    votes::MACRO_RECALL,
    votes::MACRO_F1,
    votes::VOTE_TOP_K,
    retrieval::RECALL_AT_K,
    retrieval::R_PRECISION,
    retrieval::MAP_AT_R,
    clusters::NMI,
    clusters::AMI,
    distances::SAME_CLASS_DISTANCE,
    distances::OTHER_CLASS_DISTANCE,
    distances::RELATIVE_SPREAD,
    run::TSNE_KL,
    run::TRAIN_TSNE_KL,
    run::TRAIN_TIME,
];

/// The metrics that stand for an evaluation where there is no room for all, as in a list of runs.
pub const HEADLINES: [&Metric; 2] = [&ACCURACY, &MAP_AT_R];

/// The metric that stands for an evaluation, and decides a comparison unless another one is named.
pub fn headline(unseen: bool) -> &'static Metric {
    HEADLINES[usize::from(unseen)]
}

/// The metrics that are means over the queries' rankings.
pub fn ranked_means() -> Vec<RankedMean> {
    let mean = |metric: &Metric| match metric.value {
        Value::Ranked(of) => Some(RankedMean { key: metric.key, of }),
        _ => None,
    };
    METRICS.iter().filter_map(mean).collect()
}

#[cfg(test)]
mod tests;
