//! Exact nearest neighbours by Euclidean distance, and the majority vote of their classes.
//!
//! There are two searches over the distinct reference points: [`Search::Blocked`] and linfa-nn's k-d
//! tree, against which it is tested. Both give the same bits. Queries are distributed over the current
//! rayon pool; the result depends neither on its size nor on the instruction set.
//!
//! **Ties.** Neighbours are ordered by distance (computed in f32), then by reference index, lowest
//! first; this also decides which of equally distant references is the k-th. A tied vote goes to the
//! class whose nearest voter comes first in that order.
//!
//! Equal reference points are searched once and expanded afterwards: a collapsed network maps every
//! image to one point, and each query would have to visit all of them. Values whose squared distance
//! would overflow are refused.

mod blocked;
mod candidates;
mod cells;
mod distinct;
mod euclidean;
mod filter;
mod points;
mod tree;

use std::collections::HashMap;

use ndarray::{Array2, ArrayView1, ArrayView2, s};

pub(super) use self::distinct::Distinct;
pub(super) use self::euclidean::Euclidean;
pub(super) use self::points::Points;
use super::watch::Watch;
use crate::error::{Divergence, Error, Result};

/// The search algorithm; the result is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// linfa-nn's k-d tree.
    Tree,
    /// Matrix products of all queries with all points, except for blocks that are too far away; points
    /// that may be near enough are measured exactly, as by the tree.
    Blocked,
}

impl Search {
    /// The faster algorithm for this number of references and dimensions.
    ///
    /// Milliseconds of tree and blocked search on two cores, including the construction of their
    /// indices, minimum of nine runs (of four for 57,000 queries), normally distributed points:
    ///
    /// | references × queries | k | 1-D | 2-D | 3-D | 4-D |
    /// |---|---|---|---|---|---|
    /// | 200 × 50 | 10 | 0.08, 0.11 | 0.08, 0.09 | 0.09, 0.09 | |
    /// | 1,000 × 1,000 | 1 | 0.70, 0.59 | 0.80, 0.64 | 1.2, 0.69 | |
    /// | 57,000 × 3,000 | 1 | 24, 18 | 22, 19 | 34, 21 | 69, 47 |
    /// | 57,000 × 57,000 | 1 | 139, 120 | 139, 90 | 139, 119 | 316, 183 |
    /// | 57,000 × 57,000 | 92 | 1187, 659 | 763, 378 | 1845, 722 | |
    ///
    /// The tree gets slower with every dimension: in 10-D it takes five times as long on points without
    /// clusters, and from about 30 dimensions on it visits nearly all of them.
    fn fastest(references: usize, dimensions: usize) -> Search {
        if references <= 500 && dimensions <= 2 { Search::Tree } else { Search::Blocked }
    }
}

/// The k nearest references of each of Q queries, nearest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    /// Rows of the references `[Q, k]`.
    pub indices: Array2<u32>,
    /// Their Euclidean distances `[Q, k]`.
    pub distances: Array2<f32>,
}

impl Neighbours {
    /// Number of neighbours per query.
    pub fn k(&self) -> usize {
        self.indices.ncols()
    }

    /// Number of queries Q.
    pub fn len(&self) -> usize {
        self.indices.nrows()
    }

    /// Whether there is no query.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes each query from its own neighbours, where the queries are the references.
    ///
    /// If many references are equal, a query may not be among its own neighbours; then its last
    /// neighbour is removed.
    ///
    /// # Panics
    /// Without neighbours: a bug.
    pub fn without_self(&self) -> Neighbours {
        let last = self.k() - 1;
        let itself = |query: usize| {
            let row = self.indices.row(query);
            row.iter().position(|&row| row as usize == query).unwrap_or(last)
        };
        let itself: Vec<usize> = (0..self.len()).map(itself).collect();
        let kept = |query: usize, rank: usize| rank + usize::from(rank >= itself[query]);
        let shape = (self.len(), last);
        Neighbours {
            indices: Array2::from_shape_fn(shape, |(q, rank)| self.indices[[q, kept(q, rank)]]),
            distances: Array2::from_shape_fn(shape, |(q, rank)| self.distances[[q, kept(q, rank)]]),
        }
    }

    /// Only the `k` nearest.
    ///
    /// # Panics
    /// If `k` exceeds the number of neighbours found: a bug.
    pub fn first(&self, k: usize) -> Neighbours {
        Neighbours {
            indices: self.indices.slice(s![.., ..k]).to_owned(),
            distances: self.distances.slice(s![.., ..k]).to_owned(),
        }
    }
}

/// Finds the `k` references nearest to each query; ties are broken as the module says.
///
/// # Shapes
/// references `[N, D]`, queries `[Q, D]` f32, D at least 1 → indices, distances `[Q, k]`
///
/// # Errors
/// `k` is not in 1..=N. An embedding value is NaN, infinite or too large to square: with its row
/// (counted from 0).
///
/// # Panics
/// If the two sets differ in D, or D is 0: a bug, as one network made both.
pub fn nearest(
    references: ArrayView2<f32>,
    queries: ArrayView2<f32>,
    k: usize,
) -> Result<Neighbours> {
    nearest_by(Search::fastest(references.nrows(), references.ncols()), references, queries, k)
}

