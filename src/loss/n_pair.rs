//! The N-pair loss on batches of P classes × K images.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::pairwise::{log_sum_exp_where, normalised, zero_with_gradient};
use super::space::{Range, choices, logarithmic};
use super::{Criterion, Description, LossInput, LossOutput, zero_or_above};
use crate::data::BatchKind;
use crate::error::Result;

/// Settings of the N-pair loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NPair {
    /// Weight of the L2 penalty on the embeddings' norms; at least 0.
    pub l2: f64,
    /// Whether to L2-normalise embeddings first.
    pub normalise: bool,
}

impl Default for NPair {
    fn default() -> NPair {
        NPair { l2: 0.005, normalise: false }
    }
}

impl Criterion for NPair {
    fn description(&self) -> Description {
        Description {
            name: "n-pair",
            formula: "mean over anchors i of log Σ_j exp(a_i·p_j − a_i·p_i) + λ·mean ‖z‖², over \
                      tuples of one anchor and one positive per class; a batch of P classes × K \
                      images gives K/2 tuples of P pairs",
            settings: "l2 λ = {l2}, normalise = {normalise}",
            source: "Sohn: Improved deep metric learning with multi-class N-pair loss objective, \
                     NeurIPS 2016",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::PkSampling
    }

    fn normalises(&self) -> bool {
        self.normalise
    }

    fn ranges(&self) -> Vec<Range> {
        vec![logarithmic("l2", 1e-4, 1e-1), choices("normalise", &["true", "false"])]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        zero_or_above("loss.l2", self.l2)
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        let z = batch.embeddings();
        let pairs = pairs(batch.labels());
        if pairs.is_empty() {
            return zero_with_gradient(z).into();
        }
        let column = |of: fn(&Pair) -> i64| {
            Tensor::from_slice(&pairs.iter().map(of).collect::<Vec<_>>()).to_device(z.device())
        };
        let tuples = column(|pair| pair.tuple);
        let one_tuple = tuples.unsqueeze(1).eq_tensor(&tuples.unsqueeze(0));
        let anchors = z.index_select(0, &column(|pair| pair.anchor));
        let positives = z.index_select(0, &column(|pair| pair.positive));
        let rows = |z: &Tensor| if self.normalise { normalised(z) } else { z.shallow_clone() };
        let similar = rows(&anchors).matmul(&rows(&positives).tr());
        let matching = similar.diag(0);
        let cost = (log_sum_exp_where(&similar, &one_tuple) - matching).mean(z.kind());
        let lengths = |z: &Tensor| z.square().sum_dim_intlist([1i64].as_slice(), false, z.kind());
        let length = (lengths(&anchors) + lengths(&positives)).mean(z.kind()) * 0.5;
        (cost + length * self.l2).into()
    }
}

/// Indices of an anchor and its positive in the batch, and the tuple they belong to.
struct Pair {
    tuple: i64,
    anchor: i64,
    positive: i64,
}

/// The t-th pair of images of every class that has one forms the t-th tuple.
fn pairs(labels: &Tensor) -> Vec<Pair> {
    let classes = Vec::<i64>::try_from(labels).expect("a vector of classes");
    let mut indices: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (index, class) in (0..).zip(classes) {
        indices.entry(class).or_default().push(index);
    }
    let of_class = |indices: Vec<i64>| {
        let twos: Vec<[i64; 2]> = indices.chunks_exact(2).map(|two| [two[0], two[1]]).collect();
        (0..).zip(twos).map(|(tuple, [anchor, positive])| Pair { tuple, anchor, positive })
    };
    indices.into_values().flat_map(of_class).collect()
}
