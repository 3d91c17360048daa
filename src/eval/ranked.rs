//! Retrieval: every query ranks the references by distance; is its own class in front?
//!
//! The figures are those of the metric-learning literature, as `AccuracyCalculator` of
//! pytorch-metric-learning 2.9 defines them. For a query with R references of its class:
//!
//! - **hit@k** is 1 where any of the k nearest references is of the query's class, else 0. Papers
//!   call its mean Recall@k or R@k; the tutorial's [recall@k](super::RecallAtK) is another figure.
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
use super::Labelled;
use super::knn::check;
use crate::error::Result;

/// How well queries retrieve the references of their class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retrieval {
    /// Queries that count: those with a reference of their class.
    pub queries: usize,
    /// Queries without one.
    pub left_out: usize,
    /// hit@k, one value a k, in the order asked for.
    pub hits: Vec<HitAt>,
    /// Mean R-precision in 0..=1; none where no query counts.
    pub r_precision: Option<f64>,
    /// Mean MAP@R in 0..=1, at most the R-precision; none where no query counts.
    pub map_at_r: Option<f64>,
}

/// hit@k at one k.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HitAt {
    /// How many of the nearest references count; all of them where there are fewer.
    pub k: usize,
    /// Share of the queries with one of their class among them, in 0..=1; none where no query
    /// counts.
    pub share: Option<f64>,
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
    /// The same where no query counts.
    pub(super) fn without(mut self) -> Retrieval {
        self.hits.iter_mut().for_each(|hit| hit.share = None);
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
    references: &Labelled<'a>,
    queries: Option<&Labelled<'a>>,
    ks: &[usize],
) -> Result<Retrieval> {
    check(references.embeddings, "reference")?;
    if let Some(queries) = queries {
        check(queries.embeddings, "query")?;
    }
    let ranker = Ranker::new(references, queries, ks);
    let rankings = ranker.rankings();
    let mean_of = |sum: f64| (!rankings.is_empty()).then(|| sum / rankings.len() as f64);
    let mean = |of: fn(&Ranking) -> f64| mean_of(rankings.iter().map(of).sum());
    let share = |k: usize| mean_of(rankings.iter().filter(|r| r.before < k).count() as f64);
    Ok(Retrieval {
        queries: rankings.len(),
        left_out: queries.unwrap_or(references).labels.len() - rankings.len(),
        hits: ks.iter().map(|&k| HitAt { k, share: share(k) }).collect(),
        r_precision: mean(|ranking| ranking.r_precision),
        map_at_r: mean(|ranking| ranking.average_precision),
    })
}

/// All that the ranking of a query needs.
struct Ranker {
    distances: Distances,
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

impl Ranker {
    fn new<'a>(references: &Labelled<'a>, queries: Option<&Labelled<'a>>, ks: &[usize]) -> Ranker {
        let asked = queries.unwrap_or(references);
        let labels = numbers(references.labels);
        let truth = numbers(asked.labels);
        let classes = labels.iter().chain(&truth).max().map_or(0, |&most| most as usize + 1);
        let mut counts = vec![0; classes];
        labels.iter().for_each(|&label| counts[label as usize] += 1);
        Ranker {
            distances: Distances::new(references.embeddings, asked.embeddings),
            labels,
            truth,
            counts,
            itself: queries.is_none(),
            look: ks.iter().copied().max().unwrap_or(1),
        }
    }

    /// References of a query's class, R.
    fn relevant(&self, query: usize) -> usize {
        self.counts[self.truth[query] as usize] - usize::from(self.itself)
    }

    /// The rankings of the queries with R > 0, in order.
    fn rankings(&self) -> Vec<Ranking> {
        let counted: Vec<usize> = (0..self.truth.len()).filter(|&q| self.relevant(q) > 0).collect();
        let tiles: Vec<Vec<Ranking>> = counted
            .par_chunks(TILE)
            .map_init(
                || (Block::default(), Selection::default()),
                |(block, selection), queries| {
                    self.distances.measure(queries, block);
                    let places = queries.iter().enumerate();
                    places.map(|(place, &q)| self.ranking(q, block.row(place), selection)).collect()
                },
            )
            .collect();
        tiles.concat()
    }

    /// The ranking of one query by its distances to all references.
    fn ranking(&self, query: usize, distances: &mut [i32], selection: &mut Selection) -> Ranking {
        let relevant = self.relevant(query);
        let mut others = self.labels.len();
        if self.itself {
            distances[query] = Distances::NOWHERE;
            others -= 1;
        }
        let nearest = selection.nearest(distances, relevant.max(self.look).min(others));
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
}

fn numbers(labels: &[i64]) -> Vec<u32> {
    labels.iter().map(|&label| u32::try_from(label).expect("labels count from 0")).collect()
}

#[cfg(test)]
mod tests;
