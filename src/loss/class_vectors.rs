//! One trained vector per class (proxies, weights or centres), and the softmax over their cosines.

use rand::RngExt;
use tch::{Kind, Tensor};

use super::cross_entropy::softmax_cross_entropy;
use super::pairwise::normalised;
use super::{LossInput, LossOutput, LossParameters};
use crate::random::Generator;

/// One vector per class, drawn uniformly from ±√(3/E) so that its length is about 1.
///
/// # Shapes
/// → `[C, E]` f32
pub fn random_class_vectors(
    name: &'static str,
    (classes, embedding): (usize, usize),
    learning_rate: f64,
    random: &mut Generator,
) -> LossParameters {
    let bound = (3.0 / embedding as f32).sqrt();
    let draw = || random.random_range(-bound..bound);
    let values: Vec<f32> = std::iter::repeat_with(draw).take(classes * embedding).collect();
    let values = Tensor::from_slice(&values).view([classes as i64, embedding as i64]);
    LossParameters { name, among_embeddings: true, values, learning_rate }
}

/// Cosine softmax: cross-entropy of the logits that `logits` makes of the cosines `[B, C]` between
/// the embeddings and the class vectors.
pub fn cosine_softmax(batch: &LossInput, logits: impl FnOnce(Tensor) -> Tensor) -> LossOutput {
    let cosines = cosines(batch.embeddings(), batch.parameters());
    softmax_cross_entropy(&logits(cosines), batch.labels(), 0.0).into()
}

/// Cosines of the angles between embeddings and class vectors: `[B, E]`, `[C, E]` → `[B, C]`.
pub fn cosines(z: &Tensor, vectors: &Tensor) -> Tensor {
    normalised(z).matmul(&normalised(vectors).tr())
}

/// One-hot labels `[B, C]` in the dtype of the embeddings.
pub fn one_hot(labels: &Tensor, classes: i64, kind: Kind) -> Tensor {
    labels.one_hot(classes).to_kind(kind)
}
