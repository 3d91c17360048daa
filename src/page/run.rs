//! The report on one run.

use std::path::{Path, PathBuf};

use super::parts::{self, EvaluatedRun};
use super::reporter::Reporter;
use crate::error::{Fault, Result};
use crate::eval::{ACCURACY, MAP_AT_R};
use crate::evaluation::{Evaluation, metrics_by_unit, pictures};
use crate::files::layout::CONFIG;
use crate::report::html::{self, Markup, Page, Section};
use crate::report::table::Table;
use crate::run::Trained;
use crate::stats::{hundredths, percent};
use crate::train::collapsed_early;
use crate::words::{count, decimals, dml, grouped};

impl EvaluatedRun {
    /// Reads an evaluated run.
    ///
    /// # Errors
    /// It is not evaluated, or a file in it was changed.
    pub fn read(trained: Trained, name: String) -> Result<EvaluatedRun> {
        let history = trained.folder.history()?;
        let evaluation = Evaluation::read(&trained.folder)?.ok_or_else(|| {
            let remedy = format!("run {}", dml("eval --run", trained.folder.path()));
            Fault::new(trained.folder.path(), "is not evaluated yet").remedy(remedy)
        })?;
        Ok(EvaluatedRun { trained, history, evaluation, name })
    }

    fn title(&self) -> String {
        pictures::name(&self.evaluation)
    }

    fn question(&self) -> String {
        let data = &self.trained.record.data;
        let classes = match self.evaluation.unseen {
            true => "unseen classes".to_owned(),
            false => count(data.classes.len(), "class"),
        };
        format!(
            "How well does an embedding learned with {} from {} of {} separate {classes}?",
            self.name,
            count(data.train, "image"),
            data.path,
        )
    }

    /// The main findings in words.
    fn conclusion(&self) -> String {
        let mut text = self.findings();
        if !self.evaluation.unseen
            && let Some(confused) = parts::most_confused(&self.evaluation)
        {
            text += &format!(" {confused}");
        }
        if self.history.collapsed() {
            let (train, images) = (&self.trained.config.train, self.trained.record.data.train);
            let caveat = collapsed_early(self.history.steps(train, images));
            let caveat = caveat.map_or(String::new(), |caveat| format!("; {caveat}"));
            text +=
                &format!(" The network COLLAPSED: it maps all images to nearly one point{caveat}.");
        }
        text
    }

    /// What the nearest neighbours show; or that their metrics are undefined.
    fn findings(&self) -> String {
        let Evaluation { figures, queries, unseen, .. } = &self.evaluation;
        let (images, others) = match unseen {
            true => ("images of unseen classes", "other"),
            false => ("validation images", "training"),
        };
        let count = grouped(*queries);
        let [accuracy, map_at_r] =
            [&ACCURACY, &MAP_AT_R].map(|metric| self.evaluation.results().value(metric, None));
        let (Some(accuracy), Some(map_at_r)) = (accuracy, map_at_r) else {
            return format!(
                "None of the {count} {images} has another image of its class among the {others} \
                 images, so accuracy and MAP@R are undefined."
            );
        };
        let recall = figures.retrieval.recall_at.iter().find(|at| at.k == 1);
        let finding = match (unseen, recall.and_then(|at| at.recall)) {
            (true, Some(recall)) => format!(
                "For {} of {count} {images}, the nearest other image is of the same class.",
                percent(recall)
            ),
            _ => format!(
                "Of {count} {images}, {} are classified correctly by {} (accuracy).",
                percent(accuracy),
                match figures.knn.k {
                    1 => format!("the nearest {others} image"),
                    k => format!("a vote of the {k} nearest {others} images"),
                }
            ),
        };
        format!("{finding} MAP@R is {}.", percent(map_at_r))
    }
}

impl Reporter<'_> {
    /// Writes the report on a run into its folder.
    ///
    /// # Errors
    /// The run is not evaluated; a file was changed or cannot be written.
    pub fn run(mut self, trained: Trained) -> Result<PathBuf> {
        let name = trained.record.loss.clone();
        let run = EvaluatedRun::read(trained, name)?;
        let tested = Evaluation::read_tests(&run.trained.folder);
        let tested = tested.into_iter().collect::<Result<Vec<_>>>()?;
        let mut sections = vec![figures(&run, &tested)?, training(&run)?];
        sections.extend(self.embedding(&run)?);
        sections.push(neighbours(&self, &run)?);
        sections.push(reproduction(&run, &tested));
        let page = Page {
            title: run.title(),
            question: run.question(),
            conclusion: run.conclusion(),
            sections,
            contact_sheets: Vec::new(),
        };
        self.write(page, run.trained.folder.path())
    }

    fn embedding(&mut self, run: &EvaluatedRun) -> Result<Option<Section>> {
        let heading = "The embedding".to_owned();
        let remark = run.evaluation.tsne_remark.as_deref().map(html::paragraph);
        let parts: Vec<_> = self.map(run)?.into_iter().chain(remark).collect();
        Ok((!parts.is_empty()).then_some(Section { id: "embedding", heading, parts }))
    }
}

