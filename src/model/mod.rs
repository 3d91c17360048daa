//! Networks: computation, initial weights and weight files.
//!
//! An [`Architecture`] says what a network is: its tensors, and how images become embeddings. Each
//! has a file in `networks/`. libtorch computes all of them, and the fused engine the tutorial's.
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
mod layers;
mod libtorch;
mod network;
mod networks;
mod parameters;
mod tensors;
mod torchscript;
mod weights;

pub use architecture::{Architecture, FusedSizes, NotFused, OtherSizes, Shapes};
pub use config::{EmbeddingSize, ModelConfig};
pub use engine::{Engine, EngineChoice, open_network};
pub use fused::FusedNetwork;
pub use init::initial_weights;
pub use init_file::read_init;
pub use libtorch::LibtorchNetwork;
pub use network::{NamedTensors, Network};
pub use networks::{NETWORKS, NetworkKind, Tutorial};
pub use tensors::{Init, Mode, TensorSpec, Tensors};
pub use torchscript::write_torchscript;
pub use weights::{
    digest, read_notes, read_tensors, read_weights, refuse_non_safetensors, write_tensors,
    write_tensors_with_backup,
};
