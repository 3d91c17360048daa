//! The network in evaluation mode: with running statistics each BatchNorm is one multiply-add, so
//! groups of eight images pass through all layers independently.

use super::lanes::LANES;
use super::norm::Norm;
use super::shard::{Scratch, Shard, Sizes};
use super::weights::{Layout, Weights};
use super::{EPSILON, forward};
use crate::model::FusedSizes;
use crate::runtime::Simd;

/// A snapshot of weights and running statistics that any number of threads can use.
pub struct Evaluator {
    sizes: Sizes,
    weights: Weights,
    norms: Vec<Norm>,
    simd: Simd,
}

impl Evaluator {
    /// From the flat parameters `[P]` and mean and variance of each BatchNorm in turn.
    pub fn new(sizes: FusedSizes, values: Vec<f32>, statistics: &[f32], simd: Simd) -> Evaluator {
        let weights = Weights::for_evaluation(&Layout::new(sizes), values);
        let mut rest = statistics;
        let norm = |index: usize| {
            let (gamma, beta) = weights.norm(index);
            let (mean, after) = rest.split_at(gamma.len());
            let (variance, after) = after.split_at(gamma.len());
            rest = after;
            Norm::from_running(mean, variance, gamma, beta, EPSILON)
        };
        let norms = (0..weights.layout.norms.len()).map(norm).collect();
        Evaluator { sizes: Sizes::new(sizes), weights, norms, simd }
    }

    /// Embeds images `[N][S][S]` → `[N][E]`.
    pub fn embed(&self, images: &[f32]) -> Vec<f32> {
        let Evaluator { sizes, weights, norms, simd } = self;
        let count = images.len() / (sizes.full * sizes.full);
        let mut rows = Vec::with_capacity(count * sizes.embedding);
        let mut shard = Shard::new(sizes, &weights.layout, 1);
        let mut scratch = Scratch::new(sizes, &weights.layout);
        for first in (0..count).step_by(LANES) {
            shard.first = first;
            forward::convolution1(&mut shard, images, weights, *simd);
            forward::convolution2(&mut shard, &mut scratch, weights, &norms[0], *simd);
            forward::convolution3(&mut shard, &mut scratch, weights, &norms[1], *simd);
            forward::convolution4(&mut shard, &mut scratch, weights, &norms[2], *simd);
            forward::head(&mut shard, &mut scratch, weights, &norms[3], *simd);
            shard.write_embeddings(&mut rows);
        }
        rows
    }
}
