//! Losses and speed of each epoch, in memory and as CSV.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::TrainConfig;
use crate::error::Result;
use crate::files::{Checked, is_share, read_csv, write_atomically};
use crate::words::{count, exact};

/// One epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean over the training images, computed during training.
    pub train_loss: f64,
    /// Mean over the validation images, in evaluation mode, after the epoch.
    pub validation_loss: f64,
    /// Training time without validation, in seconds.
    pub seconds: f64,
    /// Training images (or pairs) per second.
    pub images_per_second: f64,
    /// Spread of the validation embeddings; see [`spread`](super::spread()). `None` in files of
    /// earlier versions.
    #[serde(default)]
    pub spread: Option<f64>,
    /// Mean share of a batch's pairs or triplets with a non-zero loss; `None` for a loss without
    /// any.
    #[serde(default)]
    pub active: Option<f64>,
}

const HEADER: &str = "epoch,train_loss,validation_loss,seconds,images_per_second,spread,active";

/// Spread below which a run counts as collapsed.
///
/// On Fashion-MNIST, successful runs ended between 0.1 and 1 under every loss, collapsed ones below
/// 1e-6. One run with a 1-NN accuracy of 60 % had a spread of 0.005 after fifty steps.
const COLLAPSED: f64 = 0.001;

/// Up to so many training steps a collapse may be one of evaluation mode alone: BatchNorm's running
/// statistics have not reached those of the batches. At its momentum of 0.1 they still hold
/// 0.9^50 = 0.5 % of where they began.
const FEW_STEPS: usize = 50;

/// Why a collapse after so many training steps may be none of the loss; `None` after enough of them.
pub fn collapsed_early(steps: usize) -> Option<String> {
    (steps <= FEW_STEPS).then(|| {
        format!(
            "after only {} BatchNorm's running statistics may lag behind: train longer (--epochs) \
             before you judge",
            count(steps, "training step")
        )
    })
}

/// The finished epochs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// In order of epochs.
    pub epochs: Vec<EpochRecord>,
}

impl History {
    /// The epoch (from 1) with the lowest validation loss; the earliest of equals.
    pub fn best_epoch(&self) -> Option<usize> {
        let best =
            self.epochs.iter().min_by(|a, b| a.validation_loss.total_cmp(&b.validation_loss));
        best.map(|record| record.epoch)
    }

    /// Whether the network maps all images to nearly the same point after the last epoch.
    pub fn collapsed(&self) -> bool {
        let spread = self.epochs.last().and_then(|record| record.spread);
        spread.is_some_and(|spread| spread < COLLAPSED)
    }

    /// Training steps of these epochs over so many images; of batches of P classes × K images, about
    /// so many.
    pub fn steps(&self, config: &TrainConfig, images: usize) -> usize {
        self.epochs.len().saturating_mul(config.steps_per_epoch(images))
    }

    /// Total training time in seconds.
    pub fn seconds(&self) -> f64 {
        self.epochs.iter().map(|record| record.seconds).sum()
    }

    /// Reads what [`History::write`] wrote; `None` if the file is missing. `remedy` is the remedy that
    /// errors suggest.
    ///
    /// # Errors
    /// The file was edited or truncated.
    pub fn read(path: &Path, remedy: &str) -> Result<Option<History>> {
        let whole = |epochs| {
            let history = History { epochs };
            // The file is first written after an epoch.
            match history.epochs.is_empty() {
                true => Err("has no epoch".to_owned()),
                false => history.check().map(|()| history),
            }
        };
        read_csv(path, remedy, whole)
    }

    /// Writes one line per epoch, with all digits, so that numbers round-trip.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        write_atomically(path, |file| {
            writeln!(file, "{HEADER}")?;
            let format = |value: Option<f64>| value.map_or(String::new(), exact);
            for r in &self.epochs {
                let losses = [r.train_loss, r.validation_loss].map(exact).join(",");
                write!(file, "{},{losses},", r.epoch)?;
                write!(file, "{},{},", exact(r.seconds), exact(r.images_per_second))?;
                writeln!(file, "{},{}", format(r.spread), format(r.active))?;
            }
            Ok(())
        })
    }
}

