//! The tutorial's convolutional network.
//!
//! conv 1→8, ReLU, BatchNorm, conv 8→8, ReLU, BatchNorm, pooling; conv 8→16, ReLU, BatchNorm,
//! conv 16→16, ReLU, BatchNorm, pooling; conv 16→1, ReLU; two linear layers. All convolutions are
//! 3×3 and keep the size of the images.

use tch::Tensor;

use crate::data::ImageShape;
use crate::error::{Error, Result};
use crate::model::ModelConfig;
use crate::model::architecture::{Architecture, FusedSizes, OtherSizes, Shapes};
use crate::model::layers::{BatchNorm, Convolution, Linear, max_pool};
use crate::model::tensors::{Mode, TensorList, TensorSpec, Tensors};
use crate::words::count;

/// A convolution with ReLU, then an optional BatchNorm and max pooling.
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

pub const BLOCKS: [Block; 5] = [
    Block { convolution: 0, inputs: 1, outputs: 8, norm: Some(2), pool: false },
    Block { convolution: 3, inputs: 8, outputs: 8, norm: Some(5), pool: true },
    Block { convolution: 7, inputs: 8, outputs: 16, norm: Some(9), pool: false },
    Block { convolution: 10, inputs: 16, outputs: 16, norm: Some(12), pool: true },
    Block { convolution: 14, inputs: 16, outputs: 1, norm: None, pool: false },
];

/// Kernel size of the convolutions.
const KERNEL: i64 = 3;

/// The smallest images that survive two poolings.
const SMALLEST_SIDE: i64 = 4;

/// The largest images that the network is meant for: its first linear layer has S⁴/256 weights.
const LARGEST_SIDE: i64 = 256;

/// The tutorial's network for square grey images.
#[derive(Debug)]
pub struct Tutorial {
    side: i64,
    embedding: i64,
    tensors: TensorList,
    /// One per block.
    convolutions: Vec<(Convolution, Option<BatchNorm>)>,
    linear1: Linear,
    linear2: Linear,
}

impl Tutorial {
    /// The network for images of `side`×`side`, at least 4×4, and embeddings of `embedding` numbers;
    /// 28 and 10 in the tutorial.
    pub fn new(side: i64, embedding: i64) -> Tutorial {
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
        let convolutions = BLOCKS.iter().map(block).collect();
        let features = features(side);
        let linear1 = Linear::new(&mut tensors, "linear1", [features, features]);
        let linear2 = Linear::new(&mut tensors, "linear2", [features, embedding]);
        Tutorial { side, embedding, tensors, convolutions, linear1, linear2 }
    }
}

/// Inputs of the first linear layer: pixels left after two poolings.
pub fn features(side: i64) -> i64 {
    (side / 4) * (side / 4)
}

impl Architecture for Tutorial {
    fn for_data(images: ImageShape, classes: usize, config: &ModelConfig) -> Result<Tutorial> {
        let side = images.side().map(|side| side as i64);
        let fits = |side: &i64| (SMALLEST_SIDE..=LARGEST_SIDE).contains(side);
        let side = side.filter(fits).ok_or_else(|| {
            Error::Other(format!(
                "images of {images} do not fit the network, which takes grey squares of \
                 {SMALLEST_SIDE}×{SMALLEST_SIDE} to {LARGEST_SIDE}×{LARGEST_SIDE}; pad, crop or resize \
                 the images"
            ))
        })?;
        Ok(Tutorial::new(side, config.embedding_size(classes)))
    }

    fn images(&self) -> ImageShape {
        ImageShape::square(self.side as usize)
    }

    fn embedding(&self) -> i64 {
        self.embedding
    }

    fn tensors(&self) -> &[TensorSpec] {
        self.tensors.specs()
    }

    fn forward(&self, images: &Tensor, tensors: &Tensors, mode: Mode) -> Tensor {
        let mut x = images.shallow_clone();
        for (block, (convolution, norm)) in BLOCKS.iter().zip(&self.convolutions) {
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

    fn fused(&self) -> Option<FusedSizes> {
        Some(FusedSizes { side: self.side, embedding: self.embedding })
    }

    fn explain_other_sizes(&self, found: &Shapes) -> Option<OtherSizes> {
        let size = |name: &str, axis: usize| found[name].get(axis).copied().unwrap_or(0);
        let first = "feature_net.0.weight";
        let channels = size(first, 1);
        let inputs = size("linear1.weight", 0);
        let embedding = size("linear2.weight", 0);
        let quarter = (inputs as f64).sqrt().round() as i64;
        if channels != 1 && found[first].len() == 4 {
            let channels = count(channels as usize, "channel");
            let problem = format!("was trained on images of {channels}, the network takes 1");
            return Some(OtherSizes { problem, remedy: None });
        }
        if quarter * quarter == inputs && inputs != features(self.side) {
            // Two poolings divide the side by four, rounded down.
            let (least, most, side) = (quarter * 4, quarter * 4 + 3, self.side);
            let problem = format!(
                "was trained on images of {least}×{least} to {most}×{most}, the data has {side}×{side}"
            );
            let remedy = "resize the images to that size, or omit --init".to_owned();
            return Some(OtherSizes { problem, remedy: Some(remedy) });
        }
        if embedding != self.embedding && embedding > 0 {
            let problem = format!(
                "was trained for embeddings of {}, the settings say {}",
                count(embedding as usize, "number"),
                self.embedding
            );
            let remedy = format!("add --set model.embedding={embedding}, or omit --init");
            return Some(OtherSizes { problem, remedy: Some(remedy) });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tutorials_network_has_7343_parameters_in_pytorchs_order() {
        let tutorial = Tutorial::new(28, 10);
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
    fn images_that_are_no_grey_squares_or_of_no_fitting_size_are_rejected() {
        let colour = ImageShape { channels: 3, height: 28, width: 28 };
        for (shape, named) in [
            (ImageShape::square(3), "images of 3×3 "),
            (ImageShape::square(257), "images of 257×257 "),
            (ImageShape::grey(28, 20), "images of 28×20 "),
            (colour, "images of 3×28×28 "),
        ] {
            let tutorial = Tutorial::for_data(shape, 10, &ModelConfig::default());
            let message = tutorial.unwrap_err().to_string();
            assert!(message.starts_with(named), "{message}");
            assert!(message.contains("takes grey squares of 4×4 to 256×256"), "{message}");
        }
    }
}
