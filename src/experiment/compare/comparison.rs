//! A comparison of losses: its tables, conclusion and pictures.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::conclusion::{DataUsed, Findings, LossFindings, conclude};
use super::metrics::current_name;
use super::ranking::{RankedLoss, no_ranks, rank, ranking_table, ranks_all};
use super::results::{Finished, LossRuns, hash_of, without_diverged};
use super::summary::Summary;
use crate::data::Dataset;
use crate::error::{Fault, Result};
use crate::eval::{METRICS, Metric};
use crate::experiment::plan::Plan;
use crate::files::layout::COMPARISON;
use crate::files::{Checked, ResultFolder, read_json, write_json, write_text};
use crate::report::chart::Picture;
use crate::report::table::Table;
use crate::run::{DivergedLoss, Owner, RunLock, all_diverged, find_moved, hashed_folder};
use crate::session::Session;
use crate::stats::{CLIPPED, Ends, from_to};
use crate::words::{count, things};

/// File name of the shipped sample.
const SHIPPED_SAMPLE: &str = "fashion-mnist_sample.csv.gz";

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

    /// Reads a comparison from its folder, with its runs from theirs.
    ///
    /// # Errors
    /// A run is missing; a file was changed.
    pub fn read(path: &Path) -> Result<Comparison> {
        let folder = ResultFolder::new(path);
        let remedy = "run the same dml compare again, which trains nothing again";
        let read: Option<Comparison> = read_json(&folder.file(COMPARISON), remedy)?;
        let missing = || Fault::new(path, format!("is not a comparison: it has no {COMPARISON}"));
        let mut comparison = read.ok_or_else(missing)?;
        let named = comparison.summary.losses.iter().zip(&comparison.runs);
        let variant = |(loss, runs): (&String, &Vec<PathBuf>)| {
            let read = |run: &PathBuf| finished(&find_moved(path, run));
            let runs = runs.iter().map(read).collect::<Result<_>>()?;
            Ok(LossRuns { loss: loss.clone(), runs, diverged: Vec::new() })
        };
        comparison.results = named.map(variant).collect::<Result<_>>()?;
        comparison.folder = path.to_path_buf();
        if evaluations(&comparison.results) != comparison.evaluation {
            let problem = "is out of date: its runs were evaluated with other settings since";
            let remedy = "run the same dml compare again, which trains nothing again";
            return Err(Fault::new(path, problem).remedy(remedy).into());
        }
        Ok(comparison)
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

    /// The data, seeds and notation of the tables, in a sentence.
    pub fn caption(&self) -> String {
        let seeds: Vec<String> = self.summary.seeds.iter().map(u64::to_string).collect();
        let spread = match seeds.len() {
            1 => "one run per loss",
            _ => "mean ± standard deviation, differences with 95 % t-intervals",
        };
        let clipped = clipping_note(&self.summary, &self.standings);
        let images = match self.unseen() {
            true => {
                let training = things(self.train.1, "image");
                format!("{training}, {} of unseen classes", count(self.validation, "image"))
            }
            false => format!("and {}", count(self.validation, "validation image")),
        };
        let tutorial = self.tutorial_names();
        format!(
            "{}: {} training {images}; {} {}; {spread}{clipped}{tutorial}",
            self.data,
            from_to(self.train),
            things(seeds.len(), "seed"),
            seeds.join(", "),
        )
    }

    /// What the tutorial calls metrics of the table, if it has another name for them.
    fn tutorial_names(&self) -> String {
        let shown = METRICS.iter().filter(|metric| metric.is_compared(self.unseen()));
        let told = |metric: &Metric| {
            metric.tutorial.map(|name| format!("; {} is the tutorial's {name}", metric.name(None)))
        };
        shown.filter_map(told).collect()
    }

    /// Number of neighbours that vote for vote top-k accuracy.
    pub fn voters(&self) -> usize {
        self.results[0].runs[0].evaluation.figures.vote_top_k.voters
    }

    /// Whether the runs were evaluated on unseen classes.
    pub fn unseen(&self) -> bool {
        self.results[0].runs[0].evaluation.unseen
    }

    /// The losses ranked by the metric that decides; `None` for a single loss.
    pub fn ranking_table(&self) -> Option<Table> {
        self.table_of(&self.standings, Ends::Clipped)
    }

    /// Why the ranking has no probabilities of ranks, if there are too few seeds.
    pub fn no_ranks(&self) -> Option<String> {
        no_ranks(self.summary.seeds.len()).filter(|_| self.standings.len() > 1)
    }

    /// The ranking on the test images.
    pub fn test_ranking_table(&self) -> Option<Table> {
        self.test.as_ref().and_then(|test| self.table_of(&test.standings, Ends::Clipped))
    }

    fn table_of(&self, standings: &[RankedLoss], ends: Ends) -> Option<Table> {
        let Summary { losses, diverged, .. } = &self.summary;
        let table = || ranking_table(&self.score, (losses, diverged), standings, ends);
        (standings.len() > 1).then(table)
    }

    /// The test images, in a sentence.
    pub fn test_caption(&self, test: &Tested) -> String {
        let seen = test.seen.as_ref().map_or(String::new(), |seen| format!(". {seen}"));
        format!(
            "On {} of {}, evaluated after all runs were finished and used for no choice{}{seen}:",
            count(test.images, "test image"),
            test.data,
            clipping_note(&test.summary, &test.standings)
        )
    }

    /// Writes tables, conclusion and pictures into a folder among the runs, and returns its path.
    ///
    /// # Errors
    /// A file cannot be written; another process writes the same comparison.
    pub fn write(&self, session: &Session) -> Result<PathBuf> {
        let folder = ResultFolder::new(&self.folder);
        let _lock = RunLock::take(&folder)?;
        folder.create()?;
        self.write_tables(&folder)?;
        let save = |picture: Picture, name: &str| picture.save(&folder.plot(name), session.style);
        save(self.curves()?, "loss.png")?;
        if !self.unseen() {
            save(self.vote_top_k()?, "recall.png")?;
        }
        if let Some(maps) = self.maps(session)? {
            save(maps, "tsne.png")?;
        }
        Ok(self.folder.clone())
    }

    fn write_tables(&self, folder: &ResultFolder) -> Result<()> {
        let file = |name: &str| folder.file(name);
        let mut text = format!("{}\n\n{}\n", self.caption(), self.summary.shown().markdown());
        if let Some(ranking) = self.ranking_table() {
            text += &format!("{}\n", ranking.markdown());
        }
        text += &self.no_ranks().map_or(String::new(), |why| format!("{why}\n\n"));
        text += &format!("{}\n", self.conclusion);
        self.write_csv(folder, &self.summary, &self.standings, "")?;
        if let Some(test) = &self.test {
            text +=
                &format!("\n{}\n\n{}\n", self.test_caption(test), test.summary.shown().markdown());
            text += &self.test_ranking_table().map_or(String::new(), |table| table.markdown());
            self.write_csv(folder, &test.summary, &test.standings, "_test")?;
        }
        write_text(&file("table.md"), &text)?;
        write_json(&file(COMPARISON), self)
    }

    /// Writes the tables for programs, with intervals as computed.
    fn write_csv(
        &self,
        folder: &ResultFolder,
        summary: &Summary,
        standings: &[RankedLoss],
        suffix: &str,
    ) -> Result<()> {
        let file = |name: &str| folder.file(&format!("{name}{suffix}.csv"));
        summary.table(Ends::Computed).write_csv(&file("table"))?;
        let ranking = self.table_of(standings, Ends::Computed);
        ranking.map_or(Ok(()), |table| table.write_csv(&file("standings")))
    }
}

