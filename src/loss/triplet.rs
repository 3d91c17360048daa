//! The triplet loss on batches of P classes × K images.

use std::ops;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::pairwise::{
    PairMasks, distances_within, fraction, mean_where, normalised, zero_with_gradient,
};
use super::space::{Range, choices, linear};
use super::triplets::Triplets;
use super::{Criterion, Description, LossInput, LossOutput, above_zero, zero_or_above};
use crate::data::BatchKind;
use crate::error::Result;

/// Settings of the triplet loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Triplet {
    /// How much farther than the positive the negative has to be; at least 0.
    pub margin: f64,
    /// Hinge or smooth.
    pub form: TripletForm,
    /// Which triplets of a batch contribute.
    pub triplets: Mining,
    /// Whether to L2-normalise embeddings first.
    pub normalise: bool,
}

/// The penalty for a violation v of the margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TripletForm {
    /// `max(0, v)`.
    Hinge,
    /// `log(1 + exp(v))`.
    Softplus,
}

/// Which triplets of a batch contribute to the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mining {
    /// For each anchor, one random positive and one random negative.
    Random,
    /// All triplets whose negative is farther than the positive, but by no more than the margin
    /// (semi-hard).
    SemiHard,
    /// For each anchor, the farthest positive and the nearest negative (batch-hard).
    BatchHard,
    /// All triplets.
    All,
}

impl Default for Triplet {
    fn default() -> Triplet {
        let (form, triplets) = (TripletForm::Hinge, Mining::SemiHard);
        Triplet { margin: 0.2, form, triplets, normalise: true }
    }
}

impl Criterion for Triplet {
    fn description(&self) -> Description {
        Description {
            name: "triplet",
            formula: "mean over the triplets with a loss above 0 of max(0, v) (form hinge) or \
                      log(1 + e^v) (form softplus), v = d(a, p) − d(a, n) + m",
            settings: "margin m = {margin}, form = {form} or \"softplus\", triplets = {triplets} \
                       (0 < d(a, n) − d(a, p) ≤ m), \"batch-hard\" (farthest p, nearest n), \
                       \"random\" (one per anchor) or \"all\", normalise = {normalise}; batch-hard \
                       collapses on the tutorial's network: use semi-hard",
            source: "Schroff, Kalenichenko, Philbin: FaceNet, CVPR 2015 (semi-hard); Hermans, \
                     Beyer, Leibe: In defense of the triplet loss, 2017 (batch-hard, softplus)",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::PkSampling
    }

    fn normalises(&self) -> bool {
        self.normalise
    }

    fn ranges(&self) -> Vec<Range> {
        vec![linear("margin", 0.05, 1.0), choices("form", &["hinge", "softplus"])]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        match self.triplets {
            // With margin 0 no triplet is semi-hard.
            Mining::SemiHard => above_zero("loss.margin", self.margin),
            _ => zero_or_above("loss.margin", self.margin),
        }
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        let z = batch.embeddings();
        let rows = if self.normalise { normalised(z) } else { z.shallow_clone() };
        let distances = distances_within(&rows);
        let masks = PairMasks::new(batch.labels());
        match self.triplets {
            Mining::Random => {
                let drawn = Triplets::random_per_anchor(batch.labels(), batch.random);
                self.loss_of_triplets(&distances, &drawn)
            }
            Mining::BatchHard => self.batch_hard(&distances, &masks),
            Mining::SemiHard | Mining::All => self.all_pairs(&distances, batch.labels()),
        }
    }
}

impl Triplet {
    /// The loss of given triplets.
    pub(super) fn loss_of_triplets(&self, distances: &Tensor, triplets: &Triplets) -> LossOutput {
        self.mean(
            triplets.positive_distances(distances) - triplets.negative_distances(distances)
                + self.margin,
        )
    }

    /// For each anchor that has both, its farthest positive and its nearest negative.
    fn batch_hard(&self, distances: &Tensor, masks: &PairMasks) -> LossOutput {
        let PairMasks { positive, negative } = masks;
        if distances.size()[0] == 0 {
            return zero_with_gradient(distances).into();
        }
        let without = |mask: &Tensor, fill| distances.masked_fill(&mask.logical_not(), fill);
        let farthest = without(positive, f64::NEG_INFINITY).max_dim(1, false).0;
        let nearest = without(negative, f64::INFINITY).min_dim(1, false).0;
        let has_both = positive.any_dim(1, false).logical_and(&negative.any_dim(1, false));
        let of = |values: Tensor| values.masked_select(&has_both);
        self.mean(of(farthest) - of(nearest) + self.margin)
    }

    /// The mean over the triplets with a loss above 0; 0, with a gradient, if there are none.
    fn mean(&self, violations: Tensor) -> LossOutput {
        let costs = match self.form {
            TripletForm::Hinge => violations.clamp_min(0.0),
            TripletForm::Softplus => violations.softplus(),
        };
        let active = violations.detach().gt(0.0);
        let counted = costs.detach().gt(0.0);
        let all = active.ones_like();
        LossOutput { loss: mean_where(&costs, &counted), active: Some(fraction(&active, &all)) }
    }

