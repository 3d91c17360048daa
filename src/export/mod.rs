//! TODO ('export',)

mod files;
mod tensorboard;

pub use files::{npy_files, write_embedded, write_labels};
pub use tensorboard::EVENT_FILES;
