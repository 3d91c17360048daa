//! NT-Xent: normalised temperature-scaled cross-entropy over pairs.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::pairwise::{PairMasks, lowest_finite, mean_where, normalised};
use super::space::{Range, logarithmic};
use super::{Criterion, Description, LossInput, LossOutput, above_zero};
use crate::data::BatchKind;
use crate::error::Result;

/// Settings of NT-Xent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NtXent {
    /// Temperature τ that divides the cosines; above 0.
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
            settings: "temperature τ = {temperature}",
            source: "Chen et al.: A simple framework for contrastive learning of visual \
                     representations, ICML 2020, eq. 1, with images of a class in place of \
                     augmented views",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::PkSampling
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

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        let rows = normalised(batch.embeddings());
        let logits = rows.matmul(&rows.tr()) / self.temperature;
        let PairMasks { positive, negative } = PairMasks::new(batch.labels());
        // Without a negative the log-sum is the lowest number, so the pair's loss is 0.
        let kept = logits.masked_fill(&negative.logical_not(), lowest_finite(logits.kind()));
        let negatives: Tensor = kept.logsumexp([1], true);
        mean_where(&(negatives - logits).softplus(), &positive).into()
    }
}
