//! The complete state of training, from which it resumes at the next step, in one safetensors file.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::{EpochPosition, History};
use crate::error::{Error, Fault, Result};
use crate::files::layout::{CHECKPOINT, OLDER_CHECKPOINT};
use crate::files::{Checked, from_json, sha256_hex};
use crate::model::{
    NamedTensors, digest, read_notes, read_tensors, write_tensors, write_tensors_with_backup,
};

/// The state of a training between two steps.
///
/// Of the random generators it stores one number: each epoch has generators of its own, seeded by
/// seed and epoch. On resuming, batches are drawn again up to the step, and the loss's generator is
/// advanced to its [`EpochPosition`].
pub struct Checkpoint {
    /// The network.
    pub network: NamedTensors,
    /// The network after the epoch with the lowest validation loss.
    pub best: NamedTensors,
    /// The loss's own parameters and their optimiser's state; empty for a loss without any.
    pub loss_parameters: NamedTensors,
    /// The loss's own parameters after the epoch with the lowest validation loss.
    pub best_loss_parameters: NamedTensors,
    /// Adam's moving mean of the gradient `[P]`.
    pub mean: Tensor,
    /// Adam's moving mean of the squared gradient `[P]`.
    pub square: Tensor,
    /// Adam's step count, the finished epochs and the position in the next.
    pub notes: Notes,
}

/// The part of a checkpoint that is not a tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// Steps that Adam has taken.
    pub steps: i64,
    /// The finished epochs.
    pub history: History,
    /// The position in the epoch after them.
    #[serde(default)]
    pub within: EpochPosition,
}

const NETWORK: &str = "network.";
const BEST: &str = "best.";
const LOSS: &str = "loss.";
const BEST_LOSS: &str = "best_loss.";
const MEAN: &str = "adam.mean";
const SQUARE: &str = "adam.square";
const NOTES: &str = "training";
/// SHA-256 of tensors and notes: a flipped bit would otherwise go unnoticed.
const CHECKSUM: &str = "sha256";

/// What [`Checkpoint::newest`] found.
pub struct Newest {
    /// The newest intact checkpoint.
    pub checkpoint: Checkpoint,
    /// The damage of the newest, if it had to be skipped.
    pub passed_over: Option<Error>,
}

impl Notes {
    /// Where training resumes, in words.
    pub fn position(&self) -> String {
        let done = self.history.epochs.len();
        match self.within.steps {
            0 => format!("after epoch {done}"),
            steps => format!("in epoch {} after step {steps}", done + 1),
        }
    }
}

impl Checked for Notes {
    fn check(&self) -> std::result::Result<(), String> {
        match self.steps < 0 {
            true => Err("has a negative number of steps".to_owned()),
            false => self.history.check(),
        }
    }
}

impl Checkpoint {
    /// Writes the newest checkpoint of a run and keeps the previous one.
    ///
    /// Whenever the process is stopped, one of the two is intact.
    ///
    /// # Errors
    /// A file cannot be renamed or written.
    pub fn write_newest(&self, run: &Path) -> Result<()> {
        let (newest, older) = (run.join(CHECKPOINT), run.join(OLDER_CHECKPOINT));
        let (tensors, notes) = self.content();
        write_tensors_with_backup((&newest, &older), &tensors, &notes)
    }

