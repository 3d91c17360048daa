//! The contrastive loss on sampled pairs.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::Description;
use crate::error::{Error, Result};

/// Added to each coordinate's difference before the norm, as PyTorch's `pairwise_distance` does:
/// it keeps the gradient finite where two embeddings coincide.
const EPSILON: f64 = 1e-6;

/// Settings of the contrastive loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Contrastive {
    /// Distance beyond which a pair of different classes costs nothing; above 0.
    pub margin: f64,
    /// With or without the ½ of the paper.
    pub form: Form,
}

/// Which way of writing the contrastive loss is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// The tutorial's code: no factor, so twice the paper's value and gradient.
    Tutorial,
    /// The paper's: ½ in front of both terms.
    Hadsell,
}

impl Default for Contrastive {
    fn default() -> Contrastive {
        Contrastive { margin: 2.5, form: Form::Tutorial }
    }
}

impl Contrastive {
    pub(super) const DESCRIPTION: Description = Description {
        name: "contrastive",
        formula: "mean of c·[same]·D² + c·[different]·max(0, m − D)², D = ‖a − b + 1e-6‖₂, \
                  c = 1 (form tutorial) or ½ (form hadsell); embeddings are not normalised",
        settings: "margin m = 2.5, form = \"tutorial\" or \"hadsell\"",
        source: "Hadsell, Chopra, LeCun: Dimensionality reduction by learning an invariant \
                 mapping, CVPR 2006, eq. 4",
    };

    pub(super) fn check(&self) -> Result<()> {
        if self.margin.is_finite() && self.margin > 0.0 {
            return Ok(());
        }
        Err(Error::setting("loss.margin", self.margin, "must be a number above 0"))
    }

    /// Mean over the pairs.
    ///
    ///   same: c·D²    different: c·max(0, m − D)²    D = ‖a − b + 1e-6‖₂
    ///
    /// # Shapes
    /// a, b `[B, E]` f32; same `[B]` f32, 1 for one class and 0 for two → `[]`
    ///
    /// # Source
    /// Hadsell et al. 2006, eq. 4, where Y = 1 − same and c = ½.
    pub(super) fn value(&self, a: &Tensor, b: &Tensor, same: &Tensor) -> Tensor {
        let distance = (a - b + EPSILON).norm_scalaropt_dim(2.0, [-1], false);
        let short_of_margin = (self.margin - &distance).clamp_min(0.0);
        let different: Tensor = 1.0 - same;
        let pairs: Tensor = same * distance.square() + different * short_of_margin.square();
        let factor = match self.form {
            Form::Tutorial => 1.0,
            Form::Hadsell => 0.5,
        };
        pairs.mean(Kind::Float) * factor
    }
}
