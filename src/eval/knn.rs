//! Exact nearest neighbours by Euclidean distance, and the vote of their classes.
//!
//! There are two searches over the distinct reference points, [`Search::Blocked`] and, as the
//! reference for it, linfa-nn's k-d tree. They find the same bits. Queries go over the threads of
//! the current rayon pool, and the result does not depend on how many there are, nor on the
//! instructions that the processor has.
//!
//! **Tie rule.** Neighbours are ordered by distance (computed in f32), then by reference index,
//! lowest first, also where the tie lies between the k-th neighbour and those left out. A vote
//! with equally many votes goes to the class whose nearest voter comes first in that order.
//!
//! Equal reference points are searched once and counted out afterwards: a collapsed network maps
//! every image to one point, and each query would have to look at all of them. Values whose
//! squared distance would overflow are refused.

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

/// How neighbours are searched for; the result is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// linfa-nn's k-d tree.
    Tree,
    /// Every query against every point by a product of matrices, except where all points of a
    /// block are too far; what may be near is measured as the tree measures it.
    Blocked,
}

impl Search {
    /// The faster one for so many references of so many dimensions.
    ///
    /// Milliseconds of tree and blocked search on two cores, both with all they build first, least
    /// of nine (of four for 57,000 queries), normal points:
    ///
    /// | references × queries | k | 1-D | 2-D | 3-D | 4-D |
    /// |---|---|---|---|---|---|
    /// | 200 × 50 | 10 | 0.08, 0.11 | 0.08, 0.09 | 0.09, 0.09 | |
    /// | 1,000 × 1,000 | 1 | 0.70, 0.59 | 0.80, 0.64 | 1.2, 0.69 | |
    /// | 57,000 × 3,000 | 1 | 24, 18 | 22, 19 | 34, 21 | 69, 47 |
    /// | 57,000 × 57,000 | 1 | 139, 120 | 139, 90 | 139, 119 | 316, 183 |
    /// | 57,000 × 57,000 | 92 | 1187, 659 | 763, 378 | 1845, 722 | |
    ///
    /// The tree falls behind with every dimension: in 10-D it takes five times as long where the
    /// points have no clusters, and from some 30 on it looks at nearly all of them, one by one.
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
    /// Neighbours of each query.
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

    /// Neighbours of queries that are the references themselves, each without itself.
    ///
    /// Of many references at one point a query may not be among its own neighbours; then the last
    /// goes.
    ///
    /// # Panics
    /// Where there is only one neighbour a query: a bug.
    pub fn without_self(&self) -> Neighbours {
        let last = self.k() - 1;
        let own = |query: usize| {
            let row = self.indices.row(query);
            row.iter().position(|&row| row as usize == query).unwrap_or(last)
        };
        let own: Vec<usize> = (0..self.len()).map(own).collect();
        let kept = |query: usize, place: usize| place + usize::from(place >= own[query]);
        let shape = (self.len(), last);
        Neighbours {
            indices: Array2::from_shape_fn(shape, |(q, place)| self.indices[[q, kept(q, place)]]),
            distances: Array2::from_shape_fn(shape, |(q, at)| self.distances[[q, kept(q, at)]]),
        }
    }

    /// The `k` nearest alone.
    ///
    /// # Panics
    /// When `k` is more than were searched for: a bug.
    pub fn first(&self, k: usize) -> Neighbours {
        Neighbours {
            indices: self.indices.slice(s![.., ..k]).to_owned(),
            distances: self.distances.slice(s![.., ..k]).to_owned(),
        }
    }
}

/// Finds the `k` references nearest to each query; the tie rule is the module's.
///
/// # Shapes
/// references `[N, D]`, queries `[Q, D]` f32, D at least 1 → indices, distances `[Q, k]`
///
/// # Errors
/// A `k` that is not within 1..=N; an embedding value that is not finite or too large to be
/// squared, with its row (counted from 0).
///
/// # Panics
/// When the two sets differ in D, or D is 0: a bug, as one network made both.
pub fn nearest(
    references: ArrayView2<f32>,
    queries: ArrayView2<f32>,
    k: usize,
) -> Result<Neighbours> {
    nearest_by(Search::fastest(references.nrows(), references.ncols()), references, queries, k)
}

/// [`nearest`], shown to `watch` and stopped by it.
///
/// # Errors
/// As [`nearest`]; the user asked to stop.
pub(super) fn nearest_watched(
    references: ArrayView2<f32>,
    queries: ArrayView2<f32>,
    k: usize,
    watch: &Watch,
) -> Result<Neighbours> {
    let search = Search::fastest(references.nrows(), references.ncols());
    searched(search, references, queries, k, watch)
}

/// [`nearest`] by a given search.
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
    searched(search, references, queries, k, &Watch::default())
}

fn searched(
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
    Ok(Neighbours { indices: filled(shape, indices), distances: filled(shape, distances) })
}

fn filled<T>(shape: (usize, usize), values: Vec<T>) -> Array2<T> {
    Array2::from_shape_vec(shape, values).expect("k neighbours of every query")
}

/// The class that most of each query's neighbours have; all neighbours vote.
///
/// # Shapes
/// neighbours `[Q, K]`; labels `[N]` of the references, values in 0..classes → `[Q]`
///
/// # Panics
/// When a label is no class or a neighbour has no label: a bug.
pub fn vote(neighbours: &Neighbours, labels: &[i64], classes: usize) -> Vec<i64> {
    let winner = |voters| ranking(voters, labels, classes)[0];
    neighbours.indices.rows().into_iter().map(winner).collect()
}

/// So many classes are looked through one by one.
const FEW: usize = 16;

/// The classes that have a vote, most votes first; of equally many the one whose first voter
/// comes first.
///
/// # Shapes
/// voters `[K]`, rows of the references, nearest first; labels `[N]`, values in 0..classes
///
/// # Panics
/// When a label is no class or a voter has no label: a bug.
pub fn ranking(voters: ArrayView1<u32>, labels: &[i64], classes: usize) -> Vec<i64> {
    // A counter for every class would cost more than the vote where there are thousands.
    let mut votes: Vec<(i64, u32)> = Vec::new();
    let mut place: HashMap<i64, usize> = HashMap::new();
    for &voter in voters {
        let class = labels[voter as usize];
        assert!((0..classes as i64).contains(&class), "{class} is one of {classes} classes");
        let found = match votes.len() {
            ..=FEW => votes.iter().position(|vote| vote.0 == class),
            _ => place.get(&class).copied(),
        };
        if let Some(found) = found {
            votes[found].1 += 1;
            continue;
        }
        if votes.len() == FEW {
            place.extend(votes.iter().zip(0..).map(|(vote, number)| (vote.0, number)));
        }
        if votes.len() >= FEW {
            place.insert(class, votes.len());
        }
        votes.push((class, 1));
    }
    // The sort is stable, so equal votes keep the order of their first voters.
    votes.sort_by_key(|vote| std::cmp::Reverse(vote.1));
    votes.into_iter().map(|vote| vote.0).collect()
}

/// Refuses values that have no distance.
pub(super) fn check(embeddings: ArrayView2<f32>, set: &str) -> Result<()> {
    // Below this, the D squared differences of two points sum up to less than f32::MAX.
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
        // Whoever knows where the embeddings come from knows the way out.
        remedy: String::new(),
    }))
}

#[cfg(test)]
mod tests;
