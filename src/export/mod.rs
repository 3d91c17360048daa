//! What other programs read: a network, embeddings with their labels, TensorBoard's files.

mod files;
mod tensorboard;

pub use files::{npy_files, write_embedded, write_labels};
pub use tensorboard::EVENT_FILES;
