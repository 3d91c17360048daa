//! Parameters that a loss trains along with the network, with their optimiser.

use std::path::Path;

use tch::{Device, Tensor};

use super::Adam;
use crate::error::{Error, Result};
use crate::loss::LossParameters;
use crate::model::NamedTensors;

/// Proxies, class weights, centres or β of a loss while they are trained.
pub(super) struct OptimisedLossParameters {
    /// What they are: proxies, weights, centres or beta.
    name: &'static str,
    /// A leaf tensor with gradient.
    pub values: Tensor,
    adam: Adam,
}

const MEAN: &str = "adam.mean";
const SQUARE: &str = "adam.square";

impl OptimisedLossParameters {
    /// The initial parameters of a loss, on a device.
    pub fn new(own: LossParameters, device: Device) -> OptimisedLossParameters {
        let values = own.values.to_device(device).detach();
        let adam = Adam::new(&values, own.learning_rate);
        OptimisedLossParameters { name: own.name, values: values.set_requires_grad(true), adam }
    }

    /// Takes one optimiser step at `factor` times their learning rate.
    pub fn step(&mut self, gradient: &Tensor, factor: f64) {
        self.adam.step(&mut self.values, gradient, factor);
    }

    /// A copy of the parameters alone, under their name.
    pub fn values(&self) -> NamedTensors {
        NamedTensors::from([(self.name.to_owned(), copy(&self.values))])
    }

    /// A copy of the parameters and of their optimiser's state.
    pub fn state(&self) -> NamedTensors {
        let mut state = self.values();
        state.insert(MEAN.to_owned(), copy(&self.adam.mean));
        state.insert(SQUARE.to_owned(), copy(&self.adam.square));
        state
    }

    /// Restores what [`OptimisedLossParameters::state`] returned after so many steps.
    ///
    /// # Errors
    /// A tensor is missing or has another shape.
    pub fn load_state(&mut self, state: &NamedTensors, steps: i64, folder: &Path) -> Result<()> {
        let values = &mut self.values.detach();
        let tensors =
            [(self.name, values), (MEAN, &mut self.adam.mean), (SQUARE, &mut self.adam.square)];
        for (name, tensor) in tensors {
            match state.get(name).filter(|stored| stored.size() == tensor.size()) {
                Some(stored) => tensor.copy_(stored),
                None => {
                    let (folder, shape) = (folder.display(), tensor.size());
                    return Err(Error::Other(format!(
                        "the checkpoint in {folder} lacks the loss's {name} of shape \
                         {shape:?}; train again with --force"
                    )));
                }
            }
        }
        self.adam.steps = steps;
        Ok(())
    }
}

fn copy(tensor: &Tensor) -> Tensor {
    tensor.detach().to_device(Device::Cpu).copy()
}
