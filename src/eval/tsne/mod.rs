//! t-SNE: a map of the embeddings in two dimensions, and its KL divergence.
//!
//! [`embed`] has two engines. The default is our own gradient descent with FFT-based repulsion. It uses
//! all cores and gives the same bytes for the same embeddings, settings and seed on one machine, on any
//! number of threads; no crate we found does both. The crate linfa-tsne is there for cross-checking.
//! The divergence of either's map is computed exactly by one function (in `divergence`), so the values
//! are comparable, also with those of scikit-learn and openTSNE (`benches/tsne_sklearn.py`, `make bench ONLY=tsne`).

mod affinities;
mod config;
mod descent;
mod distinct;
mod divergence;
mod linfa;
mod neighbours;
mod pca;
#[cfg(test)]
mod reference;
mod repulsion;
#[cfg(test)]
mod tests;

pub use config::{Engine, TsneConfig, TsneSets};

use ndarray::ArrayView2;

use crate::error::{Error, Result};
use affinities::Affinities;
use distinct::DistinctEmbeddings;

/// A map of the embeddings in two dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// One point per embedding, in the same order; the axes have no meaning.
    pub coordinates: Vec<[f64; 2]>,
    /// Exact Kullback-Leibler divergence KL(P‖Q) in nats, counting each distinct embedding once. Smaller
    /// is better; comparable only between maps of the same embeddings at the same perplexity. `None` if
    /// all embeddings are equal.
    pub kl: Option<f64>,
    /// The perplexity used: as set, or lowered for few embeddings.
    pub perplexity: f64,
    /// Warnings: equal embeddings, a lowered perplexity.
    pub remarks: Vec<String>,
}

/// Maps embeddings to two dimensions by t-SNE.
///
/// With the engine `fft` the same embeddings, settings and seed give the same bits on one machine, on
/// any number of threads; `progress` receives the steps done and their total after each. The engine
/// `linfa` reports no progress.
///
/// Equal embeddings share a point. The perplexity is at most (U − 1)/3 for U distinct embeddings, as in
/// openTSNE, but at least 1.
///
/// # Shapes
/// embeddings `[N, D]` f32, finite → N points
///
/// # Errors
/// A setting is out of range; there is only one embedding; an embedding is NaN or infinite; the
/// descent diverges.
pub fn embed(
    embeddings: ArrayView2<f32>,
    config: &TsneConfig,
    seed: u64,
    progress: &dyn Fn(usize, usize),
) -> Result<Map> {
    config.check()?;
    check_points(embeddings)?;
    let distinct = DistinctEmbeddings::of(embeddings);
    let (perplexity, lowered) = fitted(config.perplexity, distinct.len());
    let config = TsneConfig { perplexity, ..config.clone() };
    let (points, kl) = match distinct.len() {
        1 => (vec![[0.0; 2]], None),
        _ => {
            let (points, kl) = layout(distinct.points.view(), &config, seed, progress)?;
            (points, Some(kl))
        }
    };
    let remarks = distinct.remark().into_iter().chain(lowered.filter(|_| distinct.len() > 1));
    let coordinates = distinct.expand(&points);
    Ok(Map { coordinates, kl, perplexity, remarks: remarks.collect() })
}

/// Maps distinct embeddings, at least two, and computes the divergence.
fn layout(
    points: ArrayView2<f32>,
    config: &TsneConfig,
    seed: u64,
    progress: &dyn Fn(usize, usize),
) -> Result<(Vec<[f64; 2]>, f64)> {
    let k = neighbourhood(points.nrows(), config);
    let neighbours = neighbours::neighbourhoods(points, k)?;
    let affinities = Affinities::new(neighbours, config.perplexity);
    let coordinates = match config.engine {
        Engine::Fft => {
            let start = pca::start(points, seed);
            descent::descend(&start, &affinities, config.iterations, progress)
        }
        Engine::Linfa => Some(linfa::embed(points, config, seed)?),
    };
    let finite = |map: &Vec<[f64; 2]>| map.iter().flatten().all(|value| value.is_finite());
    let coordinates = coordinates.filter(finite).ok_or_else(|| {
        Error::Other(format!("the t-SNE by {} diverged to infinity", config.engine))
    })?;
    let kl = divergence::divergence(&affinities, &coordinates);
    Ok((coordinates, kl))
}

/// The perplexity for this number of distinct embeddings, and the warning if it was lowered.
fn fitted(perplexity: f64, points: usize) -> (f64, Option<String>) {
    let most = (points.saturating_sub(1) as f64 / 3.0).max(1.0);
    if perplexity <= most {
        return (perplexity, None);
    }
    let shown = format!("{most:.2}");
    let shown = shown.trim_end_matches('0').trim_end_matches('.');
    let warning = format!(
        "tsne.perplexity = {perplexity} is too large for {points} different embeddings: lowered to \
         {shown}"
    );
    (most, Some(warning))
}

/// Number of neighbours with an affinity, as in scikit-learn.
fn neighbourhood(points: usize, config: &TsneConfig) -> usize {
    ((3.0 * config.perplexity + 1.0) as usize).min(points - 1)
}

fn check_points(embeddings: ArrayView2<f32>) -> Result<()> {
    if embeddings.nrows() < 2 {
        let problem = "a t-SNE shows embeddings relative to each other, and there is only one";
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