/// [`nearest`] with progress and interruption.
///
/// # Errors
/// As [`nearest`]; the user pressed Ctrl-C.
pub(super) fn nearest_watched(
    references: ArrayView2<f32>,
    queries: ArrayView2<f32>,
    k: usize,
    watch: &Watch,
) -> Result<Neighbours> {
    let search = Search::fastest(references.nrows(), references.ncols());
    run_search(search, references, queries, k, watch)
}

/// [`nearest`] by the given algorithm.
///
/// # Errors
/// # Panics
/// As [`nearest`].
pub fn nearest_by(
    search: Search,
    references: ArrayView2<f32>,
    queries: ArrayView2<f32>,
    k: usize,
) -> Result<Neighbours> {
    run_search(search, references, queries, k, &Watch::default())
}

fn run_search(
    search: Search,
    references: ArrayView2<f32>,
    queries: ArrayView2<f32>,
    k: usize,
    watch: &Watch,
) -> Result<Neighbours> {
    assert_eq!(references.ncols(), queries.ncols(), "embeddings of one network");
    let count = references.nrows();
    if k == 0 || k > count {
        let problem = format!("must be between 1 and {count}, the number of reference images");
        return Err(Error::setting("eval.knn", k, problem));
    }
    check(references, "reference")?;
    check(queries, "query")?;
    let (references, queries) = (references.as_standard_layout(), queries.as_standard_layout());
    let (references, queries) = (Points::of(references.view()), Points::of(queries.view()));
    let distinct = Distinct::of(references);
    let found = match search {
        Search::Tree => tree::search(references, &distinct, queries, k),
        Search::Blocked => blocked::search(references, &distinct, queries, k, watch),
    };
    watch.check()?;
    let indices = found.iter().flatten().map(|found| found.1).collect();
    let distances = found.iter().flatten().map(|found| found.0.sqrt()).collect();
    let shape = (queries.len(), k);
    Ok(Neighbours { indices: to_array(shape, indices), distances: to_array(shape, distances) })
}

fn to_array<T>(shape: (usize, usize), values: Vec<T>) -> Array2<T> {
    Array2::from_shape_vec(shape, values).expect("k neighbours of every query")
}

/// Majority vote: the most frequent class among each query's neighbours.
///
/// # Shapes
/// neighbours `[Q, K]`; labels `[N]` of the references, values in 0..classes → `[Q]`
///
/// # Panics
/// If a label is out of range or a neighbour has no label: a bug.
pub fn vote(neighbours: &Neighbours, labels: &[i64], classes: usize) -> Vec<i64> {
    let winner = |voters| ranking(voters, labels, classes)[0];
    neighbours.indices.rows().into_iter().map(winner).collect()
}

/// Up to this many classes a linear search is used.
const FEW: usize = 16;

/// The classes with at least one vote, most votes first; ties go to the class with the nearest voter.
///
/// # Shapes
/// voters `[K]`, rows of the references, nearest first; labels `[N]`, values in 0..classes
///
/// # Panics
/// If a label is out of range or a voter has no label: a bug.
pub fn ranking(voters: ArrayView1<u32>, labels: &[i64], classes: usize) -> Vec<i64> {
    // With thousands of classes, a counter for each would cost more than the vote.
    let mut votes: Vec<(i64, u32)> = Vec::new();
    let mut index: HashMap<i64, usize> = HashMap::new();
    for &voter in voters {
        let class = labels[voter as usize];
        assert!((0..classes as i64).contains(&class), "{class} is one of {classes} classes");
        let found = match votes.len() {
            ..=FEW => votes.iter().position(|vote| vote.0 == class),
            _ => index.get(&class).copied(),
        };
        if let Some(found) = found {
            votes[found].1 += 1;
            continue;
        }
        if votes.len() == FEW {
            index.extend(votes.iter().zip(0..).map(|(vote, number)| (vote.0, number)));
        }
        if votes.len() >= FEW {
            index.insert(class, votes.len());
        }
        votes.push((class, 1));
    }
    // The sort is stable, so ties keep the order of their first voters.
    votes.sort_by_key(|vote| std::cmp::Reverse(vote.1));
    votes.into_iter().map(|vote| vote.0).collect()
}

/// Refuses values without a finite distance.
pub(super) fn check(embeddings: ArrayView2<f32>, set: &str) -> Result<()> {
    // Below this, the D squared differences of two points sum to less than f32::MAX.
    let limit = (f32::MAX / embeddings.ncols() as f32).sqrt() / 4.0;
    let wrong = embeddings.indexed_iter().find(|(_, value)| value.abs() > limit || value.is_nan());
    let Some(((row, dimension), value)) = wrong else {
        return Ok(());
    };
    let problem = if value.is_finite() { "too large to compare" } else { "not finite" };
    let value = if value.abs() < 1e6 { value.to_string() } else { format!("{value:e}") };
    Err(Error::Diverged(Divergence {
        why: format!(
            "the embedding of {set} image {row} (from 0) is {value} in dimension {dimension}, {problem}"
        ),
        // The caller knows where the embeddings come from, and so the remedy.
        remedy: String::new(),
    }))
}

#[cfg(test)]
mod tests;
