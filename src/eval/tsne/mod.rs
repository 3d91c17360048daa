//! t-SNE: a map of the embeddings in two dimensions, and how good it is.
//!
//! Two engines stand behind [`embed`]. The default is the crate bhtsne 0.7 under a schedule of
//! our own: it gives the same bytes for the same embeddings, settings
//! and seed on one machine, whatever else runs there. The crate linfa-tsne is there for
//! cross-checking. Whichever drew the map, its divergence is computed by one exact function
//! (in `affinities`), so the figures can be put side by side, also with scikit-learn's
//! (`benches/tsne_sklearn.py`).

mod affinities;
mod bhtsne;
mod linfa;
mod pca;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use std::fmt;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use affinities::Affinities;

/// The library that lays out the map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The crate bhtsne 0.7 with a PCA start: fast, and the same bytes for the same seed.
    #[default]
    Bhtsne,
    /// The crate linfa-tsne 0.8: slower. Its neighbour search draws from a generator that nobody
    /// can seed and loses some neighbours, so only with `theta` 0 are its maps repeatable.
    Linfa,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::Bhtsne => "bhtsne",
            Engine::Linfa => "linfa",
        })
    }
}

/// What stands under `[tsne]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TsneConfig {
    /// The library that lays out the map.
    pub engine: Engine,
    /// Effective number of neighbours of a point; at least 1 and below a third of the points.
    pub perplexity: f64,
    /// How coarsely far points are taken together (Barnes-Hut): 0 < theta ≤ 1 for `bhtsne`,
    /// 0 ≤ theta ≤ 1 for `linfa`, where 0 is exact and takes O(N²) a step.
    ///
    /// Both engines hold it against half the width of a cell, scikit-learn's `angle` is held
    /// against the whole: theta is half of the `angle` that approximates alike.
    pub theta: f64,
    /// Steps of gradient descent, at least 20. `linfa`, whose learning rate is fixed at 200,
    /// wants about four times as many as `bhtsne`.
    pub iterations: usize,
}

impl Default for TsneConfig {
    fn default() -> TsneConfig {
        TsneConfig { engine: Engine::Bhtsne, perplexity: 30.0, theta: 0.4, iterations: 500 }
    }
}

impl TsneConfig {
    /// Checks what can be told without the embeddings.
    ///
    /// # Errors
    /// [`Error::Setting`] with the key, its value and what it can be.
    pub fn check(&self) -> Result<()> {
        if !(self.perplexity.is_finite() && self.perplexity >= 1.0) {
            return Err(Error::setting("tsne.perplexity", self.perplexity, "must be at least 1"));
        }
        if !(0.0..=1.0).contains(&self.theta) {
            return Err(Error::setting("tsne.theta", self.theta, "must be between 0 and 1"));
        }
        if self.theta == 0.0 && self.engine == Engine::Bhtsne {
            let problem = "must be above 0 for the engine bhtsne; the engine linfa takes 0";
            return Err(Error::setting("tsne.theta", self.theta, problem));
        }
        if self.iterations < 20 {
            return Err(Error::setting("tsne.iterations", self.iterations, "must be at least 20"));
        }
        Ok(())
    }
}

/// Points laid out in two dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// One point an embedding, in the order of the embeddings; the axes have no meaning.
    pub coordinates: Vec<[f64; 2]>,
    /// Exact Kullback-Leibler divergence KL(P‖Q) of these coordinates in nats; smaller is
    /// better, and comparable only between maps of the same embeddings at the same perplexity.
    pub kl: f64,
}

/// Lays out embeddings by t-SNE.
///
/// With the engine `bhtsne` the same embeddings, settings and seed give the same bits on one
/// machine, alone or beside other work: it computes on one thread of its own.
///
/// # Shapes
/// embeddings `[N, D]` f32, finite → N points
///
/// # Errors
/// A setting out of its range, a perplexity too large for N points, fewer than four points, or
/// an embedding that is not a number.
pub fn embed(embeddings: ArrayView2<f32>, config: &TsneConfig, seed: u64) -> Result<Map> {
    config.check()?;
    check_points(embeddings, config.perplexity)?;
    let neighbors = affinities::neighbors(embeddings, neighborhood(embeddings.nrows(), config));
    let coordinates = match config.engine {
        Engine::Bhtsne => bhtsne::embed(embeddings, &neighbors, config, seed)?,
        Engine::Linfa => linfa::embed(embeddings, config, seed)?,
    };
    if coordinates.iter().flatten().any(|value| !value.is_finite()) {
        return Err(Error::Diverged(format!("the t-SNE by {} ran off to infinity", config.engine)));
    }
    let kl = Affinities::new(&neighbors, config.perplexity).divergence(&coordinates);
    Ok(Map { coordinates, kl })
}

/// Neighbours that get an affinity, as many as scikit-learn takes.
fn neighborhood(points: usize, config: &TsneConfig) -> usize {
    ((3.0 * config.perplexity + 1.0) as usize).min(points - 1)
}

fn check_points(embeddings: ArrayView2<f32>, perplexity: f64) -> Result<()> {
    let points = embeddings.nrows();
    if points < 4 {
        return Err(Error::Other(format!("t-SNE needs at least 4 points, there are {points}")));
    }
    if 3.0 * perplexity > (points - 1) as f64 {
        let largest = (points - 1) / 3;
        let problem = format!("is too large for {points} points, take at most {largest}");
        return Err(Error::setting("tsne.perplexity", perplexity, problem));
    }
    for (row, embedding) in embeddings.rows().into_iter().enumerate() {
        if let Some(value) = embedding.iter().find(|value| !value.is_finite()) {
            return Err(Error::Other(format!(
                "embedding {row} (counted from 0) holds {value}: the training diverged, \
                 try a lower learning rate"
            )));
        }
    }
    Ok(())
}
