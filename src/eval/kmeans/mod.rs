//! k-means by products of matrices, on all cores.
//!
//! The algorithm is scikit-learn's `KMeans` (1.9, `algorithm='lloyd'`): a greedy k-means++ start
//! (D. Arthur, S. Vassilvitskii, 2007) with 2 + ⌊ln k⌋ candidates a centre, rounds until no point
//! changes its cluster or the centres stand still within the tolerance, empty clusters moved to
//! the points that are farthest from their centres, and of several starts the one with the
//! smallest squared distances. Two things are added. Of many starts only the best few go on after
//! some rounds: which of them ends lowest shows early, and the late rounds are the most. And
//! centres are swapped ([`swaps`]): what a start got wrong, no round mends. So the squared
//! distances end below scikit-learn's, by more the more clusters there are.
//!
//! A round costs N·k·D multiply-adds, as does the search for swaps, and the start 2 + ⌊ln k⌋ times
//! that in all: all are linear
//! in the number of clusters. Beside the points there is one copy of them, and some 64 MiB of
//! distances to candidates for each of two starts; more from some three million points on.
//!
//! The result does not depend on the number of threads: each product is summed by one thread in
//! the order of the dimensions, each centre by one thread in the order of its points. It depends
//! on the processor only in so far as [`Simd`](crate::runtime::Simd) does.

mod blocks;
mod products;
mod rounds;
mod seeding;
mod swaps;
#[cfg(test)]
mod tests;

use ndarray::ArrayView2;
use rayon::prelude::*;

use self::blocks::Blocks;
use self::rounds::Start;
use super::knn::Points;
use super::watch::Watch;
use crate::error::Result;
use crate::random::{Purpose, generator};

/// How to look for clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kmeans {
    /// Number of clusters k, at least 1 and at most the number of points.
    pub clusters: usize,
    /// Starts, of which the best counts; at least 1.
    pub starts: usize,
    /// Rounds of a start at most; at least 1.
    pub rounds: usize,
    /// Seed of the starts.
    pub seed: u64,
}

/// What k-means found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Clustering {
    /// Cluster of each point `[N]`, values in 0..k.
    pub labels: Vec<u32>,
    /// Sum of the squared distances of all points to the centres of their clusters.
    pub inertia: f64,
    /// Rounds of the start that counts.
    pub rounds: usize,
}

/// Puts the points into clusters.
///
/// Where fewer than `clusters` points differ, some clusters stay empty. `watch` shows the
/// centres that are drawn and the rounds that are done.
///
/// # Shapes
/// points `[N, D]` f32, finite, N and D at least 1
///
/// # Errors
/// The user asked to stop.
///
/// # Panics
/// Without a point or a dimension, with no cluster or more clusters than points: a bug.
pub(super) fn kmeans(points: ArrayView2<f32>, task: &Kmeans, watch: &Watch) -> Result<Clustering> {
    let (count, dimensions) = points.dim();
    assert!(count > 0 && dimensions > 0, "points to cluster");
    assert!((1..=count).contains(&task.clusters), "between 1 cluster and one for each point");
    let standard = points.as_standard_layout();
    let blocks = Blocks::new(Points::of(standard.view()));
    let tolerance = 1e-4 * blocks.variance();
    let search = Search { blocks: &blocks, task, tolerance, watch };
    let numbers: Vec<usize> = (0..task.starts).collect();
    let mut running = Vec::with_capacity(FINALISTS + STARTS_AT_ONCE);
    for together in numbers.chunks(STARTS_AT_ONCE) {
        let shown = search.shown(together);
        let begun = together.par_iter().map(|&number| search.begin(number, &shown));
        running.extend(begun.collect::<Result<Vec<_>>>()?);
        running.sort_by(|a, b| a.0.total_cmp(&b.0));
        running.truncate(FINALISTS);
    }
    let shown =
        Shown { watch, stage: format!("k-means, best {} of {}", running.len(), task.starts) };
    running.par_iter_mut().try_for_each(|(inertia, _, start)| -> Result<()> {
        let (limits, show) = ((task.rounds, tolerance), |round| shown.of("round", round));
        swaps::swap(start, limits, watch, &show)?;
        start.advance(limits, watch, &show)?;
        *inertia = start.inertia();
        Ok(())
    })?;
    let best = running.into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
    Ok(best.expect("at least one start").2.into_clustering())
}

/// Starts at once: one alone leaves a core without work now and then, and each has distances of
/// its own in memory.
const STARTS_AT_ONCE: usize = 2;

/// Of more starts than this, so many go on after [`HEAT`] rounds.
const FINALISTS: usize = 3;

/// Rounds after which starts are compared.
const HEAT: usize = 5;

/// What all starts have in common.
struct Search<'a> {
    blocks: &'a Blocks<'a>,
    task: &'a Kmeans,
    tolerance: f64,
    watch: &'a Watch<'a>,
}

impl<'a> Search<'a> {
    /// A start as far as it goes before starts are compared, with its inertia and number.
    fn begin(&self, number: usize, show: &Shown) -> Result<(f64, usize, Start<'a>)> {
        let Search { blocks, task, tolerance, watch } = *self;
        let mut random = generator(task.seed, Purpose::Clusters, number as u64);
        let drawn = |centres: usize| show.of("centre", centres);
        let rows = seeding::seed(blocks, task.clusters, &mut random, watch, &drawn)?;
        let mut start = Start::at(blocks, &rows, watch)?;
        start
            .advance((HEAT.min(task.rounds), tolerance), watch, &|round| show.of("round", round))?;
        Ok((start.inertia(), number, start))
    }

    /// What the user sees of some starts, which are numbered from 0.
    fn shown(&self, numbers: &[usize]) -> Shown<'a> {
        let starts = self.task.starts;
        let stage = match numbers {
            _ if starts == 1 => "k-means".to_owned(),
            [number] => format!("k-means {} of {starts}", number + 1),
            [first, .., last] => format!("k-means {}–{} of {starts}", first + 1, last + 1),
            [] => unreachable!("a chunk has a start"),
        };
        Shown { watch: self.watch, stage }
    }
}

/// What the user sees of starts.
struct Shown<'a> {
    watch: &'a Watch<'a>,
    stage: String,
}

impl Shown<'_> {
    fn of(&self, what: &str, count: usize) {
        self.watch.show(&format!("{}, {what} {count}", self.stage));
    }
}
