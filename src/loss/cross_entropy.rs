//! Softmax cross-entropy, with the embedding itself as the logits.

use serde::{Deserialize, Serialize};
use tch::{Reduction, Tensor};

use super::Description;
use crate::error::{Error, Result};

/// Settings of cross-entropy: none yet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CrossEntropy {}

impl CrossEntropy {
    pub(super) const DESCRIPTION: Description = Description {
        name: "cross-entropy",
        formula: "mean of −log softmax(z)_y over the images; the embedding z is the logits",
        settings: "none",
        source: "the tutorial; Boudiaf et al.: A unifying mutual information view of metric \
                 learning, ECCV 2020, relates it to pairwise losses",
    };

    /// The embedding has one number for each class, or more.
    pub(super) fn check(&self, classes: usize, embedding: usize) -> Result<()> {
        if embedding >= classes {
            return Ok(());
        }
        let problem = format!(
            "cross-entropy takes the embedding as its logits and needs at least as many numbers \
             as there are classes, {classes} here; take {classes} or \"auto\""
        );
        Err(Error::setting("model.embedding", embedding, problem))
    }

    /// Mean over the images of −log softmax(z)_y.
    ///
    /// # Shapes
    /// z `[B, E]` f32, labels `[B]` i64 in 0..E → `[]`
    pub(super) fn value(&self, z: &Tensor, labels: &Tensor) -> Tensor {
        z.cross_entropy_loss::<Tensor>(labels, None, Reduction::Mean, -100, 0.0)
    }
}
