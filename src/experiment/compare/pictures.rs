//! The pictures of a comparison.

use std::path::Path;

use super::comparison::Comparison;
use super::results::LossRuns;
use crate::error::Result;
use crate::evaluation::{TsneCoordinates, pictures};
use crate::files::ResultFolder;
use crate::report::chart::{Picture, curves, scatter, vote_top_k};
use crate::run::find_moved;
use crate::session::Session;
use crate::stats::listed;
use crate::train::History;

/// Training and validation losses of a run, per epoch.
type Losses = (Vec<f64>, Vec<f64>);

impl Comparison {
    /// Loss curves of all runs; those of diverged runs end early.
    ///
    /// # Errors
    /// There are too many losses.
    pub fn curves(&self) -> Result<Picture> {
        let mut losses: Vec<(String, &str, Vec<Losses>)> = Vec::new();
        for LossRuns { loss, runs, .. } in &self.results {
            let curves = runs.iter().map(|run| pictures::losses(&run.history)).collect();
            losses.push((loss.clone(), &runs[0].evaluation.loss, curves));
        }
        for gap in &self.summary.diverged {
            let title = format!("{} ({})", gap.loss, gap.shown());
            let histories = gap.folders().map(|run| history(&find_moved(&self.folder, run)));
            let curves = histories.map(|history| pictures::losses(&history)).collect();
            losses.push((title, &gap.loss, curves));
        }
        let runs: Vec<Vec<curves::RunCurve>> = losses
            .iter()
            .map(|(.., runs)| {
                runs.iter()
                    .map(|(train, validation)| curves::RunCurve { train, validation })
                    .collect()
            })
            .collect();
        let panels: Vec<curves::LossPanel> = losses
            .iter()
            .zip(&runs)
            .map(|((title, loss, _), runs)| curves::LossPanel { title, loss, runs })
            .collect();
        curves::draw(&panels)
    }

    /// Vote top-k accuracy of each loss, as mean and interval over the seeds.
    ///
    /// # Errors
    /// There are no losses.
    pub fn vote_top_k(&self) -> Result<Picture> {
        let found = self.summary.vote_top_k();
        let curves: Vec<vote_top_k::Curve> = self
            .summary
            .losses
            .iter()
            .zip(&found)
            .map(|(name, of_loss)| vote_top_k::Curve {
                name,
                accuracy: &of_loss.means,
                interval: of_loss.intervals.as_deref(),
            })
            .collect();
        let gaps: Vec<String> = self.summary.gaps().collect();
        let note =
            if gaps.is_empty() { String::new() } else { format!("without {}", listed(&gaps)) };
        vote_top_k::draw(&pictures::vote_top_k_title(self.voters()), &note, &curves)
    }

    /// The t-SNE maps of all losses under the first seed, side by side; `None` if a run has none.
    ///
    /// # Errors
    /// A file is missing or was changed.
    pub fn maps(&self, session: &Session) -> Result<Option<Picture>> {
        let firsts = || self.results.iter().map(|loss| &loss.runs[0]);
        if firsts().any(|run| run.evaluation.tsne.is_none()) {
            return Ok(None);
        }
        let dataset = &session.dataset;
        let maps = firsts()
            .map(|run| TsneCoordinates::read(&run.folder, &dataset.classes, dataset.len()))
            .collect::<Result<Vec<_>>>()?;
        let title =
            |variant: &LossRuns| pictures::tsne_title(&variant.loss, &variant.runs[0].evaluation);
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

/// The epochs of a diverged run; empty if its files are missing.
fn history(run: &Path) -> History {
    ResultFolder::new(run).history().unwrap_or_default()
}
