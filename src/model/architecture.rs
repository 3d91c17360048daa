//! The interface of a network to everything outside its file.

use std::collections::BTreeMap;
use std::fmt;

use tch::Tensor;

use super::ModelConfig;
use super::tensors::{Mode, TensorSpec, Tensors};
use crate::data::ImageShape;
use crate::error::Result;

/// Names and shapes of tensors.
pub type Shapes = BTreeMap<String, Vec<i64>>;

/// A network for images of one shape: its tensors, and how images become embeddings. Training,
/// evaluation, weight files and export ask for no more.
pub trait Architecture: fmt::Debug + Send + Sync {
    /// The network for images of a shape, a number of classes, and the settings.
    ///
    /// # Errors
    /// Images or settings that it does not take.
    fn for_data(images: ImageShape, classes: usize, config: &ModelConfig) -> Result<Self>
    where
        Self: Sized;

    /// The shape of the images that it takes.
    fn images(&self) -> ImageShape;

    /// Size E of an embedding.
    fn embedding(&self) -> i64;

    /// Its tensors, in the order of PyTorch's `state_dict`.
    fn tensors(&self) -> &[TensorSpec];

    /// Embeds images on libtorch. `tensors` are in the order of [`Architecture::tensors`].
    ///
    /// # Shapes
    /// `[N, C, H, W]` in 0..1 → `[N, E]`
    fn forward(&self, images: &Tensor, tensors: &Tensors, mode: Mode) -> Tensor;

    /// The sizes that the fused engine needs, for the network that it computes; `None` for all
    /// others.
    fn fused(&self) -> Option<FusedSizes> {
        None
    }

    /// Explains weights that have this network's tensors by name, but were made for images or
    /// embeddings of another size. Where it returns `None`, the first tensor of another shape is
    /// named.
    fn explain_other_sizes(&self, _found: &Shapes) -> Option<OtherSizes> {
        None
    }

    /// Number of trained parameters.
    fn parameter_count(&self) -> u64 {
        let numbers = |tensor: &TensorSpec| tensor.shape.iter().map(|&n| n as u64).product::<u64>();
        self.tensors().iter().filter(|tensor| tensor.is_trained).map(numbers).sum()
    }

    /// Names and shapes of its tensors.
    fn shapes(&self) -> Shapes {
        self.tensors().iter().map(|tensor| (tensor.name.clone(), tensor.shape.clone())).collect()
    }
}

/// The sizes of the tutorial's network, which the fused engine computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FusedSizes {
    /// Height and width of the images.
    pub side: i64,
    /// Size of an embedding.
    pub embedding: i64,
}

/// Why weights do not fit: they were made for images or embeddings of another size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherSizes {
    /// `was trained on images of …, the data has …`
    pub problem: String,
    /// Remedy other than choosing another weight file, if any.
    pub remedy: Option<String>,
}
