//! The triplet loss on batches of classes.

use std::ops;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::pairwise::{Relations, distances_within, live_zero, mean_where, normalised, share};
use super::space::{Range, linear, words};
use super::triplets::Triplets;
use super::{Criterion, Description, Embedded, Value, above_zero, zero_or_above};
use crate::data::BatchKind;
use crate::error::Result;

/// Settings of the triplet loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Triplet {
    /// How much farther than the positive the negative has to be; from 0 on.
    pub margin: f64,
    /// Cut off at 0, or smooth.
    pub form: TripletForm,
    /// Which triplets of a batch cost.
    pub triplets: Mining,
    /// Whether embeddings are brought to length 1 first.
    pub normalise: bool,
}

/// What a violated margin costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TripletForm {
    /// `max(0, v)`.
    Hinge,
    /// `log(1 + exp(v))`.
    Softplus,
}

/// Which triplets of a batch a loss looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mining {
    /// For each anchor one positive and one negative, drawn.
    Random,
    /// All whose negative is farther than the positive, but by no more than the margin.
    SemiHard,
    /// For each anchor the farthest positive and the nearest negative.
    BatchHard,
    /// All.
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
            formula: "mean over the triplets that cost something of max(0, v) (form hinge) or \
                      log(1 + e^v) (form softplus), v = d(a, p) − d(a, n) + m",
            settings: "margin m = 0.2, form = \"hinge\" or \"softplus\", triplets = \"semi-hard\" \
                       (0 < d(a, n) − d(a, p) ≤ m), \"batch-hard\" (farthest p, nearest n), \
                       \"random\" (one a anchor) or \"all\", normalise = true; batch-hard \
                       collapses on the tutorial's network: take semi-hard",
            source: "Schroff, Kalenichenko, Philbin: FaceNet, CVPR 2015 (semi-hard); Hermans, \
                     Beyer, Leibe: In defense of the triplet loss, 2017 (batch-hard, softplus)",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::Classes
    }

    fn normalises(&self) -> bool {
        self.normalise
    }

    fn ranges(&self) -> Vec<Range> {
        vec![linear("margin", 0.05, 1.0), words("form", &["hinge", "softplus"])]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        match self.triplets {
            // Between 0 and 0 lies no triplet.
            Mining::SemiHard => above_zero("loss.margin", self.margin),
            _ => zero_or_above("loss.margin", self.margin),
        }
    }

    fn value(&self, batch: &mut Embedded) -> Value {
        let z = batch.embeddings();
        let rows = if self.normalise { normalised(z) } else { z.shallow_clone() };
        let distances = distances_within(&rows);
        let relations = Relations::new(batch.labels());
        match self.triplets {
            Mining::Random => {
                let drawn = Triplets::one_an_anchor(batch.labels(), batch.random);
                self.of_triplets(&distances, &drawn)
            }
            Mining::BatchHard => self.batch_hard(&distances, &relations),
            Mining::SemiHard | Mining::All => self.of_pairs(&distances, batch.labels()),
        }
    }
}

impl Triplet {
    /// The loss of given triplets.
    pub(super) fn of_triplets(&self, distances: &Tensor, triplets: &Triplets) -> Value {
        self.mean(triplets.near(distances) - triplets.far(distances) + self.margin)
    }

    /// For each anchor that has both, its farthest positive and its nearest negative.
    fn batch_hard(&self, distances: &Tensor, relations: &Relations) -> Value {
        let Relations { positive, negative } = relations;
        if distances.size()[0] == 0 {
            return live_zero(distances).into();
        }
        let without = |mask: &Tensor, fill| distances.masked_fill(&mask.logical_not(), fill);
        let farthest = without(positive, f64::NEG_INFINITY).max_dim(1, false).0;
        let nearest = without(negative, f64::INFINITY).min_dim(1, false).0;
        let whole = positive.any_dim(1, false).logical_and(&negative.any_dim(1, false));
        let of = |values: Tensor| values.masked_select(&whole);
        self.mean(of(farthest) - of(nearest) + self.margin)
    }

    /// The mean over the violations that cost something; 0, with a gradient, where none does.
    fn mean(&self, violations: Tensor) -> Value {
        let costs = match self.form {
            TripletForm::Hinge => violations.clamp_min(0.0),
            TripletForm::Softplus => violations.softplus(),
        };
        let active = violations.detach().gt(0.0);
        let counted = costs.detach().gt(0.0);
        let all = active.ones_like();
        Value { loss: mean_where(&costs, &counted), active: Some(share(&active, &all)) }
    }

    /// Every anchor with every positive and every negative of the batch.
    ///
    /// The mean cost is found without a graph. Its gradient is that of a sum which is linear in the
    /// distances, each weighted by the slopes of all triplets that it stands in: the graph has B²
    /// places, however many triplets there are.
    fn of_pairs(&self, distances: &Tensor, labels: &Tensor) -> Value {
        let kind = distances.kind();
        let sums = self.sums(distances, labels);
        let slopes = Tensor::from_slice(&sums.slopes).to_device(distances.device()).to_kind(kind);
        let linear = (distances * slopes.view_as(distances)).sum(kind);
        let loss = (&linear - linear.detach() + sums.cost) / sums.looked_at.max(1.0);
        let active = Tensor::from((sums.looked_at / sums.triplets.max(1.0)) as f32);
        Value { loss, active: Some(active) }
    }

    /// What the triplets of a batch add up to.
    fn sums(&self, distances: &Tensor, labels: &Tensor) -> Sums {
        let classes = Vec::<i64>::try_from(labels).expect("a vector of classes");
        let flat = distances.detach().to_kind(Kind::Double).contiguous().view([-1]);
        let flat = Vec::<f64>::try_from(&flat).expect("a matrix of numbers");
        let size = classes.len();
        let mut sums = Sums { slopes: vec![0.0; size * size], ..Sums::default() };
        for (anchor, class) in classes.iter().enumerate() {
            let row = &flat[anchor * size..][..size];
            // What is no negative is infinitely far and violates nothing.
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

    /// Adds an anchor and a positive with all negatives: `max(0, m − gap)`, where the gap is how
    /// much farther the negative is, exactly 0 where it equals the positive.
    fn hinge(&self, near: f64, far: &[f64], slopes: ops::Range<usize>, sums: &mut Sums) {
        let above = if self.triplets == Mining::SemiHard { 0.0 } else { f64::NEG_INFINITY };
        let (mut count, mut cost) = (0.0, 0.0);
        for (far, slope) in far.iter().zip(&mut sums.slopes[slopes]) {
            let gap = far - near;
            let costs = gap > above && gap < self.margin;
            *slope -= if costs { 1.0 } else { 0.0 };
            count += if costs { 1.0 } else { 0.0 };
            cost += if costs { self.margin - gap } else { 0.0 };
        }
        sums.add(count, cost, count);
    }

    /// The same of `log(1 + exp(m − gap))`.
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

/// What the triplets of a batch add up to.
#[derive(Default)]
struct Sums {
    /// Σ of the costs.
    cost: f64,
    /// Triplets that are looked at.
    looked_at: f64,
    /// All triplets.
    triplets: f64,
    /// How steeply the sum of the costs grows with each distance `[B, B]`.
    slopes: Vec<f64>,
    /// How steeply it grows with the distance of the last positive.
    pair: f64,
}

impl Sums {
    fn add(&mut self, looked_at: f64, cost: f64, pair: f64) {
        self.looked_at += looked_at;
        self.cost += cost;
        self.pair = pair;
    }
}
