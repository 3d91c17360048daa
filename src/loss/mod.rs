//! Losses: one file each, with its settings, formula and source.
//!
//! A loss sees embeddings and what is known of their images, nothing else. It declares which
//! batches it needs; the training loop never asks which loss it trains. A new loss is a new
//! file, a variant of [`Loss`], and a line in `configs/`.

mod contrastive;
mod cross_entropy;
#[cfg(test)]
mod reference;

pub use contrastive::{Contrastive, Form};
pub use cross_entropy::CrossEntropy;

use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};

use crate::data::{Batch, BatchKind};
use crate::error::{Error, Result};

/// What is known of the images of a batch.
pub struct Targets {
    /// Class of each image of the first branch `[B]` i64.
    pub labels: Tensor,
    /// For pairs, 1 where both images are of one class, else 0 `[B]` f32; else empty.
    pub same: Tensor,
}

impl Targets {
    /// The targets of a batch, on a device.
    pub fn new(batch: &Batch, device: Device) -> Targets {
        let same: Vec<f32> = batch.same.iter().map(|&same| f32::from(u8::from(same))).collect();
        Targets {
            labels: Tensor::from_slice(&batch.labels).to_device(device),
            same: Tensor::from_slice(&same).to_device(device),
        }
    }
}

/// A loss and its settings, as they stand under `[loss]` in a configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Loss {
    /// Pairs: near if same, beyond a margin if different.
    Contrastive(Contrastive),
    /// Softmax cross-entropy on the embedding itself.
    CrossEntropy(CrossEntropy),
}

/// What `dml losses` tells of a loss.
#[derive(Serialize)]
pub struct Description {
    /// Name on the command line and in a configuration.
    pub name: &'static str,
    /// The formula, in plain text.
    pub formula: &'static str,
    /// Settings with their defaults.
    pub settings: &'static str,
    /// Paper or origin.
    pub source: &'static str,
}

impl Loss {
    /// Every loss with its defaults.
    pub fn all() -> Vec<Loss> {
        vec![Loss::Contrastive(Contrastive::default()), Loss::CrossEntropy(CrossEntropy::default())]
    }

    /// The loss of a name, with its defaults.
    ///
    /// # Errors
    /// No loss has this name; the message lists those there are.
    pub fn by_name(name: &str) -> Result<Loss> {
        Loss::all().into_iter().find(|loss| loss.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Loss::all().iter().map(Loss::name).collect();
            let problem = format!("no such loss; there are {}", names.join(", "));
            Error::setting("loss.name", name, problem)
        })
    }

    /// Its name on the command line and in a configuration.
    pub fn name(&self) -> &'static str {
        self.description().name
    }

    /// What to tell about it.
    pub fn description(&self) -> Description {
        match self {
            Loss::Contrastive(_) => Contrastive::DESCRIPTION,
            Loss::CrossEntropy(_) => CrossEntropy::DESCRIPTION,
        }
    }

    /// The batches it needs.
    pub fn batches(&self) -> BatchKind {
        match self {
            Loss::Contrastive(_) => BatchKind::Pairs,
            Loss::CrossEntropy(_) => BatchKind::Images,
        }
    }

    /// Checks the settings against the data's number of classes and the embedding's size.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the key and what it can be.
    pub fn check(&self, classes: usize, embedding: usize) -> Result<()> {
        match self {
            Loss::Contrastive(loss) => loss.check(),
            Loss::CrossEntropy(loss) => loss.check(classes, embedding),
        }
    }

    /// The mean loss of a batch, a scalar with a graph where the embeddings have one.
    ///
    /// # Shapes
    /// embeddings: one `[B, E]` f32 a branch → `[]`
    pub fn value(&self, embeddings: &[Tensor], targets: &Targets) -> Tensor {
        match self {
            Loss::Contrastive(loss) => loss.value(&embeddings[0], &embeddings[1], &targets.same),
            Loss::CrossEntropy(loss) => loss.value(&embeddings[0], &targets.labels),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    fn batch_for(loss: &Loss) -> (Vec<Tensor>, Targets) {
        let values: Vec<f32> = (0..24).map(|i| (i as f32 * 0.7).sin()).collect();
        let branch =
            |shift: f64| (Tensor::from_slice(&values).view([6, 4]) + shift).set_requires_grad(true);
        let branches = match loss.batches() {
            BatchKind::Images => vec![branch(0.0)],
            BatchKind::Pairs => vec![branch(0.0), branch(0.3)],
        };
        let targets = Targets {
            labels: Tensor::from_slice(&[0i64, 1, 2, 0, 1, 2]),
            same: Tensor::from_slice(&[1f32, 0.0, 1.0, 0.0, 0.0, 1.0]),
        };
        (branches, targets)
    }

    #[test]
    fn every_loss_is_a_finite_scalar_with_a_gradient_for_each_branch() {
        for loss in Loss::all() {
            let (embeddings, targets) = batch_for(&loss);
            let value = loss.value(&embeddings, &targets);
            assert_eq!(value.size(), [0i64; 0], "{}", loss.name());
            assert!(value.double_value(&[]).is_finite());
            for gradient in Tensor::run_backward(&[value], &embeddings, false, false) {
                assert_eq!(gradient.size(), [6, 4]);
                assert!(
                    gradient.abs().sum(Kind::Double).double_value(&[]) > 0.0,
                    "{}",
                    loss.name()
                );
            }
        }
    }

    #[test]
    fn every_loss_is_blind_to_the_order_of_the_batch() {
        for loss in Loss::all() {
            let (embeddings, targets) = batch_for(&loss);
            let order = Tensor::from_slice(&[3i64, 0, 5, 1, 4, 2]);
            let moved = |t: &Tensor| t.index_select(0, &order);
            let other = loss.value(
                &embeddings.iter().map(moved).collect::<Vec<_>>(),
                &Targets { labels: moved(&targets.labels), same: moved(&targets.same) },
            );
            let difference = (loss.value(&embeddings, &targets) - other).abs().double_value(&[]);
            assert!(difference < 1e-6, "{}: {difference}", loss.name());
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_names_there_are() {
        let message = Loss::by_name("contrastiv").unwrap_err().to_string();
        assert!(message.contains("contrastive, cross-entropy"), "{message}");
    }
}
