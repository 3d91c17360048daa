//! The fused engine behind the view that training and evaluation have of a network.

use std::sync::Arc;

use tch::{Device, Kind, Tensor, no_grad_guard};

use super::engine::Engine;
use super::evaluate::Evaluator;
use crate::error::Result;
use crate::model::{Architecture, MOMENTUM, NamedTensors, Network, Parameters};
use crate::runtime::{Cores, Simd, Workers};

/// The tutorial's network on the fused engine; the module `fused` tells how it works.
///
/// A batch is worked on by as many threads as there are free cores, and gives the same bits on any
/// number of them.
pub struct FusedNetwork {
    architecture: Architecture,
    parameters: Parameters,
    engine: Engine,
    simd: Simd,
    workers: Workers,
}

impl FusedNetwork {
    /// Side of the largest images it is meant for: beyond it, what a thread works with no longer
    /// fits a core's cache, and libtorch is no slower.
    pub const LARGEST_SIDE: i64 = 96;

    /// Numbers in the largest embedding it is meant for.
    pub const LARGEST_EMBEDDING: i64 = 1024;

    /// A network with the given weights, which may borrow from `cores`.
    ///
    /// # Errors
    /// Weights that do not fit the architecture.
    pub fn new(
        architecture: &Architecture,
        weights: &NamedTensors,
        cores: &Cores,
        simd: Simd,
    ) -> Result<FusedNetwork> {
        let mut parameters = Parameters::new(architecture, Device::Cpu);
        parameters.load(weights)?;
        Ok(FusedNetwork {
            architecture: *architecture,
            parameters,
            engine: Engine::new(architecture, simd),
            simd,
            workers: Workers::new(cores.clone(), true),
        })
    }

    /// running ← (1 − momentum)·running + momentum·batch, branch by branch.
    fn take_in_statistics(&mut self) {
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
        let weights = numbers(&self.parameters.values);
        let images = branches.iter().map(numbers).collect();
        let embeddings = self.engine.forward(&mut self.workers, weights, images);
        self.take_in_statistics();
        embeddings.iter().map(|rows| self.rows(rows)).collect()
    }

    fn backward(&mut self, gradients: Vec<Tensor>) -> Tensor {
        let gradients = gradients.iter().map(numbers).collect();
        Tensor::from_slice(&self.engine.backward(&mut self.workers, gradients))
    }

    fn parameters(&mut self) -> &mut Tensor {
        &mut self.parameters.values
    }

    fn embed(&mut self, batches: Vec<Tensor>) -> Vec<Tensor> {
        let statistics = numbers(&self.parameters.statistics);
        let values = numbers(&self.parameters.values);
        let evaluator = Evaluator::new(&self.architecture, values, &statistics, self.simd);
        let evaluator = Arc::new(evaluator);
        let work = move |images: &mut Vec<f32>| *images = evaluator.embed(images);
        let done = self.workers.share(batches.iter().map(numbers).collect(), work);
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
        Tensor::from_slice(values).view([-1, self.architecture.embedding])
    }
}

/// All numbers of a tensor in order.
fn numbers(tensor: &Tensor) -> Vec<f32> {
    let _guard = no_grad_guard();
    let flat = tensor.to_kind(Kind::Float).contiguous().view([-1]);
    Vec::try_from(&flat).expect("a flat f32 tensor")
}
