//! What to train on and how.

use std::path::Path;

use super::TrainConfig;
use crate::data::{BatchShape, Batches, Class, Images, Subset};
use crate::loss::Loss;
use crate::runtime::Interrupt;

/// What to train on and how.
pub struct Task<'a> {
    /// Epochs, batch size, learning rate, seed.
    pub config: &'a TrainConfig,
    /// The loss to minimise.
    pub loss: &'a Loss,
    /// The classes of the data, in the order of their numbers.
    pub classes: &'a [Class],
    /// Embedding dimension.
    pub embedding: usize,
    /// All images.
    pub images: &'a Images,
    /// The training images.
    pub train: &'a Subset,
    /// The images of the validation loss, computed after each epoch.
    pub validation: &'a Subset,
    /// Folder for history, checkpoints and models.
    pub folder: &'a Path,
    /// Set by Ctrl-C.
    pub interrupt: &'a Interrupt,
}

/// The batches of some images that a loss is trained on.
pub fn batches_of(config: &TrainConfig, loss: &Loss, part: &Subset) -> Batches {
    let TrainConfig { batch: size, images_per_class: per_class, steps, seed, .. } = *config;
    let shape = BatchShape { kind: loss.batches(), size, per_class, steps };
    Batches::new(&part.labels, shape, seed)
}
