//! The simplified pairwise cross-entropy of the paper that the tutorial follows.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::class_vectors::one_hot;
use super::{Criterion, Description, LossInput, LossOutput};
use crate::data::BatchKind;
use crate::error::Result;

/// Settings of SPCE; it has none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spce {}

impl Criterion for Spce {
    fn description(&self) -> Description {
        Description {
            name: "spce",
            formula: "−1/n²·Σ_i Σ_{j: y_j = y_i} z_i·z_j + 1/n·Σ_i log Σ_k exp(1/n·Σ_{j: y_j = k} \
                      z_i·z_j): cross-entropy without bias whose weight of class k is 1/n times \
                      the sum of the class's embeddings",
            settings: "none",
            source: "Boudiaf et al.: A unifying mutual information view of metric learning, ECCV \
                     2020 (simplified pairwise cross-entropy)",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::PkSampling
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        Ok(())
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        let z = batch.embeddings();
        let kind = z.kind();
        let sums = class_sums(z, batch.labels(), batch.targets.classes);
        let tightness = sums.square().sum(kind);
        let contrast = z.matmul(&sums.tr()).logsumexp([1], false).mean(kind);
        (contrast - tightness).into()
    }
}

/// 1/n times the sum of each class's embeddings: `[n, E]`, `[n]` → `[C, E]`.
///
/// Their squared norms add up to 1/n²·Σ_i Σ_{j: y_j = y_i} z_i·z_j.
pub(super) fn class_sums(z: &Tensor, labels: &Tensor, classes: i64) -> Tensor {
    one_hot(labels, classes, z.kind()).tr().matmul(z) / z.size()[0] as f64
}
