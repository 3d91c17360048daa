//! NormFace: cosine softmax.

use serde::{Deserialize, Serialize};

use super::class_vectors::{cosine_softmax, random_class_vectors};
use super::space::{LEARNING_RATE, Range, logarithmic};
use super::{Criterion, Description, LossInput, LossOutput, LossParameters, above_zero};
use crate::data::BatchKind;
use crate::error::Result;
use crate::random::Generator;

/// Settings of NormFace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Normface {
    /// Temperature τ that divides the cosines; above 0.
    pub temperature: f64,
    /// Learning rate of the weights; above 0.
    pub learning_rate: f64,
}

impl Default for Normface {
    fn default() -> Normface {
        Normface { temperature: 0.05, learning_rate: 0.01 }
    }
}

impl Criterion for Normface {
    fn description(&self) -> Description {
        Description {
            name: "normface",
            formula: "mean over images of −log softmax_k(cos θ_k/τ)_y, θ_k the angle between the \
                      embedding and the weight of class k",
            settings: "temperature τ = {temperature}, \
                       learning_rate = {learning_rate} (of the weights)",
            source: "Wang et al.: NormFace, ACM Multimedia 2017; Zhai, Wu: Classification is a \
                     strong baseline for deep metric learning, BMVC 2019",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::Images
    }

    fn normalises(&self) -> bool {
        true
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
        vec![logarithmic("temperature", 0.02, 1.0), LEARNING_RATE]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        above_zero("loss.temperature", self.temperature)?;
        above_zero("loss.learning_rate", self.learning_rate)
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        cosine_softmax(batch, |cosines| cosines / self.temperature)
    }
}
