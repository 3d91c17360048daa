//! What happened in each epoch, as a list and as CSV.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Fault, Result};
use crate::files::write_atomically;

/// One epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Mean over the training images, each under the weights of its step.
    pub train_loss: f64,
    /// Mean over the validation images, in evaluation mode, after the epoch.
    pub validation_loss: f64,
    /// Training alone, without validation, in seconds.
    pub seconds: f64,
    /// Training images (or pairs) a second.
    pub images_per_second: f64,
}

/// All epochs so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// In order.
    pub epochs: Vec<EpochRecord>,
}

impl History {
    /// The epoch with the lowest validation loss, the earlier one of equals; from 1.
    pub fn best_epoch(&self) -> Option<usize> {
        let best =
            self.epochs.iter().min_by(|a, b| a.validation_loss.total_cmp(&b.validation_loss));
        best.map(|record| record.epoch)
    }

    /// Seconds of training in all epochs.
    pub fn seconds(&self) -> f64 {
        self.epochs.iter().map(|record| record.seconds).sum()
    }

    /// Reads what [`History::write`] wrote.
    ///
    /// # Errors
    /// The file is missing or was changed.
    pub fn read(path: &Path) -> Result<History> {
        let fault = |e: csv::Error| Fault::new(path, format!("cannot be understood ({e})"));
        let mut reader = csv::Reader::from_path(path).map_err(fault)?;
        let epochs = reader.deserialize().collect::<std::result::Result<_, _>>().map_err(fault)?;
        Ok(History { epochs })
    }

    /// Writes one line an epoch, numbers in full, so that they read back as they are.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        write_atomically(path, |file| {
            writeln!(file, "epoch,train_loss,validation_loss,seconds,images_per_second")?;
            for r in &self.epochs {
                writeln!(
                    file,
                    "{},{},{},{},{}",
                    r.epoch, r.train_loss, r.validation_loss, r.seconds, r.images_per_second
                )?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(validation: &[f64]) -> History {
        let record = |(i, &validation_loss): (usize, &f64)| EpochRecord {
            epoch: i + 1,
            train_loss: 1.0,
            validation_loss,
            seconds: 2.0,
            images_per_second: 500.0,
        };
        History { epochs: validation.iter().enumerate().map(record).collect() }
    }

    #[test]
    fn the_best_epoch_has_the_lowest_validation_loss_the_earlier_of_equals() {
        assert_eq!(history(&[3.0, 1.0, 2.0, 1.0]).best_epoch(), Some(2));
        assert_eq!(History::default().best_epoch(), None);
    }

    #[test]
    fn the_file_has_a_line_an_epoch() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        history(&[0.5, 0.25]).write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "epoch,train_loss,validation_loss,seconds,images_per_second");
        assert_eq!(lines[2], "2,1,0.25,2,500");
        assert_eq!(lines.len(), 3);
        assert_eq!(History::read(&path).unwrap(), history(&[0.5, 0.25]));
    }
}
