//! What a comparison says: table, conclusion and pictures of all its runs.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::conclusion::{DataUsed, Findings, LossFindings, conclude};
use super::metrics::current_name;
use super::ranking::{RankedLoss, stand_for, standings_table};
use super::results::{Finished, LossRuns, hash_of, without_diverged};
use super::standings;
use super::summary::Summary;
use crate::data::Dataset;
use crate::error::{Fault, Result};
use crate::experiment::plan::Plan;
use crate::files::layout::COMPARISON;
use crate::files::{Checked, ResultFolder, read_json, write_json, write_text};
use crate::report::chart::Picture;
use crate::report::table::Table;
use crate::run::{DivergedLoss, Owner, RunLock, all_diverged, beside, hashed_folder};
use crate::session::Session;
use crate::stats::{CLIPPED, Ends, from_to};
use crate::words::{grouped, things};

/// The sample that comes with the program.
const SHIPPED_SAMPLE: &str = "fashion-mnist_sample.csv.gz";

/// Losses side by side, trained and evaluated.
#[derive(Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// What was typed to have it made; nothing of what earlier versions made.
    #[serde(default)]
    pub command: String,
    /// The CSV of images.
    pub data: String,
    /// SHA-256 of its unzipped content.
    pub data_sha256: String,
    /// Fewest and most images that a run was trained on.
    pub train: (usize, usize),
    /// Images that each run was evaluated on.
    pub validation: usize,
    /// Every metric of every loss.
    pub summary: Summary,
    /// What the figures allow to say.
    pub conclusion: String,
    /// The figure that decides.
    #[serde(deserialize_with = "current_name")]
    pub score: String,
    /// The losses by it, each against the best.
    pub standings: Vec<RankedLoss>,
    /// What the test images say, where they were asked for: after all else, of the same runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<Tested>,
    /// Folders of the runs: per loss, per seed.
    pub runs: Vec<Vec<PathBuf>>,
    /// Hash over the settings that the runs were evaluated with.
    #[serde(default)]
    pub evaluation: Vec<Vec<String>>,
    #[serde(skip)]
    pub results: Vec<LossRuns>,
    #[serde(skip)]
    pub folder: PathBuf,
}

/// What test images say of the runs of a comparison.
#[derive(Debug, Serialize, Deserialize)]
pub struct Tested {
    /// The CSV of test images.
    pub data: String,
    /// Images that were evaluated.
    pub images: usize,
    /// What is to be known of those that runs were trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// Every metric of every loss on them.
    pub summary: Summary,
    /// The losses by the figure that decides, each against the best.
    pub standings: Vec<RankedLoss>,
}

