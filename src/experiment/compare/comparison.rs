//! A comparison of losses: its tables, conclusion and pictures.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::conclusion::conclusion;
use super::metrics::current_name;
use super::ranking::{RankedLoss, rank};
use super::results::{LossRuns, hash_of, without_diverged};
use super::summary::Summary;
use crate::data::Dataset;
use crate::error::Result;
use crate::experiment::plan::Plan;
use crate::files::layout::COMPARISON;
use crate::files::{ResultFolder, read_json};
use crate::run::{Owner, RunLock, all_diverged, hashed_folder};
use crate::session::Session;

/// Losses that were trained and evaluated on the same data.
#[derive(Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// The command line; empty in files of earlier versions.
    #[serde(default)]
    pub command: String,
    /// The data file.
    pub data: String,
    /// SHA-256 of its uncompressed content.
    pub data_sha256: String,
    /// Minimum and maximum number of training images of a run.
    pub train: (usize, usize),
    /// Number of images that each run was evaluated on.
    pub validation: usize,
    /// All metrics of all losses.
    pub summary: Summary,
    /// The conclusion in words.
    pub conclusion: String,
    /// The metric that decides.
    #[serde(deserialize_with = "current_name")]
    pub score: String,
    /// The losses ranked by this metric, each against the best.
    pub standings: Vec<RankedLoss>,
    /// The results on test images, if requested; evaluated last, with the same runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Tested>,
    /// Folders of the runs, `[loss][seed]`.
    pub runs: Vec<Vec<PathBuf>>,
    /// Hashes of the evaluation settings of the runs, `[loss][seed]`.
    #[serde(default)]
    pub evaluation: Vec<Vec<String>>,
    #[serde(skip)]
    pub results: Vec<LossRuns>,
    #[serde(skip)]
    pub folder: PathBuf,
}

/// The results of a comparison's runs on test images.
#[derive(Debug, Serialize, Deserialize)]
pub struct Tested {
    /// The file of test images.
    pub data: String,
    /// Number of test images.
    pub images: usize,
    /// A warning about test images that are also in the training data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// All metrics of all losses on the test images.
    pub summary: Summary,
    /// The losses ranked by the metric that decides, each against the best.
    pub standings: Vec<RankedLoss>,
}

impl Comparison {
    /// Trains or reuses all runs of a plan, evaluates and compares them. `test` are the images for a
    /// later [`Comparison::evaluate_on`]; the name of the comparison's folder depends on them.
    ///
    /// # Errors
    /// The first error of a run, after all others have ended; [`Diverged`](crate::error::Error::Diverged) if all losses
    /// diverged. If only some did, they are listed without results.
    pub fn new(session: &Session, plan: &Plan, test: Option<&Dataset>) -> Result<Comparison> {
        let results = plan.carry_out(session)?;
        let folder = comparison_folder(plan, &results, test);
        let (results, diverged) = without_diverged(results);
        if results.is_empty() {
            return Err(all_diverged(&diverged));
        }
        let plan = &plan.restricted_to(&results);
        let evaluation = &results[0].runs[0].evaluation;
        let counts = || results.iter().flat_map(|loss| loss.runs.iter().map(|run| run.train));
        let train = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
        let (score, validation) = (plan.score.name(evaluation.figures.knn.k), evaluation.queries);
        Ok(Comparison {
            command: plan.command.clone(),
            data: plan.variants[0].config.data.path.clone(),
            data_sha256: session.dataset.sha256.clone(),
            train,
            validation,
            conclusion: conclusion(plan, &results, &diverged, train),
            summary: Summary::new(&results, diverged),
            score,
            standings: rank(&plan.scores(&results)),
            test: None,
            runs: folders(&results),
            evaluation: evaluations(&results),
            folder,
            results,
        })
    }

    /// Whether a folder contains a comparison of exactly these runs.
    pub fn owner(folder: &Path, results: &[LossRuns]) -> Owner {
        match read_json::<Comparison>(&folder.join(COMPARISON), "") {
            Ok(Some(made)) if made.runs == folders(results) => Owner::Same,
            _ => Owner::Unknown,
        }
    }

    /// Evaluates all runs on test images and adds the results to the tables. The conclusion does not
    /// depend on them.
    ///
    /// # Errors
    /// As [`Plan::test`] and [`Comparison::write`].
    pub fn evaluate_on(&mut self, session: &Session, plan: &Plan, test: &Dataset) -> Result<()> {
        let plan = plan.restricted_to(&self.results);
        let results = plan.test(session, &self.results, test)?;
        self.test = Some(Tested {
            data: test.file.display().to_string(),
            images: results[0].runs[0].evaluation.queries,
            seen: session.seen(test),
            summary: Summary::new(&results, self.summary.diverged.clone()),
            standings: rank(&plan.scores(&results)),
        });
        let folder = ResultFolder::new(&self.folder);
        let _lock = RunLock::take(&folder)?;
        self.write_tables(&folder)
    }

    /// Number of neighbours that vote for vote top-k accuracy.
    pub fn voters(&self) -> usize {
        self.results[0].runs[0].evaluation.figures.vote_top_k.voters
    }

    /// Whether the runs were evaluated on unseen classes.
    pub fn unseen(&self) -> bool {
        self.results[0].runs[0].evaluation.unseen
    }
}

/// Hashes of the evaluation settings of the runs, `[loss][seed]`.
pub(super) fn evaluations(results: &[LossRuns]) -> Vec<Vec<String>> {
    let of_loss =
        |loss: &LossRuns| loss.runs.iter().map(|run| run.evaluation.fingerprint.clone()).collect();
    results.iter().map(of_loss).collect()
}

/// Folders of the runs, `[loss][seed]`.
fn folders(results: &[LossRuns]) -> Vec<Vec<PathBuf>> {
    let of = |loss: &LossRuns| loss.runs.iter().map(|run| run.folder.clone()).collect();
    results.iter().map(of).collect()
}

/// Folder of a comparison among its runs: `compare-A-vs-B-HASH`, or `compare-17-losses-HASH`. The hash
/// depends on the file of test images, too.
fn comparison_folder(plan: &Plan, results: &[LossRuns], test: Option<&Dataset>) -> PathBuf {
    let names: Vec<&str> = results.iter().map(|loss| loss.loss.as_str()).collect();
    // With many losses the name would be too long for a file.
    let what = match names.len() {
        1..=3 => names.join("-vs-"),
        many => format!("{many}-losses"),
    };
    let what = what.replace(" (", "-").replace(')', "");
    let what = what.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let options = [plan.score.first_name(), test.map_or(String::new(), |test| test.sha256.clone())];
    let hash = hash_of(results, &options);
    let owner = |folder: &Path| Comparison::owner(folder, results);
    hashed_folder(&plan.runs, &format!("compare-{what}"), &hash, owner)
}
