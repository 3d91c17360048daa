//! Losses: one file each, with its settings, formula and source.
//!
//! A loss sees embeddings and labels, nothing else. It declares what it needs ([`Criterion`]): the
//! kind of batches, whether embeddings are L2-normalised, and parameters of its own. The training
//! loop does not depend on which loss it trains. `docs/extending.md` says what a new loss takes.
//!
//! Throughout, `z` is an embedding, `d(i, j)` the Euclidean distance and `s(i, j)` the cosine of
//! the angle between two of them, `y` a class; a positive of an anchor is another image of its
//! class, a negative an image of another class. **An empty term is zero and keeps a zero gradient**:
//! a batch of one class, or of one image, gives neither an error nor NaN.

mod arcface;
mod bound;
mod center;
mod class_vectors;
mod contrastive;
mod cosface;
mod cross_entropy;
mod input;
mod lifted;
mod margin;
mod multi_similarity;
mod n_pair;
mod normface;
mod nt_xent;
mod pairwise;
mod pce;
mod proxy_anchor;
mod proxy_nca;
#[cfg(test)]
mod reference;
mod space;
mod spce;
mod supcon;
mod triplet;
mod triplets;
#[cfg(test)]
mod tutorial_reference;

pub use arcface::Arcface;
pub use bound::{BoundTerms, bound_terms};
pub use center::Center;
pub use contrastive::{Contrastive, Form, Pairs};
pub use cosface::Cosface;
pub use cross_entropy::CrossEntropy;
pub use input::{LossInput, Targets};
pub use lifted::Lifted;
pub use margin::Margin;
pub use multi_similarity::MultiSimilarity;
pub use n_pair::NPair;
pub use normface::Normface;
pub use nt_xent::NtXent;
pub use pairwise::normalised;
pub use pce::Pce;
pub use proxy_anchor::ProxyAnchor;
pub use proxy_nca::ProxyNca;
pub use space::{Range, Span, choices, linear, logarithmic};
pub use spce::Spce;
pub use supcon::Supcon;
pub use triplet::{Mining, Triplet, TripletForm};

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::data::BatchKind;
use crate::error::{Error, Result};
use crate::random::{Generator, Purpose, generator};
use crate::words::{fill, nearest};

/// What every loss implements.
pub trait Criterion {
    /// What `dml losses` prints about it.
    fn description(&self) -> Description;

    /// The kind of batches it needs.
    fn batches(&self) -> BatchKind;

    /// Whether it L2-normalises embeddings. Evaluation then normalises them, too, before computing
    /// distances.
    fn normalises(&self) -> bool {
        false
    }

    /// Whether it takes the embedding as the logits of the classes.
    fn takes_logits(&self) -> bool {
        false
    }

    /// Its own parameters, initialised, for a number of classes and an embedding size.
    fn parameters(
        &self,
        _classes: usize,
        _embedding: usize,
        _random: &mut Generator,
    ) -> Option<LossParameters> {
        None
    }

    /// The search space of its settings.
    fn ranges(&self) -> Vec<Range> {
        Vec::new()
    }

    /// Checks the settings against the data's number of classes and the embedding's size.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the key and what it can be.
    fn check(&self, classes: usize, embedding: usize) -> Result<()>;

    /// The loss of a batch.
    fn value(&self, batch: &mut LossInput) -> LossOutput;
}

/// What `dml losses` prints about a loss.
#[derive(Debug, Clone)]
pub struct Description {
    /// Name on the command line and in a configuration.
    pub name: &'static str,
    /// The formula, in plain text.
    pub formula: &'static str,
    /// Settings: `{margin}` stands for the value of `margin`, so that each has one default, in the code.
    pub settings: &'static str,
    /// Paper or origin.
    pub source: &'static str,
}

/// Parameters that a loss trains alongside the network.
pub struct LossParameters {
    /// Their name: proxies, weights, centres or beta.
    pub name: &'static str,
    /// Whether they are one vector per class in the embedding space `[C, E]`.
    pub among_embeddings: bool,
    /// `[C, E]`, or another shape with one row per class, f32.
    pub values: Tensor,
    /// Their learning rate.
    pub learning_rate: f64,
}

/// The loss of a batch.
pub struct LossOutput {
    /// A scalar `[]` with a graph if the embeddings have one.
    pub loss: Tensor,
    /// The fraction of pairs or triplets with a loss above 0, `[]` in 0..=1 and without a graph;
    /// `None` for losses that are always above 0.
    pub active: Option<Tensor>,
}

impl From<Tensor> for LossOutput {
    fn from(loss: Tensor) -> LossOutput {
        LossOutput { loss, active: None }
    }
}

