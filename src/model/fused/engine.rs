//! Runs the passes in order, over all shards, on all free cores.

use std::sync::{Arc, Mutex};

use super::lanes::LANES;
use super::norm::{Moments, Norm, NormGradient};
use super::shard::{SHARD, Scratch, Shard, Sizes};
use super::weights::{Layout, Weights};
use super::{EPSILON, backward, forward};
use crate::model::FusedSizes;
use crate::runtime::{Simd, Workers};

/// Forward and backward pass of a training step.
///
/// The branches of a batch run one after the other, each on all threads, so that the activations of
/// one branch have the last-level cache to themselves.
pub struct Engine {
    sizes: Sizes,
    pub layout: Layout,
    simd: Simd,
    /// The current batch.
    branches: Vec<Branch>,
    /// Shards of earlier batches, for reuse.
    spare: Vec<Shard>,
    scratches: Arc<Mutex<Vec<Scratch>>>,
    /// The weights of the forward pass, for the backward pass.
    weights: Option<Arc<Weights>>,
}

/// One branch of the current batch.
struct Branch {
    images: usize,
    shards: Vec<Shard>,
    /// Its BatchNorms computed so far.
    norms: Vec<Arc<Norm>>,
}

impl Branch {
    /// The sums of the last pass over all images.
    fn moments(&self) -> Moments {
        let mut sum = Moments::new(self.shards[0].moments.first.len());
        self.shards.iter().for_each(|shard| sum.merge(&shard.moments));
        sum
    }
}

impl Engine {
    pub fn new(sizes: FusedSizes, simd: Simd) -> Engine {
        Engine {
            sizes: Sizes::new(sizes),
            layout: Layout::new(sizes),
            simd,
            branches: Vec::new(),
            spare: Vec::new(),
            scratches: Arc::default(),
            weights: None,
        }
    }

    /// Embeds a batch in training mode, each branch `[B][S][S]` with its own statistics; returns
    /// the embeddings `[B][E]` of each branch.
    pub fn forward(
        &mut self,
        workers: &mut Workers,
        weights: Vec<f32>,
        branches: Vec<Vec<f32>>,
    ) -> Vec<Vec<f32>> {
        let weights = Arc::new(Weights::new(&self.layout, weights));
        let used = self.branches.drain(..).flat_map(|branch| branch.shards);
        self.spare.extend(used);
        let mut embeddings = Vec::new();
        for images in branches {
            let mut branch = self.split_into_shards(&images);
            self.branch_forward(workers, &mut branch, &weights, images);
            let mut rows = Vec::with_capacity(branch.images * self.sizes.embedding);
            branch.shards.iter().for_each(|shard| shard.write_embeddings(&mut rows));
            embeddings.push(rows);
            self.branches.push(branch);
        }
        self.weights = Some(weights);
        embeddings
    }

    fn branch_forward(
        &self,
        workers: &mut Workers,
        branch: &mut Branch,
        weights: &Arc<Weights>,
        images: Vec<f32>,
    ) {
        let simd = self.simd;
        let w = Arc::clone(weights);
        self.pass(workers, branch, move |shard, _| {
            forward::convolution1(shard, &images, &w, simd);
        });
        let passes =
            [forward::convolution2, forward::convolution3, forward::convolution4, forward::head];
        for (index, pass) in passes.into_iter().enumerate() {
            let norm = self.compute_norm(branch, index, weights);
            let w = Arc::clone(weights);
            self.pass(workers, branch, move |shard, scratch| {
                pass(shard, scratch, &w, &norm, simd);
            });
        }
    }

    /// Mean and unbiased variance of each BatchNorm in order, branch by branch.
    pub fn statistics(&self) -> impl Iterator<Item = Vec<(Vec<f32>, Vec<f32>)>> {
        self.branches
            .iter()
            .map(|branch| branch.norms.iter().map(|norm| norm.statistics()).collect())
    }

