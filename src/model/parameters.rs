//! All weights of a network in one vector, and views of it that the layers use.

use tch::{Device, Kind, Tensor, no_grad_guard};

use super::{Architecture, NamedTensors};
use crate::error::{Error, Result};

/// Where a tensor of [`NamedTensors`] lies in a flat vector.
struct Slot {
    name: String,
    shape: Vec<i64>,
    offset: i64,
}

impl Slot {
    /// Strides inside the flat vector: convolution weights lie as [out, y, x, in], the order in
    /// which libtorch's processor kernels read them (channels last); all else lies in order.
    fn strides(&self) -> Vec<i64> {
        match self.shape[..] {
            [_, i, y, x] => vec![y * x * i, 1, x * i, i],
            [_, columns] => vec![columns, 1],
            _ => vec![1],
        }
    }

    fn view(&self, flat: &Tensor) -> Tensor {
        flat.as_strided(self.shape.as_slice(), self.strides(), self.offset)
    }
}

/// The trained parameters `[P]` and BatchNorm's running statistics, each in one vector.
///
/// One vector makes an optimiser step a handful of operations instead of a handful per layer.
pub(super) struct Parameters {
    pub values: Tensor,
    pub statistics: Tensor,
    slots: Vec<Slot>,
    statistic_slots: Vec<Slot>,
}

impl Parameters {
    /// Room for the parameters of `architecture` on `device`, all zero.
    pub fn new(architecture: &Architecture, device: Device) -> Parameters {
        let slots = lay_out(architecture.parameters().into_iter().map(|p| (p.name, p.shape)));
        let norms = architecture.norms();
        let statistic_slots = lay_out(norms.iter().flat_map(|&(norm, channels)| {
            ["running_mean", "running_var"]
                .map(|part| (format!("feature_net.{norm}.{part}"), vec![channels]))
        }));
        Parameters {
            values: Tensor::zeros([length(&slots)], (Kind::Float, device)),
            statistics: Tensor::zeros([length(&statistic_slots)], (Kind::Float, device)),
            slots,
            statistic_slots,
        }
    }

    /// Leaves of an autograd graph, one a parameter, that share the memory of `values`.
    pub fn leaves(&self) -> Vec<Tensor> {
        let view = |slot: &Slot| slot.view(&self.values).detach().set_requires_grad(true);
        self.slots.iter().map(view).collect()
    }

    /// Views of a vector laid out as `statistics`: mean and variance of each BatchNorm.
    pub fn statistic_views(&self, statistics: &Tensor) -> Vec<(Tensor, Tensor)> {
        self.statistic_slots
            .chunks(2)
            .map(|pair| (pair[0].view(statistics), pair[1].view(statistics)))
            .collect()
    }

    /// Gradients, one a parameter, as one vector in the order of `values`.
    pub fn flatten(gradients: &[Tensor]) -> Tensor {
        let in_order = |gradient: &Tensor| match gradient.dim() {
            4 => gradient.permute([0, 2, 3, 1]).reshape([-1]),
            _ => gradient.reshape([-1]),
        };
        Tensor::cat(&gradients.iter().map(in_order).collect::<Vec<_>>(), 0)
    }

    /// A copy of everything under PyTorch's names.
    pub fn state(&self) -> NamedTensors {
        let _guard = no_grad_guard();
        self.named_views()
            .map(|(name, view)| {
                let copy = view.to_device(Device::Cpu).contiguous().copy();
                (name.to_owned(), copy)
            })
            .collect()
    }

    /// Takes over everything from tensors under PyTorch's names.
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
            Some(name) => {
                Err(Error::Other(format!("the weights hold {name}, which the network lacks")))
            }
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

fn lay_out(tensors: impl Iterator<Item = (String, Vec<i64>)>) -> Vec<Slot> {
    let mut offset = 0;
    tensors
        .map(|(name, shape)| {
            let slot = Slot { name, offset, shape };
            offset += slot.shape.iter().product::<i64>();
            slot
        })
        .collect()
}

fn length(slots: &[Slot]) -> i64 {
    slots.iter().map(|slot| slot.shape.iter().product::<i64>()).sum()
}
