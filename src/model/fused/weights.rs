//! Where each layer's parameters lie in the flat vector, and the weights of one step.

use std::ops::Range;

use super::convolution::turned;
use super::convolve::prepared;
use crate::model::{Architecture, BLOCKS};

/// Weights and bias of a layer in the flat vector, the bias right after the weights. A BatchNorm's
/// γ stands for the weights, its β for the bias.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    pub weights: Range<usize>,
    pub bias: Range<usize>,
}

impl Layer {
    /// Weights and bias.
    pub fn all(&self) -> Range<usize> {
        self.weights.start..self.bias.end
    }
}

/// Every layer's place in the vector of [`Network::parameters`](crate::model::Network::parameters).
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    pub convolutions: Vec<Layer>,
    pub norms: Vec<Layer>,
    pub linears: Vec<Layer>,
    /// Numbers in the vector.
    pub length: usize,
}

impl Layout {
    pub fn new(architecture: &Architecture) -> Layout {
        let mut length = 0;
        let mut layer = |weights: usize, bias: usize| {
            let (start, middle) = (length, length + weights);
            length = middle + bias;
            Layer { weights: start..middle, bias: middle..length }
        };
        let (mut convolutions, mut norms) = (Vec::new(), Vec::new());
        for block in &BLOCKS {
            let (inputs, outputs) = (block.channels_in as usize, block.channels_out as usize);
            convolutions.push(layer(outputs * 9 * inputs, outputs));
            if block.norm.is_some() {
                norms.push(layer(outputs, outputs));
            }
        }
        let (features, embedding) =
            (architecture.features() as usize, architecture.embedding as usize);
        let linears =
            vec![layer(features * features, features), layer(embedding * features, embedding)];
        Layout { convolutions, norms, linears, length }
    }

    /// Room for the gradient of the parameters of any one pass.
    pub fn longest_pass(&self) -> usize {
        let head = self.linears.iter().chain(&self.convolutions[4..]);
        let convolutions = self.convolutions.iter().map(|layer| layer.all().len());
        convolutions.chain([head.map(|layer| layer.all().len()).sum()]).max().expect("layers")
    }
}

/// The parameters of one step, and what is made of them once for all images.
pub struct Weights {
    pub layout: Layout,
    values: Vec<f32>,
    /// Of each convolution, for the way forward and the way back.
    prepared: Vec<(Vec<f32>, Vec<f32>)>,
}

impl Weights {
    /// For evaluation, from the flat vector `[P]`: convolutions go the direct way, which rounds half
    /// as much, and none goes back.
    pub fn for_evaluation(layout: &Layout, values: Vec<f32>) -> Weights {
        let as_is = |layer: &Layer| (values[layer.weights.clone()].to_vec(), Vec::new());
        let prepared = layout.convolutions.iter().map(as_is).collect();
        Weights { layout: layout.clone(), values, prepared }
    }

    /// For training, from the flat vector `[P]`.
    pub fn new(layout: &Layout, values: Vec<f32>) -> Weights {
        let prepare = |(layer, block): (&Layer, &crate::model::Block)| {
            let (inputs, outputs) = (block.channels_in as usize, block.channels_out as usize);
            let weights = &values[layer.weights.clone()];
            (prepared(weights, inputs), prepared(&turned(weights, inputs), outputs))
        };
        let prepared = layout.convolutions.iter().zip(&BLOCKS).map(prepare).collect();
        Weights { layout: layout.clone(), values, prepared }
    }

    /// Prepared weights and bias of a convolution.
    pub fn convolution(&self, place: usize) -> (&[f32], &[f32]) {
        let bias = self.layout.convolutions[place].bias.clone();
        (&self.prepared[place].0, &self.values[bias])
    }

    /// Prepared weights that take a gradient back through a convolution.
    pub fn turned(&self, place: usize) -> &[f32] {
        &self.prepared[place].1
    }

    /// γ and β of a BatchNorm.
    pub fn norm(&self, place: usize) -> (&[f32], &[f32]) {
        self.of(&self.layout.norms[place])
    }

    /// Weights `[O][I]` and bias of a linear layer.
    pub fn linear(&self, place: usize) -> (&[f32], &[f32]) {
        self.of(&self.layout.linears[place])
    }

    fn of(&self, layer: &Layer) -> (&[f32], &[f32]) {
        (&self.values[layer.weights.clone()], &self.values[layer.bias.clone()])
    }
}
