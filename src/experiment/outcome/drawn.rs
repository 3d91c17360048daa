//! The pictures of a comparison.

use super::{Comparison, LossRuns, Mapped, Result, Session, pictures};
use crate::report::{Canvas, curves, recall, scatter};

impl Comparison {
    /// Loss curves of every run.
    ///
    /// # Errors
    /// There are too many losses.
    pub fn curves(&self) -> Result<Canvas> {
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
            .map(|(loss, runs)| curves::LossPanel {
                title: &loss.loss,
                loss: &loss.runs[0].evaluation.loss,
                runs,
            })
            .collect();
        curves::draw(&panels)
    }

    /// Recall@k of each loss, as mean and interval over the seeds.
    ///
    /// # Errors
    /// There is no loss.
    pub fn recall(&self) -> Result<Canvas> {
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
        recall::draw(&pictures::recall_title(self.voters()), &curves)
    }

    /// The t-SNE of each loss under the first seed, side by side; none where a run has none.
    ///
    /// # Errors
    /// A map is missing or was changed.
    pub fn maps(&self, session: &Session) -> Result<Option<Canvas>> {
        let firsts = || self.results.iter().map(|loss| &loss.runs[0]);
        if firsts().any(|run| run.evaluation.tsne.is_none()) {
            return Ok(None);
        }
        let dataset = &session.dataset;
        let maps = firsts()
            .map(|run| Mapped::read(&run.folder, &dataset.classes, dataset.len()))
            .collect::<Result<Vec<_>>>()?;
        let title = |arm: &LossRuns| pictures::tsne_title(&arm.loss, &arm.runs[0].evaluation);
        let titles: Vec<String> = self.results.iter().map(title).collect();
        let panels: Vec<scatter::Scatter> = maps
            .iter()
            .zip(&titles)
            .map(|(map, title)| scatter::Scatter {
                title,
                points: &map.points,
                labels: &map.labels,
            })
            .collect();
        let classes = &self.results[0].runs[0].evaluation.classes;
        scatter::draw(&panels, classes).map(Some)
    }
}