    /// The newest intact checkpoint of a run; `None` if it has no checkpoint.
    ///
    /// The previous checkpoint replaces a damaged newest one, so that the next write cannot discard
    /// the only intact one.
    ///
    /// # Errors
    /// Both checkpoints are damaged; the file cannot be renamed.
    pub fn newest(run: &Path) -> Result<Option<Newest>> {
        let (newest, older) = (run.join(CHECKPOINT), run.join(OLDER_CHECKPOINT));
        // Training may have been stopped between the renaming and the writing.
        let newest = if newest.exists() { newest } else { older.clone() };
        if !newest.exists() {
            return Ok(None);
        }
        match Checkpoint::read(&newest) {
            Ok(checkpoint) => Ok(Some(Newest { checkpoint, passed_over: None })),
            // A file that cannot be read may still be intact.
            Err(Error::Io { action, path, source }) => Err(Error::Io { action, path, source }),
            Err(damage) => match Checkpoint::read(&older) {
                Ok(checkpoint) => {
                    std::fs::rename(&older, &newest).map_err(Error::io("replace", &newest))?;
                    Ok(Some(Newest { checkpoint, passed_over: Some(damage) }))
                }
                Err(_) => Err(damage),
            },
        }
    }

    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let (tensors, notes) = self.content();
        write_tensors(path, &tensors, &notes)
    }

    /// The content of its file: tensors and metadata.
    fn content(&self) -> (NamedTensors, [(&'static str, String); 2]) {
        let mut tensors = NamedTensors::new();
        let groups = [
            (NETWORK, &self.network),
            (BEST, &self.best),
            (LOSS, &self.loss_parameters),
            (BEST_LOSS, &self.best_loss_parameters),
        ];
        for (prefix, group) in groups {
            let named =
                |(name, t): (&String, &Tensor)| (format!("{prefix}{name}"), t.shallow_clone());
            tensors.extend(group.iter().map(named));
        }
        tensors.insert(MEAN.to_owned(), self.mean.shallow_clone());
        tensors.insert(SQUARE.to_owned(), self.square.shallow_clone());
        let notes = serde_json::to_string(&self.notes).expect("plain values");
        let checksum = checksum(&tensors, &notes);
        (tensors, [(NOTES, notes), (CHECKSUM, checksum)])
    }

    /// # Errors
    /// The file is missing, damaged, or not a checkpoint.
    pub fn read(path: &Path) -> Result<Checkpoint> {
        let mut tensors = read_tensors(path)?;
        let fault = |what: &str| {
            Fault::new(path, format!("is no checkpoint: it lacks {what}"))
                .remedy("train the run again with --force")
        };
        let mut texts = read_notes(path)?;
        let notes = texts.remove(NOTES).ok_or_else(|| fault("the training's notes"))?;
        if texts.remove(CHECKSUM) != Some(checksum(&tensors, &notes)) {
            return Err(fault(
                "the checksum of its content, so it is damaged or of another version",
            )
            .into());
        }
        let notes = from_json(notes.as_bytes()).map_err(|_| fault("readable notes"))?;
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
        let (loss_parameters, best_loss_parameters) = (group(LOSS), group(BEST_LOSS));
        Ok(Checkpoint { network, best, loss_parameters, best_loss_parameters, mean, square, notes })
    }
}

fn checksum(tensors: &NamedTensors, notes: &str) -> String {
    sha256_hex(format!("{} {notes}", digest(tensors)).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint_after(epochs: i64) -> Checkpoint {
        let value = Tensor::from_slice(&[epochs as f32; 64]);
        Checkpoint {
            network: NamedTensors::from([("weight".to_owned(), value.shallow_clone())]),
            best: NamedTensors::new(),
            loss_parameters: NamedTensors::new(),
            best_loss_parameters: NamedTensors::new(),
            mean: value.shallow_clone(),
            square: value,
            notes: Notes {
                steps: epochs,
                history: History::default(),
                within: EpochPosition::default(),
            },
        }
    }

    fn found(run: &Path) -> (i64, Option<String>) {
        let found = Checkpoint::newest(run).unwrap().unwrap();
        (found.checkpoint.notes.steps, found.passed_over.map(|damage| damage.to_string()))
    }

    #[test]
    fn the_newest_checkpoint_is_read_and_a_missing_one_is_not_an_error() {
        let run = tempfile::tempdir().unwrap();
        assert!(Checkpoint::newest(run.path()).unwrap().is_none());
        for epochs in 1..=3 {
            checkpoint_after(epochs).write_newest(run.path()).unwrap();
            assert_eq!(found(run.path()), (epochs, None));
        }
        std::fs::remove_file(run.path().join(CHECKPOINT)).unwrap();
        assert_eq!(found(run.path()), (2, None), "stopped between renaming and writing");
    }

    #[test]
    fn a_damaged_newest_checkpoint_is_reported_and_the_previous_one_is_used() {
        let run = tempfile::tempdir().unwrap();
        let path = run.path().join(CHECKPOINT);
        let older = run.path().join(OLDER_CHECKPOINT);
        checkpoint_after(2).write(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for index in (0..whole.len()).step_by(7) {
            let mut flipped = whole.clone();
            flipped[index] ^= 4;
            for damaged in [&flipped[..], &whole[..index]] {
                checkpoint_after(1).write(&older).unwrap();
                std::fs::write(&path, damaged).unwrap();
                let (steps, damage) = found(run.path());
                match damage {
                    Some(message) => {
                        assert!(message.contains("checkpoint.safetensors: "), "{message}");
                        assert_eq!(steps, 1);
                        assert_eq!(found(run.path()), (1, None), "and replaces it");
                    }
                    // Whitespace around the header may change; the content is the same.
                    None => assert!(steps == 2 && damaged.len() == whole.len(), "byte {index}"),
                }
            }
        }
        std::fs::write(&path, &whole[..99]).unwrap();
        std::fs::write(&older, "").unwrap();
        let message = Checkpoint::newest(run.path()).err().unwrap().to_string();
        assert!(message.contains("checkpoint.safetensors"), "{message}");
    }

    #[test]
    fn a_bit_flipped_on_disk_is_detected() {
        let run = tempfile::tempdir().unwrap();
        let path = run.path().join(CHECKPOINT);
        checkpoint_after(1).write(&path).unwrap();
        let mut content = std::fs::read(&path).unwrap();
        *content.last_mut().unwrap() ^= 1;
        std::fs::write(&path, content).unwrap();
        let message = Checkpoint::read(&path).err().unwrap().to_string();
        assert!(message.contains("lacks the checksum of its content"), "{message}");
    }
}
