//! The supervised contrastive loss.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::pairwise::{PairMasks, log_sum_exp_where, mean_where, normalised};
use super::space::{Range, logarithmic};
use super::{Criterion, Description, LossInput, LossOutput, above_zero};
use crate::data::BatchKind;
use crate::error::Result;

/// Settings of the supervised contrastive loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Supcon {
    /// Temperature τ that divides the cosines; above 0.
    pub temperature: f64,
}

impl Default for Supcon {
    fn default() -> Supcon {
        Supcon { temperature: 0.1 }
    }
}

impl Criterion for Supcon {
    fn description(&self) -> Description {
        Description {
            name: "supcon",
            formula: "mean over the anchors with a loss above 0 of −mean_p log(exp(s(a, p)/τ) / \
                      Σ_{i≠a} exp(s(a, i)/τ))",
            settings: "temperature τ = {temperature}",
            source: "Khosla et al.: Supervised contrastive learning, NeurIPS 2020, eq. 2",
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
        let all = log_sum_exp_where(&logits, &positive.logical_or(&negative));
        let kind = logits.kind();
        let costs: Tensor = (all.unsqueeze(1) - logits).masked_fill(&positive.logical_not(), 0.0);
        let count = positive.sum_dim_intlist([1i64].as_slice(), false, kind).clamp_min(1.0);
        let costs = costs.sum_dim_intlist([1i64].as_slice(), false, kind) / count;
        mean_where(&costs, &costs.detach().gt(0.0)).into()
    }
}
