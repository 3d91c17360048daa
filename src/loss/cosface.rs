//! CosFace: cosine softmax with a margin subtracted from the true class's cosine.

use serde::{Deserialize, Serialize};

use super::class_vectors::{cosine_softmax, one_hot, random_class_vectors};
use super::space::{LEARNING_RATE, Range, linear, logarithmic};
use super::{
    Criterion, Description, LossInput, LossOutput, LossParameters, above_zero, zero_or_above,
};
use crate::data::BatchKind;
use crate::error::Result;
use crate::random::Generator;

/// Settings of CosFace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cosface {
    /// Margin subtracted from the true class's cosine; at least 0.
    pub margin: f64,
    /// Scale of the cosines; above 0.
    pub scale: f64,
    /// Learning rate of the weights; above 0.
    pub learning_rate: f64,
}

impl Default for Cosface {
    fn default() -> Cosface {
        Cosface { margin: 0.35, scale: 64.0, learning_rate: 0.01 }
    }
}

impl Criterion for Cosface {
    fn description(&self) -> Description {
        Description {
            name: "cosface",
            formula: "mean over images of −log softmax_k(c·(cos θ_k − m·[k = y]))_y, θ_k the \
                      angle between the embedding and the weight of class k",
            settings: "margin m = {margin}, scale c = {scale}, \
                       learning_rate = {learning_rate} (of the weights)",
            source: "Wang et al.: CosFace, CVPR 2018, eq. 4",
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
        vec![linear("margin", 0.0, 0.5), logarithmic("scale", 4.0, 64.0), LEARNING_RATE]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        zero_or_above("loss.margin", self.margin)?;
        above_zero("loss.scale", self.scale)?;
        above_zero("loss.learning_rate", self.learning_rate)
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        cosine_softmax(batch, |cosines| {
            let is_target = one_hot(batch.labels(), cosines.size()[1], cosines.kind());
            (cosines - is_target * self.margin) * self.scale
        })
    }
}
