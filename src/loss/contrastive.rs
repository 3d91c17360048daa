//! The contrastive loss, on sampled pairs or on all pairs of a batch.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::pairwise::{PairMasks, distances_within, fraction, mean_where, normalised};
use super::space::{Range, choices, linear};
use super::{Criterion, Description, LossInput, LossOutput, above_zero};
use crate::data::BatchKind;
use crate::error::Result;

/// Added to each coordinate of the difference of a sampled pair before the norm, as PyTorch's
/// `pairwise_distance` does: it keeps the gradient finite when two embeddings coincide.
const EPSILON: f64 = 1e-6;

/// Settings of the contrastive loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Contrastive {
    /// Distance beyond which a pair of different classes costs nothing; above 0.
    pub margin: f64,
    /// With or without the paper's factor ½.
    pub form: Form,
    /// Which pairs contribute.
    pub pairs: Pairs,
    /// Whether to L2-normalise embeddings first.
    pub normalise: bool,
}

/// The variant of the contrastive loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// The tutorial's: no factor, so twice the paper's value and gradient.
    Tutorial,
    /// The paper's: ½ in front of both terms.
    Hadsell,
}

/// Which pairs contribute to the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pairs {
    /// Each image with a random partner, half of them of the same class: two branches.
    Sampled,
    /// All pairs of a batch of P classes × K images: each image is embedded once.
    All,
}

impl Default for Contrastive {
    fn default() -> Contrastive {
        let (form, pairs) = (Form::Tutorial, Pairs::Sampled);
        Contrastive { margin: 2.5, form, pairs, normalise: false }
    }
}

impl Criterion for Contrastive {
    fn description(&self) -> Description {
        Description {
            name: "contrastive",
            formula: "mean of c·[same]·D² + c·[different]·max(0, m − D)², D = ‖a − b + 1e-6‖₂, \
                      c = 1 (form tutorial) or ½ (form hadsell); with pairs = \"all\" half the \
                      mean over all pairs of the same class plus half that over all others, \
                      D = ‖a − b‖₂",
            settings: "margin m = {margin}, form = {form} or \"hadsell\", pairs = {pairs} or \
                       \"all\", normalise = {normalise} (if true, distances are at \
                       most 2: take a smaller margin)",
            source: "Hadsell, Chopra, LeCun: Dimensionality reduction by learning an invariant \
                     mapping, CVPR 2006, eq. 4",
        }
    }

    fn batches(&self) -> BatchKind {
        match self.pairs {
            Pairs::Sampled => BatchKind::Pairs,
            Pairs::All => BatchKind::PkSampling,
        }
    }

    fn normalises(&self) -> bool {
        self.normalise
    }

    fn ranges(&self) -> Vec<Range> {
        vec![linear("margin", 0.5, 5.0), choices("form", &["tutorial", "hadsell"])]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        above_zero("loss.margin", self.margin)
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        let rows = |z: &Tensor| if self.normalise { normalised(z) } else { z.shallow_clone() };
        match self.pairs {
            Pairs::Sampled => {
                let [a, b] = [0, 1].map(|branch| rows(&batch.branches[branch]));
                self.sampled(&a, &b, &batch.targets.same)
            }
            Pairs::All => self.all(&rows(batch.embeddings()), batch.labels()),
        }
    }
}

impl Contrastive {
    /// Mean over the pairs.
    ///
    ///   same: c·D²    different: c·max(0, m − D)²    D = ‖a − b + 1e-6‖₂
    ///
    /// # Shapes
    /// a, b `[B, E]`; same `[B]`, 1 for the same class, else 0 → `[]`
    ///
    /// # Source
    /// Hadsell et al. 2006, eq. 4, where Y = 1 − same and c = ½.
    fn sampled(&self, a: &Tensor, b: &Tensor, same: &Tensor) -> LossOutput {
        let distance = (a - b + EPSILON).norm_scalaropt_dim(2.0, [-1], false);
        let short = self.short_of_margin(&distance);
        let different: Tensor = 1.0 - same;
        let pairs: Tensor = same * distance.square() + different * short.square();
        let nonzero = pairs.detach().gt(0.0);
        let active = Some(nonzero.to_kind(Kind::Float).mean(Kind::Float));
        LossOutput { loss: pairs.mean(pairs.kind()) * self.factor(), active }
    }

    /// ½·mean over the pairs of the same class + ½·mean over all others: the expected loss of
    /// sampled pairs, half of which are of the same class.
    ///
    /// # Shapes
    /// z `[B, E]`, labels `[B]` → `[]`
    fn all(&self, z: &Tensor, labels: &Tensor) -> LossOutput {
        let PairMasks { positive, negative } = PairMasks::new(labels);
        let distance = distances_within(z);
        let short = self.short_of_margin(&distance);
        let near = mean_where(&distance.square(), &positive);
        let far = mean_where(&short.square(), &negative);
        let either = positive.logical_or(&negative);
        let terms = distance.masked_fill(&negative, 0.0) + short.masked_fill(&positive, 0.0);
        let active = fraction(&terms.detach().gt(0.0), &either);
        LossOutput { loss: (near + far) * (0.5 * self.factor()), active: Some(active) }
    }

    fn short_of_margin(&self, distance: &Tensor) -> Tensor {
        (self.margin - distance).clamp_min(0.0)
    }

    fn factor(&self) -> f64 {
        match self.form {
            Form::Tutorial => 1.0,
            Form::Hadsell => 0.5,
        }
    }
}
