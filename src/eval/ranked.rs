//! Retrieval: every query ranks the references by distance; is its own class in front?
//!
//! The figures are those of the metric-learning literature, as `AccuracyCalculator` of
//! pytorch-metric-learning 2.9 defines them. For a query with R references of its class:
//!
//! - **Recall@k** is 1 where any of the k nearest references is of the query's class, else 0. The
//!   tutorial's recall@k is another figure, [vote top-k accuracy](super::VoteTopK).
//! - **R-precision** is the share of the R nearest that are of the class.
//! - **MAP@R** is the mean over i = 1..R of P(i)·rel(i), where P(i) is the share of the i nearest
//!   that are of the class and rel(i) is 1 where the i-th is, else 0. It also tells in which order
//!   the R nearest come. Source: K. Musgrave, S. Belongie, S.-N. Lim, "A Metric Learning Reality
//!   Check", ECCV 2020.
//!
//! All are means over the queries with R > 0; the others are left out and counted. References are
//! ordered as in [`nearest`](super::nearest): by distance in f32, then by row, lowest first.
//! Queries go over the threads of the current rayon pool, and the result does not depend on how
//! many there are.

mod distances;
mod select;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::distances::{Block, Distances, TILE};
use self::select::Selection;
use super::LabelledEmbeddings;
use super::knn::{Neighbours, check};
use super::watch::{Share, Watch};
use crate::error::Result;

/// How well queries retrieve the references of their class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retrieval {
    /// Queries that count: those with a reference of their class.
    pub queries: usize,
    /// Queries without one.
    pub left_out: usize,
    /// Recall@k, one value a k, in the order asked for; earlier versions wrote it as `hits`.
    #[serde(alias = "hits")]
    pub recall_at: Vec<RecallAt>,
    /// Mean R-precision in 0..=1; none where no query counts.
    pub r_precision: Option<f64>,
    /// Mean MAP@R in 0..=1, at most the R-precision; none where no query counts.
    pub map_at_r: Option<f64>,
}

/// Recall@k at one k.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RecallAt {
    /// How many of the nearest references count; all of them where there are fewer.
    pub k: usize,
    /// Share of the queries with one of their class among them, in 0..=1; none where no query
    /// counts.
    #[serde(alias = "share")]
    pub recall: Option<f64>,
}

/// What the ranking of one query is worth.
#[derive(Debug, Clone, Copy)]
struct Ranking {
    /// References that come before the first of the class, as far as was looked.
    before: usize,
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

/// Ranks the references for every query; without queries, each reference ranks all others.
///
/// # Shapes
/// references `[N, D]`, queries `[Q, D]` f32, D at least 1, with a label each
///
/// # Errors
/// An embedding value that is not finite or too large to be squared, with its row.
///
/// # Panics
/// When the two sets differ in D or a label is negative: a bug.
pub fn retrieve<'a>(
    references: &LabelledEmbeddings<'a>,
    queries: Option<&LabelledEmbeddings<'a>>,
    ks: &[usize],
) -> Result<Retrieval> {
    retrieve_watched(references, queries, ks, &Watch::default())
}

/// [`retrieve`], shown to `watch` and stopped by it.
///
/// # Errors
/// As [`retrieve`]; the user asked to stop.
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
    let asked = queries.unwrap_or(references);
    let distances = Distances::new(references.embeddings, asked.embeddings);
    let rankings = relevance.measured(&distances, watch);
    watch.check()?;
    Ok(relevance.summary(&rankings, ks))
}

/// [`retrieve`] from neighbours that were found already, at least [`depth`] of them a query, none
/// of which is the query itself. The figures have the same bits.
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
    assert!(neighbours.k() >= relevance.deepest(), "as many neighbours as the figures need");
    let ranking = |query: usize| {
        let found = neighbours.indices.row(query).into_iter().copied();
        relevance.ranking(query, found.take(relevance.depth(query)))
    };
    let rankings: Vec<Ranking> = relevance.counted().into_par_iter().map(ranking).collect();
    relevance.summary(&rankings, ks)
}

