//! Retrieval: each query ranks the references by distance; does its class come first?
//!
//! The metrics are those of the metric-learning literature, as `AccuracyCalculator` of
//! pytorch-metric-learning 2.9 defines them. For a query with R references of its class:
//!
//! - **Recall@k** is 1 if any of the k nearest references has the query's class, else 0. The
//!   tutorial's recall@k is another metric, [vote top-k accuracy](super::VoteTopK).
//! - **R-precision** is the share of the R nearest that have the class.
//! - **MAP@R** is the mean over i = 1..R of P(i)·rel(i), where P(i) is the share of the i nearest
//!   that have the class and rel(i) is 1 if the i-th has it, else 0. It also rewards a good order of
//!   the R nearest. Source: K. Musgrave, S. Belongie, S.-N. Lim, "A Metric Learning Reality
//!   Check", ECCV 2020.
//!
//! All are means over the queries with R > 0; the others are skipped and counted. References are
//! ordered as in [`nearest`](super::nearest): by distance in f32, then by row, lowest first.
//! Queries are distributed over the current rayon pool; the result does not depend on its size.

mod distances;
mod select;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::distances::{Block, Distances, TILE};
use self::select::Selection;
use super::LabelledEmbeddings;
use super::knn::{Neighbours, check};
use super::watch::{StageProgress, Watch};
use crate::error::Result;

/// Retrieval metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retrieval {
    /// Evaluated queries: those with a reference of their class.
    pub queries: usize,
    /// Skipped queries without one.
    pub left_out: usize,
    /// Recall@k, one value per k, in the order of the settings; earlier versions wrote it as `hits`.
    #[serde(alias = "hits")]
    pub recall_at: Vec<RecallAt>,
    /// Mean R-precision in 0..=1; `None` if no query was evaluated.
    pub r_precision: Option<f64>,
    /// Mean MAP@R in 0..=1, at most the R-precision; `None` if no query was evaluated.
    pub map_at_r: Option<f64>,
}

/// Recall@k at one k.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RecallAt {
    /// Number of nearest references; all of them if there are fewer.
    pub k: usize,
    /// Share of queries with one of their class among them, in 0..=1; `None` if no query was
    /// evaluated.
    #[serde(alias = "share")]
    pub recall: Option<f64>,
}

/// Metrics of one query.
#[derive(Debug, Clone, Copy)]
struct QueryMetrics {
    /// Rank (from 0) of the first reference of the class; `usize::MAX` if not among those ranked.
    first_hit: usize,
    r_precision: f64,
    average_precision: f64,
}

impl Retrieval {
    /// The same with undefined metrics.
    pub(super) fn undefined(mut self) -> Retrieval {
        self.recall_at.iter_mut().for_each(|at| at.recall = None);
        Retrieval { r_precision: None, map_at_r: None, ..self }
    }
}

/// Ranks the references for each query; without queries, each reference ranks all others.
///
/// # Shapes
/// references `[N, D]`, queries `[Q, D]` f32, D at least 1, each with a label
///
/// # Errors
/// An embedding value is NaN, infinite or too large to square: with its row.
///
/// # Panics
/// If the two sets differ in D or a label is negative: a bug.
pub fn retrieve<'a>(
    references: &LabelledEmbeddings<'a>,
    queries: Option<&LabelledEmbeddings<'a>>,
    ks: &[usize],
) -> Result<Retrieval> {
    retrieve_watched(references, queries, ks, &Watch::default())
}

/// [`retrieve`] with progress and interruption.
///
/// # Errors
/// As [`retrieve`]; the user pressed Ctrl-C.
pub(super) fn retrieve_watched<'a>(
    references: &LabelledEmbeddings<'a>,
    queries: Option<&LabelledEmbeddings<'a>>,
    ks: &[usize],
    watch: &Watch,
) -> Result<Retrieval> {
    check(references.embeddings, "reference")?;
    if let Some(queries) = queries {
        check(queries.embeddings, "query")?;
    }
    let relevance = Relevance::new(references, queries, ks);
    let evaluated = queries.unwrap_or(references);
    let distances = Distances::new(references.embeddings, evaluated.embeddings);
    let rankings = relevance.measure(&distances, watch);
    watch.check()?;
    Ok(relevance.summary(&rankings, ks))
}

/// [`retrieve`] from neighbours already found, at least [`depth`] per query and without the query
/// itself. The metrics have the same bits.
///
/// # Panics
/// With fewer neighbours: a bug.
pub(super) fn retrieve_among<'a>(
    neighbours: &Neighbours,
    references: &LabelledEmbeddings<'a>,
    queries: Option<&LabelledEmbeddings<'a>>,
    ks: &[usize],
) -> Retrieval {
    let relevance = Relevance::new(references, queries, ks);
    assert!(neighbours.k() >= relevance.deepest(), "as many neighbours as the metrics need");
    let ranking = |query: usize| {
        let found = neighbours.indices.row(query).into_iter().copied();
        relevance.query_metrics(query, found.take(relevance.depth(query)))
    };
    let rankings: Vec<QueryMetrics> = relevance.counted().into_par_iter().map(ranking).collect();
    relevance.summary(&rankings, ks)
}

