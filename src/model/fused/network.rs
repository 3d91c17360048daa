//! The fused engine as a [`Network`].

use std::sync::Arc;

use tch::{Device, Kind, Tensor, no_grad_guard};

use super::engine::Engine;
use super::evaluate::Evaluator;
use crate::error::{Error, Result};
use crate::model::architecture::Architecture;
use crate::model::layers::MOMENTUM;
use crate::model::parameters::Parameters;
use crate::model::{FusedSizes, NamedTensors, Network};
use crate::runtime::{Cores, Simd, Workers};

/// The tutorial's network on the fused engine; the module `fused` explains how it works.
///
/// A batch is computed on all free cores, with the same bits on any number of them.
pub struct FusedNetwork {
    sizes: FusedSizes,
    parameters: Parameters,
    engine: Engine,
    simd: Simd,
    workers: Workers,
}

impl FusedNetwork {
    /// Side of the largest supported images: beyond it, a thread's working set no longer fits into
    /// a core's cache, and libtorch is no slower.
    pub const LARGEST_SIDE: i64 = 96;

    /// The largest supported embedding.
    pub const LARGEST_EMBEDDING: i64 = 1024;

    /// A network with the given weights, which may borrow free cores from `cores`.
    ///
    /// # Errors
    /// Another network than the tutorial's, or one for images that are not square and grey; weights
    /// that do not fit it.
    pub fn new(
        architecture: &dyn Architecture,
        weights: &NamedTensors,
        cores: &Cores,
        simd: Simd,
    ) -> Result<FusedNetwork> {
        let sizes = architecture.fused().map_err(|why| Error::Other(why.to_string()))?;
        let mut parameters = Parameters::new(architecture, Device::Cpu);
        parameters.load(weights)?;
        Ok(FusedNetwork {
            sizes,
            parameters,
            engine: Engine::new(sizes, simd),
            simd,
            workers: Workers::new(cores.clone(), true),
        })
    }

    /// running ← (1 − momentum)·running + momentum·batch, branch by branch.
    fn update_running_statistics(&mut self) {
        let _guard = no_grad_guard();
        for branch in self.engine.statistics() {
            let flat: Vec<f32> =
                branch.into_iter().flat_map(|(mean, variance)| [mean, variance].concat()).collect();
            let _ = self.parameters.statistics.lerp_(&Tensor::from_slice(&flat), MOMENTUM);
        }
    }
}

impl Network for FusedNetwork {
    fn forward(&mut self, branches: Vec<Tensor>) -> Vec<Tensor> {
        let weights = to_vec(&self.parameters.values);
        let images = branches.iter().map(to_vec).collect();
        let embeddings = self.engine.forward(&mut self.workers, weights, images);
        self.update_running_statistics();
        embeddings.iter().map(|rows| self.rows(rows)).collect()
    }

    fn backward(&mut self, gradients: Vec<Tensor>) -> Tensor {
        let gradients = gradients.iter().map(to_vec).collect();
        Tensor::from_slice(&self.engine.backward(&mut self.workers, gradients))
    }

    fn parameters(&mut self) -> &mut Tensor {
        &mut self.parameters.values
    }

    fn embed(&mut self, batches: Vec<Tensor>) -> Vec<Tensor> {
        let statistics = to_vec(&self.parameters.statistics);
        let values = to_vec(&self.parameters.values);
        let evaluator = Evaluator::new(self.sizes, values, &statistics, self.simd);
        let evaluator = Arc::new(evaluator);
        let work = move |images: &mut Vec<f32>| *images = evaluator.embed(images);
        let done = self.workers.share(batches.iter().map(to_vec).collect(), work);
        done.iter().map(|rows| self.rows(rows)).collect()
    }

    fn state(&self) -> NamedTensors {
        self.parameters.state()
    }

    fn load_state(&mut self, state: &NamedTensors) -> Result<()> {
        self.parameters.load(state)
    }
}

impl FusedNetwork {
    /// `[N·E]` → `[N, E]`.
    fn rows(&self, values: &[f32]) -> Tensor {
        Tensor::from_slice(values).view([-1, self.sizes.embedding])
    }
}

/// The values of a tensor in row-major order.
fn to_vec(tensor: &Tensor) -> Vec<f32> {
    let _guard = no_grad_guard();
    let flat = tensor.to_kind(Kind::Float).contiguous().view([-1]);
    Vec::try_from(&flat).expect("a flat f32 tensor")
}
