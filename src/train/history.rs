//! What happened in each epoch, as a list and as CSV.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Fault, Result};
use crate::files::write_atomically;
use crate::words::exact;

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
    /// How far the validation images' embeddings spread; see [`spread`](super::spread()). None in
    /// what earlier versions wrote.
    #[serde(default)]
    pub spread: Option<f64>,
    /// Mean share of the pairs or triplets of a batch that cost something; none for a loss that
    /// has no such.
    #[serde(default)]
    pub active: Option<f64>,
}

const HEADER: &str = "epoch,train_loss,validation_loss,seconds,images_per_second,spread,active";

/// Spread below which a run counts as collapsed.
///
/// Runs that learned on Fashion-MNIST ended between 0.1 and 1 under every loss, a collapsed one
/// below 1e-6. After fifty steps a run was seen at 0.005 that had 60 % of the neighbours right.
const COLLAPSED: f64 = 0.001;

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

    /// Whether the network maps all images to nearly one point after its last epoch.
    pub fn collapsed(&self) -> bool {
        let spread = self.epochs.last().and_then(|record| record.spread);
        spread.is_some_and(|spread| spread < COLLAPSED)
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
        let fault = |e: csv::Error| {
            Fault::new(path, format!("cannot be understood ({e})"))
                .remedy("train the run again with --force")
        };
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
            writeln!(file, "{HEADER}")?;
            let shown = |value: Option<f64>| value.map_or(String::new(), exact);
            for r in &self.epochs {
                let losses = [r.train_loss, r.validation_loss].map(exact).join(",");
                write!(file, "{},{losses},", r.epoch)?;
                write!(file, "{},{},", exact(r.seconds), exact(r.images_per_second))?;
                writeln!(file, "{},{}", shown(r.spread), shown(r.active))?;
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
            spread: Some(0.5),
            active: None,
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
        assert_eq!(lines[0], HEADER);
        assert_eq!(lines[2], "2,1,0.25,2,500,0.5,");
        assert_eq!(lines.len(), 3);
        assert_eq!(History::read(&path).unwrap(), history(&[0.5, 0.25]));
    }

    #[test]
    fn a_file_of_an_earlier_version_is_read_and_names_no_collapse() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.csv");
        let text = "epoch,train_loss,validation_loss,seconds,images_per_second\n1,1,0.5,2,500\n";
        std::fs::write(&path, text).unwrap();
        let history = History::read(&path).unwrap();
        assert_eq!(history.epochs[0].spread, None);
        assert!(!history.collapsed());
    }

    #[test]
    fn a_run_whose_embeddings_are_nearly_one_point_is_collapsed() {
        let mut history = history(&[0.5, 0.5]);
        assert!(!history.collapsed());
        history.epochs[1].spread = Some(0.005);
        assert!(!history.collapsed(), "narrow, and of use");
        history.epochs[1].spread = Some(1e-5);
        assert!(history.collapsed());
    }
}
