//! The tutorial's convolutional network, as a table of its layers.

use std::collections::BTreeMap;

/// A 3×3 convolution with padding 1 and ReLU, then an optional BatchNorm and max pooling.
pub(super) struct Block {
    /// Index of the convolution in PyTorch's `feature_net`.
    pub conv: usize,
    pub channels_in: i64,
    pub channels_out: i64,
    /// Index of the BatchNorm after the ReLU in `feature_net`.
    pub norm: Option<usize>,
    /// Whether the block ends with 2×2 max pooling.
    pub pool: bool,
}

/// conv 1→8→8, pool, conv 8→16→16, pool, conv 16→1.
pub(super) const BLOCKS: [Block; 5] = [
    Block { conv: 0, channels_in: 1, channels_out: 8, norm: Some(2), pool: false },
    Block { conv: 3, channels_in: 8, channels_out: 8, norm: Some(5), pool: true },
    Block { conv: 7, channels_in: 8, channels_out: 16, norm: Some(9), pool: false },
    Block { conv: 10, channels_in: 16, channels_out: 16, norm: Some(12), pool: true },
    Block { conv: 14, channels_in: 16, channels_out: 1, norm: None, pool: false },
];

/// Kernel size of the convolutions.
pub(super) const KERNEL: i64 = 3;

/// Names of the weights whose shapes determine the sizes that a network was made for.
pub(super) const FIRST_CONVOLUTION: &str = "feature_net.0.weight";
pub(super) const FIRST_LINEAR: &str = "linear1.weight";
pub(super) const LAST_LINEAR: &str = "linear2.weight";

/// The variable sizes of the tutorial's network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Architecture {
    /// Height and width of the square images, at least [`Architecture::SMALLEST_SIDE`]; 28 in the
    /// tutorial.
    pub side: i64,
    /// Size of an embedding; 10 in the tutorial.
    pub embedding: i64,
}

/// How a tensor is initialised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Init {
    /// Uniform in ±1/√fan_in.
    Uniform { fan_in: i64 },
    /// A constant.
    Constant(f32),
}

/// A tensor of the network: a trained parameter or a running statistic.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TensorSpec {
    /// Name in PyTorch's `state_dict`, `feature_net.0.weight`.
    pub name: String,
    pub shape: Vec<i64>,
    pub init: Init,
}

impl Architecture {
    /// The smallest images that survive two poolings.
    pub const SMALLEST_SIDE: i64 = 4;

    /// Inputs of the first linear layer: pixels left after two poolings.
    pub(super) fn features(&self) -> i64 {
        let side = self.side / 4;
        side * side
    }

    /// The trained parameters, in PyTorch's order.
    pub(super) fn parameters(&self) -> Vec<TensorSpec> {
        let mut list = Vec::new();
        for block in &BLOCKS {
            let fan_in = block.channels_in * KERNEL * KERNEL;
            let layer = format!("feature_net.{}", block.conv);
            let shape = vec![block.channels_out, block.channels_in, KERNEL, KERNEL];
            push_layer(&mut list, &layer, shape, Init::Uniform { fan_in });
            if let Some(norm) = block.norm {
                list.push(norm_tensor(norm, "weight", block.channels_out, 1.0));
                list.push(norm_tensor(norm, "bias", block.channels_out, 0.0));
            }
        }
        let features = self.features();
        let init = Init::Uniform { fan_in: features };
        push_layer(&mut list, "linear1", vec![features, features], init);
        push_layer(&mut list, "linear2", vec![self.embedding, features], init);
        list
    }

    /// Running mean and variance of each BatchNorm in turn.
    pub(super) fn running_statistics(&self) -> Vec<TensorSpec> {
        let norms = BLOCKS.iter().filter_map(|block| Some((block.norm?, block.channels_out)));
        norms
            .flat_map(|(norm, channels)| {
                [("running_mean", 0.0), ("running_var", 1.0)]
                    .map(|(part, value)| norm_tensor(norm, part, channels, value))
            })
            .collect()
    }

    /// Names and shapes of all tensors in a file of this network: parameters and running
    /// statistics.
    pub(super) fn tensors(&self) -> BTreeMap<String, Vec<i64>> {
        let all = self.parameters().into_iter().chain(self.running_statistics());
        all.map(|tensor| (tensor.name, tensor.shape)).collect()
    }

    /// Number of trained parameters.
    pub fn parameter_count(&self) -> u64 {
        let numbers = |p: TensorSpec| p.shape.iter().map(|&n| n as u64).product::<u64>();
        self.parameters().into_iter().map(numbers).sum()
    }
}

/// A vector of the BatchNorm at index `norm` of `feature_net`.
fn norm_tensor(norm: usize, part: &str, channels: i64, value: f32) -> TensorSpec {
    let name = format!("feature_net.{norm}.{part}");
    TensorSpec { name, shape: vec![channels], init: Init::Constant(value) }
}

/// Adds a layer's weight and bias, which PyTorch initialises from the same distribution.
fn push_layer(list: &mut Vec<TensorSpec>, layer: &str, shape: Vec<i64>, init: Init) {
    let outputs = shape[0];
    list.push(TensorSpec { name: format!("{layer}.weight"), shape, init });
    list.push(TensorSpec { name: format!("{layer}.bias"), shape: vec![outputs], init });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tutorials_network_has_7343_parameters_in_pytorchs_order() {
        let tutorial = Architecture { side: 28, embedding: 10 };
        assert_eq!(tutorial.parameter_count(), 7_343);
        let parameters = tutorial.parameters();
        let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(
            names[..4],
            [
                "feature_net.0.weight",
                "feature_net.0.bias",
                "feature_net.2.weight",
                "feature_net.2.bias"
            ]
        );
        assert_eq!(names[names.len() - 1], "linear2.bias");
        assert_eq!(names[0], FIRST_CONVOLUTION);
        assert!(names.contains(&FIRST_LINEAR) && names.contains(&LAST_LINEAR));
    }
}