fn figures(run: &EvaluatedRun, tested: &[Evaluation]) -> Result<Section> {
    let figures = &run.evaluation.figures;
    let mut parts = tables(&run.evaluation, "Figures of the evaluation");
    parts.extend(run.evaluation.remark.as_deref().map(html::paragraph));
    if !run.evaluation.unseen {
        let picture = pictures::vote_top_k(&run.name, &figures.vote_top_k)?;
        let mut table = Table::new(["k", "vote top-k, %"]);
        for at in &figures.vote_top_k.at {
            table.push([at.k.to_string(), hundredths(at.accuracy)]);
        }
        let caption = pictures::vote_top_k_caption(figures.vote_top_k.voters);
        parts.push(html::figure(&picture, &caption, Some(html::table(&table, &caption))));
    }
    if !tested.is_empty() {
        parts.push(html::heading("On test images"));
    }
    for tested in tested {
        let images = format!("{} of {}", count(tested.queries, "test image"), tested.images);
        parts.extend(tables(tested, &images));
    }
    Ok(Section { id: "figures", heading: "Figures".to_owned(), parts })
}

/// All metrics, one table per unit.
fn tables(evaluation: &Evaluation, caption: &str) -> Vec<Markup> {
    let captions = std::iter::once(caption).chain(std::iter::repeat("Figures in other units"));
    let tables = metrics_by_unit(&evaluation.results());
    tables.iter().zip(captions).map(|(table, caption)| html::table(table, caption)).collect()
}

fn training(run: &EvaluatedRun) -> Result<Section> {
    let picture = pictures::curves(&run.title(), &run.history)?;
    let table = parts::history_table(&run.history);
    let numbers = html::table(&table, "Losses and seconds of each epoch");
    let caption = "Training and validation loss by epoch";
    let parts = vec![html::figure(&picture, caption, Some(numbers))];
    Ok(Section { id: "training", heading: "Training".to_owned(), parts })
}

fn neighbours(reporter: &Reporter, run: &EvaluatedRun) -> Result<Section> {
    let mut parts = Vec::new();
    if !run.evaluation.unseen {
        parts.push(html::heading("Confusion between classes"));
        parts.push(parts::confusion(run)?);
    }
    let distances = &run.evaluation.figures.distances;
    let picture = pictures::distances(&run.title(), distances)?;
    let caption = "Distances between images of the same class and of different classes";
    parts.push(html::heading("Distances"));
    let [same, other] = [distances.same_class, distances.other_class]
        .map(|mean| mean.map_or("–".to_owned(), |mean| decimals(mean, 4)));
    let mut means = Table::new(["pairs", "mean distance"]);
    means.push(["of the same class".to_owned(), same]);
    means.push(["of different classes".to_owned(), other]);
    let numbers = html::table(&means, "Mean distances");
    parts.push(html::figure(&picture, caption, Some(numbers)));
    if let Some(gallery) = reporter.gallery(run)? {
        parts.push(html::heading("Images and their nearest neighbours"));
        parts.push(gallery);
    }
    Ok(Section { id: "neighbours", heading: "Neighbours".to_owned(), parts })
}

fn reproduction(run: &EvaluatedRun, tested: &[Evaluation]) -> Section {
    let config = run.trained.folder.file(CONFIG);
    let train = format!("{} --runs again", dml("train --config", &config));
    let mut commands = vec![train, "dml eval --runs again".to_owned()];
    commands.extend(tested.iter().map(|of| dml("eval --runs again --test", Path::new(&of.images))));
    let command = commands.join("\n");
    let parts = vec![
        html::command(&command),
        parts::origin(&run.trained.record),
        html::folded("config.toml: all settings", &run.trained.config.to_toml()),
    ];
    Section { id: "again", heading: "How to reproduce it".to_owned(), parts }
}
