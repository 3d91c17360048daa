//! Retrieval: each query ranks the references by distance; does its class come first?
//!
//! **Recall@k** of a query is 1 if any of the k nearest references has its class, else 0. The
//! tutorial's recall@k is another metric, [vote top-k accuracy](super::VoteTopK). The other metrics
//! of rankings are in the [list of metrics](super::METRICS).
//!
//! All are means over the queries with R > 0 references of their class; the others are skipped and
//! counted, as in `AccuracyCalculator` of pytorch-metric-learning 2.9. References are
//! ordered as in [`nearest`](super::nearest): by distance in f32, then by row, lowest first.
//! Queries are distributed over the current rayon pool; the result does not depend on its size.

mod distances;
mod means;
mod select;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::distances::{Block, Distances, TILE};
pub use self::means::Means;
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
    /// The metrics that are means over the evaluated queries, R-precision and MAP@R among them.
    #[serde(flatten)]
    pub means: Means,
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

/// The nearest references of a query.
pub struct Ranking {
    /// Whether each of them has the query's class, nearest first; R or more.
    hits: Vec<bool>,
    /// Number of references of the query's class, R.
    relevant: usize,
}

impl Ranking {
    /// Number of references of the query's class, R; at least 1.
    pub fn relevant(&self) -> usize {
        self.relevant
    }

    /// Whether each of the R nearest references has the query's class, nearest first.
    pub fn nearest_r(&self) -> &[bool] {
        &self.hits[..self.relevant]
    }
}

/// A metric that is a mean over the queries.
#[derive(Clone, Copy)]
pub struct RankedMean {
    /// Its key in JSON.
    pub key: &'static str,
    /// The value of one query.
    pub of: fn(&Ranking) -> f64,
}

/// What is computed from the rankings.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// The k of Recall@k.
    pub ks: &'a [usize],
    /// The means over the queries.
    pub means: &'a [RankedMean],
}

/// Metrics of one query.
struct QueryMetrics {
    /// Rank (from 0) of the first reference of the class; `usize::MAX` if not among those ranked.
    first_hit: usize,
    /// The values of the wanted means.
    values: Vec<f64>,
}

impl Retrieval {
    /// The same with undefined metrics.
    pub(super) fn undefined(mut self) -> Retrieval {
        self.recall_at.iter_mut().for_each(|at| at.recall = None);
        Retrieval { means: self.means.undefined(), ..self }
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
    wanted: Wanted,
) -> Result<Retrieval> {
    retrieve_watched(references, queries, wanted, &Watch::default())
}

/// [`retrieve`] with progress and interruption.
///
/// # Errors
/// As [`retrieve`]; the user pressed Ctrl-C.
pub(super) fn retrieve_watched<'a>(
    references: &LabelledEmbeddings<'a>,
    queries: Option<&LabelledEmbeddings<'a>>,
    wanted: Wanted,
    watch: &Watch,
) -> Result<Retrieval> {
    check(references.embeddings, "reference")?;
    if let Some(queries) = queries {
        check(queries.embeddings, "query")?;
    }
    let relevance = Relevance::new(references, queries, wanted.ks);
    let evaluated = queries.unwrap_or(references);
    let distances = Distances::new(references.embeddings, evaluated.embeddings);
    let rankings = relevance.measure(&distances, wanted, watch);
    watch.check()?;
    Ok(relevance.summary(&rankings, wanted))
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
    wanted: Wanted,
) -> Retrieval {
    let relevance = Relevance::new(references, queries, wanted.ks);
    assert!(neighbours.k() >= relevance.deepest(), "as many neighbours as the metrics need");
    let ranking = |query: usize| {
        let found = neighbours.indices.row(query).into_iter().copied();
        relevance.query_metrics(query, found.take(relevance.depth(query)), wanted.means)
    };
    let rankings: Vec<QueryMetrics> = relevance.counted().into_par_iter().map(ranking).collect();
    relevance.summary(&rankings, wanted)
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
    fn measure(&self, distances: &Distances, wanted: Wanted, watch: &Watch) -> Vec<QueryMetrics> {
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
                        let nearest = selection.nearest(distances, self.depth(query));
                        self.query_metrics(query, nearest, wanted.means)
                    };
                    let rankings = queries.iter().enumerate().map(of).collect();
                    stage.finish_part();
                    rankings
                },
            )
            .collect();
        tiles.into_iter().flatten().collect()
    }

    /// The metrics of one query from its nearest references.
    fn query_metrics(
        &self,
        query: usize,
        nearest: impl Iterator<Item = u32>,
        means: &[RankedMean],
    ) -> QueryMetrics {
        let label = self.truth[query];
        let hits = nearest.map(|row| self.labels[row as usize] == label).collect();
        let ranking = Ranking { hits, relevant: self.relevant(query) };
        QueryMetrics {
            first_hit: ranking.hits.iter().position(|is_hit| *is_hit).unwrap_or(usize::MAX),
            values: means.iter().map(|mean| (mean.of)(&ranking)).collect(),
        }
    }

    /// The means over the queries with R > 0.
    fn summary(&self, rankings: &[QueryMetrics], wanted: Wanted) -> Retrieval {
        let mean_of = |sum: f64| (!rankings.is_empty()).then(|| sum / rankings.len() as f64);
        let recall = |k: usize| mean_of(rankings.iter().filter(|r| r.first_hit < k).count() as f64);
        let mean = |(index, mean): (usize, &RankedMean)| {
            let sum: f64 = rankings.iter().map(|ranking| ranking.values[index]).sum();
            (mean.key, mean_of(sum))
        };
        Retrieval {
            queries: rankings.len(),
            left_out: self.truth.len() - rankings.len(),
            recall_at: wanted.ks.iter().map(|&k| RecallAt { k, recall: recall(k) }).collect(),
            means: wanted.means.iter().enumerate().map(mean).collect(),
        }
    }
}

fn numbers(labels: &[i64]) -> Vec<u32> {
    labels.iter().map(|&label| u32::try_from(label).expect("labels are not negative")).collect()
}

#[cfg(test)]
mod tests;
