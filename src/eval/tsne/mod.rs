//! t-SNE: a map of the embeddings in two dimensions, and how good it is.
//!
//! Two engines stand behind [`embed`]. The default is a descent of our own on all cores, with the
//! repulsion by FFT: it gives the same bytes for the same embeddings, settings and seed on one
//! machine, on any number of threads. No crate that was found does that and uses more than one.
//! The crate linfa-tsne is there for cross-checking. Whichever drew the map, its divergence is
//! computed by one exact function (in `divergence`), so the figures can be put side by side, also
//! with scikit-learn's and openTSNE's (`benches/tsne_sklearn.py`, `make bench ONLY=tsne`).

mod affinities;
mod descent;
mod distinct;
mod divergence;
mod linfa;
mod neighbors;
mod pca;
#[cfg(test)]
mod reference;
mod repulsion;
#[cfg(test)]
mod tests;

use std::fmt;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use affinities::Affinities;
use distinct::Places;

/// What lays out the map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Our own, with a PCA start and the repulsion by FFT: fast, on all cores, and the same bytes
    /// for the same seed.
    #[default]
    Fft,
    /// The crate linfa-tsne 0.8: slower. Its neighbour search draws from a generator that nobody
    /// can seed and loses some neighbours, so only with `theta` 0 are its maps repeatable.
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

/// Which embeddings of a run are laid out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// Those of the validation images, as the tutorial does.
    #[default]
    Validation,
    /// Those of the training images too, in a map of their own.
    Both,
}

/// What stands under `[tsne]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TsneConfig {
    /// What lays out the map.
    pub engine: Engine,
    /// Which embeddings are laid out.
    pub of: Of,
    /// Effective number of neighbours of a point, at least 1; of N different embeddings at most
    /// (N − 1)/3, to which a larger one is lowered.
    pub perplexity: f64,
    /// Steps of gradient descent, at least 20. `linfa`, whose learning rate is fixed at 200,
    /// wants about four times as many as `fft`.
    pub iterations: usize,
    /// How coarsely `linfa` takes far points together (Barnes-Hut), 0 ≤ theta ≤ 1; 0 is exact and
    /// takes O(N²) a step. `fft` does without.
    ///
    /// It is held against half the width of a cell, scikit-learn's `angle` against the whole:
    /// theta is half of the `angle` that approximates alike.
    pub theta: f64,
}

impl Default for TsneConfig {
    fn default() -> TsneConfig {
        TsneConfig {
            engine: Engine::Fft,
            of: Of::Validation,
            perplexity: 30.0,
            iterations: 500,
            theta: 0.4,
        }
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
        if !(20..=MOST_ITERATIONS).contains(&self.iterations) {
            let problem = format!("must be at least 20 and at most {MOST_ITERATIONS}");
            return Err(Error::setting("tsne.iterations", self.iterations, problem));
        }
        Ok(())
    }
}

/// More than any map takes to settle.
const MOST_ITERATIONS: usize = 1_000_000;

/// Points laid out in two dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// One point an embedding, in the order of the embeddings; the axes have no meaning.
    pub coordinates: Vec<[f64; 2]>,
    /// Exact Kullback-Leibler divergence KL(P‖Q) of these coordinates in nats, each different
    /// embedding once; smaller is better, and comparable only between maps of the same embeddings
    /// at the same perplexity. None where all embeddings are equal.
    pub kl: Option<f64>,
    /// The perplexity that it has: as set, or as large as so few embeddings allow.
    pub perplexity: f64,
    /// What is to be said of it: embeddings that are equal, a perplexity that was lowered.
    pub remarks: Vec<String>,
}

/// Lays out embeddings by t-SNE.
///
/// With the engine `fft` the same embeddings, settings and seed give the same bits on one
/// machine, alone or beside other work and on any number of threads; `progress` is told the steps
/// that are done and all, after each. The engine `linfa` tells nothing before its end.
///
/// Equal embeddings lie at one point. The perplexity is at most (U − 1)/3 of U different
/// embeddings, as in openTSNE, but at least 1.
///
/// # Shapes
/// embeddings `[N, D]` f32, finite → N points
///
/// # Errors
/// A setting out of its range, a single embedding, one that is not a number, or a map that an
/// engine cannot lay out.
pub fn embed(
    embeddings: ArrayView2<f32>,
    config: &TsneConfig,
    seed: u64,
    progress: &dyn Fn(usize, usize),
) -> Result<Map> {
    config.check()?;
    check_points(embeddings)?;
    let places = Places::of(embeddings);
    let (perplexity, lowered) = fitted(config.perplexity, places.len());
    let config = TsneConfig { perplexity, ..config.clone() };
    let (points, kl) = match places.len() {
        1 => (vec![[0.0; 2]], None),
        _ => {
            let (points, kl) = lay_out(places.points.view(), &config, seed, progress)?;
            (points, Some(kl))
        }
    };
    let remarks = places.remark().into_iter().chain(lowered.filter(|_| places.len() > 1));
    let coordinates = places.spread(&points);
    Ok(Map { coordinates, kl, perplexity, remarks: remarks.collect() })
}

/// Lays out different embeddings, two or more, and measures the divergence.
fn lay_out(
    points: ArrayView2<f32>,
    config: &TsneConfig,
    seed: u64,
    progress: &dyn Fn(usize, usize),
) -> Result<(Vec<[f64; 2]>, f64)> {
    let k = neighborhood(points.nrows(), config);
    let neighbors = neighbors::neighborhoods(points, k)?;
    let affinities = Affinities::new(neighbors, config.perplexity);
    let coordinates = match config.engine {
        Engine::Fft => {
            let start = pca::start(points, seed);
            descent::descend(&start, &affinities, config.iterations, progress)
        }
        Engine::Linfa => Some(linfa::embed(points, config, seed)?),
    };
    let finite = |map: &Vec<[f64; 2]>| map.iter().flatten().all(|value| value.is_finite());
    let coordinates = coordinates.filter(finite).ok_or_else(|| {
        Error::Other(format!("the t-SNE by {} ran off to infinity", config.engine))
    })?;
    let kl = divergence::divergence(&affinities, &coordinates);
    Ok((coordinates, kl))
}

/// The perplexity for so many different embeddings, and what is said where it was lowered.
fn fitted(perplexity: f64, points: usize) -> (f64, Option<String>) {
    let most = (points.saturating_sub(1) as f64 / 3.0).max(1.0);
    if perplexity <= most {
        return (perplexity, None);
    }
    let shown = format!("{most:.2}");
    let shown = shown.trim_end_matches('0').trim_end_matches('.');
    let told = format!(
        "tsne.perplexity = {perplexity} is too large for {points} different embeddings: lowered to \
         {shown}"
    );
    (most, Some(told))
}

/// Neighbours that get an affinity, as many as scikit-learn takes.
fn neighborhood(points: usize, config: &TsneConfig) -> usize {
    ((3.0 * config.perplexity + 1.0) as usize).min(points - 1)
}

fn check_points(embeddings: ArrayView2<f32>) -> Result<()> {
    if embeddings.nrows() < 2 {
        let problem = "a t-SNE shows how embeddings lie to each other, and there is only one";
        return Err(Error::Other(problem.to_owned()));
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
