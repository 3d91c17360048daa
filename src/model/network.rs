//! The interface of a network to training and evaluation.

use std::collections::BTreeMap;

use tch::Tensor;

use crate::error::Result;

/// A state dict under PyTorch's names (`feature_net.0.weight`), contiguous, on the CPU, f32.
pub type NamedTensors = BTreeMap<String, Tensor>;

/// The interface of a network to training and evaluation.
pub trait Network {
    /// Embeds a training batch, in training mode.
    ///
    /// BatchNorm treats each branch as a separate batch: it normalises with the branch's statistics
    /// and updates the running statistics with the branches in order, like a siamese network that
    /// calls one tower twice. Whatever [`Network::backward`] needs is kept.
    ///
    /// # Shapes
    /// each branch `[B, C, H, W]` f32 in 0..1 → as many embeddings `[B, E]` f32, without a graph
    fn forward(&mut self, branches: Vec<Tensor>) -> Vec<Tensor>;

    /// The gradient of the last [`Network::forward`] with respect to the parameters.
    ///
    /// # Shapes
    /// per branch ∂loss/∂embeddings `[B, E]` → ∂loss/∂parameters `[P]`, in the order of
    /// [`Network::parameters`]
    fn backward(&mut self, gradients: Vec<Tensor>) -> Tensor;

    /// All trained parameters as one vector `[P]`; updating it updates the network.
    fn parameters(&mut self) -> &mut Tensor;

    /// Embeds batches in evaluation mode, with BatchNorm's running statistics, in parallel if cores
    /// are free.
    ///
    /// # Shapes
    /// each batch `[N, C, H, W]` f32 in 0..1 → `[N, E]` f32
    fn embed(&mut self, batches: Vec<Tensor>) -> Vec<Tensor>;

    /// A copy of weights, biases and running statistics under PyTorch's names.
    fn state(&self) -> NamedTensors;

    /// Loads weights, biases and running statistics.
    ///
    /// # Errors
    /// A missing or unknown name, or a tensor of another shape.
    fn load_state(&mut self, state: &NamedTensors) -> Result<()>;
}
