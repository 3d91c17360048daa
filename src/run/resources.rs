//! Estimates the memory and disk space of a command and checks them before it starts.

use std::path::Path;

use crate::config::Config;
use crate::data::BatchKind;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::model::Engine;
use crate::runtime::{Memory, bytes, disk_available};
use crate::session::Session;

/// Bytes per pixel of a batch during training on the fused engine: measured, plus 10 %.
const FUSED_PIXEL: u64 = 140;

/// Bytes per pair of images in a batch under a loss that uses all pairs; the largest measured was 65
/// (margin).
const PAIR: u64 = 72;

/// Copies of all parameters in memory: values, gradients, Adam's two moments, kept models.
const COPIES: u64 = 8;

/// Bytes per image in an evaluation, besides its embedding: neighbours and their distances.
const NEIGHBOURS: u64 = 1500;

/// Upper bound on the bytes of a run's pictures, tables and records.
const PICTURES: u64 = 4_000_000;

/// Estimated bytes of memory and disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceEstimate {
    /// Memory while runs are trained, in addition to what is in use.
    pub memory: u64,
    /// Disk space of the runs that are not started yet.
    pub disk: u64,
}

/// The sizes that the estimate depends on.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    /// Bytes that an image of a batch takes in training.
    image: u64,
    embedding: u64,
    parameters: u64,
    images: u64,
    /// Images in a batch; pairs, for a loss on pairs.
    batch: u64,
}

impl Sizes {
    fn memory(&self, kind: BatchKind) -> u64 {
        let branches = if kind == BatchKind::Pairs { 2 } else { 1 };
        let batch = [self.batch, branches, self.image];
        let pairs = [self.batch, self.batch, PAIR];
        let pairs = if kind == BatchKind::PkSampling { product(&pairs) } else { 0 };
        let training = product(&batch).saturating_add(pairs);
        let evaluation = product(&[self.images, 8 * self.embedding + NEIGHBOURS]);
        let parameters = product(&[self.parameters, 4, COPIES]);
        training.max(evaluation).saturating_add(parameters)
    }

    fn disk(&self) -> u64 {
        // Three checkpoints, one of them being written, each with the network, the best network and
        // Adam's two moments; two models.
        let numbers = product(&[self.parameters, 4, 3 * 4 + 2]);
        let embeddings = product(&[self.images, 4 * self.embedding + 8]);
        numbers.saturating_add(embeddings).saturating_add(PICTURES)
    }
}

/// A product that saturates, so that an absurd setting does not wrap around to a small number.
fn product(factors: &[u64]) -> u64 {
    factors.iter().fold(1, |product, &factor| product.saturating_mul(factor))
}

impl ResourceEstimate {
    /// The estimate for training and evaluating `jobs` runs at a time, of which `new` are not started.
    ///
    /// # Errors
    /// Settings that do not fit the images.
    pub fn of(
        session: &Session,
        config: &Config,
        losses: &[Loss],
        jobs: usize,
        new: usize,
    ) -> Result<ResourceEstimate> {
        let dataset = &session.dataset;
        let architecture = config.model.architecture(dataset.shape, dataset.classes.len())?;
        let sizes = Sizes {
            image: match session.engine {
                Engine::Fused => dataset.shape.pixels() as u64 * FUSED_PIXEL,
                Engine::Libtorch => architecture.training_bytes(),
            },
            embedding: architecture.embedding() as u64,
            parameters: architecture.parameter_count(),
            images: dataset.len() as u64,
            batch: config.train.batch.min(dataset.len()) as u64,
        };
        let largest = losses.iter().map(|loss| sizes.memory(loss.batches())).max();
        Ok(ResourceEstimate {
            memory: product(&[largest.unwrap_or_default(), jobs as u64]),
            disk: product(&[sizes.disk(), new as u64]),
        })
    }

    /// Compares the estimate with this machine. Memory that other processes use now may be freed, so a
    /// lack of free memory is only a warning.
    ///
    /// # Errors
    /// More memory than the machine has, or more disk space than is free under `runs`.
    pub fn check(&self, runs: &Path, memory: Memory, say: impl Fn(&str)) -> Result<()> {
        if self.memory > memory.total {
            return Err(Error::Other(format!(
                "this needs about {} of memory, but the machine has {}: use a smaller --batch, fewer \
                 --jobs or smaller images",
                bytes(self.memory),
                bytes(memory.total)
            )));
        }
        if self.memory > memory.available {
            say(&format!(
                "this needs about {} of memory, but only {} are free: it may be slow, or the system \
                 may kill it",
                bytes(self.memory),
                bytes(memory.available)
            ));
        }
        match disk_available(runs) {
            Some(free) if free < self.disk => Err(Error::Other(format!(
                "this writes about {} to {}, where only {} are free: free some space, or set another \
                 folder with --runs",
                bytes(self.disk),
                runs.display(),
                bytes(free)
            ))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TUTORIAL: Sizes = Sizes {
        image: 28 * 28 * FUSED_PIXEL,
        embedding: 10,
        parameters: 7_343,
        images: 60_000,
        batch: 128,
    };

    #[test]
    fn the_tutorials_run_takes_a_hundred_megabytes_and_writes_ten() {
        let memory = TUTORIAL.memory(BatchKind::Pairs);
        assert!((50_000_000..200_000_000).contains(&memory), "{memory}");
        assert!((5_000_000..15_000_000).contains(&TUTORIAL.disk()), "{}", TUTORIAL.disk());
    }

    #[test]
    fn large_batches_and_their_pairs_are_counted_without_overflow() {
        // Measured: batches of 8,192 pairs took 1.7 GB more than none, of 2,048 images under the
        // margin loss 0.4 GB.
        let pairs = Sizes { batch: 8_192, ..TUTORIAL }.memory(BatchKind::Pairs);
        assert!((1_700_000_000..2_000_000_000).contains(&pairs), "{pairs}");
        let margin = Sizes { batch: 2_048, ..TUTORIAL }.memory(BatchKind::PkSampling);
        assert!((450_000_000..600_000_000).contains(&margin), "{margin}");
        let endless = Sizes { batch: u64::MAX, images: u64::MAX, ..TUTORIAL };
        assert_eq!(endless.memory(BatchKind::PkSampling), u64::MAX);
        assert_eq!(endless.disk(), u64::MAX);
    }

    #[test]
    fn too_little_memory_or_disk_is_an_error_and_too_little_free_memory_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path().join("runs");
        let memory = Memory { total: 8_000_000_000, available: 2_000_000_000 };
        let messages = std::cell::RefCell::new(Vec::new());
        let check = |memory_needed, disk| {
            let estimate = ResourceEstimate { memory: memory_needed, disk };
            estimate.check(&runs, memory, |line| messages.borrow_mut().push(line.to_owned()))
        };
        assert!(check(1_000_000_000, 1).is_ok() && messages.borrow().is_empty());
        assert!(check(3_000_000_000, 1).is_ok());
        assert!(
            messages.borrow()[0].starts_with("this needs about 3.0 GB of memory, but only 2.0 GB")
        );
        let memory_error = check(9_000_000_000, 1).unwrap_err().to_string();
        assert!(
            memory_error
                .starts_with("this needs about 9.0 GB of memory, but the machine has 8.0 GB: use")
        );
        let disk_error = check(1, u64::MAX).unwrap_err().to_string();
        assert!(disk_error.starts_with("this writes about 18446744073.7 GB to "), "{disk_error}");
    }
}
