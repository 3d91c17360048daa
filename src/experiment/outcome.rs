//! What a comparison says: table, conclusion and pictures of all its runs.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{
    DataUsed, Findings, Finished, LossFindings, LossRuns, Plan, RunFolder, RunLock, Session,
    Summary, comparison_folder, conclude, grouped, pictures, read_map, write_json,
};
use crate::error::Result;
use crate::files::write_atomically;
use crate::report::{curves, recall, scatter};

/// The sample that comes with the program.
const SHIPPED_SAMPLE: &str = "fashion-mnist_sample.csv.gz";

/// Losses side by side, trained and evaluated.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// The CSV of images.
    pub data: String,
    /// SHA-256 of its unzipped content.
    pub data_sha256: String,
    /// Images that each run was trained on.
    pub train: usize,
    /// Images that each run was evaluated on.
    pub validation: usize,
    /// Every metric of every loss.
    pub summary: Summary,
    /// What the figures allow to say.
    pub conclusion: String,
    /// Folders of the runs: per loss, per seed.
    pub runs: Vec<Vec<PathBuf>>,
    #[serde(skip)]
    results: Vec<LossRuns>,
    #[serde(skip)]
    folder: PathBuf,
}

impl Comparison {
    /// Trains or reuses and evaluates every run of a plan and puts the figures together.
    ///
    /// # Errors
    /// The first error of a run, after all others have ended.
    pub fn new(session: &Session, plan: &Plan) -> Result<Comparison> {
        let results = plan.carry_out(session)?;
        let evaluation = &results[0].runs[0].evaluation;
        let (train, validation) = (evaluation.references, evaluation.queries);
        let folders = |loss: &LossRuns| loss.runs.iter().map(|run| run.folder.clone()).collect();
        Ok(Comparison {
            data: plan.config.data.path.clone(),
            data_sha256: session.dataset.sha256.clone(),
            train,
            validation,
            summary: Summary::new(&results),
            conclusion: conclusion(plan, &results),
            runs: results.iter().map(folders).collect(),
            folder: comparison_folder(plan, &results),
            results,
        })
    }

    /// What was compared on what, in a sentence.
    pub fn caption(&self) -> String {
        let seeds: Vec<String> = self.summary.seeds.iter().map(u64::to_string).collect();
        let spread = match seeds.len() {
            1 => "one run a loss",
            _ => "mean ± standard deviation over the seeds, differences with 95 % t-intervals",
        };
        format!(
            "{}: {} images train, {} measure; seed{} {}; {spread}",
            self.data,
            grouped(self.train),
            grouped(self.validation),
            if seeds.len() == 1 { "" } else { "s" },
            seeds.join(", "),
        )
    }

    /// Writes tables, conclusion and pictures into a folder beside the runs, and names it.
    ///
    /// # Errors
    /// A file that cannot be written; another process at work on the same comparison.
    pub fn write(&self, session: &Session) -> Result<PathBuf> {
        let folder = RunFolder::new(&self.folder);
        let _lock = RunLock::take(&folder)?;
        folder.create()?;
        let file = |name: &str| folder.file(name);
        let table = self.summary.table();
        table.write_csv(&file("table.csv"))?;
        let text = format!("{}\n\n{}\n{}\n", self.caption(), table.markdown(), self.conclusion);
        write_atomically(&file("table.md"), |out| std::io::Write::write_all(out, text.as_bytes()))?;
        write_json(&file("comparison.json"), self)?;
        self.draw_curves(&file("plots/loss.png"))?;
        self.draw_recall(&file("plots/recall.png"))?;
        self.draw_maps(session, &file("plots/tsne.png"))?;
        Ok(self.folder.clone())
    }

    fn draw_curves(&self, path: &Path) -> Result<()> {
        let losses: Vec<Vec<(Vec<f64>, Vec<f64>)>> = self
            .results
            .iter()
            .map(|loss| loss.runs.iter().map(|run| pictures::losses(&run.history)).collect())
            .collect();
        let runs: Vec<Vec<curves::RunCurve>> = losses
            .iter()
            .map(|runs| {
                runs.iter()
                    .map(|(train, validation)| curves::RunCurve { train, validation })
                    .collect()
            })
            .collect();
        let panels: Vec<curves::LossPanel> = self
            .results
            .iter()
            .zip(&runs)
            .map(|(loss, runs)| curves::LossPanel { title: &loss.loss, runs })
            .collect();
        curves::draw(&panels, path)
    }

    /// Recall@k of each loss, as mean and interval over the seeds.
    fn draw_recall(&self, path: &Path) -> Result<()> {
        let recalls = self.summary.recall();
        let curves: Vec<recall::RecallCurve> = self
            .summary
            .losses
            .iter()
            .zip(&recalls)
            .map(|(name, of_loss)| recall::RecallCurve {
                name,
                recall: &of_loss.means,
                interval: of_loss.intervals.as_deref(),
            })
            .collect();
        let voters = self.results[0].runs[0].evaluation.figures.recall.voters;
        recall::draw(&pictures::recall_title(voters), &curves, path)
    }

    /// The t-SNE of each loss under the first seed, side by side; none where a run has none.
    fn draw_maps(&self, session: &Session, path: &Path) -> Result<()> {
        let firsts = || self.results.iter().map(|loss| &loss.runs[0]);
        if firsts().any(|run| run.evaluation.tsne.is_none()) {
            return Ok(());
        }
        let maps = firsts()
            .map(|run| read_map(&run.folder, &session.dataset))
            .collect::<Result<Vec<_>>>()?;
        let titles: Vec<String> =
            firsts().map(|run| pictures::tsne_title(&run.evaluation)).collect();
        let panels: Vec<scatter::Scatter> = maps
            .iter()
            .zip(&titles)
            .map(|((points, labels), title)| scatter::Scatter { title, points, labels })
            .collect();
        let classes = &self.results[0].runs[0].evaluation.classes;
        scatter::draw(&panels, classes, path)
    }
}

/// What the accuracies of all runs allow to say.
fn conclusion(plan: &Plan, results: &[LossRuns]) -> String {
    let of_runs = |value: fn(&Finished) -> f64| -> Vec<Vec<f64>> {
        results.iter().map(|loss| loss.runs.iter().map(value).collect()).collect()
    };
    let accuracies = of_runs(|run| run.evaluation.figures.knn.accuracy);
    let seconds = of_runs(|run| run.history.seconds());
    let losses: Vec<LossFindings> = results
        .iter()
        .zip(accuracies.iter().zip(&seconds))
        .map(|(loss, (values, train_seconds))| LossFindings {
            name: &loss.loss,
            values,
            train_seconds,
            collapsed: loss.collapsed(),
        })
        .collect();
    let evaluation = &results[0].runs[0].evaluation;
    let file = &plan.config.data.path;
    conclude(&Findings {
        metric: &format!("{}-NN accuracy", evaluation.figures.knn.k),
        seeds: &plan.seeds,
        losses: &losses,
        data: DataUsed {
            file,
            train: evaluation.references,
            validation: evaluation.queries,
            sample: file.ends_with(SHIPPED_SAMPLE),
        },
    })
}
