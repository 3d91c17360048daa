//! Settings of t-SNE.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The implementation of t-SNE.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Our own, with PCA initialisation and FFT-based repulsion: fast, multi-threaded and
    /// reproducible.
    #[default]
    Fft,
    /// The crate linfa-tsne 0.8: slower. Its neighbour search uses a random generator that cannot be
    /// seeded and misses some neighbours, so its maps are reproducible only with `theta` 0.
    Linfa,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::Fft => "fft",
            Engine::Linfa => "linfa",
        })
    }
}

/// The embeddings of a run that t-SNE maps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TsneSets {
    /// Those of the validation images, as the tutorial does.
    #[default]
    Validation,
    /// Those of the training images too, in a separate map.
    Both,
}

/// The settings of `[tsne]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TsneConfig {
    /// The implementation.
    pub engine: Engine,
    /// The embeddings to map.
    pub of: TsneSets,
    /// Effective number of neighbours of a point, at least 1. Larger values are lowered to (N − 1)/3
    /// for N distinct embeddings.
    pub perplexity: f64,
    /// Steps of gradient descent, at least 20. `linfa`, whose learning rate is fixed at 200, needs
    /// about four times as many as `fft`.
    pub iterations: usize,
    /// Barnes-Hut approximation of `linfa`, 0 ≤ theta ≤ 1; 0 is exact and takes O(N²) per step. `fft`
    /// ignores it.
    ///
    /// It is compared with half the width of a cell, scikit-learn's `angle` with the full width: the
    /// equivalent theta is half of `angle`.
    pub theta: f64,
}

impl Default for TsneConfig {
    fn default() -> TsneConfig {
        TsneConfig {
            engine: Engine::Fft,
            of: TsneSets::Validation,
            perplexity: 30.0,
            iterations: 500,
            theta: 0.4,
        }
    }
}

impl TsneConfig {
    /// Checks the values without the embeddings.
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
        if !(20..=MOST_ITERATIONS).contains(&self.iterations) {
            let problem = format!("must be at least 20 and at most {MOST_ITERATIONS}");
            return Err(Error::setting("tsne.iterations", self.iterations, problem));
        }
        Ok(())
    }
}

/// More than any map needs to converge.
const MOST_ITERATIONS: usize = 1_000_000;
