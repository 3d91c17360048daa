//! Retrieval metrics: the references are ranked by their distance to a query, and R of them are of its
//! class. They are those of `AccuracyCalculator` in pytorch-metric-learning 2.9.

use super::definition::{Compared, Metric, Value};
use crate::eval::ranked::Ranking;

/// Share of the queries with one of their class among the k nearest.
pub const RECALL_AT_K: Metric = Metric {
    key: "recall_at_{k}",
    name: "Recall@{k}",
    value: Value::RecallAt,
    compared: Compared::UnseenClasses,
    ..Metric::DEFAULT
};

/// Share of the R nearest that have the query's class.
pub const R_PRECISION: Metric = Metric {
    key: "r_precision",
    name: "R-precision",
    value: Value::Ranked(r_precision),
    compared: Compared::UnseenClasses,
    ..Metric::DEFAULT
};

/// Mean over i = 1..R of P(i)·rel(i), where P(i) is the share of the i nearest that have the query's
/// class and rel(i) is 1 if the i-th has it, else 0. It also rewards a good order of the R nearest.
///
/// # Source
/// K. Musgrave, S. Belongie, S.-N. Lim: A Metric Learning Reality Check, ECCV 2020.
pub const MAP_AT_R: Metric = Metric {
    key: "map_at_r",
    name: "MAP@R",
    value: Value::Ranked(average_precision),
    ..Metric::DEFAULT
};

fn r_precision(ranking: &Ranking) -> f64 {
    let hits = ranking.nearest_r().iter().filter(|is_hit| **is_hit).count();
    hits as f64 / ranking.relevant() as f64
}

fn average_precision(ranking: &Ranking) -> f64 {
    let (mut hits, mut precisions) = (0_u32, 0.0);
    for (rank, &is_hit) in (1_u32..).zip(ranking.nearest_r()) {
        if is_hit {
            hits += 1;
            precisions += f64::from(hits) / f64::from(rank);
        }
    }
    precisions / ranking.relevant() as f64
}
