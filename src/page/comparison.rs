//! The report on a comparison.

use std::path::PathBuf;

use super::parts::{self, EvaluatedRun};
use super::reporter::Reporter;
use crate::error::{Divergence, Result};
use crate::eval::{HEADLINES, Metric, TRAIN_TIME};
use crate::evaluation::pictures;
use crate::experiment::{Comparison, Finished, LossRuns, Summary};
use crate::report::html::{self, Markup, Page, Section};
use crate::report::table::Table;
use crate::run::{DivergedLoss, DivergedRun, Trained, find_moved};
use crate::stats::{Ends, Estimate, SHARES, estimate, listed};
use crate::train::{EpochRecord, collapsed_early};
use crate::words::decimals;

impl Comparison {
    /// The run of the first loss under the first seed.
    ///
    /// # Errors
    /// The run is missing.
    pub fn first(&self) -> Result<Trained> {
        self.trained(&self.results[0].runs[0])
    }

    fn trained(&self, run: &Finished) -> Result<Trained> {
        let path = find_moved(&self.folder, &run.folder);
        Trained::open(Some(&path), &path)
    }

    /// The run of each loss under the first seed.
    fn firsts(&self) -> Result<Vec<EvaluatedRun>> {
        let read = |variant: &LossRuns| {
            EvaluatedRun::read(self.trained(&variant.runs[0])?, variant.loss.clone())
        };
        self.results.iter().map(read).collect()
    }
}

impl Reporter<'_> {
    /// Writes the report on a comparison into its folder.
    ///
    /// # Errors
    /// A run is missing; a file was changed or cannot be written.
    pub fn comparison(mut self, comparison: &Comparison) -> Result<PathBuf> {
        let losses = &comparison.summary.losses;
        let firsts = comparison.firsts()?;
        let mut sections = vec![figures(comparison), curves(comparison)?];
        sections.extend(self.maps(&firsts)?);
        sections.push(self.neighbours(comparison, &firsts)?);
        sections.push(runs(comparison));
        sections.push(reproduction(comparison, &firsts));
        let page = Page {
            title: match losses.len() {
                1..=4 => losses.join(" against "),
                many => format!("{many} losses compared"),
            },
            question: format!(
                "Which of {} learns the better embedding, judged by {}? {}",
                listed(losses),
                comparison.score,
                comparison.caption()
            ),
            conclusion: comparison.conclusion.clone(),
            sections,
            contact_sheets: Vec::new(),
        };
        self.write(page, &comparison.folder)
    }

    fn maps(&mut self, firsts: &[EvaluatedRun]) -> Result<Option<Section>> {
        let maps: Vec<Markup> =
            firsts.iter().filter_map(|run| self.map(run).transpose()).collect::<Result<_>>()?;
        let heading = "The embeddings".to_owned();
        Ok((!maps.is_empty()).then_some(Section { id: "embeddings", heading, parts: maps }))
    }

    fn neighbours(&self, comparison: &Comparison, firsts: &[EvaluatedRun]) -> Result<Section> {
        let seed = comparison.summary.seeds[0];
        let mut parts = Vec::new();
        if !comparison.unseen() {
            parts.push(html::heading(&format!("Confusion between classes, seed {seed}")));
            for run in firsts {
                parts.push(parts::confusion(run)?);
            }
        }
        for run in firsts {
            let gallery = self.gallery(run)?;
            let name = format!("{}: images and their nearest neighbours, seed {seed}", run.name);
            parts.extend(gallery.map(|gallery| html::fold(&name, &gallery)));
        }
        Ok(Section { id: "neighbours", heading: "Neighbours".to_owned(), parts })
    }
}

/// Caption of the losses in their order.
const BEST_FIRST: &str = "Best first. p: paired t-test, Holm-corrected for all pairs of losses";

fn figures(comparison: &Comparison) -> Section {
    let mut parts = tables(&comparison.summary, &comparison.caption());
    if let Some(ranking) = comparison.ranking_table() {
        let caption = match (comparison.summary.seeds.len(), comparison.no_ranks()) {
            (1, _) => "Best first; one seed cannot tell these differences from chance".to_owned(),
            (_, Some(why)) => format!("{BEST_FIRST}. {why}"),
            (_, None) => format!(
                "{BEST_FIRST}; P(1st): probability of this rank when the seeds are resampled (bootstrap)"
            ),
        };
        parts.push(html::table(&ranking, &caption));
    }
    if let Some(test) = &comparison.test {
        parts.push(html::heading("On test images"));
        parts.extend(tables(&test.summary, &comparison.test_caption(test)));
        let ranking = comparison.test_ranking_table();
        parts.extend(ranking.map(|table| html::table(&table, "Ranking on the test images")));
    }
    Section { id: "figures", heading: "Figures".to_owned(), parts }
}

/// The figures as tables with one unit per column; `caption` belongs to the first.
fn tables(summary: &Summary, caption: &str) -> Vec<Markup> {
    let captions = std::iter::once(caption).chain(std::iter::repeat("Figures in other units"));
    summary.tables_by_unit().iter().zip(captions).map(|(t, text)| html::table(t, text)).collect()
}