impl Comparison {
    /// Trains or reuses and evaluates every run of a plan and puts the figures together. `test` are
    /// the images that [`Comparison::look_at`] will look at, which has a folder of its own.
    ///
    /// # Errors
    /// The first error of a run, after all others have ended; [`Diverged`](crate::error::Error::Diverged) where every loss
    /// did. One that did beside others is left out of the figures, and named.
    pub fn new(session: &Session, plan: &Plan, test: Option<&Dataset>) -> Result<Comparison> {
        let results = plan.carry_out(session)?;
        let folder = comparison_folder(plan, &results, test);
        let (results, diverged) = without_diverged(results);
        if results.is_empty() {
            return Err(all_diverged(&diverged));
        }
        let plan = &plan.of_results(&results);
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
            standings: standings(&plan.scores(&results)),
            test: None,
            runs: folders(&results),
            evaluation: evaluations(&results),
            folder,
            results,
        })
    }

    /// Whether a folder holds a comparison of just these runs.
    pub fn owner(folder: &Path, results: &[LossRuns]) -> Owner {
        match read_json::<Comparison>(&folder.join(COMPARISON), "") {
            Ok(Some(made)) if made.runs == folders(results) => Owner::Same,
            _ => Owner::Unknown,
        }
    }

    /// What a comparison left in its folder, with what its runs have left in theirs.
    ///
    /// # Errors
    /// A run is not there any more; a file that was changed.
    pub fn read(path: &Path) -> Result<Comparison> {
        let folder = ResultFolder::new(path);
        let way_out = "compare again with dml compare as before, which trains nothing again";
        let read: Option<Comparison> = read_json(&folder.file(COMPARISON), way_out)?;
        let missing = || Fault::new(path, format!("is no comparison: it has no {COMPARISON}"));
        let mut comparison = read.ok_or_else(missing)?;
        let named = comparison.summary.losses.iter().zip(&comparison.runs);
        let variant = |(loss, runs): (&String, &Vec<PathBuf>)| {
            let read = |run: &PathBuf| finished(&beside(path, run));
            let runs = runs.iter().map(read).collect::<Result<_>>()?;
            Ok(LossRuns { loss: loss.clone(), runs, diverged: Vec::new() })
        };
        comparison.results = named.map(variant).collect::<Result<_>>()?;
        comparison.folder = path.to_path_buf();
        if evaluations(&comparison.results) != comparison.evaluation {
            let problem = "holds figures of runs that were evaluated with other settings since";
            let remedy = "do the comparison again, which trains nothing: dml compare as before";
            return Err(Fault::new(path, problem).remedy(remedy).into());
        }
        Ok(comparison)
    }

    /// Has all runs judged by test images, which come after all else and decide nothing, and writes
    /// the tables anew with theirs.
    ///
    /// # Errors
    /// As [`Plan::test`] and [`Comparison::write`].
    pub fn look_at(&mut self, session: &Session, plan: &Plan, test: &Dataset) -> Result<()> {
        let plan = plan.of_results(&self.results);
        let results = plan.test(session, &self.results, test)?;
        self.test = Some(Tested {
            data: test.file.display().to_string(),
            images: results[0].runs[0].evaluation.queries,
            seen: session.seen(test),
            summary: Summary::new(&results, self.summary.diverged.clone()),
            standings: standings(&plan.scores(&results)),
        });
        let folder = ResultFolder::new(&self.folder);
        let _lock = RunLock::take(&folder)?;
        self.write_tables(&folder)
    }

    /// What was compared on what, in a sentence.
    pub fn caption(&self) -> String {
        let seeds: Vec<String> = self.summary.seeds.iter().map(u64::to_string).collect();
        let spread = match seeds.len() {
            1 => "one run a loss",
            _ => "mean ± standard deviation over the seeds, differences with 95 % t-intervals",
        };
        let cut = remark(&self.summary, &self.standings);
        let tutorial = if self.unseen() { "" } else { "; vote top-k is the tutorial's recall@k" };
        format!(
            "{}: {} {}, {} {}; {} {}; {spread}{cut}{tutorial}",
            self.data,
            from_to(self.train),
            if self.train.1 == 1 { "image trains" } else { "images train" },
            grouped(self.validation),
            match (self.unseen(), self.validation) {
                (true, 1) => "of unseen classes measures",
                (true, _) => "of unseen classes measure",
                (false, 1) => "measures",
                (false, _) => "measure",
            },
            things(seeds.len(), "seed"),
            seeds.join(", "),
        )
    }

    /// Neighbours whose votes rank the classes for vote top-k accuracy.
    pub fn voters(&self) -> usize {
        self.results[0].runs[0].evaluation.figures.vote_top_k.voters
    }

    /// Whether the runs were judged by classes that they had not seen.
    pub fn unseen(&self) -> bool {
        self.results[0].runs[0].evaluation.unseen
    }

    /// The losses by the figure that decides, each against the best; none of a single loss.
    pub fn standings_table(&self) -> Option<Table> {
        self.table_of(&self.standings, Ends::Clipped)
    }

    /// The same of the test images.
    pub fn test_standings_table(&self) -> Option<Table> {
        self.test.as_ref().and_then(|test| self.table_of(&test.standings, Ends::Clipped))
    }

    fn table_of(&self, standings: &[RankedLoss], ends: Ends) -> Option<Table> {
        let Summary { losses, diverged, .. } = &self.summary;
        let table = || standings_table(&self.score, (losses, diverged), standings, ends);
        (standings.len() > 1).then(table)
    }

    /// What the test images are, in a sentence.
    pub fn test_caption(&self, test: &Tested) -> String {
        let seen = test.seen.as_ref().map_or(String::new(), |seen| format!(". {seen}"));
        format!(
            "Test images, {} of {}, looked at once all runs were finished; nothing was chosen by \
             them{}{seen}:",
            grouped(test.images),
            test.data,
            remark(&test.summary, &test.standings)
        )
    }

    /// Writes tables, conclusion and pictures into a folder beside the runs, and names it.
    ///
    /// # Errors
    /// A file that cannot be written; another process at work on the same comparison.
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
        if let Some(standings) = self.standings_table() {
            text += &format!("{}\n", standings.markdown());
        }
        text += &format!("{}\n", self.conclusion);
        self.write_csv(folder, &self.summary, &self.standings, "")?;
        if let Some(test) = &self.test {
            text +=
                &format!("\n{}\n\n{}\n", self.test_caption(test), test.summary.shown().markdown());
            text += &self.test_standings_table().map_or(String::new(), |table| table.markdown());
            self.write_csv(folder, &test.summary, &test.standings, "_test")?;
        }
        write_text(&file("table.md"), &text)?;
        write_json(&file(COMPARISON), self)
    }

    /// Tables for programs, with intervals as they were computed.
    fn write_csv(
        &self,
        folder: &ResultFolder,
        summary: &Summary,
        standings: &[RankedLoss],
        ending: &str,
    ) -> Result<()> {
        let file = |name: &str| folder.file(&format!("{name}{ending}.csv"));
        summary.table(Ends::Computed).write_csv(&file("table"))?;
        let standings = self.table_of(standings, Ends::Computed);
        standings.map_or(Ok(()), |table| table.write_csv(&file("standings")))
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
                && stand_for(&test.standings, losses)
        };
        let fits = self.summary.fits() && runs && stand_for(&self.standings, losses);
        match fits && self.test.as_ref().is_none_or(tested) && self.train.0 <= self.train.1 {
            true => Ok(()),
            false => Err("holds lists or numbers that do not fit each other".to_owned()),
        }
    }
}

