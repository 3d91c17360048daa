//! The passes in order, over all shards, on as many threads as there are free cores.

use std::sync::{Arc, Mutex};

use super::lanes::LANES;
use super::norm::{Moments, Norm, NormGradient};
use super::shard::{SHARD, Scratch, Shard, Sizes};
use super::weights::{Layout, Weights};
use super::{EPSILON, backward, forward};
use crate::model::Architecture;
use crate::runtime::{Simd, Workers};

/// A training step of the network on plain numbers: forward, then backward.
///
/// The branches of a batch take turns, each with all threads: what one keeps between its passes
/// then has the processor's last cache to itself.
pub struct Engine {
    sizes: Sizes,
    pub layout: Layout,
    simd: Simd,
    /// The batch at work.
    branches: Vec<Branch>,
    /// Shards of earlier batches, kept for later ones.
    spare: Vec<Shard>,
    scratches: Arc<Mutex<Vec<Scratch>>>,
    /// What the way back needs of the way forward.
    weights: Option<Arc<Weights>>,
}

/// One branch of a batch, on its way.
struct Branch {
    images: usize,
    shards: Vec<Shard>,
    /// Its BatchNorms as far as they are settled.
    norms: Vec<Arc<Norm>>,
}

impl Branch {
    /// Sums of the last pass over all images.
    fn moments(&self) -> Moments {
        let mut sum = Moments::new(self.shards[0].moments.first.len());
        self.shards.iter().for_each(|shard| sum.merge(&shard.moments));
        sum
    }
}

impl Engine {
    pub fn new(architecture: &Architecture, simd: Simd) -> Engine {
        Engine {
            sizes: Sizes::new(architecture),
            layout: Layout::new(architecture),
            simd,
            branches: Vec::new(),
            spare: Vec::new(),
            scratches: Arc::default(),
            weights: None,
        }
    }

    /// Embeds a batch in training mode, each branch `[B][S][S]` under its own statistics:
    /// embeddings `[B][E]` of each branch.
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
            let mut branch = self.set_out(&images);
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
        for (place, pass) in passes.into_iter().enumerate() {
            let norm = self.settle_norm(branch, place, weights);
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
        for (place, pass) in passes.into_iter().enumerate().rev() {
            let step = self.settle_gradient(branch, place + 1, weights, total);
            let (w, before) = (Arc::clone(weights), Arc::clone(&branch.norms[place]));
            self.pass(workers, branch, move |shard, scratch| {
                pass(shard, scratch, &w, &before, &step, simd);
            });
        }
        let step = self.settle_gradient(branch, 0, weights, total);
        let w = Arc::clone(weights);
        self.pass(workers, branch, move |shard, scratch| {
            backward::convolution1(shard, scratch, &w, &step, simd);
        });
        for shard in &branch.shards {
            total.iter_mut().zip(&shard.gradient).for_each(|(to, from)| *to += from);
        }
    }

    /// Lays the images of a branch out over shards.
    fn set_out(&mut self, images: &[f32]) -> Branch {
        let images = images.len() / (self.sizes.full * self.sizes.full);
        let shards = (0..images).step_by(SHARD).map(|first| {
            let spare = self.spare.pop();
            let new = || Shard::new(&self.sizes, &self.layout, SHARD / LANES);
            Shard { first, ..spare.unwrap_or_else(new) }
        });
        Branch { images, shards: shards.collect(), norms: Vec::new() }
    }

    /// Lets the threads share the shards of a branch out among them.
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
            let pool = || scratches.lock().expect("no thread panics while it takes");
            let scratch = pool().pop();
            let mut scratch = scratch.unwrap_or_else(|| Scratch::new(&sizes, &layout));
            work(shard, &mut scratch);
            pool().push(scratch);
        });
    }

    /// The BatchNorm after the pass that has just run.
    fn settle_norm(&self, branch: &mut Branch, place: usize, weights: &Weights) -> Arc<Norm> {
        let side = if place < 2 { self.sizes.full } else { self.sizes.half };
        let (gamma, beta) = weights.norm(place);
        let count = branch.images * side * side;
        let norm = Arc::new(Norm::of_batch(&branch.moments(), count, gamma, beta, EPSILON));
        branch.norms.push(Arc::clone(&norm));
        norm
    }

    /// The backward step of a BatchNorm; its own gradients are added to `total`.
    fn settle_gradient(
        &self,
        branch: &Branch,
        place: usize,
        weights: &Weights,
        total: &mut [f32],
    ) -> NormGradient {
        let (gamma, _) = weights.norm(place);
        let step = branch.norms[place].backward(&branch.moments(), gamma);
        let layer = &self.layout.norms[place];
        total[layer.weights.clone()].iter_mut().zip(&step.gamma).for_each(|(to, g)| *to += g);
        total[layer.bias.clone()].iter_mut().zip(&step.beta).for_each(|(to, g)| *to += g);
        step
    }
}
