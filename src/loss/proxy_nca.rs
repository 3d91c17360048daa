//! The Proxy-NCA loss.

use serde::{Deserialize, Serialize};

use super::class_vectors::random_class_vectors;
use super::cross_entropy::softmax_cross_entropy;
use super::pairwise::{distances, normalised};
use super::space::{LEARNING_RATE, Range, logarithmic};
use super::{Criterion, Description, LossInput, LossOutput, LossParameters, above_zero};
use crate::data::BatchKind;
use crate::error::Result;
use crate::random::Generator;

/// Settings of Proxy-NCA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProxyNca {
    /// Scale of the squared distances; above 0.
    pub scale: f64,
    /// Learning rate of the proxies; above 0.
    pub learning_rate: f64,
}

impl Default for ProxyNca {
    fn default() -> ProxyNca {
        ProxyNca { scale: 9.0, learning_rate: 0.01 }
    }
}

impl Criterion for ProxyNca {
    fn description(&self) -> Description {
        Description {
            name: "proxy-nca",
            formula: "mean over images of −log softmax_k(−c·‖ẑ − ĝ_k‖²)_y, ẑ and the proxies ĝ \
                      of length 1, the softmax over all proxies",
            settings: "scale c = {scale}, learning_rate = {learning_rate} (of the proxies)",
            source: "Movshovitz-Attias et al.: No fuss distance metric learning using proxies, \
                     ICCV 2017, with the softmax over all proxies and the scale of Teh, DeVries, \
                     Taylor: ProxyNCA++, ECCV 2020",
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
        Some(random_class_vectors("proxies", (classes, embedding), self.learning_rate, random))
    }

    fn ranges(&self) -> Vec<Range> {
        vec![logarithmic("scale", 0.5, 30.0), LEARNING_RATE]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        above_zero("loss.scale", self.scale)?;
        above_zero("loss.learning_rate", self.learning_rate)
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        let (z, proxies) = (normalised(batch.embeddings()), normalised(batch.parameters()));
        let logits = distances(&z, &proxies).square() * -self.scale;
        softmax_cross_entropy(&logits, batch.labels(), 0.0).into()
    }
}
