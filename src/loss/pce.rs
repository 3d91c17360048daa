//! The pairwise cross-entropy that cross-entropy bounds from above in the paper.

use serde::{Deserialize, Serialize};

use super::class_vectors::drawn;
use super::cross_entropy::smoothed;
use super::space::{LEARNING_RATE, Range, logarithmic};
use super::spce::class_sums;
use super::{Criterion, Description, Embedded, LossParameters, Value, above_zero};
use crate::data::BatchKind;
use crate::error::Result;
use crate::random::Generator;

/// Settings of the pairwise cross-entropy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pce {
    /// λ, the weight of ½·Σ_k ‖θ_k‖² in the derivation; above 0.
    pub lambda: f64,
    /// Adam's step size for the classifier's weights; above 0.
    pub learning_rate: f64,
}

impl Default for Pce {
    fn default() -> Pce {
        Pce { lambda: 1.0, learning_rate: 0.01 }
    }
}

impl Criterion for Pce {
    fn description(&self) -> Description {
        Description {
            name: "pce",
            formula: "−1/(2λn²)·Σ_i Σ_{j: y_j = y_i} z_i·z_j + 1/n·Σ_i log Σ_k exp(z_i·c_k/λ) − \
                      1/(2λ)·Σ_k ‖c_k‖², c_k = 1/n·Σ_i p_ik·z_i, p_i = softmax_k(θ_k·z_i) of a \
                      classifier that learns by cross-entropy beside it; may be below 0",
            settings: "lambda λ = 1, learning_rate = 0.01 (of the weights θ)",
            source: "Boudiaf et al.: A unifying mutual information view of metric learning, ECCV \
                     2020 (pairwise cross-entropy): add and take off λ/2·Σ_k ‖θ_k‖² in \
                     cross-entropy and minimise both parts over the weights θ, each alone",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::Classes
    }

    fn parameters(
        &self,
        classes: usize,
        embedding: usize,
        random: &mut Generator,
    ) -> Option<LossParameters> {
        Some(drawn("weights", (classes, embedding), self.learning_rate, random))
    }

    fn ranges(&self) -> Vec<Range> {
        vec![logarithmic("lambda", 1e-2, 10.0), LEARNING_RATE]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        above_zero("loss.lambda", self.lambda)?;
        above_zero("loss.learning_rate", self.learning_rate)
    }

    fn value(&self, batch: &mut Embedded) -> Value {
        let (z, labels) = (batch.embeddings(), batch.labels());
        let (kind, count) = (z.kind(), z.size()[0] as f64);
        let sums = class_sums(z, labels, batch.targets.classes);
        let tightness = sums.square().sum(kind) / (2.0 * self.lambda);
        // The network and the classifier take turns in the paper, so neither's gradient passes
        // through the other: were the network to move p, it could win by merging classes.
        let logits = z.detach().matmul(&batch.parameters().tr());
        let predicted = logits.softmax(1, kind).detach();
        let soft_sums = predicted.tr().matmul(z) / count;
        let contrast = (z.matmul(&soft_sums.tr()) / self.lambda).logsumexp([1], false).mean(kind);
        let lengths = soft_sums.square().sum(kind) / (2.0 * self.lambda);
        // The classifier learns by its cross-entropy, whose value is not part of the loss.
        let learning = smoothed(&logits, labels, 0.0);
        let learning = &learning - learning.detach();
        (contrast - lengths - tightness + learning).into()
    }
}
