//! Softmax cross-entropy, with the embedding itself as the logits.

use serde::{Deserialize, Serialize};
use tch::{Reduction, Tensor};

use super::space::{Range, linear};
use super::{Criterion, Description, LossInput, LossOutput, check_logits};
use crate::data::BatchKind;
use crate::error::{Error, Result};

/// Settings of cross-entropy.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CrossEntropy {
    /// Label smoothing ε, as in PyTorch; in 0..1.
    pub label_smoothing: f64,
}

impl Criterion for CrossEntropy {
    fn description(&self) -> Description {
        Description {
            name: "cross-entropy",
            formula: "mean of −Σ_k t_k·log softmax(z)_k over the images, t = (1 − ε)·[k = y] + \
                      ε/E; the embedding z is the logits",
            settings: "label_smoothing ε = {label_smoothing}",
            source: "the tutorial; Boudiaf et al.: A unifying mutual information view of metric \
                     learning, ECCV 2020, relates it to pairwise losses; smoothing: Szegedy et \
                     al.: Rethinking the Inception architecture, CVPR 2016",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::Images
    }

    fn takes_logits(&self) -> bool {
        true
    }

    fn ranges(&self) -> Vec<Range> {
        vec![linear("label_smoothing", 0.0, 0.3)]
    }

    fn check(&self, classes: usize, embedding: usize) -> Result<()> {
        if !(0.0..1.0).contains(&self.label_smoothing) {
            let problem = "must be at least 0 and below 1";
            return Err(Error::setting("loss.label_smoothing", self.label_smoothing, problem));
        }
        check_logits("cross-entropy", classes, embedding)
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        softmax_cross_entropy(batch.embeddings(), batch.labels(), self.label_smoothing).into()
    }
}

/// Mean over the images of −Σ_k t_k·log softmax(z)_k, t = (1 − ε)·[k = y] + ε/K over all K logits.
///
/// # Shapes
/// z `[B, K]`, labels `[B]` i64 in 0..K → `[]`
pub(super) fn softmax_cross_entropy(z: &Tensor, labels: &Tensor, smoothing: f64) -> Tensor {
    z.cross_entropy_loss::<Tensor>(labels, None, Reduction::Mean, -100, smoothing)
}
