//! The multi-similarity loss with its miner.

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::pairwise::{PairMasks, fraction, log_one_plus_sum_exp_where, normalised};
use super::space::{Range, linear, logarithmic};
use super::{Criterion, Description, LossInput, LossOutput, above_zero, zero_or_above};
use crate::data::BatchKind;
use crate::error::{Error, Result};

/// Settings of the multi-similarity loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MultiSimilarity {
    /// Sharpness of the positives' weighting; above 0.
    pub alpha: f64,
    /// Sharpness of the negatives' weighting; above 0.
    pub beta: f64,
    /// Cosine λ that positives should be above and negatives below; in −1..=1.
    pub base: f64,
    /// Whether only mined pairs count.
    pub mining: bool,
    /// Slack ε of the miner, at least 0.
    pub epsilon: f64,
}

impl Default for MultiSimilarity {
    fn default() -> MultiSimilarity {
        MultiSimilarity { alpha: 2.0, beta: 50.0, base: 0.5, mining: true, epsilon: 0.1 }
    }
}

impl Criterion for MultiSimilarity {
    fn description(&self) -> Description {
        Description {
            name: "multi-similarity",
            formula: "mean over anchors of log(1 + Σ_p exp(−α(s(a, p) − λ)))/α + log(1 + Σ_n \
                      exp(β(s(a, n) − λ)))/β, over positives with s < max s(a, n) + ε and \
                      negatives with s > min s(a, p) − ε",
            settings: "alpha α = {alpha}, beta β = {beta}, base λ = {base}, \
                       mining = {mining}, epsilon ε = {epsilon}",
            source: "Wang et al.: Multi-similarity loss with general pair weighting, CVPR 2019",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::PkSampling
    }

    fn normalises(&self) -> bool {
        true
    }

    fn ranges(&self) -> Vec<Range> {
        vec![
            logarithmic("alpha", 0.5, 10.0),
            logarithmic("beta", 5.0, 100.0),
            linear("base", 0.1, 0.9),
            linear("epsilon", 0.0, 0.3),
        ]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        above_zero("loss.alpha", self.alpha)?;
        above_zero("loss.beta", self.beta)?;
        if !(-1.0..=1.0).contains(&self.base) {
            return Err(Error::setting("loss.base", self.base, "must be a cosine, −1 to 1"));
        }
        zero_or_above("loss.epsilon", self.epsilon)
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        let rows = normalised(batch.embeddings());
        let cosines = rows.matmul(&rows.tr());
        let all = PairMasks::new(batch.labels());
        let kept =
            if self.mining { self.mine(&cosines.detach(), &all) } else { all.shallow_clone() };
        let of = |weight: f64, mask: &Tensor| {
            let exponents = (&cosines - self.base) * weight;
            log_one_plus_sum_exp_where(&exponents, mask) / weight.abs()
        };
        let costs = of(-self.alpha, &kept.positive) + of(self.beta, &kept.negative);
        let either = |masks: &PairMasks| masks.positive.logical_or(&masks.negative);
        let active = self.mining.then(|| fraction(&either(&kept), &either(&all)));
        LossOutput { loss: costs.mean(costs.kind()), active }
    }
}

impl MultiSimilarity {
    /// The mined pairs: positives less similar than the most similar negative of their anchor,
    /// negatives more similar than its least similar positive, within ε.
    fn mine(&self, cosines: &Tensor, all: &PairMasks) -> PairMasks {
        if cosines.size()[0] == 0 {
            return all.shallow_clone();
        }
        let without = |mask: &Tensor, fill| cosines.masked_fill(&mask.logical_not(), fill);
        let nearest_negative =
            without(&all.negative, f64::NEG_INFINITY).amax([1i64].as_slice(), true);
        let farthest_positive = without(&all.positive, f64::INFINITY).amin([1i64].as_slice(), true);
        PairMasks {
            positive: (cosines - self.epsilon)
                .lt_tensor(&nearest_negative)
                .logical_and(&all.positive),
            negative: (cosines + self.epsilon)
                .gt_tensor(&farthest_positive)
                .logical_and(&all.negative),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    #[test]
    fn the_miner_keeps_pairs_near_the_hardest_pair_of_the_other_kind() {
        let cosines = Tensor::from_slice2(&[
            [1.0f32, 0.9, 0.3, 0.1],
            [0.9, 1.0, 0.3, 0.1],
            [0.3, 0.3, 1.0, 0.8],
            [0.1, 0.1, 0.8, 1.0],
        ]);
        let all = PairMasks::new(&Tensor::from_slice(&[0i64, 0, 0, 1]));
        let kept = MultiSimilarity::default().mine(&cosines, &all);
        let flat = |mask: &Tensor| Vec::<bool>::try_from(&mask.view([-1])).unwrap();
        // The first anchor, with positives at 0.9 and 0.3 and a negative at 0.1, has no hard pair.
        assert_eq!(flat(&kept.positive)[..4], [false; 4]);
        assert_eq!(flat(&kept.negative)[..4], [false; 4]);
        // The third anchor's negative at 0.8 is closer than both positives at 0.3.
        assert_eq!(flat(&kept.positive)[8..12], [true, true, false, false]);
        assert_eq!(flat(&kept.negative)[8..12], [false, false, false, true]);
        assert!(kept.negative.sum(Kind::Int64).int64_value(&[]) == 1);
    }
}
