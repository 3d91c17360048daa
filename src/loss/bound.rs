//! Cross-entropy and the pairwise losses that the paper derives from it, split into their terms.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor, no_grad_guard};

use super::cross_entropy::softmax_cross_entropy;
use super::spce::class_sums;

/// The terms for one set of embeddings, all in nats.
///
/// There are n embeddings z_i of dimension K, which serve as logits, and C classes. Adding a
/// constant to all logits of an image leaves cross-entropy unchanged, so it is split on z'_i = z_i
/// − mean(z_i), with weights θ_k = e_k − 1/K, where S = 1/n²·Σ_i Σ_{j: y_j = y_i} z'_i·z'_j.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BoundTerms {
    /// Cross-entropy, −1/n·Σ_i z'_i·θ_{y_i} + 1/n·Σ_i log Σ_k exp(z'_i·θ_k).
    pub cross_entropy: f64,
    /// The pairwise bound: cross-entropy with its attraction replaced by [`Self::pairwise`].
    /// Never above [`Self::cross_entropy`].
    pub bound: f64,
    /// The paper's simplified pairwise cross-entropy: cross-entropy with the class sums as weights,
    /// which is what a linear classifier reaches without training.
    pub spce: f64,
    /// Attraction of cross-entropy, −1/n·Σ_i z'_i·θ_{y_i}.
    pub attraction: f64,
    /// The pairwise attraction, −√(C·(1 − 1/K)·S): by Cauchy–Schwarz the minimum over all weights
    /// of the same total squared norm; also the maximum over λ of the paper's −S/(2λ) −
    /// λ/2·Σ_k‖θ_k‖². Never above [`Self::attraction`].
    pub pairwise: f64,
    /// Repulsion of cross-entropy, 1/n·Σ_i log Σ_k exp(z'_i·θ_k).
    pub repulsion: f64,
    /// The pairwise attraction in SPCE, −1/n²·Σ_i Σ_{j: y_j = y_i} z_i·z_j.
    pub spce_attraction: f64,
    /// The repulsion in SPCE.
    pub spce_repulsion: f64,
}

/// Splits the losses into their terms, on embeddings that serve as logits.
///
/// # Shapes
/// z `[n, K]` with K at least the number of classes, labels `[n]` i64
///
/// # Source
/// Boudiaf et al., ECCV 2020: cross-entropy is an upper bound on a pairwise loss.
pub fn bound_terms(z: &Tensor, labels: &Tensor, classes: i64) -> BoundTerms {
    let _guard = no_grad_guard();
    let z = z.to_kind(Kind::Double);
    let number = |t: Tensor| t.double_value(&[]);
    let cross_entropy = number(softmax_cross_entropy(&z, labels, 0.0));
    let centred = &z - z.mean_dim(Some(&[1i64][..]), true, Kind::Double);
    let repulsion = number(centred.logsumexp([1], false).mean(Kind::Double));
    let pairs_of = |sums: &Tensor| number(sums.square().sum(Kind::Double));
    let lengths = classes as f64 * (1.0 - 1.0 / z.size()[1] as f64);
    let pairwise = -(lengths * pairs_of(&class_sums(&centred, labels, classes))).sqrt();
    let sums = class_sums(&z, labels, classes);
    let spce_repulsion = number(z.matmul(&sums.tr()).logsumexp([1], false).mean(Kind::Double));
    BoundTerms {
        cross_entropy,
        bound: repulsion + pairwise,
        spce: spce_repulsion - pairs_of(&sums),
        attraction: cross_entropy - repulsion,
        pairwise,
        repulsion,
        spce_attraction: -pairs_of(&sums),
        spce_repulsion,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Loss, LossInput, Targets};
    use super::*;
    use crate::random::{Purpose, generator};
    use rand::RngExt;

    fn embeddings(seed: u64, spread: f64, classes: i64) -> (Tensor, Tensor) {
        let mut random = generator(seed, Purpose::Sample, 0);
        let labels: Vec<i64> = (0..64).map(|i| i % classes).collect();
        let values: Vec<f64> = (0..64 * classes)
            .map(|i| {
                let same = i % classes == labels[(i / classes) as usize];
                f64::from(u8::from(same)) * spread + random.random_range(-1.0..1.0)
            })
            .collect();
        (Tensor::from_slice(&values).view([64, classes]), Tensor::from_slice(&labels))
    }

    #[test]
    fn the_pairwise_bound_never_exceeds_cross_entropy_and_is_tight_when_classes_collapse() {
        for seed in 0..50 {
            for spread in [0.0, 1.0, 5.0] {
                let (z, labels) = embeddings(seed, spread, 5);
                let terms = bound_terms(&z, &labels, 5);
                assert!(terms.bound <= terms.cross_entropy + 1e-12, "{terms:?}");
                assert!(terms.pairwise <= terms.attraction + 1e-12);
            }
        }
        let z = Tensor::eye(4, (Kind::Double, tch::Device::Cpu)) * 3.0;
        let labels = Tensor::from_slice(&[0i64, 1, 2, 3]);
        let terms = bound_terms(&z, &labels, 4);
        assert!((terms.bound - terms.cross_entropy).abs() < 1e-12, "{terms:?}");
    }

    #[test]
    fn the_terms_add_up_to_the_losses() {
        let (z, labels) = embeddings(3, 2.0, 5);
        let terms = bound_terms(&z, &labels, 5);
        for (name, ours) in [("cross-entropy", terms.cross_entropy), ("spce", terms.spce)] {
            let targets = Targets {
                labels: labels.shallow_clone(),
                same: Tensor::from_slice::<f32>(&[]),
                classes: 5,
            };
            let random = &mut generator(1, Purpose::TrainLoss, 0);
            let branches = std::slice::from_ref(&z);
            let embedded = LossInput { branches, targets: &targets, parameters: None, random };
            let value = Loss::by_name(name).unwrap().value(embedded).loss.double_value(&[]);
            assert!((value - ours).abs() < 1e-9, "{name}: {value} against {ours}");
        }
        assert!((terms.attraction + terms.repulsion - terms.cross_entropy).abs() < 1e-12);
        assert!((terms.spce_attraction + terms.spce_repulsion - terms.spce).abs() < 1e-12);
    }
}