impl Checked for Comparison {
    fn check(&self) -> std::result::Result<(), String> {
        let losses = self.summary.losses.len();
        let runs = self.runs.len() == losses
            && self.runs.iter().all(|runs| runs.len() == self.summary.seeds.len());
        let tested = |test: &Tested| {
            test.summary.fits()
                && test.summary.losses.len() == losses
                && ranks_all(&test.standings, losses)
        };
        let fits = self.summary.fits() && runs && ranks_all(&self.standings, losses);
        match fits && self.test.as_ref().is_none_or(tested) && self.train.0 <= self.train.1 {
            true => Ok(()),
            false => Err("contains lists or numbers that do not match".to_owned()),
        }
    }
}

/// Reads a run of a comparison.
///
/// # Errors
/// It was removed or changed.
fn finished(run: &Path) -> Result<Finished> {
    if run.exists() {
        return Finished::read(run);
    }
    let remedy = "restore it, or run the same dml compare again, which trains only this run";
    Err(Fault::new(run, "is missing, but the comparison needs it").remedy(remedy).into())
}

/// The note about clipped intervals, if there are any.
fn clipping_note(summary: &Summary, standings: &[RankedLoss]) -> String {
    let clipped = summary.exceeds_range() || standings.iter().any(RankedLoss::exceeds_range);
    if clipped { format!("; intervals {CLIPPED}") } else { String::new() }
}

/// Hashes of the evaluation settings of the runs, `[loss][seed]`.
fn evaluations(results: &[LossRuns]) -> Vec<Vec<String>> {
    let of_loss =
        |loss: &LossRuns| loss.runs.iter().map(|run| run.evaluation.fingerprint.clone()).collect();
    results.iter().map(of_loss).collect()
}

/// Folders of the runs, `[loss][seed]`.
fn folders(results: &[LossRuns]) -> Vec<Vec<PathBuf>> {
    let of = |loss: &LossRuns| loss.runs.iter().map(|run| run.folder.clone()).collect();
    results.iter().map(of).collect()
}

/// The conclusion from the scores of all runs.
fn conclusion(
    plan: &Plan,
    results: &[LossRuns],
    diverged: &[DivergedLoss],
    train: (usize, usize),
) -> String {
    let of_runs = |value: fn(&Finished) -> f64| -> Vec<Vec<f64>> {
        results.iter().map(|loss| loss.runs.iter().map(value).collect()).collect()
    };
    let scores = plan.scores(results);
    let seconds = of_runs(|run| run.history.seconds());
    let losses: Vec<LossFindings> = results
        .iter()
        .zip(scores.iter().zip(&seconds))
        .map(|(loss, (values, train_seconds))| LossFindings {
            name: &loss.loss,
            values,
            train_seconds,
            collapsed: loss.collapsed(),
            collapsed_after: loss.collapsed_after(),
        })
        .collect();
    let evaluation = &results[0].runs[0].evaluation;
    let file = &plan.variants[0].config.data.path;
    conclude(&Findings {
        metric: &plan.score.name(evaluation.figures.knn.k),
        unequal: plan.unequal(),
        tuned: &plan.tuned_on_evaluation_images(),
        seeds: &plan.seeds,
        losses: &losses,
        diverged,
        data: DataUsed {
            file,
            train,
            unseen: evaluation.unseen,
            validation: evaluation.queries,
            sample: file.ends_with(SHIPPED_SAMPLE),
        },
    })
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
