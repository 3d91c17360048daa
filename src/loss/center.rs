//! Cross-entropy plus center loss.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::cross_entropy::softmax_cross_entropy;
use super::space::{LEARNING_RATE, Range, logarithmic};
use super::{
    Criterion, Description, LossInput, LossOutput, LossParameters, above_zero, check_logits,
    zero_or_above,
};
use crate::data::BatchKind;
use crate::error::Result;
use crate::random::Generator;

/// Settings of cross-entropy with center loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Center {
    /// Weight λ of the center loss; at least 0.
    pub weight: f64,
    /// Learning rate of the centres; above 0.
    pub learning_rate: f64,
}

impl Default for Center {
    fn default() -> Center {
        Center { weight: 0.01, learning_rate: 0.05 }
    }
}

impl Criterion for Center {
    fn description(&self) -> Description {
        Description {
            name: "center",
            formula: "mean over images of −log softmax(z)_y + λ/2·‖z − c_y‖²; the embedding z is \
                      the logits, the centres c are trained and initialised to 0",
            settings: "weight λ = {weight}, learning_rate = {learning_rate} (of the centres)",
            source: "Wen et al.: A discriminative feature learning approach for deep face \
                     recognition, ECCV 2016, eq. 5",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::Images
    }

    fn parameters(
        &self,
        classes: usize,
        embedding: usize,
        _random: &mut Generator,
    ) -> Option<LossParameters> {
        let values = Tensor::zeros([classes as i64, embedding as i64], tch::kind::FLOAT_CPU);
        Some(LossParameters {
            name: "centres",
            among_embeddings: true,
            values,
            learning_rate: self.learning_rate,
        })
    }

    fn takes_logits(&self) -> bool {
        true
    }

    fn ranges(&self) -> Vec<Range> {
        vec![logarithmic("weight", 1e-3, 1.0), LEARNING_RATE]
    }

    fn check(&self, classes: usize, embedding: usize) -> Result<()> {
        zero_or_above("loss.weight", self.weight)?;
        above_zero("loss.learning_rate", self.learning_rate)?;
        check_logits("center", classes, embedding)
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        let (z, labels) = (batch.embeddings(), batch.labels());
        let offsets = z - batch.parameters().index_select(0, labels);
        let squares = offsets.square().sum_dim_intlist([1i64].as_slice(), false, z.kind());
        let centres = squares.mean(z.kind()) * (0.5 * self.weight);
        (softmax_cross_entropy(z, labels, 0.0) + centres).into()
    }
}
