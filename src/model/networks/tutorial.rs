//! The tutorial's convolutional network.
//!
//! conv C→8, ReLU, BatchNorm, conv 8→8, ReLU, BatchNorm, pooling; conv 8→16, ReLU, BatchNorm,
//! conv 16→16, ReLU, BatchNorm, pooling; conv 16→1, ReLU; two linear layers. All convolutions are
//! 3×3 and keep the size of the images. C is the number of channels, 1 in the tutorial.

mod images;
mod other_sizes;

pub use images::features;

use tch::Tensor;

use crate::data::ImageShape;
use crate::error::Result;
use crate::model::ModelConfig;
use crate::model::architecture::{Architecture, FusedSizes, NotFused, OtherSizes, Shapes};
use crate::model::layers::{BatchNorm, Convolution, Linear, max_pool};
use crate::model::tensors::{Mode, TensorList, TensorSpec, Tensors};

/// A convolution with ReLU, then an optional BatchNorm and max pooling.
#[derive(Debug)]
pub struct Block {
    /// Index of the convolution in PyTorch's `feature_net`.
    pub convolution: usize,
    pub inputs: i64,
    pub outputs: i64,
    /// Index of the BatchNorm after the ReLU in `feature_net`.
    pub norm: Option<usize>,
    /// Whether the block ends with 2×2 max pooling.
    pub pool: bool,
}

/// The blocks for images of so many channels.
pub const fn blocks(channels: i64) -> [Block; 5] {
    [
        Block { convolution: 0, inputs: channels, outputs: 8, norm: Some(2), pool: false },
        Block { convolution: 3, inputs: 8, outputs: 8, norm: Some(5), pool: true },
        Block { convolution: 7, inputs: 8, outputs: 16, norm: Some(9), pool: false },
        Block { convolution: 10, inputs: 16, outputs: 16, norm: Some(12), pool: true },
        Block { convolution: 14, inputs: 16, outputs: 1, norm: None, pool: false },
    ]
}

/// Kernel size of the convolutions.
const KERNEL: i64 = 3;

/// Bytes per pixel of a batch in training: measured on grey images, plus 10 %.
const PIXEL: u64 = 390;

/// The same for each channel after the first.
const CHANNEL: u64 = 8;

/// The tutorial's network, for images of any shape.
#[derive(Debug)]
pub struct Tutorial {
    images: ImageShape,
    embedding: i64,
    tensors: TensorList,
    blocks: [Block; 5],
    /// One per block.
    convolutions: Vec<(Convolution, Option<BatchNorm>)>,
    linear1: Linear,
    linear2: Linear,
}

impl Tutorial {
    /// The network for images of at least 4×4 pixels, and embeddings of `embedding` numbers; 28×28
    /// and 10 in the tutorial.
    pub fn new(images: ImageShape, embedding: i64) -> Tutorial {
        let mut tensors = TensorList::default();
        let block = |block: &Block| {
            let layer = |index: usize| format!("feature_net.{index}");
            let channels = [block.inputs, block.outputs];
            let name = layer(block.convolution);
            let convolution = Convolution::new(&mut tensors, &name, channels, KERNEL);
            let norm =
                block.norm.map(|norm| BatchNorm::new(&mut tensors, &layer(norm), block.outputs));
            (convolution, norm)
        };
        let blocks = blocks(images.channels as i64);
        let convolutions = blocks.iter().map(block).collect();
        let features = features(images);
        let linear1 = Linear::new(&mut tensors, "linear1", [features, features]);
        let linear2 = Linear::new(&mut tensors, "linear2", [features, embedding]);
        Tutorial { images, embedding, tensors, blocks, convolutions, linear1, linear2 }
    }
}

impl Architecture for Tutorial {
    fn for_data(images: ImageShape, classes: usize, config: &ModelConfig) -> Result<Tutorial> {
        images::check(images)?;
        Ok(Tutorial::new(images, config.embedding_size(classes)))
    }

