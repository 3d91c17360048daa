//! The report on one run.

use std::path::{Path, PathBuf};

use super::parts::{self, Told};
use super::reporter::{Reporter, write};
use super::units::by_unit;
use crate::error::{Fault, Result};
use crate::eval::Figures;
use crate::evaluation::{Evaluation, figures_table, pictures};
use crate::files::layout::CONFIG;
use crate::report::html::{self, Markup, Page, Section};
use crate::report::table::Table;
use crate::run::Trained;
use crate::stats::{hundredths, percent};
use crate::words::{count, decimals, dml, grouped};

impl Told {
    /// All of a run that was evaluated.
    ///
    /// # Errors
    /// It was not evaluated, or a file in it was changed.
    pub fn read(trained: Trained, name: String) -> Result<Told> {
        let history = trained.folder.history()?;
        let evaluation = Evaluation::read(&trained.folder)?.ok_or_else(|| {
            let remedy = format!("do so with {}", dml("eval --run", trained.folder.path()));
            Fault::new(trained.folder.path(), "is not evaluated yet").remedy(remedy)
        })?;
        Ok(Told { trained, history, evaluation, name })
    }

    fn title(&self) -> String {
        pictures::name(&self.evaluation)
    }

    fn question(&self) -> String {
        let data = &self.trained.record.data;
        let classes = match self.evaluation.unseen {
            true => "classes that it has not seen".to_owned(),
            false => count(data.classes.len(), "class"),
        };
        format!(
            "How well does an embedding that was learned under {} from {} of {} tell {classes} \
             apart?",
            self.name,
            count(data.train, "image"),
            data.path,
        )
    }

    /// What the figures say, in words.
    fn conclusion(&self) -> String {
        let mut told = self.findings();
        if !self.evaluation.unseen
            && let Some(confused) = parts::most_confused(&self.evaluation)
        {
            told += &format!(" {confused}");
        }
        if self.history.collapsed() {
            told += " The network COLLAPSED: it maps all images to nearly one point.";
        }
        told
    }

    /// What the figures of neighbours say, or that there are none.
    fn findings(&self) -> String {
        let Evaluation { figures, queries, unseen, .. } = &self.evaluation;
        let (images, others) = match unseen {
            true => ("images of classes that were not trained on", "other"),
            false => ("validation images", "training"),
        };
        let count = grouped(*queries);
        let (Some(accuracy), Some(map_at_r)) = (figures.knn.accuracy, figures.retrieval.map_at_r)
        else {
            return format!(
                "None of the {count} {images} has another image of its class among the {others} \
                 images, so there is nothing to find: neither accuracy nor MAP@R exist."
            );
        };
        let recall = figures.retrieval.recall_at.iter().find(|at| at.k == 1);
        let told = match (unseen, recall.and_then(|at| at.recall)) {
            (true, Some(recall)) => format!(
                "Of {count} {images}, {} have another image of their class nearest to them.",
                percent(recall)
            ),
            _ => format!(
                "Of {count} {images}, {} are told right by the vote of {} (accuracy).",
                percent(accuracy),
                match figures.knn.k {
                    1 => format!("the nearest {others} image"),
                    k => format!("the {k} nearest {others} images"),
                }
            ),
        };
        format!("{told} MAP@R is {}.", percent(map_at_r))
    }
}

impl Reporter<'_> {
    /// Writes the report on a run into its folder.
    ///
    /// # Errors
    /// The run is not evaluated; a file that was changed or cannot be written.
    pub fn run(mut self, trained: Trained) -> Result<PathBuf> {
        let name = trained.record.loss.clone();
        let told = Told::read(trained, name)?;
        let tested = Evaluation::read_test(&told.trained.folder)?;
        let mut sections = vec![figures(&told, tested.as_ref())?, training(&told)?];
        sections.extend(self.embedding(&told)?);
        sections.push(neighbours(&self, &told)?);
        sections.push(repeating(&told, tested.as_ref()));
        let page = Page {
            title: told.title(),
            question: told.question(),
            conclusion: told.conclusion(),
            sections,
            sprites: Vec::new(),
        };
        write(&self.finished(page), told.trained.folder.path())
    }

    fn embedding(&mut self, told: &Told) -> Result<Option<Section>> {
        let heading = "The embedding".to_owned();
        let remark = told.evaluation.tsne_remark.as_deref().map(html::paragraph);
        let parts: Vec<_> = self.map(told)?.into_iter().chain(remark).collect();
        Ok((!parts.is_empty()).then_some(Section { id: "embedding", heading, parts }))
    }
}

