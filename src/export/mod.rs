//! Exports for other programs: a network, embeddings with their labels, TensorBoard files.

mod files;
mod tensorboard;

pub use files::{npy_files, write_embedded, write_labels};
pub use tensorboard::EVENT_FILES;
