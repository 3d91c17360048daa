//! What a command will take of memory and disk, reckoned and told before it begins.

use std::path::Path;

use crate::config::Config;
use crate::data::BatchKind;
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::model::Engine;
use crate::runtime::{Memory, bytes, disk_available};
use crate::session::Session;

/// Bytes a pixel of a batch's image takes while it is trained on, as measured, with a tenth added.
const FUSED_PIXEL: u64 = 140;
const LIBTORCH_PIXEL: u64 = 390;

/// Bytes a pair of images of a batch takes under a loss that looks at all pairs: the largest
/// measured was 65 (margin).
const PAIR: u64 = 72;

/// Copies of all parameters in memory: values, gradients, Adam's two means, models kept.
const COPIES: u64 = 8;

/// Bytes an image takes in an evaluation, beside its embedding: neighbours and their distances.
const NEIGHBOURS: u64 = 1500;

/// Bytes of a run's pictures, tables and records, at most.
const PICTURES: u64 = 4_000_000;

/// Bytes of memory and disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceEstimate {
    /// Beside what is taken already, while runs are under way.
    pub memory: u64,
    /// Of the runs that are still to be begun.
    pub disk: u64,
}

/// What decides them.
#[derive(Debug, Clone, Copy)]
struct Sizes {
    /// Pixels in an image.
    pixels: u64,
    embedding: u64,
    parameters: u64,
    images: u64,
    /// Images in a batch; pairs, for a loss on pairs.
    batch: u64,
    engine: Engine,
}

impl Sizes {
    fn memory(&self, kind: BatchKind) -> u64 {
        let branches = if kind == BatchKind::Pairs { 2 } else { 1 };
        let pixel = if self.engine == Engine::Fused { FUSED_PIXEL } else { LIBTORCH_PIXEL };
        let batch = [self.batch, branches, self.pixels, pixel];
        let pairs = [self.batch, self.batch, PAIR];
        let pairs = if kind == BatchKind::PkSampling { product(&pairs) } else { 0 };
        let training = product(&batch).saturating_add(pairs);
        let evaluation = product(&[self.images, 8 * self.embedding + NEIGHBOURS]);
        let parameters = product(&[self.parameters, 4, COPIES]);
        training.max(evaluation).saturating_add(parameters)
    }

    fn disk(&self) -> u64 {
        // Three checkpoints, one of them being written, of network, best and Adam's two means; two
        // models.
        let numbers = product(&[self.parameters, 4, 3 * 4 + 2]);
        let embeddings = product(&[self.images, 4 * self.embedding + 8]);
        numbers.saturating_add(embeddings).saturating_add(PICTURES)
    }
}

/// Nothing that is asked for may wrap around to little.
fn product(factors: &[u64]) -> u64 {
    factors.iter().fold(1, |product, &factor| product.saturating_mul(factor))
}

impl ResourceEstimate {
    /// What training and evaluating takes, `jobs` runs at a time, `new` of all still to be begun.
    ///
    /// # Errors
    /// Settings that do not suit the images.
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
            pixels: dataset.shape.pixels() as u64,
            embedding: architecture.embedding as u64,
            parameters: architecture.parameter_count(),
            images: dataset.len() as u64,
            batch: config.train.batch.min(dataset.len()) as u64,
            engine: session.engine,
        };
        let largest = losses.iter().map(|loss| sizes.memory(loss.batches())).max();
        Ok(ResourceEstimate {
            memory: product(&[largest.unwrap_or_default(), jobs as u64]),
            disk: product(&[sizes.disk(), new as u64]),
        })
    }

    /// Says what will not suffice.
    ///
    /// # Errors
    /// More memory than the machine has, more disk than is free under `runs`: both told with the
    /// figures. Memory that others hold at the moment may be given back, so that is a remark.
    pub fn check(&self, runs: &Path, memory: Memory, say: impl Fn(&str)) -> Result<()> {
        if self.memory > memory.total {
            return Err(Error::Other(format!(
                "this needs about {} of memory, and there are {}: take a smaller --batch, fewer \
                 --jobs or smaller images",
                bytes(self.memory),
                bytes(memory.total)
            )));
        }
        if self.memory > memory.available {
            say(&format!(
                "this needs about {} of memory, of which {} are free now: it may be slow, or be \
                 ended by the system",
                bytes(self.memory),
                bytes(memory.available)
            ));
        }
        match disk_available(runs) {
            Some(free) if free < self.disk => Err(Error::Other(format!(
                "this writes about {} into {}, where {} are free: free some, or take another \
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
        pixels: 28 * 28,
        embedding: 10,
        parameters: 7_343,
        images: 60_000,
        batch: 128,
        engine: Engine::Fused,
    };

    #[test]
    fn the_tutorials_run_takes_a_hundred_megabytes_and_writes_ten() {
        let memory = TUTORIAL.memory(BatchKind::Pairs);
        assert!((50_000_000..200_000_000).contains(&memory), "{memory}");
        assert!((5_000_000..15_000_000).contains(&TUTORIAL.disk()), "{}", TUTORIAL.disk());
    }

    #[test]
    fn large_batches_and_pairs_of_them_are_reckoned_and_nothing_wraps() {
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
    fn what_cannot_be_is_refused_and_what_may_fail_is_said_with_the_figures() {
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path().join("runs");
        let memory = Memory { total: 8_000_000_000, available: 2_000_000_000 };
        let said = std::cell::RefCell::new(Vec::new());
        let check = |memory_needed, disk| {
            let needs = ResourceEstimate { memory: memory_needed, disk };
            needs.check(&runs, memory, |line| said.borrow_mut().push(line.to_owned()))
        };
        assert!(check(1_000_000_000, 1).is_ok() && said.borrow().is_empty());
        assert!(check(3_000_000_000, 1).is_ok());
        assert!(said.borrow()[0].starts_with("this needs about 3.0 GB of memory, of which 2.0 GB"));
        let much = check(9_000_000_000, 1).unwrap_err().to_string();
        assert!(much.starts_with("this needs about 9.0 GB of memory, and there are 8.0 GB: take"));
        let full = check(1, u64::MAX).unwrap_err().to_string();
        assert!(full.starts_with("this writes about 18446744073.7 GB into "), "{full}");
    }
}
