//! The generalised lifted structure loss.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::pairwise::{PairMasks, distances_within, log_sum_exp_where, normalised};
use super::space::{Range, linear};
use super::{Criterion, Description, LossInput, LossOutput, zero_or_above};
use crate::data::BatchKind;
use crate::error::Result;

/// Settings of the generalised lifted structure loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lifted {
    /// Distance that negatives are pushed beyond; at least 0.
    pub margin: f64,
    /// Whether to L2-normalise embeddings first.
    pub normalise: bool,
}

impl Default for Lifted {
    fn default() -> Lifted {
        Lifted { margin: 1.0, normalise: true }
    }
}

impl Criterion for Lifted {
    fn description(&self) -> Description {
        Description {
            name: "lifted",
            formula: "mean over anchors of max(0, log Σ_p exp(d(a, p)) + log Σ_n exp(m − d(a, \
                      n))), each log 0 if its sum is empty",
            settings: "margin m = {margin}, normalise = {normalise}",
            source: "Oh Song et al.: Deep metric learning via lifted structured feature \
                     embedding, CVPR 2016, in the form of Hermans, Beyer, Leibe: In defense of \
                     the triplet loss, 2017, eq. 10",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::PkSampling
    }

    fn normalises(&self) -> bool {
        self.normalise
    }

    fn ranges(&self) -> Vec<Range> {
        vec![linear("margin", 0.2, 2.0)]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        zero_or_above("loss.margin", self.margin)
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        let z = batch.embeddings();
        let rows = if self.normalise { normalised(z) } else { z.shallow_clone() };
        let distances = distances_within(&rows);
        let PairMasks { positive, negative } = PairMasks::new(batch.labels());
        let near = log_sum_exp_where(&distances, &positive);
        let far = log_sum_exp_where(&(self.margin - &distances), &negative);
        let costs: Tensor = (near + far).clamp_min(0.0);
        let active = costs.detach().gt(0.0).to_kind(Kind::Float).mean(Kind::Float);
        LossOutput { loss: costs.mean(costs.kind()), active: Some(active) }
    }
}
