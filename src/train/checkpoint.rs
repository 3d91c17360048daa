//! All that training needs to go on at the next step, in one safetensors file.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::{History, Position, files};
use crate::error::{Error, Fault, Result};
use crate::files::{Checked, from_json, sha256_hex};
use crate::model::{
    NamedTensors, digest, read_notes, read_tensors, write_tensors, write_tensors_with_backup,
};

/// The state of a training between two steps.
///
/// Of random generators it holds one number: each epoch draws from generators of its own, which
/// the seed and the epoch's number decide; batches are drawn again up to the step, and a loss's
/// generator is wound on to its [`Position`].
pub struct Checkpoint {
    /// The network.
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
    /// Steps that Adam has taken, the epochs so far, and the place in the next.
    pub notes: Notes,
}

/// The part of a checkpoint that is not tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// Steps that Adam has taken.
    pub steps: i64,
    /// The epochs so far.
    pub history: History,
    /// Where the epoch after them stands.
    #[serde(default)]
    pub within: Position,
}

const NETWORK: &str = "network.";
const BEST: &str = "best.";
const OWN: &str = "loss.";
const BEST_OWN: &str = "best_loss.";
const MEAN: &str = "adam.mean";
const SQUARE: &str = "adam.square";
const NOTES: &str = "training";
/// SHA-256 of tensors and notes: a flipped bit would pass for a number.
const CHECKSUM: &str = "sha256";

/// What [`Checkpoint::newest`] found.
pub struct Newest {
    /// The newest checkpoint that is whole.
    pub checkpoint: Checkpoint,
    /// What is wrong with the newest, where it had to be passed over.
    pub passed_over: Option<Error>,
}

impl Notes {
    /// Where training goes on, in words.
    pub fn place(&self) -> String {
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
            true => Err("has taken fewer than no steps".to_owned()),
            false => self.history.check(),
        }
    }
}

impl Checkpoint {
    /// Writes the newest checkpoint of a run and keeps the one before beside it.
    ///
    /// Stopped at any moment, one of the two is whole.
    ///
    /// # Errors
    /// A file cannot be renamed or written.
    pub fn write_newest(&self, run: &Path) -> Result<()> {
        let (newest, older) = (run.join(files::CHECKPOINT), run.join(files::OLDER_CHECKPOINT));
        let (tensors, notes) = self.content();
        write_tensors_with_backup((&newest, &older), &tensors, &notes)
    }

    /// The newest whole checkpoint of a run; `None` where there is none at all.
    ///
    /// A damaged newest one gives way to the one before, so that the next never pushes a whole
    /// one out.
    ///
    /// # Errors
    /// The newest is damaged and there is no whole one before it; the system refuses to rename.
    pub fn newest(run: &Path) -> Result<Option<Newest>> {
        let (newest, older) = (run.join(files::CHECKPOINT), run.join(files::OLDER_CHECKPOINT));
        // Training may have been stopped between the renaming and the writing.
        let newest = if newest.exists() { newest } else { older.clone() };
        if !newest.exists() {
            return Ok(None);
        }
        match Checkpoint::read(&newest) {
            Ok(checkpoint) => Ok(Some(Newest { checkpoint, passed_over: None })),
            // What the system refuses to read may be whole.
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

    /// What its file holds: tensors, and the text beside them.
    fn content(&self) -> (NamedTensors, [(&'static str, String); 2]) {
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
        let checksum = checksum(&tensors, &notes);
        (tensors, [(NOTES, notes), (CHECKSUM, checksum)])
    }

    /// # Errors
    /// The file is missing, damaged, or no checkpoint.
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
                "the checksum of what it holds, so it was damaged or is of another version",
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
        let (own, best_own) = (group(OWN), group(BEST_OWN));
        Ok(Checkpoint { network, best, own, best_own, mean, square, notes })
    }
}

fn checksum(tensors: &NamedTensors, notes: &str) -> String {
    sha256_hex(format!("{} {notes}", digest(tensors)).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(epochs: i64) -> Checkpoint {
        let value = Tensor::from_slice(&[epochs as f32; 64]);
        Checkpoint {
            network: NamedTensors::from([("weight".to_owned(), value.shallow_clone())]),
            best: NamedTensors::new(),
            own: NamedTensors::new(),
            best_own: NamedTensors::new(),
            mean: value.shallow_clone(),
            square: value,
            notes: Notes {
                steps: epochs,
                history: History::default(),
                within: Position::default(),
            },
        }
    }

    fn found(run: &Path) -> (i64, Option<String>) {
        let found = Checkpoint::newest(run).unwrap().unwrap();
        (found.checkpoint.notes.steps, found.passed_over.map(|damage| damage.to_string()))
    }

    #[test]
    fn the_newest_is_taken_and_none_is_no_error() {
        let run = tempfile::tempdir().unwrap();
        assert!(Checkpoint::newest(run.path()).unwrap().is_none());
        for epochs in 1..=3 {
            after(epochs).write_newest(run.path()).unwrap();
            assert_eq!(found(run.path()), (epochs, None));
        }
        std::fs::remove_file(run.path().join(files::CHECKPOINT)).unwrap();
        assert_eq!(found(run.path()), (2, None), "stopped between renaming and writing");
    }

    #[test]
    fn a_newest_with_any_byte_changed_or_cut_is_told_and_the_one_before_is_taken() {
        let run = tempfile::tempdir().unwrap();
        let path = run.path().join(files::CHECKPOINT);
        let older = run.path().join(files::OLDER_CHECKPOINT);
        after(2).write(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for place in (0..whole.len()).step_by(7) {
            let mut flipped = whole.clone();
            flipped[place] ^= 4;
            for damaged in [&flipped[..], &whole[..place]] {
                after(1).write(&older).unwrap();
                std::fs::write(&path, damaged).unwrap();
                let (steps, told) = found(run.path());
                match told {
                    Some(message) => {
                        assert!(message.contains("checkpoint.safetensors: "), "{message}");
                        assert_eq!(steps, 1);
                        assert_eq!(found(run.path()), (1, None), "and stands in its place");
                    }
                    // Blanks around the header may change: what was read is what was written.
                    None => assert!(steps == 2 && damaged.len() == whole.len(), "byte {place}"),
                }
            }
        }
        std::fs::write(&path, &whole[..99]).unwrap();
        std::fs::write(&older, "").unwrap();
        let message = Checkpoint::newest(run.path()).err().unwrap().to_string();
        assert!(message.contains("checkpoint.safetensors"), "{message}");
    }

    #[test]
    fn a_number_that_changed_on_the_disk_is_found_out() {
        let run = tempfile::tempdir().unwrap();
        let path = run.path().join(files::CHECKPOINT);
        after(1).write(&path).unwrap();
        let mut content = std::fs::read(&path).unwrap();
        *content.last_mut().unwrap() ^= 1;
        std::fs::write(&path, content).unwrap();
        let message = Checkpoint::read(&path).err().unwrap().to_string();
        assert!(message.contains("lacks the checksum of what it holds"), "{message}");
    }
}