/// A run of a comparison.
///
/// # Errors
/// It was removed or changed, with what makes it again.
fn finished(run: &Path) -> Result<Finished> {
    if run.exists() {
        return Finished::read(run);
    }
    let remedy =
        "bring it back, or compare again with dml compare as before, which trains it alone";
    Err(Fault::new(run, "is a run of the comparison and missing").remedy(remedy).into())
}

/// What a caption says of intervals that are cut, where some are.
fn remark(summary: &Summary, standings: &[RankedLoss]) -> String {
    let cut = summary.exceeds_range() || standings.iter().any(RankedLoss::exceeds_range);
    if cut { format!("; intervals {CLIPPED}") } else { String::new() }
}

/// Hash over the settings that each run was evaluated with.
fn evaluations(results: &[LossRuns]) -> Vec<Vec<String>> {
    let of_loss =
        |loss: &LossRuns| loss.runs.iter().map(|run| run.evaluation.fingerprint.clone()).collect();
    results.iter().map(of_loss).collect()
}

/// Folders of the runs: per loss, per seed.
fn folders(results: &[LossRuns]) -> Vec<Vec<PathBuf>> {
    let of = |loss: &LossRuns| loss.runs.iter().map(|run| run.folder.clone()).collect();
    results.iter().map(of).collect()
}

/// What the scores of all runs allow to say.
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
        })
        .collect();
    let evaluation = &results[0].runs[0].evaluation;
    let file = &plan.variants[0].config.data.path;
    conclude(&Findings {
        metric: &plan.score.name(evaluation.figures.knn.k),
        unequal: plan.unequal(),
        tuned: &plan.tuned_on_judges(),
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

/// Folder of a comparison's tables and pictures, beside its runs: `compare-A-vs-B-HASH`, or
/// `compare-17-losses-HASH`; of each file of test images, and of none, another.
fn comparison_folder(plan: &Plan, results: &[LossRuns], test: Option<&Dataset>) -> PathBuf {
    let names: Vec<&str> = results.iter().map(|loss| loss.loss.as_str()).collect();
    // A name of many losses would be longer than a file's may be.
    let what = match names.len() {
        1..=3 => names.join("-vs-"),
        many => format!("{many}-losses"),
    };
    let what = what.replace(" (", "-").replace(')', "");
    let what = what.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
    let asked = [
        plan.score.first_name().to_owned(),
        test.map_or(String::new(), |test| test.sha256.clone()),
    ];
    let hash = hash_of(results, &asked);
    let owner = |folder: &Path| Comparison::owner(folder, results);
    hashed_folder(&plan.runs, &format!("compare-{what}"), &hash, owner)
}
