//! The triplet loss on batches of classes.

use serde::{Deserialize, Serialize};
use tch::{Tensor, no_grad};

use super::pairwise::{Relations, distances_within, live_zero, mean_where, normalised, share};
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
            Mining::SemiHard | Mining::All => self.of_pairs(&distances, &relations),
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
    /// The mean cost is found without a graph, piece by piece. Its gradient is that of a sum which
    /// is linear in the distances, each weighted by the slopes of all triplets that it stands in,
    /// so the graph has B² places, however many triplets there are.
    fn of_pairs(&self, distances: &Tensor, relations: &Relations) -> Value {
        let kind = distances.kind();
        let near = distances.masked_select(&relations.positive);
        let all = no_grad(|| self.sums(distances, &near, relations));
        let count = all.looked_at.clamp_min(1.0);
        let linear =
            (&near * &all.of_positives).sum(kind) - (distances * &all.of_negatives).sum(kind);
        let loss = (&linear - linear.detach() + all.cost) / count;
        Value { loss, active: Some(all.looked_at / all.triplets.clamp_min(1.0)) }
    }

    /// What the triplets of a batch add up to.
    ///
    /// Pairs of an anchor and a positive go down, M of them, all images across, as many pairs at
    /// once as make a piece of [`PIECE`] numbers.
    fn sums(&self, distances: &Tensor, near: &Tensor, relations: &Relations) -> Sums {
        let (kind, size) = (distances.kind(), distances.size()[0]);
        let anchors = relations.positive.nonzero().select(1, 0);
        // What is no negative is infinitely far and violates nothing.
        let others = relations.negative.logical_not();
        let far = distances.masked_fill(&others, f64::INFINITY);
        let row = [1i64].as_slice();
        let negatives = relations.negative.sum_dim_intlist(row, false, kind);
        let zero = Tensor::zeros([], (kind, distances.device()));
        let mut sums = Sums {
            cost: zero.copy(),
            looked_at: zero,
            triplets: negatives.index_select(0, &anchors).sum(kind),
            of_positives: near.zeros_like(),
            of_negatives: distances.zeros_like(),
        };
        let (pairs, step) = (near.size()[0], (PIECE / size.max(1)).max(1));
        for first in (0..pairs).step_by(step as usize) {
            let piece = |of: &Tensor| of.narrow(0, first, step.min(pairs - first));
            let anchors = piece(&anchors);
            // How much farther the negative is: exactly 0 where it equals the positive.
            let gap = far.index_select(0, &anchors) - piece(near).unsqueeze(1);
            let (looked_at, cost, slope) = self.costs(&gap);
            sums.cost += cost.sum(kind);
            sums.looked_at += looked_at.sum(kind);
            piece(&sums.of_positives).copy_(&slope.sum_dim_intlist(row, false, kind));
            let _ = sums.of_negatives.index_add_(0, &anchors, &slope);
        }
        sums
    }

    /// Which triplets are looked at, what each costs, and how steeply that grows, 0 elsewhere, of
    /// `d(a, n) − d(a, p)`.
    fn costs(&self, gap: &Tensor) -> (Tensor, Tensor, Tensor) {
        let farther = || match self.triplets {
            Mining::SemiHard => gap.gt(0.0),
            _ => gap.isfinite(),
        };
        let kind = gap.kind();
        match self.form {
            TripletForm::Hinge => {
                let looked_at = farther().logical_and(&gap.lt(self.margin));
                let cost: Tensor = self.margin - gap;
                let cost = cost.masked_fill(&looked_at.logical_not(), 0.0);
                let slope = looked_at.to_kind(kind);
                (looked_at, cost, slope)
            }
            TripletForm::Softplus => {
                let near_enough = match self.triplets {
                    Mining::SemiHard => gap.le(self.margin),
                    _ => gap.isfinite(),
                };
                let looked_at = farther().logical_and(&near_enough);
                let without = looked_at.logical_not();
                let violation: Tensor = self.margin - gap;
                let cost = violation.softplus().masked_fill(&without, 0.0);
                (looked_at, cost, violation.sigmoid().masked_fill(&without, 0.0))
            }
        }
    }
}

/// Numbers of a piece of pairs × images: 16 MB.
const PIECE: i64 = 1 << 22;

/// What the triplets of a batch add up to, without a graph.
struct Sums {
    /// Σ of the costs `[]`.
    cost: Tensor,
    /// Triplets that are looked at `[]`.
    looked_at: Tensor,
    /// All triplets `[]`.
    triplets: Tensor,
    /// Σ of the slopes of the triplets that a pair of an anchor and a positive stands in `[M]`.
    of_positives: Tensor,
    /// The same of an anchor and a negative `[B, B]`.
    of_negatives: Tensor,
}