fn figures(told: &Told, tested: Option<&Evaluation>) -> Result<Section> {
    let figures = &told.evaluation.figures;
    let mut parts = tables(figures, "Figures of the evaluation");
    parts.extend(told.evaluation.remark.as_deref().map(html::paragraph));
    if !told.evaluation.unseen {
        let picture = pictures::vote_top_k(&told.name, &figures.vote_top_k)?;
        let mut table = Table::new(["k", "vote top-k, %"]);
        for at in &figures.vote_top_k.at {
            table.push([at.k.to_string(), hundredths(at.accuracy)]);
        }
        let caption = pictures::vote_top_k_caption(figures.vote_top_k.voters);
        parts.push(html::figure(&picture, &caption, Some(html::table(&table, &caption))));
    }
    if let Some(tested) = tested {
        let images = format!("{} of {}", count(tested.queries, "test image"), tested.images);
        parts.push(html::heading("On test images"));
        parts.extend(tables(&tested.figures, &images));
    }
    Ok(Section { id: "figures", heading: "Figures".to_owned(), parts })
}

/// All figures, one table a unit.
fn tables(figures: &Figures, caption: &str) -> Vec<Markup> {
    let captions = std::iter::once(caption).chain(std::iter::repeat("Figures in another unit"));
    let tables = by_unit(&figures_table(figures));
    tables.iter().zip(captions).map(|(table, caption)| html::table(table, caption)).collect()
}

fn training(told: &Told) -> Result<Section> {
    let picture = pictures::curves(&told.title(), &told.history)?;
    let table = parts::history_table(&told.history);
    let numbers = html::table(&table, "Losses and seconds of each epoch");
    let caption = "Training and validation loss by epochs";
    let parts = vec![html::figure(&picture, caption, Some(numbers))];
    Ok(Section { id: "training", heading: "Training".to_owned(), parts })
}

fn neighbours(reporter: &Reporter, told: &Told) -> Result<Section> {
    let mut parts = Vec::new();
    if !told.evaluation.unseen {
        parts.push(html::heading("Which class was taken for which"));
        parts.push(parts::confusion(told)?);
    }
    let distances = &told.evaluation.figures.distances;
    let picture = pictures::distances(&told.title(), distances)?;
    let caption = "Distances between images of one class and of different classes";
    parts.push(html::heading("Distances"));
    let [same, other] = [distances.same_class, distances.other_class]
        .map(|mean| mean.map_or("–".to_owned(), |mean| decimals(mean, 4)));
    let mut means = Table::new(["pairs", "mean distance"]);
    means.push(["of one class".to_owned(), same]);
    means.push(["of different classes".to_owned(), other]);
    let numbers = html::table(&means, "Mean distances");
    parts.push(html::figure(&picture, caption, Some(numbers)));
    if let Some(gallery) = reporter.gallery(told)? {
        parts.push(html::heading("Images and those nearest to them"));
        parts.push(gallery);
    }
    Ok(Section { id: "neighbours", heading: "Neighbours".to_owned(), parts })
}

fn repeating(told: &Told, tested: Option<&Evaluation>) -> Section {
    let config = told.trained.folder.file(CONFIG);
    let train = format!("{} --runs again", dml("train --config", &config));
    let mut commands = vec![train, "dml eval --runs again".to_owned()];
    commands.extend(tested.map(|of| dml("eval --runs again --test", Path::new(&of.images))));
    let command = commands.join("\n");
    let parts = vec![
        html::command(&command),
        parts::origin(&told.trained.record),
        html::folded("config.toml: every setting", &told.trained.config.to_toml()),
    ];
    Section { id: "again", heading: "How to repeat it".to_owned(), parts }
}
