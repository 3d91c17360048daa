//! k-means by products of matrices, on all cores.
//!
//! The algorithm is scikit-learn's `KMeans` (1.9, `algorithm='lloyd'`): a greedy k-means++ start
//! (D. Arthur, S. Vassilvitskii, 2007) with 2 + ⌊ln k⌋ candidates a centre, rounds until no point
//! changes its cluster or the centres stand still within the tolerance, empty clusters moved to
//! the points that are farthest from their centres, and of several starts the one with the
//! smallest squared distances. The random numbers differ, so a single start may end elsewhere.
//! Of many starts only the best few go on after some rounds: which of them ends lowest shows
//! early, and the late rounds are the most.
//!
//! A round costs N·k·D multiply-adds and the start 2 + ⌊ln k⌋ times that in all: both are linear
//! in the number of clusters. Beside the points there is one copy of them, and up to 64 MiB of
//! distances to candidates.
//!
//! The result does not depend on the number of threads: each product is summed by one thread in
//! the order of the dimensions, each centre by one thread in the order of its points. It depends
//! on the processor only in so far as [`Simd`](crate::runtime::Simd) does.

mod blocks;
mod products;
mod rounds;
mod seeding;
#[cfg(test)]
mod tests;

use ndarray::ArrayView2;

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
    let mut running = Vec::with_capacity(task.starts);
    for number in 0..task.starts {
        let mut random = generator(task.seed, Purpose::Clusters, number as u64);
        let show = Shown { watch, number, starts: task.starts };
        let drawn = |centres: usize| show.of("centre", centres);
        let rows = seeding::seed(&blocks, task.clusters, &mut random, watch, &drawn)?;
        let mut start = Start::at(&blocks, &rows, watch)?;
        let heat = if task.starts > FINALISTS { HEAT.min(task.rounds) } else { task.rounds };
        start.advance((heat, tolerance), watch, &|round| show.of("round", round))?;
        running.push((start.inertia(), number, start));
        running.sort_by(|a, b| a.0.total_cmp(&b.0));
        running.truncate(FINALISTS);
    }
    for (inertia, number, start) in &mut running {
        let show = Shown { watch, number: *number, starts: task.starts };
        start.advance((task.rounds, tolerance), watch, &|round| show.of("round", round))?;
        *inertia = start.inertia();
    }
    let best = running.into_iter().min_by(|a, b| a.0.total_cmp(&b.0));
    Ok(best.expect("at least one start").2.into_clustering())
}

/// Of more starts than this, so many go on after [`HEAT`] rounds.
const FINALISTS: usize = 3;

/// Rounds after which starts are compared.
const HEAT: usize = 5;

/// What the user sees of a start.
struct Shown<'a> {
    watch: &'a Watch<'a>,
    number: usize,
    starts: usize,
}

impl Shown<'_> {
    fn of(&self, what: &str, count: usize) {
        let stage = match self.starts {
            1 => "k-means".to_owned(),
            starts => format!("k-means {} of {starts}", self.number + 1),
        };
        self.watch.show(&format!("{stage}, {what} {count}"));
    }
}
