//! Losses: one file each, with its settings, formula and source.
//!
//! A loss sees embeddings and what is known of their images, nothing else. It declares what it
//! needs ([`Criterion`]): which batches, whether embeddings count by their direction alone, and
//! parameters of its own. The training loop never asks which loss it trains. A new loss is a new
//! file, a line in the list of [`Loss`], and a file in `configs/losses/`.
//!
//! Throughout, `z` is an embedding, `d(i, j)` the Euclidean distance and `s(i, j)` the cosine of
//! the angle between two of them, `y` a class; a positive of an anchor is another image of its
//! class, a negative an image of another class. **A term without a member is zero and keeps a
//! gradient, of zeros**: a batch of one class, or of one image, is no error and no NaN.

mod arcface;
mod bound;
mod center;
mod class_vectors;
mod contrastive;
mod cosface;
mod cross_entropy;
mod embedded;
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
pub use embedded::{Embedded, Targets};
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
pub use space::{Range, Span, linear, logarithmic, words};
pub use spce::Spce;
pub use supcon::Supcon;
pub use triplet::{Mining, Triplet, TripletForm};

use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::data::BatchKind;
use crate::error::{Error, Result};
use crate::random::{Generator, Purpose, generator};

/// What every loss declares and does.
pub trait Criterion {
    /// What `dml losses` tells about it.
    fn description(&self) -> Description;

    /// The batches it needs.
    fn batches(&self) -> BatchKind;

    /// Whether it looks at the direction of embeddings alone. They are then evaluated by direction
    /// too: brought to length 1 before distances are taken.
    fn normalises(&self) -> bool {
        false
    }

    /// Whether it takes the embedding's numbers as the logits of the classes in their order.
    fn takes_logits(&self) -> bool {
        false
    }

    /// Parameters of its own at their beginning, for so many classes and numbers in an embedding.
    fn parameters(
        &self,
        _classes: usize,
        _embedding: usize,
        _random: &mut Generator,
    ) -> Option<LossParameters> {
        None
    }

    /// The settings that a search may change, with the values that are worth trying.
    fn ranges(&self) -> Vec<Range> {
        Vec::new()
    }

    /// Checks the settings against the data's number of classes and the embedding's size.
    ///
    /// # Errors
    /// [`Error::Setting`] naming the key and what it can be.
    fn check(&self, classes: usize, embedding: usize) -> Result<()>;

    /// The loss of a batch.
    fn value(&self, batch: &mut Embedded) -> Value;
}

/// What `dml losses` tells of a loss.
#[derive(Debug, Clone, Serialize)]
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

/// Parameters that a loss trains beside the network.
pub struct LossParameters {
    /// What they are: proxies, weights, centres, beta.
    pub name: &'static str,
    /// Whether they are a vector a class that stands among the embeddings `[C, E]`.
    pub among_embeddings: bool,
    /// `[C, E]`, or another shape with a row a class, f32.
    pub values: Tensor,
    /// Their Adam's step size.
    pub learning_rate: f64,
}

/// The loss of a batch.
pub struct Value {
    /// A scalar `[]` with a graph where the embeddings have one.
    pub loss: Tensor,
    /// Share of the pairs or triplets looked at that cost something, `[]` in 0..=1 and without a
    /// graph; none for a loss where every image always costs something.
    pub active: Option<Tensor>,
}

impl From<Tensor> for Value {
    fn from(loss: Tensor) -> Value {
        Value { loss, active: None }
    }
}

/// Makes [`Loss`] of the list of losses.
macro_rules! losses {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// A loss and its settings, as they stand under `[loss]` in a configuration.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "name", rename_all = "kebab-case")]
        pub enum Loss {
            $($(#[$doc])* $name($name),)+
        }

        impl Loss {
            /// Every loss with its defaults.
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
    /// Pairs: near if same, beyond a margin if different.
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
    /// Pairs on either side of a distance, negatives drawn by distance.
    Margin,
    /// Each positive against all other images.
    Supcon,
    /// Each positive against all negatives.
    NtXent,
    /// Images near the proxy of their class, by distances.
    ProxyNca,
    /// Proxies as anchors of all images of a batch.
    ProxyAnchor,
    /// Cross-entropy of cosines.
    Normface,
    /// The same with a margin off the cosine.
    Cosface,
    /// The same with a margin on the angle.
    Arcface,
    /// Cross-entropy, and images near the centre of their class.
    Center,
    /// The paper's simplified pairwise cross-entropy.
    Spce,
    /// The paper's pairwise cross-entropy, below cross-entropy.
    Pce,
}

impl Loss {
    /// The loss of a name, with its defaults.
    ///
    /// # Errors
    /// No loss has this name; the message names the nearest and lists those there are.
    pub fn by_name(name: &str) -> Result<Loss> {
        Loss::all().into_iter().find(|loss| loss.name() == name).ok_or_else(|| {
            let names: Vec<&str> = Loss::all().iter().map(Loss::name).collect();
            let closeness = |known: &&&str| (1e6 * strsim::jaro_winkler(name, known)) as u64;
            let nearest = names.iter().max_by_key(closeness).expect("there are losses");
            let all = names.join(", ");
            let problem = format!("no such loss, the nearest is {nearest}; there are {all}");
            Error::setting("loss.name", name, problem)
        })
    }

    /// Its name on the command line and in a configuration.
    pub fn name(&self) -> &'static str {
        self.description().name
    }

    /// What to tell about it.
    pub fn description(&self) -> Description {
        self.criterion().description()
    }

    /// The batches it needs.
    pub fn batches(&self) -> BatchKind {
        self.criterion().batches()
    }

    /// Whether it looks at the direction of embeddings alone.
    pub fn normalises(&self) -> bool {
        self.criterion().normalises()
    }

    /// Whether it takes the embedding's numbers as the logits of the classes in their order.
    pub fn takes_logits(&self) -> bool {
        self.criterion().takes_logits()
    }

    /// The settings that a search may change, with the values that are worth trying.
    pub fn ranges(&self) -> Vec<Range> {
        self.criterion().ranges()
    }

    /// Parameters of its own as they begin under a seed, for so many classes and numbers in an
    /// embedding.
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
            let problem = format!("{} compares directions, which one number lacks", self.name());
            return Err(Error::setting("model.embedding", embedding, problem));
        }
        self.criterion().check(classes, embedding)
    }

    /// The loss of a batch.
    pub fn value(&self, mut batch: Embedded) -> Value {
        self.criterion().value(&mut batch)
    }
}

/// Checks a number that has to be above 0.
fn above_zero(key: &str, value: f64) -> Result<()> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(Error::setting(key, value, "must be a number above 0"))
}

/// Checks a number that has to be 0 or above.
fn zero_or_above(key: &str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(Error::setting(key, value, "must be a number from 0 on"))
}

/// A loss that takes the embedding as its logits needs a number for each class, or more.
fn check_logits(loss: &str, classes: usize, embedding: usize) -> Result<()> {
    if embedding >= classes {
        return Ok(());
    }
    let problem = format!(
        "{loss} takes the embedding as its logits and needs at least as many numbers as there \
         are classes, {classes} here; take {classes} or \"auto\""
    );
    Err(Error::setting("model.embedding", embedding, problem))
}

#[cfg(test)]
mod tests;
