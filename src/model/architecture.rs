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

    /// Bytes of memory that an image of a batch takes in training on libtorch, with its activations
    /// and their gradients.
    fn training_bytes(&self) -> u64;

    /// The sizes that the fused engine needs, for the network that it computes.
    ///
    /// # Errors
    /// The fused engine does not compute this network, or not for these images.
    fn fused(&self) -> std::result::Result<FusedSizes, NotFused> {
        Err(NotFused::OtherNetwork)
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

/// Why the fused engine does not compute a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFused {
    /// It is not the tutorial's.
    OtherNetwork,
    /// It is for images that are not square or not grey.
    OtherImages(ImageShape),
}

impl fmt::Display for NotFused {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotFused::OtherNetwork => {
                to.write_str("the fused engine knows only the tutorial's network")
            }
            NotFused::OtherImages(shape) => {
                write!(to, "the fused engine takes only square grey images, not {shape}")
            }
        }
    }
}

/// Why weights do not fit: they were made for images or embeddings of another size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherSizes {
    /// `was trained on images of …, the data has …`
    pub problem: String,
    /// Remedy other than choosing another weight file, if any.
    pub remedy: Option<String>,
}