impl Checked for History {
    fn check(&self) -> std::result::Result<(), String> {
        for (index, record) in self.epochs.iter().enumerate() {
            let EpochRecord { epoch, train_loss, validation_loss, seconds, .. } = *record;
            if epoch != index + 1 {
                return Err(format!("has epoch {epoch} where epoch {} is expected", index + 1));
            }
            let losses = [train_loss, validation_loss].iter().all(|loss| loss.is_finite());
            let spread = record.spread.is_none_or(|spread| spread.is_finite() && spread >= 0.0);
            // It is infinite if training took no measurable time.
            let speed = record.images_per_second >= 0.0;
            let times = seconds.is_finite() && seconds >= 0.0;
            if !(losses && spread && speed && times && record.active.is_none_or(is_share)) {
                return Err(format!("has an invalid number in epoch {epoch}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> History {
        History::read(path, "").unwrap().unwrap()
    }

    fn history(validation: &[f64]) -> History {
        let record = |(i, &validation_loss): (usize, &f64)| EpochRecord {
            epoch: i + 1,
            train_loss: 1.0,
            validation_loss,
            seconds: 2.0,
            images_per_second: 500.0,
            spread: Some(0.5),
            active: None,
        };
        History { epochs: validation.iter().enumerate().map(record).collect() }
    }

    #[test]
    fn the_best_epoch_is_the_earliest_with_the_lowest_validation_loss() {
        assert_eq!(history(&[3.0, 1.0, 2.0, 1.0]).best_epoch(), Some(2));
        assert_eq!(History::default().best_epoch(), None);
    }

    #[test]
    fn the_file_has_a_line_per_epoch() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        history(&[0.5, 0.25]).write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], HEADER);
        assert_eq!(lines[2], "2,1,0.25,2,500,0.5,");
        assert_eq!(lines.len(), 3);
        assert_eq!(read(&path), history(&[0.5, 0.25]));
    }

    #[test]
    fn a_file_without_spread_is_read_and_not_called_collapsed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        let text = "epoch,train_loss,validation_loss,seconds,images_per_second\n1,1,0.5,2,500\n";
        std::fs::write(&path, text).unwrap();
        let history = read(&path);
        assert_eq!(history.epochs[0].spread, None);
        assert!(!history.collapsed());
    }

    #[test]
    fn invalid_numbers_and_epochs_out_of_order_are_refused_with_a_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        for row in [
            "2,1,0.5,2,500,0.5,",
            "1,NaN,0.5,2,500,0.5,",
            "1,1,inf,2,500,0.5,",
            "1,1,0.5,-2,500,0.5,",
            "1,1,0.5,2,500,-0.5,",
            "1,1,0.5,2,500,0.5,1.5",
            "1,1,0.5,2,500",
            "-1,1,0.5,2,500,0.5,",
            "one,1,0.5,2,500,0.5,",
        ] {
            std::fs::write(&path, format!("{HEADER}\n{row}\n")).unwrap();
            let message = History::read(&path, "mend it").unwrap_err().to_string();
            assert!(message.contains("history.csv: "), "{row}: {message}");
            assert!(message.ends_with("; mend it"), "{row}: {message}");
        }
        std::fs::write(&path, format!("{HEADER}\n")).unwrap();
        assert!(History::read(&path, "").unwrap_err().to_string().contains("has no epoch"));
        std::fs::write(&path, format!("{HEADER}\n1,1,0.5,0,inf,0.5,\n")).unwrap();
        assert!(History::read(&path, "").is_ok(), "no measurable time gives an infinite speed");
    }

    #[test]
    fn nearly_equal_embeddings_are_a_collapse() {
        let mut history = history(&[0.5, 0.5]);
        assert!(!history.collapsed());
        history.epochs[1].spread = Some(0.005);
        assert!(!history.collapsed(), "narrow, but useful");
        history.epochs[1].spread = Some(1e-5);
        assert!(history.collapsed());
    }

    #[test]
    fn a_collapse_after_a_few_steps_is_told_with_its_caveat() {
        let history = history(&[0.5, 0.5]);
        let steps = |images| history.steps(&TrainConfig::default(), images);
        assert_eq!((steps(128), steps(129), steps(57_000)), (2, 4, 892));
        let caveat = collapsed_early(4).unwrap();
        assert!(caveat.starts_with("after only 4 training steps BatchNorm's"), "{caveat}");
        assert_eq!(collapsed_early(892), None);
    }
}
