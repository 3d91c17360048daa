//! The margin loss with distance-weighted sampling.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, no_grad};

use super::pairwise::{PairMasks, distances_within, fraction, normalised};
use super::space::{LEARNING_RATE, Range, linear};
use super::triplets::Triplets;
use super::{
    Criterion, Description, LossInput, LossOutput, LossParameters, above_zero, zero_or_above,
};
use crate::data::BatchKind;
use crate::error::{Error, Result};
use crate::random::Generator;

/// Settings of the margin loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Margin {
    /// Half the width of the gap between positives and negatives; at least 0.
    pub margin: f64,
    /// Boundary β between positive and negative distances, its initial value if it is learned; 0 to
    /// 2.
    pub beta: f64,
    /// Whether β is learned, one per class.
    pub learn_beta: bool,
    /// Distances are clamped to this minimum when negatives are sampled; above 0 and below
    /// `farthest`.
    pub nearest: f64,
    /// Negatives at or beyond this distance are not sampled; at most 2.
    pub farthest: f64,
    /// Learning rate of β; above 0.
    pub learning_rate: f64,
}

impl Default for Margin {
    fn default() -> Margin {
        let (nearest, farthest) = (0.5, 1.4);
        Margin { margin: 0.2, beta: 1.2, learn_beta: true, nearest, farthest, learning_rate: 1e-3 }
    }
}

impl Criterion for Margin {
    fn description(&self) -> Description {
        Description {
            name: "margin",
            formula: "Σ (max(0, d(a, p) − β + m) + max(0, β − d(a, n) + m)) / number of terms \
                      above 0, over all anchor-positive pairs, each with one negative drawn with \
                      probability ∝ 1/q(d), q(d) = d^(E−2)·(1 − d²/4)^((E−3)/2)",
            settings: "margin m = {margin}, beta β = {beta}, learn_beta = {learn_beta} (one per class), \
                       nearest = {nearest} and farthest = {farthest} (distances of sampled \
                       negatives), learning_rate = {learning_rate} (of β)",
            source: "Wu et al.: Sampling matters in deep embedding learning, ICCV 2017",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::PkSampling
    }

    fn normalises(&self) -> bool {
        true
    }

    fn parameters(
        &self,
        classes: usize,
        _embedding: usize,
        _random: &mut Generator,
    ) -> Option<LossParameters> {
        let values = Tensor::full([classes as i64, 1], self.beta, tch::kind::FLOAT_CPU);
        let beta = LossParameters {
            name: "beta",
            among_embeddings: false,
            values,
            learning_rate: self.learning_rate,
        };
        self.learn_beta.then_some(beta)
    }

    fn ranges(&self) -> Vec<Range> {
        vec![linear("margin", 0.05, 0.5), linear("beta", 0.6, 1.4), LEARNING_RATE]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        zero_or_above("loss.margin", self.margin)?;
        above_zero("loss.learning_rate", self.learning_rate)?;
        if !(0.0..=2.0).contains(&self.beta) {
            return Err(Error::setting("loss.beta", self.beta, "must be a distance, 0 to 2"));
        }
        if !(self.farthest > 0.0 && self.farthest <= 2.0) {
            let problem = "must be above 0 and at most 2, the largest possible distance";
            return Err(Error::setting("loss.farthest", self.farthest, problem));
        }
        if !(self.nearest > 0.0 && self.nearest < self.farthest) {
            let problem = format!("must be above 0 and below loss.farthest, {}", self.farthest);
            return Err(Error::setting("loss.nearest", self.nearest, problem));
        }
        Ok(())
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        let z = batch.embeddings();
        let rows = normalised(z);
        let distances = distances_within(&rows);
        let masks = PairMasks::new(batch.labels());
        let weights = self.weights(&distances.detach(), &masks.negative, z.size()[1]);
        let triplets = Triplets::weighted(&weights, &masks.positive, batch.random);
        self.loss_of_triplets(&distances, batch.labels(), batch.parameters, &triplets)
    }
}

impl Margin {
    /// The loss of given triplets.
    ///
    /// # Shapes
    /// distances `[B, B]`, labels `[B]`, beta `[C, 1]` → `[]`
    pub(super) fn loss_of_triplets(
        &self,
        distances: &Tensor,
        labels: &Tensor,
        beta: Option<&Tensor>,
        triplets: &Triplets,
    ) -> LossOutput {
        let (near, far) =
            (triplets.positive_distances(distances), triplets.negative_distances(distances));
        let beta = match beta {
            Some(beta) => {
                let classes = labels.index_select(0, &triplets.anchors);
                beta.select(1, 0).index_select(0, &classes)
            }
            None => near.detach().full_like(self.beta),
        };
        let near = (near - &beta + self.margin).clamp_min(0.0);
        let far = (beta - far + self.margin).clamp_min(0.0);
        let costs = Tensor::cat(&[near, far], 0);
        let active = costs.detach().gt(0.0);
        let count = active.sum(costs.kind()).clamp_min(1.0);
        let active = Some(fraction(&active, &active.ones_like()));
        LossOutput { loss: costs.sum(costs.kind()) / count, active }
    }

    /// Unnormalised sampling weight of each negative for each anchor: 1/q(d), where q is the
    /// density of distances between points distributed uniformly on the sphere.
    ///
    /// # Shapes
    /// distances, negative `[B, B]` → `[B, B]` f64
    ///
    /// # Source
    /// Wu et al. 2017, eq. 3 and 4.
    pub(super) fn weights(&self, distances: &Tensor, negative: &Tensor, embedding: i64) -> Tensor {
        no_grad(|| {
            let size = embedding as f64;
            let d = distances.to_kind(Kind::Double).clamp_min(self.nearest);
            let sampled = negative.logical_and(&d.lt(self.farthest));
            // Clamped to keep the logarithm finite: nothing beyond `farthest` is drawn anyway.
            let rest: Tensor = 1.0 - d.square() * 0.25;
            let log = d.log() * (2.0 - size) - rest.clamp_min(1e-12).log() * ((size - 3.0) / 2.0);
            let log = log.masked_fill(&sampled.logical_not(), f64::NEG_INFINITY);
            let largest = log.amax([1i64].as_slice(), true).clamp_min(f64::MIN);
            (log - largest).exp()
        })
    }
}
