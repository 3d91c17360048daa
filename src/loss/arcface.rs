//! ArcFace: cosine softmax with an angular margin on the true class.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::class_vectors::{cosine_softmax, one_hot, random_class_vectors};
use super::space::{LEARNING_RATE, Range, linear, logarithmic};
use super::{Criterion, Description, LossInput, LossOutput, LossParameters, above_zero};
use crate::data::BatchKind;
use crate::error::{Error, Result};
use crate::random::Generator;

/// Settings of ArcFace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Arcface {
    /// Margin added to the true class's angle, in radians; 0 to π.
    pub margin: f64,
    /// Scale of the cosines; above 0.
    pub scale: f64,
    /// Learning rate of the weights; above 0.
    pub learning_rate: f64,
}

impl Default for Arcface {
    fn default() -> Arcface {
        Arcface { margin: 0.5, scale: 64.0, learning_rate: 0.01 }
    }
}

impl Criterion for Arcface {
    fn description(&self) -> Description {
        Description {
            name: "arcface",
            formula: "mean over images of −log softmax_k(c·f_k)_y, f_k = cos θ_k, but f_y = \
                      cos(θ_y + m), or cos θ_y − m·sin m where θ_y > π − m",
            settings: "margin m = {margin} (radians), scale c = {scale}, learning_rate = \
                       {learning_rate} (of the weights)",
            source: "Deng et al.: ArcFace, CVPR 2019, eq. 3",
        }
    }

    fn batches(&self) -> BatchKind {
        BatchKind::Images
    }

    fn normalises(&self) -> bool {
        true
    }

    fn parameters(
        &self,
        classes: usize,
        embedding: usize,
        random: &mut Generator,
    ) -> Option<LossParameters> {
        Some(random_class_vectors("weights", (classes, embedding), self.learning_rate, random))
    }

    fn ranges(&self) -> Vec<Range> {
        vec![linear("margin", 0.0, 0.8), logarithmic("scale", 4.0, 64.0), LEARNING_RATE]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        if !(0.0..=PI).contains(&self.margin) {
            let problem = "must be an angle in radians, 0 to π";
            return Err(Error::setting("loss.margin", self.margin, problem));
        }
        above_zero("loss.scale", self.scale)?;
        above_zero("loss.learning_rate", self.learning_rate)
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        let labels = batch.labels();
        cosine_softmax(batch, |cosines| {
            let target = cosines.gather(1, &labels.unsqueeze(1), false);
            let change = self.with_margin(&target) - target;
            let is_target = one_hot(labels, cosines.size()[1], cosines.kind());
            (cosines + is_target * change) * self.scale
        })
    }
}

impl Arcface {
    /// cos(θ + m) from cos θ, or cos θ − m·sin m where the angle would exceed π.
    ///
    /// cos(θ + m) = cos θ·cos m − sin θ·sin m, with sin θ = √(1 − cos² θ), so no arc cosine is
    /// needed.
    fn with_margin(&self, cosine: &Tensor) -> Tensor {
        let (sin, cos) = self.margin.sin_cos();
        let square: Tensor = 1.0 - cosine.square();
        // The square root has no derivative at 0: no gradient flows through the angle there.
        let straight = square.le(0.0);
        let sine = square.masked_fill(&straight, 1.0).sqrt().masked_fill(&straight, 0.0);
        let inside = cosine * cos - sine * sin;
        let beyond = cosine - self.margin * sin;
        inside.where_self(&cosine.ge((PI - self.margin).cos()), &beyond)
    }
}
