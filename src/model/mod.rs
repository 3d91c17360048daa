//! Networks: computation, initial weights and weight files.
//!
//! The training loop and the evaluation see a network through [`Network`] alone: images in,
//! embeddings out; the gradient with respect to the embeddings in, the gradient with respect to the
//! parameters out. Losses work on embeddings and never see the network.

mod architecture;
mod branch;
mod config;
mod engine;
mod fused;
mod init;
mod init_file;
mod libtorch;
mod parameters;
mod torchscript;
mod weights;

pub use architecture::Architecture;
pub use config::{EmbeddingSize, ModelConfig};
pub use engine::{Engine, EngineChoice, open_network};
pub use fused::FusedNetwork;
pub use init::initial_weights;
pub use init_file::read_init;
pub use libtorch::LibtorchNetwork;
pub use torchscript::write_torchscript;
pub use weights::{
    digest, read_notes, read_tensors, read_weights, refuse_non_safetensors, write_tensors,
    write_tensors_with_backup,
};

use architecture::{BLOCKS, Block, Init, KERNEL};
use branch::{Branch, Evaluator};
use parameters::Parameters;

use std::collections::BTreeMap;

use tch::Tensor;

use crate::error::Result;

/// A state dict under PyTorch's names (`feature_net.0.weight`), contiguous, on the CPU, f32.
pub type NamedTensors = BTreeMap<String, Tensor>;

/// BatchNorm's ε, PyTorch's default.
const EPSILON: f64 = 1e-5;

/// BatchNorm's `momentum`, PyTorch's default: the weight of a batch in the running statistics.
const MOMENTUM: f64 = 0.1;

/// The interface of a network to training and evaluation.
pub trait Network {
    /// Embeds a training batch, in training mode.
    ///
    /// BatchNorm treats each branch as a separate batch: it normalises with the branch's statistics
    /// and updates the running statistics with the branches in order, like a siamese network that
    /// calls one tower twice. Whatever [`Network::backward`] needs is kept.
    ///
    /// # Shapes
    /// each branch `[B, 1, S, S]` f32 in 0..1 → as many embeddings `[B, E]` f32, without a graph
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
    /// each batch `[N, 1, S, S]` f32 in 0..1 → `[N, E]` f32
    fn embed(&mut self, batches: Vec<Tensor>) -> Vec<Tensor>;

    /// A copy of weights, biases and running statistics under PyTorch's names.
    fn state(&self) -> NamedTensors;

    /// Loads weights, biases and running statistics.
    ///
    /// # Errors
    /// A missing or unknown name, or a tensor of another shape.
    fn load_state(&mut self, state: &NamedTensors) -> Result<()>;
}
