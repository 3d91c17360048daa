//! The finished runs of a comparison.

use std::path::{Path, PathBuf};

use crate::error::{Fault, Result};
use crate::eval::Results;
use crate::evaluation::Evaluation;
use crate::files::{ResultFolder, sha256_hex};
use crate::run::{DivergedLoss, DivergedRun};
use crate::train::History;
use crate::words::dml;

/// One run of a comparison, trained and evaluated.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Its seed.
    pub seed: u64,
    /// Its folder.
    pub folder: PathBuf,
    /// Number of training images.
    pub train: usize,
    /// Its training steps; with batches of P classes × K images, about so many.
    pub steps: usize,
    /// Losses and times of its epochs.
    pub history: History,
    /// Its metrics.
    pub evaluation: Evaluation,
}

impl Finished {
    /// What metrics take their values from. Results on test images omit the training time, which the
    /// validation results have.
    pub fn results(&self) -> Results<'_> {
        let is_of_run = self.evaluation.images_sha256.is_none();
        let train_seconds = is_of_run.then(|| self.history.seconds());
        Results { train_seconds, ..self.evaluation.results() }
    }

    /// Reads a run that was trained and evaluated before.
    ///
    /// # Errors
    /// It is missing or was changed.
    pub fn read(path: &Path) -> Result<Finished> {
        let (folder, record) = ResultFolder::open(path)?;
        let evaluation = Evaluation::read(&folder)?;
        let remedy = format!("run {}", dml("eval --run", path));
        let missing = || Fault::new(path, "has no evaluation any more").remedy(remedy);
        let history = folder.history()?;
        Ok(Finished {
            seed: record.seed,
            train: record.data.train,
            steps: history.steps(&folder.config()?.train, record.data.train),
            history,
            evaluation: evaluation.ok_or_else(missing)?,
            folder: path.to_path_buf(),
        })
    }
}

/// All runs of one variant, in the order of the seeds.
#[derive(Debug, Clone, Default)]
pub struct LossRuns {
    /// Name of the variant: the loss, and how it differs from others.
    pub loss: String,
    /// The finished runs, one per seed.
    pub runs: Vec<Finished>,
    /// The runs that diverged.
    pub diverged: Vec<DivergedRun>,
}

impl LossRuns {
    /// Number of runs whose embeddings collapsed to nearly one point.
    pub fn collapsed(&self) -> usize {
        self.collapsed_runs().count()
    }

    /// Training steps of the longest of them; 0 where there is none.
    pub fn collapsed_after(&self) -> usize {
        self.collapsed_runs().map(|run| run.steps).max().unwrap_or(0)
    }

    fn collapsed_runs(&self) -> impl Iterator<Item = &Finished> {
        self.runs.iter().filter(|run| run.history.collapsed())
    }
}

/// Separates the losses that finished under every seed from those that diverged.
pub fn without_diverged(results: Vec<LossRuns>) -> (Vec<LossRuns>, Vec<DivergedLoss>) {
    let (whole, gaps): (Vec<_>, Vec<_>) =
        results.into_iter().partition(|loss| loss.diverged.is_empty());
    let gap = |loss: LossRuns| DivergedLoss {
        loss: loss.loss,
        diverged: loss.diverged,
        finished: loss.runs.into_iter().map(|run| run.folder).collect(),
    };
    (whole, gaps.into_iter().map(gap).collect())
}

/// A hash of these runs, their evaluation settings, and further options.
pub fn hash_of(results: &[LossRuns], options: &[String]) -> String {
    let finished = results.iter().flat_map(|loss| &loss.runs);
    let finished =
        finished.map(|run| run.folder.to_string_lossy().into_owned() + &run.evaluation.fingerprint);
    let diverged = results.iter().flat_map(|loss| &loss.diverged);
    let diverged = diverged.map(|run| run.folder.to_string_lossy().into_owned());
    let runs: Vec<String> = finished.chain(diverged).collect();
    sha256_hex([&runs, options].concat().join("\n").as_bytes())
}
