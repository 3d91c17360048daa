//! Networks: what turns images into embeddings, how its weights begin and how they are kept.
//!
//! The training loop and the evaluation see a network through [`Network`] alone: images in,
//! embeddings out; the gradient with respect to the embeddings in, the gradient with respect to
//! the parameters out. Losses live on the embeddings and never meet what stands behind it.

mod architecture;
mod branch;
mod config;
mod engine;
mod foreign;
mod fused;
mod init;
mod libtorch;
mod parameters;
mod torchscript;
mod weights;

pub use architecture::Architecture;
pub use config::{EmbeddingSize, ModelConfig};
pub use engine::{Engine, EngineChoice, open_network};
pub use foreign::read_init;
pub use fused::FusedNetwork;
pub use init::initial_weights;
pub use libtorch::LibtorchNetwork;
pub use torchscript::write_torchscript;
pub use weights::{
    digest, read_notes, read_tensors, read_weights, refuse_other_content, write_tensors,
    write_tensors_keeping,
};

use architecture::{BLOCKS, Block, KERNEL, Start};
use branch::{Branch, Evaluator};
use parameters::Parameters;

use std::collections::BTreeMap;

use tch::Tensor;

use crate::error::Result;

/// Named tensors under PyTorch's names (`feature_net.0.weight`), contiguous, on the CPU, f32.
pub type NamedTensors = BTreeMap<String, Tensor>;

/// BatchNorm's ε, PyTorch's default.
const EPSILON: f64 = 1e-5;

/// The share of a batch in BatchNorm's running statistics, PyTorch's `momentum`.
const MOMENTUM: f64 = 0.1;

/// What training and evaluation see of a network.
pub trait Network {
    /// Embeds a training batch, in training mode.
    ///
    /// Each branch is a batch of its own for BatchNorm: it is normalised by its own statistics,
    /// and the running statistics take in the branches in order, as a siamese network does that
    /// calls one tower twice. What [`Network::backward`] needs is remembered.
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

    /// All trained parameters as one vector `[P]`; moving it moves the network.
    fn parameters(&mut self) -> &mut Tensor;

    /// Embeds batches in evaluation mode, with BatchNorm's running statistics; side by side
    /// where cores are free.
    ///
    /// # Shapes
    /// each batch `[N, 1, S, S]` f32 in 0..1 → `[N, E]` f32
    fn embed(&mut self, batches: Vec<Tensor>) -> Vec<Tensor>;

    /// A copy of weights, biases and running statistics under PyTorch's names.
    fn state(&self) -> NamedTensors;

    /// Takes over weights, biases and running statistics.
    ///
    /// # Errors
    /// A name that is missing or unknown, or a tensor of another shape.
    fn load_state(&mut self, state: &NamedTensors) -> Result<()>;
}
