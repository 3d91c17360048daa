//! Parameters that a loss trains beside the network, with the optimiser that moves them.

use std::path::Path;

use tch::{Device, Tensor};

use super::Adam;
use crate::error::{Error, Result};
use crate::loss::LossParameters;
use crate::model::NamedTensors;

/// Proxies, weights or centres of a loss, on their way through a training.
pub(super) struct OwnParameters {
    /// What they are.
    name: &'static str,
    /// A leaf that gradients are taken of.
    pub values: Tensor,
    adam: Adam,
}

const MEAN: &str = "adam.mean";
const SQUARE: &str = "adam.square";

impl OwnParameters {
    /// As a loss begins, on a device.
    pub fn new(own: LossParameters, device: Device) -> OwnParameters {
        let values = own.values.to_device(device).detach();
        let adam = Adam::new(&values, own.learning_rate);
        OwnParameters { name: own.name, values: values.set_requires_grad(true), adam }
    }

    /// Moves them by one step against their gradient, at `factor` times their learning rate.
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

    /// Takes over what [`OwnParameters::state`] gave after so many steps.
    ///
    /// # Errors
    /// A tensor that is missing or has another shape.
    pub fn load_state(&mut self, state: &NamedTensors, steps: i64, folder: &Path) -> Result<()> {
        let values = &mut self.values.detach();
        let places =
            [(self.name, values), (MEAN, &mut self.adam.mean), (SQUARE, &mut self.adam.square)];
        for (name, place) in places {
            match state.get(name).filter(|tensor| tensor.size() == place.size()) {
                Some(tensor) => place.copy_(tensor),
                None => {
                    let (folder, shape) = (folder.display(), place.size());
                    return Err(Error::Other(format!(
                        "the checkpoint in {folder} lacks the loss's {name} of the shape \
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
