//! What a loss is computed from: embeddings and targets.

use tch::{Device, Tensor};

use crate::data::Batch;
use crate::random::Generator;

/// Labels of the images of a batch.
#[derive(Debug)]
pub struct Targets {
    /// Class of each image of the first branch `[B]` i64, values in 0..C.
    pub labels: Tensor,
    /// For pairs, 1 where both images are of the same class, else 0 `[B]` f32; otherwise empty.
    pub same: Tensor,
    /// Number of classes C in the data, not only in this batch.
    pub classes: i64,
}

impl Targets {
    /// The targets of a batch, copied to a device; `classes` is the number of classes in the data.
    pub fn new(batch: &Batch, classes: usize, device: Device) -> Targets {
        let same: Vec<f32> = batch.same.iter().map(|&same| f32::from(u8::from(same))).collect();
        Targets {
            labels: Tensor::from_slice(&batch.labels).to_device(device),
            same: Tensor::from_slice(&same).to_device(device),
            classes: classes as i64,
        }
    }
}

/// The embeddings of a batch and everything else that a loss may use.
pub struct LossInput<'a> {
    /// One `[B, E]` per branch: two branches for pairs, otherwise one.
    pub branches: &'a [Tensor],
    /// The labels of their images.
    pub targets: &'a Targets,
    /// The loss's own parameters, if it has any.
    pub parameters: Option<&'a Tensor>,
    /// For losses that sample.
    pub random: &'a mut Generator,
}

impl<'a> LossInput<'a> {
    /// The embeddings of a batch without partners `[B, E]`.
    pub(super) fn embeddings(&self) -> &'a Tensor {
        &self.branches[0]
    }

    /// Their classes `[B]` i64.
    pub(super) fn labels(&self) -> &'a Tensor {
        &self.targets.labels
    }

    /// The loss's own parameters.
    pub(super) fn parameters(&self) -> &'a Tensor {
        self.parameters.expect("a loss that declares parameters is given them")
    }
}
