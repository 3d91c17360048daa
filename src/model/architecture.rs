//! The tutorial's convolutional network, as a table of its layers.

use std::collections::BTreeMap;

/// A 3×3 convolution with padding 1, its ReLU, and what follows it.
pub(super) struct Block {
    /// Place of the convolution in PyTorch's `feature_net`.
    pub conv: usize,
    pub channels_in: i64,
    pub channels_out: i64,
    /// Place of the BatchNorm after the ReLU.
    pub norm: Option<usize>,
    /// Whether a 2×2 maximum pooling closes the block.
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

/// Side of a convolution's kernel.
pub(super) const KERNEL: i64 = 3;

/// The sizes that the tutorial's network leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Architecture {
    /// Side of the square images, at least [`Architecture::SMALLEST_SIDE`]; the tutorial's is 28.
    pub side: i64,
    /// Numbers in an embedding; the tutorial's is 10.
    pub embedding: i64,
}

/// How a parameter begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Start {
    /// Uniform in ±1/√fan_in.
    Uniform { fan_in: i64 },
    /// A constant.
    Constant(f32),
}

/// One trained parameter.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameter {
    /// PyTorch's name, `feature_net.0.weight`.
    pub name: String,
    pub shape: Vec<i64>,
    pub start: Start,
}

impl Architecture {
    /// The smallest images that leave something after two poolings.
    pub const SMALLEST_SIDE: i64 = 4;

    /// Numbers that enter the first linear layer: what two poolings leave of the image.
    pub(super) fn features(&self) -> i64 {
        let side = self.side / 4;
        side * side
    }

    /// Every trained parameter, in PyTorch's order.
    pub(super) fn parameters(&self) -> Vec<Parameter> {
        let mut list = Vec::new();
        for block in &BLOCKS {
            let fan_in = block.channels_in * KERNEL * KERNEL;
            let layer = format!("feature_net.{}", block.conv);
            let shape = vec![block.channels_out, block.channels_in, KERNEL, KERNEL];
            push_layer(&mut list, &layer, shape, Start::Uniform { fan_in });
            if let Some(norm) = block.norm {
                let name = |part| format!("feature_net.{norm}.{part}");
                let shape = vec![block.channels_out];
                list.push(Parameter {
                    name: name("weight"),
                    shape: shape.clone(),
                    start: Start::Constant(1.0),
                });
                list.push(Parameter { name: name("bias"), shape, start: Start::Constant(0.0) });
            }
        }
        let features = self.features();
        let start = Start::Uniform { fan_in: features };
        push_layer(&mut list, "linear1", vec![features, features], start);
        push_layer(&mut list, "linear2", vec![self.embedding, features], start);
        list
    }

    /// Names and shapes of all that a file of this network holds: parameters and BatchNorm's
    /// running statistics.
    pub(super) fn tensors(&self) -> BTreeMap<String, Vec<i64>> {
        let trained = self.parameters().into_iter().map(|p| (p.name, p.shape));
        let statistics = self.norms().into_iter().flat_map(|(norm, channels)| {
            ["running_mean", "running_var"]
                .map(|part| (format!("feature_net.{norm}.{part}"), vec![channels]))
        });
        trained.chain(statistics).collect()
    }

    /// Numbers that are trained.
    pub fn parameter_count(&self) -> u64 {
        let numbers = |p: Parameter| p.shape.iter().map(|&n| n as u64).product::<u64>();
        self.parameters().into_iter().map(numbers).sum()
    }

    /// Every BatchNorm as its place in `feature_net` and its number of channels.
    pub(super) fn norms(&self) -> Vec<(usize, i64)> {
        BLOCKS
            .iter()
            .filter_map(|block| block.norm.map(|norm| (norm, block.channels_out)))
            .collect()
    }
}

/// A layer's weight and bias, which begin alike in PyTorch.
fn push_layer(list: &mut Vec<Parameter>, layer: &str, shape: Vec<i64>, start: Start) {
    let outputs = shape[0];
    list.push(Parameter { name: format!("{layer}.weight"), shape, start });
    list.push(Parameter { name: format!("{layer}.bias"), shape: vec![outputs], start });
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
    }
}
