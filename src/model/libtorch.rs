//! The network on libtorch: any device, and the reference for every other implementation.

use std::sync::Arc;

#[cfg(test)]
use tch::Kind;
use tch::{Device, Tensor, no_grad_guard};

use super::architecture::Architecture;
use super::branch::{Branch, Evaluator};
use super::layers::MOMENTUM;
use super::network::{NamedTensors, Network};
use super::parameters::Parameters;
use crate::error::Result;
use crate::runtime::{Cores, Job, Workers};

/// A network on libtorch.
///
/// The branches of a batch run in parallel if cores are free, otherwise one after the other. Each
/// runs on one libtorch thread and their gradients are added in order, so the results are the same
/// either way.
pub struct LibtorchNetwork {
    architecture: Arc<dyn Architecture>,
    parameters: Parameters,
    /// `None` only while the branch is running.
    branches: Vec<Option<Branch>>,
    workers: Workers,
}

impl LibtorchNetwork {
    /// A network with the given weights on `device`, which may borrow free cores from `cores`.
    ///
    /// # Errors
    /// Weights that do not fit the architecture.
    pub fn new(
        architecture: &Arc<dyn Architecture>,
        weights: &NamedTensors,
        device: Device,
        cores: &Cores,
    ) -> Result<LibtorchNetwork> {
        let mut parameters = Parameters::new(&**architecture, device);
        parameters.load(weights)?;
        Ok(LibtorchNetwork {
            architecture: Arc::clone(architecture),
            parameters,
            branches: Vec::new(),
            workers: Workers::new(cores.clone(), device == Device::Cpu),
        })
    }

    /// The same network in double precision, as a reference for others.
    #[cfg(test)]
    pub fn in_double_precision(mut self) -> LibtorchNetwork {
        self.parameters.values = self.parameters.values.to_kind(Kind::Double);
        self.parameters.statistics = self.parameters.statistics.to_kind(Kind::Double);
        self
    }

    /// Runs each branch on its own input, in parallel, and returns the results in order.
    fn on_branches(
        &mut self,
        inputs: Vec<Tensor>,
        work: fn(&mut Branch, &Tensor) -> Tensor,
    ) -> Vec<Tensor> {
        while self.branches.len() < inputs.len() {
            self.branches.push(Some(Branch::new(&self.architecture, &self.parameters)));
        }
        let jobs = inputs.into_iter().zip(&mut self.branches).map(|(input, slot)| {
            let mut branch = slot.take().expect("no branch is running");
            let job: Job<(Branch, Tensor)> = Box::new(move || {
                let output = work(&mut branch, &input);
                (branch, output)
            });
            job
        });
        let done = self.workers.run(jobs.collect());
        let put_back = |(slot, (branch, output)): (&mut Option<Branch>, (Branch, Tensor))| {
            *slot = Some(branch);
            output
        };
        self.branches.iter_mut().zip(done).map(put_back).collect()
    }
}

impl Network for LibtorchNetwork {
    fn forward(&mut self, branches: Vec<Tensor>) -> Vec<Tensor> {
        let count = branches.len();
        let embeddings = self.on_branches(branches, Branch::forward);
        let _guard = no_grad_guard();
        for branch in self.branches[..count].iter().flatten() {
            // running ← (1 − momentum)·running + momentum·batch
            let _ = self.parameters.statistics.lerp_(branch.batch_statistics(), MOMENTUM);
        }
        embeddings
    }

    fn backward(&mut self, gradients: Vec<Tensor>) -> Tensor {
        self.on_branches(gradients, Branch::backward)
            .into_iter()
            .reduce(|sum, gradient| sum + gradient)
            .expect("a batch has at least one branch")
    }

    fn parameters(&mut self) -> &mut Tensor {
        &mut self.parameters.values
    }

    fn embed(&mut self, batches: Vec<Tensor>) -> Vec<Tensor> {
        let evaluator = || Evaluator::new(&self.architecture, &self.parameters);
        let items = batches.into_iter().map(|images| (evaluator(), images));
        let embed = |(evaluator, images): &mut (Evaluator, Tensor)| {
            *images = evaluator.embed(images);
        };
        self.workers.share(items.collect(), embed).into_iter().map(|(_, done)| done).collect()
    }

    fn state(&self) -> NamedTensors {
        self.parameters.state()
    }

    fn load_state(&mut self, state: &NamedTensors) -> Result<()> {
        self.parameters.load(state)
    }
}