fn curves(comparison: &Comparison) -> Result<Section> {
    let mut parts = Vec::new();
    if !comparison.unseen() {
        let caption = pictures::vote_top_k_caption(comparison.voters());
        let shown = |e: &Estimate| e.with(Ends::Clipped, SHARES).percent();
        let mut table = Table::new(
            std::iter::once("k").chain(comparison.summary.losses.iter().map(String::as_str)),
        );
        for row in comparison.summary.metrics.iter().filter(|row| row.vote_top.is_some()) {
            let k = row.vote_top.unwrap_or_default().to_string();
            table.push(std::iter::once(k).chain(row.losses.iter().map(shown)));
        }
        let numbers = match comparison.summary.seeds.len() {
            1 => html::table(&table, "vote top-k, %"),
            _ => html::table(&table, "vote top-k, %, with 95 % intervals over the seeds"),
        };
        parts.push(html::figure(&comparison.vote_top_k()?, &caption, Some(numbers)));
    }
    let caption = "Training and validation loss by epoch";
    let numbers = match comparison.summary.seeds.len() {
        1 => html::table(&losses(comparison), "Losses by epoch"),
        _ => html::table(&losses(comparison), "Losses by epoch, mean over the seeds"),
    };
    parts.push(html::figure(&comparison.curves()?, caption, Some(numbers)));
    Ok(Section { id: "curves", heading: "Curves".to_owned(), parts })
}

/// Mean training and validation loss of each variant after each epoch that all its runs reached.
fn losses(comparison: &Comparison) -> Table {
    let names = comparison.summary.losses.iter();
    let columns =
        names.flat_map(|name| [format!("{name}, training"), format!("{name}, validation")]);
    let mut table = Table::new(std::iter::once("epoch".to_owned()).chain(columns));
    let epochs = |variant: &LossRuns| variant.runs.iter().map(|run| run.history.epochs.len()).min();
    let longest = comparison.results.iter().filter_map(epochs).max().unwrap_or(0);
    for epoch in 0..longest {
        let mean = |variant: &LossRuns, of: fn(&EpochRecord) -> f64| {
            let values = variant.runs.iter().map(|run| run.history.epochs.get(epoch).map(of));
            let values: Option<Vec<f64>> = values.collect();
            values.map_or("–".to_owned(), |values| decimals(estimate(&values).mean, 4))
        };
        let both = |variant: &LossRuns| {
            [mean(variant, |e| e.train_loss), mean(variant, |e| e.validation_loss)]
        };
        let cells = comparison.results.iter().flat_map(both);
        table.push(std::iter::once((epoch + 1).to_string()).chain(cells));
    }
    table
}

fn runs(comparison: &Comparison) -> Section {
    let metrics = HEADLINES.iter().map(|metric| metric.column());
    let header = ["run", "loss", "seed"].map(str::to_owned).into_iter().chain(metrics);
    let mut table = Table::new(header.chain([TRAIN_TIME.column(), "collapsed".to_owned()]));
    for variant in &comparison.results {
        for run in &variant.runs {
            let results = run.evaluation.results();
            let value = |metric: &'static Metric| results.value(metric, None).unwrap_or(f64::NAN);
            let name = run.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let collapsed = match (run.history.collapsed(), collapsed_early(run.steps)) {
                (false, _) => "no".to_owned(),
                (true, None) => "yes".to_owned(),
                (true, Some(_)) => format!("yes, after {} steps", run.steps),
            };
            let mut row = vec![name, variant.loss.clone(), run.seed.to_string()];
            row.extend(HEADLINES.iter().map(|metric| metric.unit.number(value(metric))));
            row.push(TRAIN_TIME.unit.number(run.history.seconds()));
            row.push(collapsed);
            table.push(row);
        }
    }
    let mut parts = vec![html::table(&table, "All runs, by folder name")];
    let gaps = &comparison.summary.diverged;
    if !gaps.is_empty() {
        parts.push(html::table(&diverged(gaps), "Runs that diverged, and what to change"));
    }
    Section { id: "runs", heading: "Runs".to_owned(), parts }
}

/// One row per run that diverged.
fn diverged(losses: &[DivergedLoss]) -> Table {
    let mut table = Table::new(["run", "loss", "seed", "diverged", "what to change"]);
    for loss in losses {
        for DivergedRun { seed, folder, divergence } in &loss.diverged {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let seed = seed.to_string();
            let Divergence { why, remedy } = divergence.clone();
            table.push([name, loss.loss.clone(), seed, why, remedy]);
        }
    }
    table
}

fn reproduction(comparison: &Comparison, firsts: &[EvaluatedRun]) -> Section {
    let mut parts = Vec::new();
    if !comparison.command.is_empty() {
        parts.push(html::command(&comparison.command));
    }
    parts.push(parts::origin(&firsts[0].trained.record));
    parts.extend(firsts.iter().map(|run| {
        let name = format!("{}: all settings", run.name);
        html::folded(&name, &run.trained.config.to_toml())
    }));
    Section { id: "again", heading: "How to reproduce it".to_owned(), parts }
}