/// How many neighbours of a query the figures need at most: as many as the largest class has
/// images, or the largest k.
pub(super) fn depth<'a>(
    references: &LabelledEmbeddings<'a>,
    queries: Option<&LabelledEmbeddings<'a>>,
    ks: &[usize],
) -> usize {
    Relevance::new(references, queries, ks).deepest()
}

/// Which references count for which query.
struct Relevance {
    /// Labels of the references `[N]`.
    labels: Vec<u32>,
    /// Labels of the queries `[Q]`.
    truth: Vec<u32>,
    /// References of each label; a query that is a reference itself counts.
    counts: Vec<usize>,
    /// Whether the queries are the references, none of which ranks itself.
    itself: bool,
    /// The largest k that is asked for.
    look: usize,
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
        let look = ks.iter().copied().max().unwrap_or(1);
        Relevance { labels, truth, counts, itself: queries.is_none(), look }
    }

    /// References of a query's class, R.
    fn relevant(&self, query: usize) -> usize {
        self.counts[self.truth[query] as usize] - usize::from(self.itself)
    }

    /// References that are looked at for a query.
    fn depth(&self, query: usize) -> usize {
        let others = self.labels.len() - usize::from(self.itself);
        self.relevant(query).max(self.look).min(others)
    }

    /// The queries with R > 0.
    fn counted(&self) -> Vec<usize> {
        (0..self.truth.len()).filter(|&query| self.relevant(query) > 0).collect()
    }

    fn deepest(&self) -> usize {
        self.counted().into_iter().map(|query| self.depth(query)).max().unwrap_or(0)
    }

    /// The rankings of the queries with R > 0, in order; not all where `watch` is stopped.
    fn measured(&self, distances: &Distances, watch: &Watch) -> Vec<Ranking> {
        let counted = self.counted();
        let share = Share::begin(watch, "ranking", counted.len().div_ceil(TILE));
        let tiles: Vec<Vec<Ranking>> = counted
            .par_chunks(TILE)
            .map_init(
                || (Block::default(), Selection::default()),
                |(block, selection), queries| {
                    if watch.is_stopped() {
                        return Vec::new();
                    }
                    distances.measure(queries, block);
                    let of = |(place, &query): (usize, &usize)| {
                        let distances = block.row(place);
                        if self.itself {
                            distances[query] = Distances::NOWHERE;
                        }
                        self.ranking(query, selection.nearest(distances, self.depth(query)))
                    };
                    let rankings = queries.iter().enumerate().map(of).collect();
                    share.add();
                    rankings
                },
            )
            .collect();
        tiles.concat()
    }

    /// The ranking of one query by the nearest references.
    fn ranking(&self, query: usize, nearest: impl Iterator<Item = u32> + Clone) -> Ranking {
        let relevant = self.relevant(query);
        let label = self.truth[query];
        let is_hit = |row: u32| self.labels[row as usize] == label;
        let before = nearest.clone().position(is_hit).unwrap_or(usize::MAX);
        let (mut hits, mut precisions) = (0_u32, 0.0);
        for (place, row) in (1_u32..).zip(nearest.take(relevant)) {
            if is_hit(row) {
                hits += 1;
                precisions += f64::from(hits) / f64::from(place);
            }
        }
        let r = relevant as f64;
        Ranking { before, r_precision: f64::from(hits) / r, average_precision: precisions / r }
    }

    /// The means over the queries with R > 0.
    fn summary(&self, rankings: &[Ranking], ks: &[usize]) -> Retrieval {
        let mean_of = |sum: f64| (!rankings.is_empty()).then(|| sum / rankings.len() as f64);
        let mean = |of: fn(&Ranking) -> f64| mean_of(rankings.iter().map(of).sum());
        let recall = |k: usize| mean_of(rankings.iter().filter(|r| r.before < k).count() as f64);
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
    labels.iter().map(|&label| u32::try_from(label).expect("labels count from 0")).collect()
}

#[cfg(test)]
mod tests;
