//! The normalised temperature-scaled cross-entropy of pairs.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::pairwise::{Relations, lowest, mean_where, normalised};
use super::space::{Range, logarithmic};
use super::{Criterion, Description, Embedded, Value, above_zero};
use crate::data::BatchKind;
use crate::error::Result;

/// Settings of NT-Xent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NtXent {
    /// τ, by which cosines are divided; above 0.
    pub temperature: f64,
}

impl Default for NtXent {
    fn default() -> NtXent {
        NtXent { temperature: 0.07 }
    }
}

impl Criterion for NtXent {
    fn description(&self) -> Description {
        Description {
            name: "nt-xent",
            formula: "mean over pairs of an anchor and a positive of −log(exp(s(a, p)/τ) / \
                      (exp(s(a, p)/τ) + Σ_n exp(s(a, n)/τ)))",
            settings: "temperature τ = 0.07",
            source: "Chen et al.: A simple framework for contrastive learning of visual \
                     representations, ICML 2020, eq. 1, with classes for views",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::Classes
    }

    fn normalises(&self) -> bool {
        true
    }

    fn ranges(&self) -> Vec<Range> {
        vec![logarithmic("temperature", 0.02, 1.0)]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        above_zero("loss.temperature", self.temperature)
    }

    fn value(&self, batch: &mut Embedded) -> Value {
        let rows = normalised(batch.embeddings());
        let logits = rows.matmul(&rows.tr()) / self.temperature;
        let Relations { positive, negative } = Relations::new(batch.labels());
        // Without a negative the sum is next to nothing, and the pair costs nothing.
        let kept = logits.masked_fill(&negative.logical_not(), lowest(logits.kind()));
        let negatives: Tensor = kept.logsumexp([1], true);
        mean_where(&(negatives - logits).softplus(), &positive).into()
    }
}