    /// Every anchor with every positive and every negative of the batch.
    ///
    /// The mean is computed without a graph. Its gradient is that of a sum which is linear in the
    /// distances, each weighted by the slopes of all triplets that contain it: the graph has B²
    /// entries, however many triplets there are.
    fn all_pairs(&self, distances: &Tensor, labels: &Tensor) -> LossOutput {
        let kind = distances.kind();
        let sums = self.sums(distances, labels);
        let slopes = Tensor::from_slice(&sums.slopes).to_device(distances.device()).to_kind(kind);
        let linear = (distances * slopes.view_as(distances)).sum(kind);
        let loss = (&linear - linear.detach() + sums.cost) / sums.considered.max(1.0);
        let active = Tensor::from((sums.considered / sums.triplets.max(1.0)) as f32);
        LossOutput { loss, active: Some(active) }
    }

    /// Sums over the triplets of a batch.
    fn sums(&self, distances: &Tensor, labels: &Tensor) -> Sums {
        let classes = Vec::<i64>::try_from(labels).expect("a vector of classes");
        let flat = distances.detach().to_kind(Kind::Double).contiguous().view([-1]);
        let flat = Vec::<f64>::try_from(&flat).expect("a matrix of numbers");
        let size = classes.len();
        let mut sums = Sums { slopes: vec![0.0; size * size], ..Sums::default() };
        for (anchor, class) in classes.iter().enumerate() {
            let row = &flat[anchor * size..][..size];
            // Anything that is not a negative is infinitely far and violates nothing.
            let far = |i: usize| if classes[i] == *class { f64::INFINITY } else { row[i] };
            let far: Vec<f64> = (0..size).map(far).collect();
            let negatives = classes.iter().filter(|other| *other != class).count();
            for positive in (0..size).filter(|&i| i != anchor && classes[i] == *class) {
                sums.triplets += negatives as f64;
                let slopes = anchor * size..(anchor + 1) * size;
                match self.form {
                    TripletForm::Hinge => self.hinge(row[positive], &far, slopes, &mut sums),
                    TripletForm::Softplus => self.softplus(row[positive], &far, slopes, &mut sums),
                }
                sums.slopes[anchor * size + positive] += sums.pair;
            }
        }
        sums
    }

    /// Adds the triplets of an anchor and a positive with all negatives: `max(0, m − gap)`, where
    /// the gap is how much farther the negative is, exactly 0 when both are equally far.
    fn hinge(&self, near: f64, far: &[f64], slopes: ops::Range<usize>, sums: &mut Sums) {
        let above = if self.triplets == Mining::SemiHard { 0.0 } else { f64::NEG_INFINITY };
        let (mut count, mut cost) = (0.0, 0.0);
        for (far, slope) in far.iter().zip(&mut sums.slopes[slopes]) {
            let gap = far - near;
            let is_active = gap > above && gap < self.margin;
            *slope -= if is_active { 1.0 } else { 0.0 };
            count += if is_active { 1.0 } else { 0.0 };
            cost += if is_active { self.margin - gap } else { 0.0 };
        }
        sums.add(count, cost, count);
    }

    /// The same for `log(1 + exp(m − gap))`.
    fn softplus(&self, near: f64, far: &[f64], slopes: ops::Range<usize>, sums: &mut Sums) {
        let (mut count, mut cost, mut steepness) = (0.0, 0.0, 0.0);
        for (far, slope) in far.iter().zip(&mut sums.slopes[slopes]) {
            let gap = far - near;
            let semi_hard = gap > 0.0 && gap <= self.margin;
            if gap.is_finite() && (semi_hard || self.triplets != Mining::SemiHard) {
                let violation = self.margin - gap;
                let sigmoid = 1.0 / (1.0 + (-violation).exp());
                count += 1.0;
                cost += violation.max(0.0) + (-violation.abs()).exp().ln_1p();
                steepness += sigmoid;
                *slope -= sigmoid;
            }
        }
        sums.add(count, cost, steepness);
    }
}

/// Sums over the triplets of a batch.
#[derive(Default)]
struct Sums {
    /// Sum of the losses.
    cost: f64,
    /// Number of triplets that contribute.
    considered: f64,
    /// Number of all triplets.
    triplets: f64,
    /// Derivative of the sum of the losses with respect to each distance `[B, B]`.
    slopes: Vec<f64>,
    /// Derivative with respect to the distance of the last positive.
    pair: f64,
}

impl Sums {
    fn add(&mut self, considered: f64, cost: f64, pair: f64) {
        self.considered += considered;
        self.cost += cost;
        self.pair = pair;
    }
}