    fn images(&self) -> ImageShape {
        self.images
    }

    fn embedding(&self) -> i64 {
        self.embedding
    }

    fn tensors(&self) -> &[TensorSpec] {
        self.tensors.specs()
    }

    fn forward(&self, images: &Tensor, tensors: &Tensors, mode: Mode) -> Tensor {
        let mut x = images.shallow_clone();
        for (block, (convolution, norm)) in self.blocks.iter().zip(&self.convolutions) {
            x = convolution.forward(&x, tensors).relu_();
            if let Some(norm) = norm {
                x = norm.forward(&x, tensors, mode);
            }
            if block.pool {
                x = max_pool(&x, 2);
            }
        }
        // With one channel, flattening gives the same order in any memory format.
        let features = x.flatten(1, -1);
        self.linear2.forward(&self.linear1.forward(&features, tensors), tensors)
    }

    fn training_bytes(&self) -> u64 {
        let further = self.images.channels as u64 - 1;
        self.images.pixels() as u64 * (PIXEL + CHANNEL * further)
    }

    fn fused(&self) -> std::result::Result<FusedSizes, NotFused> {
        let side = self.images.side().ok_or(NotFused::OtherImages(self.images))?;
        Ok(FusedSizes { side: side as i64, embedding: self.embedding })
    }

    fn explain_other_sizes(&self, found: &Shapes) -> Option<OtherSizes> {
        other_sizes::explain((self.images, self.embedding), found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tutorials_network_has_7343_parameters_in_pytorchs_order() {
        let tutorial = Tutorial::new(ImageShape::square(28), 10);
        assert_eq!(tutorial.parameter_count(), 7_343);
        let names: Vec<&str> = tutorial.tensors().iter().map(|t| t.name.as_str()).collect();
        assert_eq!(
            names[..6],
            [
                "feature_net.0.weight",
                "feature_net.0.bias",
                "feature_net.2.weight",
                "feature_net.2.bias",
                "feature_net.2.running_mean",
                "feature_net.2.running_var",
            ]
        );
        assert_eq!(names[names.len() - 1], "linear2.bias");
    }

    #[test]
    fn images_may_have_any_channels_height_and_width_from_4_by_4() {
        for (channels, height, width, linear1) in
            [(1, 4, 4, 1), (3, 5, 7, 1), (3, 20, 12, 15), (1, 30, 4, 7), (4, 256, 256, 4096)]
        {
            let images = ImageShape { channels, height, width };
            let network = Tutorial::for_data(images, 10, &ModelConfig::default()).unwrap();
            assert_eq!(network.images(), images);
            let shapes = network.shapes();
            assert_eq!(shapes["feature_net.0.weight"], [8, channels as i64, 3, 3], "{images}");
            assert_eq!(shapes["linear1.weight"], [linear1, linear1], "{images}");
            assert_eq!(shapes["linear2.weight"], [10, linear1], "{images}");
        }
    }

    #[test]
    fn only_square_grey_images_are_for_the_fused_engine() {
        let fused = |images| Tutorial::new(images, 10).fused();
        assert_eq!(fused(ImageShape::square(28)), Ok(FusedSizes { side: 28, embedding: 10 }));
        let colour = ImageShape { channels: 3, height: 28, width: 28 };
        for images in [ImageShape::grey(28, 20), colour] {
            assert_eq!(fused(images), Err(NotFused::OtherImages(images)));
        }
    }

    #[test]
    fn memory_in_training_grows_with_pixels_and_channels() {
        let bytes = |channels, height, width| {
            Tutorial::new(ImageShape { channels, height, width }, 10).training_bytes()
        };
        assert_eq!(bytes(1, 28, 28), 784 * 390);
        assert_eq!(bytes(1, 14, 56), 784 * 390);
        assert_eq!(bytes(3, 28, 28), 784 * 406);
    }
}
