//! The passes in order, over all shards, on as many threads as there are free cores.

use std::sync::{Arc, Mutex};

use super::lanes::LANES;
use super::norm::{Moments, Norm, NormGradient};
use super::shard::{SHARD, Scratch, Shard, Sizes};
use super::weights::{Layout, Weights};
use super::{EPSILON, backward, forward};
use crate::model::Architecture;
use crate::runtime::{Simd, Workers};

/// Mean and unbiased variance of each BatchNorm of a branch, in order.
pub type Statistics = Vec<(Vec<f32>, Vec<f32>)>;

/// A training step of the network on plain numbers: forward, then backward.
pub struct Engine {
    sizes: Sizes,
    pub layout: Layout,
    simd: Simd,
    /// Kept from step to step; the first `used` hold the batch at work.
    shards: Vec<Shard>,
    spare: Vec<Shard>,
    scratches: Arc<Mutex<Vec<Scratch>>>,
    /// What the way back needs of the way forward.
    weights: Option<Arc<Weights>>,
    /// Images in each branch.
    counts: Vec<usize>,
    /// The BatchNorms of each branch, the first BatchNorm of all branches first.
    norms: Vec<Arc<Vec<Norm>>>,
}

impl Engine {
    pub fn new(architecture: &Architecture, simd: Simd) -> Engine {
        Engine {
            sizes: Sizes::new(architecture),
            layout: Layout::new(architecture),
            simd,
            shards: Vec::new(),
            spare: Vec::new(),
            scratches: Arc::default(),
            weights: None,
            counts: Vec::new(),
            norms: Vec::new(),
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
        let simd = self.simd;
        self.set_out(&branches);
        let (w, images) = (Arc::clone(&weights), Arc::new(branches));
        self.pass(workers, move |shard, _| {
            forward::convolution1(shard, &images[shard.branch], &w, simd);
        });
        let passes =
            [forward::convolution2, forward::convolution3, forward::convolution4, forward::head];
        for (place, pass) in passes.into_iter().enumerate() {
            let norms = self.close_norm(place, &weights);
            let w = Arc::clone(&weights);
            self.pass(workers, move |shard, scratch| {
                pass(shard, scratch, &w, &norms[shard.branch], simd);
            });
        }
        self.weights = Some(weights);
        self.embeddings()
    }

    /// Statistics of the last batch, branch by branch.
    pub fn statistics(&self) -> Vec<Statistics> {
        let of_branch = |branch: usize| self.norms.iter().map(|n| n[branch].statistics()).collect();
        (0..self.counts.len()).map(of_branch).collect()
    }

    /// ∂loss/∂embeddings `[B][E]` of each branch → ∂loss/∂parameters `[P]`.
    pub fn backward(&mut self, workers: &mut Workers, gradients: Vec<Vec<f32>>) -> Vec<f32> {
        let w = self.weights.take().expect("backward follows forward");
        let simd = self.simd;
        let mut total = vec![0.0; self.layout.length];
        let norms = std::mem::take(&mut self.norms);

        let (weights, last) = (Arc::clone(&w), Arc::clone(&norms[3]));
        self.pass(workers, move |shard, scratch| {
            let b = shard.branch;
            backward::head(shard, scratch, &weights, &last[b], &gradients[b], simd);
        });
        let passes = [backward::convolution2, backward::convolution3, backward::convolution4];
        for (place, pass) in passes.into_iter().enumerate().rev() {
            let steps = self.close_gradient(place + 1, &w, &norms[place + 1], &mut total);
            let (weights, before) = (Arc::clone(&w), Arc::clone(&norms[place]));
            self.pass(workers, move |shard, scratch| {
                let b = shard.branch;
                pass(shard, scratch, &weights, &before[b], &steps[b], simd);
            });
        }
        let steps = self.close_gradient(0, &w, &norms[0], &mut total);
        self.pass(workers, move |shard, scratch| {
            backward::convolution1(shard, scratch, &w, &steps[shard.branch], simd);
        });
        for shard in &self.shards {
            total.iter_mut().zip(&shard.gradient).for_each(|(to, from)| *to += from);
        }
        total
    }

    /// Lays the images of each branch out over shards.
    fn set_out(&mut self, branches: &[Vec<f32>]) {
        let pixels = self.sizes.full * self.sizes.full;
        self.counts = branches.iter().map(|images| images.len() / pixels).collect();
        self.norms.clear();
        self.spare.append(&mut self.shards);
        for (branch, &count) in self.counts.iter().enumerate() {
            for first in (0..count).step_by(SHARD) {
                let shard = self.spare.pop();
                let groups = SHARD / LANES;
                let shard = shard.unwrap_or_else(|| Shard::new(&self.sizes, &self.layout, groups));
                self.shards.push(Shard { branch, first, ..shard });
            }
        }
    }

    /// Lets the threads share the shards out among them.
    fn pass(
        &mut self,
        workers: &mut Workers,
        work: impl Fn(&mut Shard, &mut Scratch) + Send + Sync + 'static,
    ) {
        let scratches = Arc::clone(&self.scratches);
        let (sizes, layout) = (self.sizes, self.layout.clone());
        let shards = std::mem::take(&mut self.shards);
        self.shards = workers.share(shards, move |shard| {
            let pool = || scratches.lock().expect("no thread panics while it takes");
            let scratch = pool().pop();
            let mut scratch = scratch.unwrap_or_else(|| Scratch::new(&sizes, &layout));
            work(shard, &mut scratch);
            pool().push(scratch);
        });
    }

    /// Sums of the last pass over all images of each branch.
    fn moments(&self) -> Vec<Moments> {
        let mut sums: Vec<Option<Moments>> = vec![None; self.counts.len()];
        for shard in &self.shards {
            match &mut sums[shard.branch] {
                Some(sum) => sum.merge(&shard.moments),
                empty => *empty = Some(shard.moments.clone()),
            }
        }
        sums.into_iter().map(|sum| sum.expect("a branch has an image")).collect()
    }

    /// The BatchNorm after the pass that has just run, for each branch.
    fn close_norm(&mut self, place: usize, weights: &Weights) -> Arc<Vec<Norm>> {
        let side = if place < 2 { self.sizes.full } else { self.sizes.half };
        let (gamma, beta) = weights.norm(place);
        let norm = |(moments, &images): (&Moments, &usize)| {
            Norm::of_batch(moments, images * side * side, gamma, beta, EPSILON)
        };
        let norms = Arc::new(self.moments().iter().zip(&self.counts).map(norm).collect());
        self.norms.push(Arc::clone(&norms));
        norms
    }

    /// The backward step of a BatchNorm for each branch; its own gradients go to `total`.
    fn close_gradient(
        &self,
        place: usize,
        weights: &Weights,
        norms: &[Norm],
        total: &mut [f32],
    ) -> Vec<NormGradient> {
        let (gamma, _) = weights.norm(place);
        let layer = &self.layout.norms[place];
        let moments = self.moments();
        let steps: Vec<NormGradient> =
            norms.iter().zip(&moments).map(|(norm, sums)| norm.backward(sums, gamma)).collect();
        for step in &steps {
            total[layer.weights.clone()].iter_mut().zip(&step.gamma).for_each(|(to, g)| *to += g);
            total[layer.bias.clone()].iter_mut().zip(&step.beta).for_each(|(to, g)| *to += g);
        }
        steps
    }

    fn embeddings(&self) -> Vec<Vec<f32>> {
        let width = self.sizes.embedding;
        let mut rows: Vec<Vec<f32>> =
            self.counts.iter().map(|&count| Vec::with_capacity(count * width)).collect();
        for shard in &self.shards {
            shard.write_embeddings(&mut rows[shard.branch]);
        }
        rows
    }
}
