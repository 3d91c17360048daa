//! The layout of the parameters in the flat vector, and the weights of one step.

use std::ops::Range;

use super::convolution::flipped;
use super::convolve::prepare;
use crate::data::ImageShape;
use crate::model::FusedSizes;
use crate::model::networks::{Block, blocks, features};

/// The network's blocks for grey images.
const BLOCKS: [Block; 5] = blocks(1);

/// Ranges of a layer's weights and bias in the flat vector, the bias right after the weights. For
/// BatchNorm, these are γ and β.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    pub weights: Range<usize>,
    pub bias: Range<usize>,
}

impl Layer {
    /// Range of weights and bias.
    pub fn all(&self) -> Range<usize> {
        self.weights.start..self.bias.end
    }
}

/// The range of each layer in the vector of
/// [`Network::parameters`](crate::model::Network::parameters).
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub convolutions: Vec<Layer>,
    pub norms: Vec<Layer>,
    pub linears: Vec<Layer>,
    /// Length of the vector.
    pub length: usize,
}

impl Layout {
    pub fn new(sizes: FusedSizes) -> Layout {
        let mut length = 0;
        let mut layer = |weights: usize, bias: usize| {
            let (start, middle) = (length, length + weights);
            length = middle + bias;
            Layer { weights: start..middle, bias: middle..length }
        };
        let (mut convolutions, mut norms) = (Vec::new(), Vec::new());
        for block in &BLOCKS {
            let (inputs, outputs) = (block.inputs as usize, block.outputs as usize);
            convolutions.push(layer(outputs * 9 * inputs, outputs));
            if block.norm.is_some() {
                norms.push(layer(outputs, outputs));
            }
        }
        let features = features(ImageShape::square(sizes.side as usize)) as usize;
        let embedding = sizes.embedding as usize;
        let linears =
            vec![layer(features * features, features), layer(embedding * features, embedding)];
        Layout { convolutions, norms, linears, length }
    }

    /// The largest number of parameters whose gradients one pass computes.
    pub fn longest_pass(&self) -> usize {
        let head = self.linears.iter().chain(&self.convolutions[4..]);
        let convolutions = self.convolutions.iter().map(|layer| layer.all().len());
        convolutions
            .chain([head.map(|layer| layer.all().len()).sum()])
            .max()
            .expect("the network has layers")
    }
}

/// The parameters of one step, with the weights prepared once for all images.
pub struct Weights {
    pub layout: Layout,
    values: Vec<f32>,
    /// Of each convolution, for the forward and the backward pass.
    prepared: Vec<(Vec<f32>, Vec<f32>)>,
}

impl Weights {
    /// For evaluation, from the flat vector `[P]`: convolutions are direct, which halves the
    /// rounding error, and there is no backward pass.
    pub fn for_evaluation(layout: &Layout, values: Vec<f32>) -> Weights {
        let as_is = |layer: &Layer| (values[layer.weights.clone()].to_vec(), Vec::new());
        let prepared = layout.convolutions.iter().map(as_is).collect();
        Weights { layout: layout.clone(), values, prepared }
    }

    /// For training, from the flat vector `[P]`.
    pub fn new(layout: &Layout, values: Vec<f32>) -> Weights {
        let prepare_layer = |(layer, block): (&Layer, &Block)| {
            let (inputs, outputs) = (block.inputs as usize, block.outputs as usize);
            let weights = &values[layer.weights.clone()];
            (prepare(weights, inputs), prepare(&flipped(weights, inputs), outputs))
        };
        let prepared = layout.convolutions.iter().zip(&BLOCKS).map(prepare_layer).collect();
        Weights { layout: layout.clone(), values, prepared }
    }

    /// Prepared weights and bias of a convolution.
    pub fn convolution(&self, index: usize) -> (&[f32], &[f32]) {
        let bias = self.layout.convolutions[index].bias.clone();
        (&self.prepared[index].0, &self.values[bias])
    }

    /// Prepared weights for the input gradient of a convolution.
    pub fn flipped(&self, index: usize) -> &[f32] {
        &self.prepared[index].1
    }

    /// γ and β of a BatchNorm.
    pub fn norm(&self, index: usize) -> (&[f32], &[f32]) {
        self.of(&self.layout.norms[index])
    }

    /// Weights `[O][I]` and bias of a linear layer.
    pub fn linear(&self, index: usize) -> (&[f32], &[f32]) {
        self.of(&self.layout.linears[index])
    }

    fn of(&self, layer: &Layer) -> (&[f32], &[f32]) {
        (&self.values[layer.weights.clone()], &self.values[layer.bias.clone()])
    }
}
