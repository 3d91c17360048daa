//! A batch as a loss sees it.

use tch::{Device, Tensor};

use crate::data::Batch;
use crate::random::Generator;

/// What is known of the images of a batch.
#[derive(Debug)]
pub struct Targets {
    /// Class of each image of the first branch `[B]` i64, values in 0..C.
    pub labels: Tensor,
    /// For pairs, 1 where both images are of one class, else 0 `[B]` f32; else empty.
    pub same: Tensor,
    /// Number of classes C of the data, whichever of them are in the batch.
    pub classes: i64,
}

impl Targets {
    /// The targets of a batch of data of so many classes, on a device.
    pub fn new(batch: &Batch, classes: usize, device: Device) -> Targets {
        let same: Vec<f32> = batch.same.iter().map(|&same| f32::from(u8::from(same))).collect();
        Targets {
            labels: Tensor::from_slice(&batch.labels).to_device(device),
            same: Tensor::from_slice(&same).to_device(device),
            classes: classes as i64,
        }
    }
}

/// The embeddings of a batch, and all else that a loss may look at.
pub struct Embedded<'a> {
    /// One `[B, E]` a branch; pairs have two branches, all else has one.
    pub branches: &'a [Tensor],
    /// What is known of their images.
    pub targets: &'a Targets,
    /// The loss's own parameters, where it has any.
    pub parameters: Option<&'a Tensor>,
    /// For a loss that draws.
    pub random: &'a mut Generator,
}

impl<'a> Embedded<'a> {
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
        self.parameters
            .expect("the loss declares its own parameters, and who trains it brings them")
    }
}
