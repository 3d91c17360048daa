//! All weights of a network in one flat vector, with a view for each layer.

use tch::{Device, Kind, Tensor, no_grad_guard};

use super::architecture::Architecture;
use super::network::NamedTensors;
use super::tensors::TensorSpec;
use crate::error::{Error, Result};

/// The position of a named tensor in a flat vector.
struct Slot {
    name: String,
    shape: Vec<i64>,
    offset: i64,
}

impl Slot {
    /// Strides inside the flat vector: convolution weights are stored as [out, y, x, in] (channels
    /// last), the order in which libtorch's CPU kernels read them; all others are row-major.
    fn strides(&self) -> Vec<i64> {
        if let [_, i, y, x] = self.shape[..] {
            return vec![y * x * i, 1, x * i, i];
        }
        let below = |axis: usize| self.shape[axis + 1..].iter().product();
        (0..self.shape.len()).map(below).collect()
    }

    fn view(&self, flat: &Tensor) -> Tensor {
        flat.as_strided(self.shape.as_slice(), self.strides(), self.offset)
    }
}

/// The trained parameters `[P]` and the running statistics, each in one vector.
///
/// With one vector an optimiser step takes a handful of operations instead of a handful per layer.
pub(super) struct Parameters {
    pub values: Tensor,
    pub statistics: Tensor,
    slots: Vec<Slot>,
    statistic_slots: Vec<Slot>,
}

impl Parameters {
    /// Parameters of `architecture` on `device`, all zero.
    pub fn new(architecture: &dyn Architecture, device: Device) -> Parameters {
        let slots = slots_of(architecture.tensors(), true);
        let statistic_slots = slots_of(architecture.tensors(), false);
        Parameters {
            values: Tensor::zeros([length(&slots)], (Kind::Float, device)),
            statistics: Tensor::zeros([length(&statistic_slots)], (Kind::Float, device)),
            slots,
            statistic_slots,
        }
    }

    /// Leaves of an autograd graph, one per parameter, that share the memory of `values`.
    pub fn leaves(&self) -> Vec<Tensor> {
        let view = |slot: &Slot| slot.view(&self.values).detach().set_requires_grad(true);
        self.slots.iter().map(view).collect()
    }

    /// Views of a vector in the layout of `statistics`, one per running statistic.
    pub fn statistic_views(&self, statistics: &Tensor) -> Vec<Tensor> {
        self.statistic_slots.iter().map(|slot| slot.view(statistics)).collect()
    }

    /// Flattens gradients, one per parameter, into one vector in the order of `values`.
    pub fn flatten(gradients: &[Tensor]) -> Tensor {
        let in_order = |gradient: &Tensor| match gradient.dim() {
            4 => gradient.permute([0, 2, 3, 1]).reshape([-1]),
            _ => gradient.reshape([-1]),
        };
        Tensor::cat(&gradients.iter().map(in_order).collect::<Vec<_>>(), 0)
    }

    /// A copy of all tensors under PyTorch's names.
    pub fn state(&self) -> NamedTensors {
        let _guard = no_grad_guard();
        self.named_views()
            .map(|(name, view)| {
                let copy = view.to_device(Device::Cpu).contiguous().copy();
                (name.to_owned(), copy)
            })
            .collect()
    }

    /// Loads all tensors from PyTorch's names.
    pub fn load(&mut self, state: &NamedTensors) -> Result<()> {
        let _guard = no_grad_guard();
        for (name, mut view) in self.named_views() {
            let tensor = state
                .get(name)
                .ok_or_else(|| Error::Other(format!("the weights lack a tensor named {name}")))?;
            if tensor.size() != view.size() {
                return Err(Error::Other(format!(
                    "the weights have {name} of shape {:?}, the network needs {:?}",
                    tensor.size(),
                    view.size()
                )));
            }
            view.copy_(tensor);
        }
        match state.keys().find(|name| !self.named_views().any(|(known, _)| known == *name)) {
            Some(name) => Err(Error::Other(format!(
                "the weights have {name}, which the network does not have"
            ))),
            None => Ok(()),
        }
    }

    fn named_views(&self) -> impl Iterator<Item = (&str, Tensor)> {
        let values = self.slots.iter().map(|slot| (slot.name.as_str(), slot.view(&self.values)));
        let statistics = self
            .statistic_slots
            .iter()
            .map(|slot| (slot.name.as_str(), slot.view(&self.statistics)));
        values.chain(statistics)
    }
}

/// The trained parameters, or the running statistics, one after the other.
fn slots_of(tensors: &[TensorSpec], are_trained: bool) -> Vec<Slot> {
    let mut offset = 0;
    tensors
        .iter()
        .filter(|tensor| tensor.is_trained == are_trained)
        .map(|TensorSpec { name, shape, .. }| {
            let slot = Slot { name: name.clone(), offset, shape: shape.clone() };
            offset += slot.shape.iter().product::<i64>();
            slot
        })
        .collect()
}

fn length(slots: &[Slot]) -> i64 {
    slots.iter().map(|slot| slot.shape.iter().product::<i64>()).sum()
}
