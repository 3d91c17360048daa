//! All that training needs to go on after an epoch, in one safetensors file.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::History;
use crate::error::{Fault, Result};
use crate::model::{NamedTensors, read_notes, read_tensors, write_tensors};

/// The state of a training between two epochs.
///
/// Random generators need no place in it: each epoch draws from generators of its own, which the
/// seed and the epoch's number decide.
pub struct Checkpoint {
    /// The network after the last finished epoch.
    pub network: NamedTensors,
    /// The network after the epoch with the lowest validation loss.
    pub best: NamedTensors,
    /// The loss's own parameters and their optimiser's state; empty for a loss without any.
    pub own: NamedTensors,
    /// The loss's own parameters after the epoch with the lowest validation loss.
    pub best_own: NamedTensors,
    /// Adam's moving mean of the gradient `[P]`.
    pub mean: Tensor,
    /// Adam's moving mean of the squared gradient `[P]`.
    pub square: Tensor,
    /// Steps that Adam has taken, and the epochs so far.
    pub notes: Notes,
}

/// The part of a checkpoint that is not tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// Steps that Adam has taken.
    pub steps: i64,
    /// The epochs so far.
    pub history: History,
}

const NETWORK: &str = "network.";
const BEST: &str = "best.";
const OWN: &str = "loss.";
const BEST_OWN: &str = "best_loss.";
const MEAN: &str = "adam.mean";
const SQUARE: &str = "adam.square";
const NOTES: &str = "training";

impl Checkpoint {
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut tensors = NamedTensors::new();
        let groups = [
            (NETWORK, &self.network),
            (BEST, &self.best),
            (OWN, &self.own),
            (BEST_OWN, &self.best_own),
        ];
        for (prefix, group) in groups {
            let named =
                |(name, t): (&String, &Tensor)| (format!("{prefix}{name}"), t.shallow_clone());
            tensors.extend(group.iter().map(named));
        }
        tensors.insert(MEAN.to_owned(), self.mean.shallow_clone());
        tensors.insert(SQUARE.to_owned(), self.square.shallow_clone());
        let notes = serde_json::to_string(&self.notes).expect("plain values");
        write_tensors(path, &tensors, &[(NOTES, notes)])
    }

    /// # Errors
    /// The file is missing, damaged, or no checkpoint.
    pub fn read(path: &Path) -> Result<Checkpoint> {
        let mut tensors = read_tensors(path)?;
        let fault = |what: &str| {
            Fault::new(path, format!("is no checkpoint: it lacks {what}"))
                .remedy("train the run again with --force")
        };
        let notes = read_notes(path)?.remove(NOTES).ok_or_else(|| fault("the training's notes"))?;
        let notes = serde_json::from_str(&notes).map_err(|_| fault("readable notes"))?;
        let mean = tensors.remove(MEAN).ok_or_else(|| fault(MEAN))?;
        let square = tensors.remove(SQUARE).ok_or_else(|| fault(SQUARE))?;
        let group = |prefix: &str| -> NamedTensors {
            tensors
                .iter()
                .filter_map(|(name, t)| {
                    Some((name.strip_prefix(prefix)?.to_owned(), t.shallow_clone()))
                })
                .collect()
        };
        let (network, best) = (group(NETWORK), group(BEST));
        let (own, best_own) = (group(OWN), group(BEST_OWN));
        Ok(Checkpoint { network, best, own, best_own, mean, square, notes })
    }
}
