//! The engine for cross-checking: linfa-tsne 0.8, which wraps the crate bhtsne 0.4.
//!
//! Its learning rate (200), exaggeration (12) and random initialisation are fixed. It is exact for
//! θ = 0. For θ > 0 its vantage-point tree draws pivots from a generator that we cannot seed and, by a
//! wrong index, misses some neighbours depending on the pivots: such maps differ from run to run.

use linfa::traits::Transformer;
use linfa_tsne::TSneParams;
use ndarray::{Array2, ArrayView2, Axis, concatenate};
use rand::seq::SliceRandom;

use super::config::TsneConfig;
use crate::error::{Error, Result};
use crate::random::{Purpose, generator};

/// Maps the points.
///
/// # Errors
/// There are fewer than four points, for which the crate allows no perplexity.
pub(super) fn embed(
    points: ArrayView2<f32>,
    config: &TsneConfig,
    seed: u64,
) -> Result<Vec<[f64; 2]>> {
    if points.nrows() < 4 {
        let problem = "needs at least four distinct embeddings; the engine fft takes fewer";
        return Err(Error::setting("tsne.engine", config.engine, problem));
    }
    let order = order(points.nrows(), seed);
    let shuffled = two_columns(points.mapv(f64::from)).select(Axis(0), &order);
    let map = TSneParams::embedding_size(2)
        .perplexity(config.perplexity)
        .approx_threshold(config.theta)
        .max_iter(config.iterations)
        .transform(shuffled)
        .map_err(|e| Error::Other(format!("linfa-tsne: {e}")))?;
    let mut coordinates = vec![[0.0; 2]; order.len()];
    for (&row, point) in order.iter().zip(map.rows()) {
        coordinates[row] = [point[0], point[1]];
    }
    Ok(coordinates)
}

/// The order in which the crate gets the points. Its random initialisation is always the same, so the
/// seed takes effect here.
fn order(points: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points).collect();
    order.shuffle(&mut generator(seed, Purpose::Tsne, 1));
    order
}

/// Adds a second column of zeros to one-dimensional points, which the crate requires.
fn two_columns(points: Array2<f64>) -> Array2<f64> {
    if points.ncols() > 1 {
        return points;
    }
    let zeros = Array2::zeros((points.nrows(), 1));
    concatenate(Axis(1), &[points.view(), zeros.view()]).expect("as many rows")
}
