//! A vector a class that a loss trains: proxies, weights or centres.

use rand::RngExt;
use tch::{Kind, Tensor};

use super::LossParameters;
use super::pairwise::normalised;
use crate::random::Generator;

/// Vectors whose numbers are drawn evenly from ±√(3/E), so that their length is about 1.
///
/// # Shapes
/// → `[C, E]` f32
pub fn drawn(
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

/// Cosines of the angles between embeddings and class vectors: `[B, E]`, `[C, E]` → `[B, C]`.
pub fn cosines(z: &Tensor, vectors: &Tensor) -> Tensor {
    normalised(z).matmul(&normalised(vectors).tr())
}

/// 1 where an image is of a class, else 0 `[B, C]`, in the kind of the embeddings.
pub fn one_hot(labels: &Tensor, classes: i64, kind: Kind) -> Tensor {
    labels.one_hot(classes).to_kind(kind)
}
