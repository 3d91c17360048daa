//! The tensors of a network: names, shapes, initialisation, and the values that layers work with.

use tch::Tensor;

/// How a tensor is initialised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// Uniform in ±1/√fan_in.
    Uniform { fan_in: i64 },
    /// A constant.
    Constant(f32),
}

/// A tensor of a network.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorSpec {
    /// Name in PyTorch's `state_dict`, `feature_net.0.weight`.
    pub name: String,
    pub shape: Vec<i64>,
    pub init: Init,
    /// Whether it is a trained parameter; otherwise it is a running statistic.
    pub is_trained: bool,
}

/// The tensors of a network in the order of PyTorch's `state_dict`, filled layer by layer.
///
/// A layer keeps the indices of its tensors, so that a forward pass looks up no name.
#[derive(Debug, Default)]
pub struct TensorList {
    specs: Vec<TensorSpec>,
    trained: usize,
    running: usize,
}

impl TensorList {
    pub fn specs(&self) -> &[TensorSpec] {
        &self.specs
    }

    /// Adds a tensor and returns its index in [`Tensors::trained`] or [`Tensors::running`].
    pub fn push(&mut self, spec: TensorSpec) -> usize {
        let count = if spec.is_trained { &mut self.trained } else { &mut self.running };
        let index = *count;
        *count += 1;
        self.specs.push(spec);
        index
    }

    /// Adds a layer's weight and bias, which PyTorch initialises from the same distribution, and
    /// returns their indices.
    pub fn push_weight_and_bias(
        &mut self,
        layer: &str,
        shape: Vec<i64>,
        init: Init,
    ) -> (usize, usize) {
        let outputs = vec![shape[0]];
        let mut trained = |part: &str, shape: Vec<i64>| {
            let name = format!("{layer}.{part}");
            self.push(TensorSpec { name, shape, init, is_trained: true })
        };
        (trained("weight", shape), trained("bias", outputs))
    }
}

/// The values of a network's tensors, each kind in the order of its `TensorList`.
#[derive(Debug)]
pub struct Tensors {
    pub trained: Vec<Tensor>,
    pub running: Vec<Tensor>,
}

/// What a forward pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Training: BatchNorm normalises with the statistics of the batch. Writes the batch's statistics
    /// in place of the running ones; the caller applies the momentum.
    Train,
    /// Evaluation: BatchNorm normalises with the running statistics.
    Evaluate,
}