/// Neighbours per query that the metrics need at most: the size of the largest class, or the largest
/// k.
pub(super) fn depth<'a>(
    references: &LabelledEmbeddings<'a>,
    queries: Option<&LabelledEmbeddings<'a>>,
    ks: &[usize],
) -> usize {
    Relevance::new(references, queries, ks).deepest()
}

/// Which references are relevant to which query.
struct Relevance {
    /// Labels of the references `[N]`.
    labels: Vec<u32>,
    /// Labels of the queries `[Q]`.
    truth: Vec<u32>,
    /// Number of references per label, including a query that is itself a reference.
    counts: Vec<usize>,
    /// Whether the queries are the references, so that each skips itself.
    itself: bool,
    /// The largest k.
    largest_k: usize,
}

impl Relevance {
    fn new<'a>(
        references: &LabelledEmbeddings<'a>,
        queries: Option<&LabelledEmbeddings<'a>>,
        ks: &[usize],
    ) -> Relevance {
        let labels = numbers(references.labels);
        let truth = numbers(queries.unwrap_or(references).labels);
        let classes = labels.iter().chain(&truth).max().map_or(0, |&most| most as usize + 1);
        let mut counts = vec![0; classes];
        labels.iter().for_each(|&label| counts[label as usize] += 1);
        let largest_k = ks.iter().copied().max().unwrap_or(1);
        Relevance { labels, truth, counts, itself: queries.is_none(), largest_k }
    }

    /// Number of references of a query's class, R.
    fn relevant(&self, query: usize) -> usize {
        self.counts[self.truth[query] as usize] - usize::from(self.itself)
    }

    /// Number of nearest references that a query needs.
    fn depth(&self, query: usize) -> usize {
        let others = self.labels.len() - usize::from(self.itself);
        self.relevant(query).max(self.largest_k).min(others)
    }

    /// The queries with R > 0.
    fn counted(&self) -> Vec<usize> {
        (0..self.truth.len()).filter(|&query| self.relevant(query) > 0).collect()
    }

    fn deepest(&self) -> usize {
        self.counted().into_iter().map(|query| self.depth(query)).max().unwrap_or(0)
    }

    /// The metrics of the queries with R > 0, in order; incomplete if `watch` is stopped.
    fn measure(&self, distances: &Distances, watch: &Watch) -> Vec<QueryMetrics> {
        let counted = self.counted();
        let stage = StageProgress::begin(watch, "ranking", counted.len().div_ceil(TILE));
        let tiles: Vec<Vec<QueryMetrics>> = counted
            .par_chunks(TILE)
            .map_init(
                || (Block::default(), Selection::default()),
                |(block, selection), queries| {
                    if watch.is_stopped() {
                        return Vec::new();
                    }
                    distances.measure(queries, block);
                    let of = |(slot, &query): (usize, &usize)| {
                        let distances = block.row(slot);
                        if self.itself {
                            distances[query] = Distances::EXCLUDED;
                        }
                        self.query_metrics(query, selection.nearest(distances, self.depth(query)))
                    };
                    let rankings = queries.iter().enumerate().map(of).collect();
                    stage.finish_part();
                    rankings
                },
            )
            .collect();
        tiles.concat()
    }

    /// The metrics of one query from its nearest references.
    fn query_metrics(
        &self,
        query: usize,
        nearest: impl Iterator<Item = u32> + Clone,
    ) -> QueryMetrics {
        let relevant = self.relevant(query);
        let label = self.truth[query];
        let is_hit = |row: u32| self.labels[row as usize] == label;
        let first_hit = nearest.clone().position(is_hit).unwrap_or(usize::MAX);
        let (mut hits, mut precisions) = (0_u32, 0.0);
        for (rank, row) in (1_u32..).zip(nearest.take(relevant)) {
            if is_hit(row) {
                hits += 1;
                precisions += f64::from(hits) / f64::from(rank);
            }
        }
        let r = relevant as f64;
        QueryMetrics {
            first_hit,
            r_precision: f64::from(hits) / r,
            average_precision: precisions / r,
        }
    }

    /// The means over the queries with R > 0.
    fn summary(&self, rankings: &[QueryMetrics], ks: &[usize]) -> Retrieval {
        let mean_of = |sum: f64| (!rankings.is_empty()).then(|| sum / rankings.len() as f64);
        let mean = |of: fn(&QueryMetrics) -> f64| mean_of(rankings.iter().map(of).sum());
        let recall = |k: usize| mean_of(rankings.iter().filter(|r| r.first_hit < k).count() as f64);
        Retrieval {
            queries: rankings.len(),
            left_out: self.truth.len() - rankings.len(),
            recall_at: ks.iter().map(|&k| RecallAt { k, recall: recall(k) }).collect(),
            r_precision: mean(|ranking| ranking.r_precision),
            map_at_r: mean(|ranking| ranking.average_precision),
        }
    }
}

fn numbers(labels: &[i64]) -> Vec<u32> {
    labels.iter().map(|&label| u32::try_from(label).expect("labels are not negative")).collect()
}

#[cfg(test)]
mod tests;