    /// ∂loss/∂embeddings `[B][E]` of each branch → ∂loss/∂parameters `[P]`.
    pub fn backward(&mut self, workers: &mut Workers, gradients: Vec<Vec<f32>>) -> Vec<f32> {
        let weights = self.weights.take().expect("backward follows forward");
        let mut total = vec![0.0; self.layout.length];
        let mut branches = std::mem::take(&mut self.branches);
        for (branch, gradient) in branches.iter_mut().zip(gradients) {
            self.branch_backward(workers, branch, &weights, gradient, &mut total);
        }
        self.branches = branches;
        total
    }

    fn branch_backward(
        &self,
        workers: &mut Workers,
        branch: &mut Branch,
        weights: &Arc<Weights>,
        gradient: Vec<f32>,
        total: &mut [f32],
    ) {
        let simd = self.simd;
        let (w, norm) = (Arc::clone(weights), Arc::clone(&branch.norms[3]));
        self.pass(workers, branch, move |shard, scratch| {
            backward::head(shard, scratch, &w, &norm, &gradient, simd);
        });
        let passes = [backward::convolution2, backward::convolution3, backward::convolution4];
        for (index, pass) in passes.into_iter().enumerate().rev() {
            let step = self.norm_backward(branch, index + 1, weights, total);
            let (w, before) = (Arc::clone(weights), Arc::clone(&branch.norms[index]));
            self.pass(workers, branch, move |shard, scratch| {
                pass(shard, scratch, &w, &before, &step, simd);
            });
        }
        let step = self.norm_backward(branch, 0, weights, total);
        let w = Arc::clone(weights);
        self.pass(workers, branch, move |shard, scratch| {
            backward::convolution1(shard, scratch, &w, &step, simd);
        });
        for shard in &branch.shards {
            total.iter_mut().zip(&shard.gradient).for_each(|(to, from)| *to += from);
        }
    }

    /// Splits the images of a branch into shards.
    fn split_into_shards(&mut self, images: &[f32]) -> Branch {
        let images = images.len() / (self.sizes.full * self.sizes.full);
        let shards = (0..images).step_by(SHARD).map(|first| {
            let spare = self.spare.pop();
            let new = || Shard::new(&self.sizes, &self.layout, SHARD / LANES);
            Shard { first, ..spare.unwrap_or_else(new) }
        });
        Branch { images, shards: shards.collect(), norms: Vec::new() }
    }

    /// Runs a pass over the shards of a branch, in parallel.
    fn pass(
        &self,
        workers: &mut Workers,
        branch: &mut Branch,
        work: impl Fn(&mut Shard, &mut Scratch) + Send + Sync + 'static,
    ) {
        let scratches = Arc::clone(&self.scratches);
        let (sizes, layout) = (self.sizes, self.layout.clone());
        let shards = std::mem::take(&mut branch.shards);
        branch.shards = workers.share(shards, move |shard| {
            let pool = || scratches.lock().expect("no thread panics while it holds the lock");
            let scratch = pool().pop();
            let mut scratch = scratch.unwrap_or_else(|| Scratch::new(&sizes, &layout));
            work(shard, &mut scratch);
            pool().push(scratch);
        });
    }

    /// Computes the BatchNorm that follows the last pass.
    fn compute_norm(&self, branch: &mut Branch, index: usize, weights: &Weights) -> Arc<Norm> {
        let side = if index < 2 { self.sizes.full } else { self.sizes.half };
        let (gamma, beta) = weights.norm(index);
        let count = branch.images * side * side;
        let norm = Arc::new(Norm::from_batch(&branch.moments(), count, gamma, beta, EPSILON));
        branch.norms.push(Arc::clone(&norm));
        norm
    }

    /// Computes the backward step of a BatchNorm and adds the gradients of γ and β to `total`.
    fn norm_backward(
        &self,
        branch: &Branch,
        index: usize,
        weights: &Weights,
        total: &mut [f32],
    ) -> NormGradient {
        let (gamma, _) = weights.norm(index);
        let step = branch.norms[index].backward(&branch.moments(), gamma);
        let layer = &self.layout.norms[index];
        total[layer.weights.clone()].iter_mut().zip(&step.gamma).for_each(|(to, g)| *to += g);
        total[layer.bias.clone()].iter_mut().zip(&step.beta).for_each(|(to, g)| *to += g);
        step
    }
}
