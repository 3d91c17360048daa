//! The Proxy-Anchor loss.

use serde::{Deserialize, Serialize};
use tch::Kind;

use super::class_vectors::{cosines, one_hot, random_class_vectors};
use super::pairwise::log_one_plus_sum_exp_where;
use super::space::{LEARNING_RATE, Range, linear, logarithmic};
use super::{
    Criterion, Description, LossInput, LossOutput, LossParameters, above_zero, zero_or_above,
};
use crate::data::BatchKind;
use crate::error::Result;
use crate::random::Generator;

/// Settings of Proxy-Anchor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProxyAnchor {
    /// Scale of the cosines; above 0.
    pub alpha: f64,
    /// Margin δ of the cosines; at least 0.
    pub margin: f64,
    /// Learning rate of the proxies; above 0.
    pub learning_rate: f64,
}

impl Default for ProxyAnchor {
    fn default() -> ProxyAnchor {
        ProxyAnchor { alpha: 32.0, margin: 0.1, learning_rate: 0.01 }
    }
}

impl Criterion for ProxyAnchor {
    fn description(&self) -> Description {
        Description {
            name: "proxy-anchor",
            formula: "mean over proxies with an image of their class of log(1 + Σ_+ exp(−α(s − \
                      δ))) + mean over all proxies of log(1 + Σ_− exp(α(s + δ))), s the cosine of \
                      proxy and image, + images of its class, − the others",
            settings: "alpha α = {alpha}, margin δ = {margin}, \
                       learning_rate = {learning_rate} (of the proxies)",
            source: "Kim et al.: Proxy anchor loss for deep metric learning, CVPR 2020, eq. 4",
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
        Some(random_class_vectors("proxies", (classes, embedding), self.learning_rate, random))
    }

    fn ranges(&self) -> Vec<Range> {
        vec![logarithmic("alpha", 4.0, 64.0), linear("margin", 0.0, 0.5), LEARNING_RATE]
    }

    fn check(&self, _classes: usize, _embedding: usize) -> Result<()> {
        above_zero("loss.alpha", self.alpha)?;
        zero_or_above("loss.margin", self.margin)?;
        above_zero("loss.learning_rate", self.learning_rate)
    }

    fn value(&self, batch: &mut LossInput) -> LossOutput {
        // Proxies are the anchors: proxies in rows, images in columns.
        let cosines = cosines(batch.parameters(), batch.embeddings());
        let kind = cosines.kind();
        let of_class = one_hot(batch.labels(), cosines.size()[0], kind).tr().to_kind(Kind::Bool);
        let near = (&cosines - self.margin) * -self.alpha;
        let near = log_one_plus_sum_exp_where(&near, &of_class).sum(kind);
        let far = (&cosines + self.margin) * self.alpha;
        let far = log_one_plus_sum_exp_where(&far, &of_class.logical_not()).mean(kind);
        let with_image = of_class.any_dim(1, false).sum(kind).clamp_min(1.0);
        (near / with_image + far).into()
    }
}