/// Defines [`Loss`] from the list of losses.
macro_rules! losses {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// A loss and its settings, the section `[loss]` of a configuration.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "name", rename_all = "kebab-case")]
        pub enum Loss {
            $($(#[$doc])* $name($name),)+
        }

        impl Loss {
            /// All losses with their defaults.
            pub fn all() -> Vec<Loss> {
                vec![$(Loss::$name($name::default())),+]
            }

            fn criterion(&self) -> &dyn Criterion {
                match self {
                    $(Loss::$name(loss) => loss,)+
                }
            }
        }
    };
}

losses! {
    /// Pairs: close if same class, beyond a margin if different.
    Contrastive,
    /// Softmax cross-entropy on the embedding itself.
    CrossEntropy,
    /// Triplets: a negative farther than a positive by a margin.
    Triplet,
    /// One positive against the positives of all other classes.
    NPair,
    /// All positives against all negatives of an anchor, by distances.
    Lifted,
    /// All positives and all negatives of an anchor, weighted by how hard they are.
    MultiSimilarity,
    /// Pairs on either side of a distance, with distance-weighted negatives.
    Margin,
    /// Each positive against all other images.
    Supcon,
    /// Each positive against all negatives.
    NtXent,
    /// Images close to the proxy of their class, by distances.
    ProxyNca,
    /// Proxies as anchors of all images of a batch.
    ProxyAnchor,
    /// Cosine softmax.
    Normface,
    /// Cosine softmax with a margin on the cosine.
    Cosface,
    /// Cosine softmax with a margin on the angle.
    Arcface,
    /// Cross-entropy, plus images close to the centre of their class.
    Center,
    /// The paper's simplified pairwise cross-entropy.
    Spce,
    /// The paper's pairwise cross-entropy, below cross-entropy.
    Pce,
}

impl Loss {
    /// The loss with this name, with its defaults.
    ///
    /// # Errors
    /// Unknown name; the message suggests the closest and lists all.
    pub fn by_name(name: &str) -> Result<Loss> {
        Loss::all().into_iter().find(|loss| loss.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Loss::all().iter().map(Loss::name).collect();
            let (near, all) = (nearest(name, &names), names.join(", "));
            let problem = format!("unknown loss (did you mean {near}?); known losses: {all}");
            Error::setting("loss.name", name, problem)
        })
    }

    /// Its name on the command line and in a configuration.
    pub fn name(&self) -> &'static str {
        self.description().name
    }

    /// What `dml losses` prints about it.
    pub fn description(&self) -> Description {
        self.criterion().description()
    }

    /// Its settings with their values and what they mean.
    ///
    /// # Panics
    /// If the description names a setting that the loss does not have.
    pub fn settings(&self) -> String {
        let values = toml::Table::try_from(self).expect("settings are plain values");
        let value = |key: &str| match values.get(key) {
            Some(toml::Value::Float(number)) => number.to_string(),
            Some(value) => value.to_string(),
            None => {
                panic!("the description of {} names {key}, which it does not have", self.name())
            }
        };
        fill(self.description().settings, value)
    }

    /// The kind of batches it needs.
    pub fn batches(&self) -> BatchKind {
        self.criterion().batches()
    }

    /// Whether it L2-normalises embeddings.
    pub fn normalises(&self) -> bool {
        self.criterion().normalises()
    }

    /// Whether it takes the embedding as the logits of the classes.
    pub fn takes_logits(&self) -> bool {
        self.criterion().takes_logits()
    }

    /// The search space of its settings.
    pub fn ranges(&self) -> Vec<Range> {
        self.criterion().ranges()
    }

    /// Its own parameters, initialised under a seed, for a number of classes and an embedding size.
    pub fn parameters(
        &self,
        classes: usize,
        embedding: usize,
        seed: u64,
    ) -> Option<LossParameters> {
        let mut random = generator(seed, Purpose::LossParameters, 0);
        self.criterion().parameters(classes, embedding, &mut random)
    }

    /// Checks the settings against the data's number of classes and the embedding's size.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the key and what it can be.
    pub fn check(&self, classes: usize, embedding: usize) -> Result<()> {
        if self.normalises() && embedding < 2 {
            let problem =
                format!("{} normalises embeddings, which needs at least 2 dimensions", self.name());
            return Err(Error::setting("model.embedding", embedding, problem));
        }
        self.criterion().check(classes, embedding)
    }

    /// The loss of a batch.
    pub fn value(&self, mut batch: LossInput) -> LossOutput {
        self.criterion().value(&mut batch)
    }
}

/// Checks that a setting is above 0.
fn above_zero(key: &str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Error::setting(key, value, "must be a number above 0"))
}

/// Checks that a setting is at least 0.
fn zero_or_above(key: &str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(Error::setting(key, value, "must be a number, 0 or above"))
}

/// Checks that an embedding used as logits has at least one number per class.
fn check_logits(loss: &str, classes: usize, embedding: usize) -> Result<()> {
    if embedding >= classes {
        return Ok(());
    }
    let problem = format!(
        "{loss} uses the embedding as logits, so it must have at least one number per class; \
         set {classes} or \"auto\""
    );
    Err(Error::setting("model.embedding", embedding, problem))
}

#[cfg(test)]
mod tests;
