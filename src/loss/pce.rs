//! The pairwise cross-entropy that cross-entropy bounds from above in the paper.

use serde::{Deserialize, Serialize};

use super::class_vectors::random_class_vectors;
use super::cross_entropy::softmax_cross_entropy;
use super::space::{LEARNING_RATE, Range, logarithmic};
use super::spce::class_sums;
use super::{Criterion, Description, LossInput, LossOutput, LossParameters, above_zero};
use crate::data::BatchKind;
use crate::error::Result;
use crate::random::Generator;

/// Settings of the pairwise cross-entropy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pce {
    /// λ, the weight of ½·Σ_k ‖θ_k‖² in the derivation; above 0.
    pub lambda: f64,
    /// Learning rate of the classifier's weights; above 0.
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
                      classifier trained by cross-entropy alongside; may be negative",
            settings: "lambda λ = {lambda}, learning_rate = {learning_rate} (of the weights θ)",
            source: "Boudiaf et al.: A unifying mutual information view of metric learning, ECCV \
                     2020 (pairwise cross-entropy): add and subtract λ/2·Σ_k ‖θ_k‖² in \
                     cross-entropy and minimise each part over the weights θ separately",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::PkSampling
    }

    fn parameters(
        &self,
        classes: usize,
        embedding: usize,
        random: &mut Generator,
    ) -> Option<LossParameters> {
        Some(random_class_vectors("weights", (classes, embedding), self.learning_rate, random))
    }

    fn ranges(&self) -> Vec<Range> {
        vec![logarithmic("lambda", 1e-2, 10.0), LEARNING_RATE]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        above_zero("loss.lambda", self.lambda)?;
        above_zero("loss.learning_rate", self.learning_rate)
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        let (z, labels) = (batch.embeddings(), batch.labels());
        let (kind, count) = (z.kind(), z.size()[0] as f64);
        let sums = class_sums(z, labels, batch.targets.classes);
        let tightness = sums.square().sum(kind) / (2.0 * self.lambda);
        // The paper alternates between network and classifier, so no gradient flows between them:
        // if the network could change p, it could lower the loss by merging classes.
        let logits = z.detach().matmul(&batch.parameters().tr());
        let predicted = logits.softmax(1, kind).detach();
        let soft_sums = predicted.tr().matmul(z) / count;
        let contrast = (z.matmul(&soft_sums.tr()) / self.lambda).logsumexp([1], false).mean(kind);
        let lengths = soft_sums.square().sum(kind) / (2.0 * self.lambda);
        // Trains the classifier by cross-entropy without adding its value to the loss.
        let classifier = softmax_cross_entropy(&logits, labels, 0.0);
        let classifier = &classifier - classifier.detach();
        (contrast - lengths - tightness + classifier).into()
    }
}
