//! The default engine: the crate bhtsne 0.7, made repeatable and led through four phases.
//!
//! # Schedule
//! The crate caps its adaptive gain at 2 and leaves out the factor 4 of the gradient, so with the
//! learning rates that other implementations use it stops far from the minimum. Here the rate is
//! the one of openTSNE, N / exaggeration a phase, times the missing 4, and the full phase makes up
//! for the cap by momentum 0.9. A short phase before it, at half the rate and momentum 0.8, lets
//! the map unfold after the exaggeration ends; without it small sets can be thrown apart. A short
//! phase after it brings points to rest that are still shaking, as those do that coincide with
//! many. Four times the full rate was seen to diverge, twice the rate was not.
//!
//! # Repeatable bytes
//! The crate draws random numbers for a start and for its neighbour search, and sums in an order
//! that depends on which thread takes what. So it gets a start and the neighbours from us, and
//! one thread of its own, where no work can be taken by another.

use ::bhtsne::{Neighbor as Given, SparseAffinities, tSNE};
use ndarray::ArrayView2;

use super::affinities::Neighbor;
use super::{TsneConfig, pca};
use crate::error::{Error, Result};

/// A stretch of gradient descent under the same settings; velocities and gains begin anew.
struct Phase {
    steps: usize,
    /// Factor on the affinities.
    exaggeration: f32,
    learning_rate: f32,
    momentum: f32,
}

/// Exaggerated for a fifth of the steps, settling for a tenth, then at full rate, and coming to
/// rest in the last sixteenth.
fn phases(points: usize, steps: usize) -> [Phase; 4] {
    let (exaggerated, settling, resting) = (steps / 5, steps / 10, steps / 16);
    let full = 4.0 * points as f32;
    let phase = |steps, exaggeration, learning_rate, momentum| Phase {
        steps,
        exaggeration,
        learning_rate,
        momentum,
    };
    [
        phase(exaggerated, 12.0, full / 12.0, 0.8),
        phase(settling, 1.0, full / 2.0, 0.8),
        phase(steps - exaggerated - settling - resting, 1.0, full, 0.9),
        phase(resting, 1.0, full / 16.0, 0.5),
    ]
}

/// Lays out the points; `neighbors` are theirs, nearest first, as many for each.
///
/// # Errors
/// The system gives no thread.
pub(super) fn embed(
    points: ArrayView2<f32>,
    neighbors: &[Vec<Neighbor>],
    config: &TsneConfig,
    seed: u64,
) -> Result<Vec<[f64; 2]>> {
    let start = pca::start(points, seed);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.map_err(|e| Error::Other(format!("cannot start a thread for t-SNE: {e}")))?;
    Ok(pool.install(|| descend(start, neighbors, config)))
}

fn descend(
    start: Vec<[f64; 2]>,
    neighbors: &[Vec<Neighbor>],
    config: &TsneConfig,
) -> Vec<[f64; 2]> {
    let given = |n: &Neighbor| Given { index: n.index, distance: n.distance as f32 };
    let neighbors: Vec<Vec<Given<f32>>> =
        neighbors.iter().map(|row| row.iter().map(given).collect()).collect();
    let mut map: Vec<f32> = start.into_iter().flatten().map(|value| value as f32).collect();
    let mut affinities = None;
    for phase in phases(neighbors.len(), config.iterations) {
        (map, affinities) = run(&phase, map, &neighbors, affinities, config);
    }
    map.chunks_exact(2).map(|point| [point[0].into(), point[1].into()]).collect()
}

/// One phase: the map it ends with, and the affinities for the next.
fn run(
    phase: &Phase,
    map: Vec<f32>,
    neighbors: &[Vec<Given<f32>>],
    affinities: Option<SparseAffinities<f32>>,
    config: &TsneConfig,
) -> (Vec<f32>, Option<SparseAffinities<f32>>) {
    let theta = config.theta as f32;
    // All that the crate needs of the points stands in the neighbours and the affinities.
    let points = vec![(); neighbors.len()];
    let mut tsne: tSNE<f32, ()> = tSNE::new(&points);
    tsne.perplexity(config.perplexity as f32)
        .epochs(phase.steps)
        .learning_rate(phase.learning_rate)
        .early_exaggeration(phase.exaggeration)
        .stop_lying_epoch(phase.steps)
        .momentum(phase.momentum)
        .final_momentum(phase.momentum)
        .initial_embedding(map);
    match affinities {
        None => tsne.barnes_hut_with_neighbors(theta, neighbors),
        Some(affinities) => tsne
            .with_affinities(affinities)
            .barnes_hut(theta, |_, _| unreachable!("the affinities are given")),
    };
    (tsne.embedding(), tsne.affinities())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_phases_take_all_steps_and_each_at_least_one() {
        for steps in 20..300 {
            let phases = phases(100, steps);
            assert_eq!(phases.iter().map(|phase| phase.steps).sum::<usize>(), steps);
            assert!(phases.iter().all(|phase| phase.steps > 0));
        }
    }
}
