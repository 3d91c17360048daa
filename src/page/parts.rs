//! The parts that reports consist of.

use ndarray::Array2;

use super::reporter::{Reporter, sheet_id};
use crate::data::{DataSplit, Subset};
use crate::error::Result;
use crate::evaluation::{EvaluatedSet, Evaluation, TsneCoordinates, pictures, with_gallery};
use crate::report::chart::confusion::Confusion;
use crate::report::chart::scatter;
use crate::report::html::{self, Markup};
use crate::report::images::ContactSheet;
use crate::report::table::Table;
use crate::run::{RunRecord, Trained};
use crate::train::History;
use crate::words::{count, decimals, grouped, rounded};

/// Maximum number of points of an interactive map; more would be slow.
const MOST_POINTS: usize = 6000;

/// An evaluated run with everything a report shows.
pub struct EvaluatedRun {
    pub trained: Trained,
    pub history: History,
    pub evaluation: Evaluation,
    /// Its name in the report: the loss, or the variant of a comparison.
    pub name: String,
}

impl Reporter<'_> {
    /// The t-SNE of a run; `None` if it has none.
    ///
    /// # Errors
    /// Its file was changed.
    pub fn map(&mut self, run: &EvaluatedRun) -> Result<Option<Markup>> {
        if run.evaluation.tsne.is_none() {
            return Ok(None);
        }
        let data = &run.trained.record.data;
        let map = TsneCoordinates::read(run.trained.folder.path(), &data.classes, data.images)?;
        let title = pictures::tsne_title(&run.name, &run.evaluation);
        let all = map.points.len();
        let (map, every) = map.thinned(MOST_POINTS);
        let title = match every {
            1 => title,
            every => format!("{title} · one of {every} of {}", count(all, "image")),
        };
        let panel = scatter::Scatter { title: &title, points: &map.points, labels: &map.labels };
        let classes = &run.evaluation.classes;
        let picture = scatter::draw(&[panel], classes)?;
        let sheet = self.sheet(&map.rows);
        let images = sheet.map(|index| (sheet_id(index), &self.contact_sheets[index].1));
        let images = images.as_ref().map(|(id, sheet)| (id.as_str(), *sheet));
        Ok(Some(html::map(&picture, &title, (classes, &map.labels, &map.rows), images)))
    }

    /// Index of the contact sheet with the images of these rows, which is added if necessary.
    fn sheet(&mut self, rows: &[usize]) -> Option<usize> {
        let dataset = self.dataset?;
        if rows.iter().any(|&row| row >= dataset.len()) {
            return None;
        }
        let known = self.contact_sheets.iter().position(|(known, _)| known == rows);
        Some(known.unwrap_or_else(|| {
            let sheet = ContactSheet::new(
                dataset.shape,
                html::LARGEST_IMAGE,
                rows.iter().map(|&row| dataset.image(row)),
            );
            self.contact_sheets.push((rows.to_vec(), sheet));
            self.contact_sheets.len() - 1
        }))
    }

    /// Images with their nearest neighbours; `None` without the data or the embeddings, which may have
    /// been deleted to save space.
    ///
    /// # Errors
    /// A file of the run was changed.
    pub fn gallery(&self, run: &EvaluatedRun) -> Result<Option<Markup>> {
        let Some(dataset) = self.dataset else { return Ok(None) };
        if !run.trained.is_embedded() {
            return Ok(None);
        }
        let Trained { config, .. } = &run.trained;
        let (references, _) = run.trained.evaluated("train")?;
        let (queries, labels) = run.trained.evaluated("val")?;
        let parts = DataSplit::of(dataset, &config.data, config.train.seed)?;
        let unseen = parts.has_unseen_classes();
        let evaluation_images = parts.evaluation_set();
        if !fits(&references, &parts.train) || evaluation_images.labels != labels {
            return Ok(None);
        }
        let evaluated =
            EvaluatedSet { embeddings: &queries, part: evaluation_images, dataset, unseen };
        let references = (&references, &parts.train, dataset);
        let shown = with_gallery(self.cores, references, &evaluated, |gallery| {
            let sections = gallery.sections(&run.evaluation)?;
            Ok(html::gallery(dataset.shape, &sections))
        });
        shown.map(Some)
    }
}

fn fits(embeddings: &Array2<f32>, part: &Subset) -> bool {
    embeddings.nrows() == part.rows.len()
}

/// The confusion matrix of a run: a table, a picture if that would be too wide, or the most confused
/// pairs of classes if a picture would be unreadable, too.
///
/// # Errors
/// There is nothing to draw.
pub fn confusion(run: &EvaluatedRun) -> Result<Markup> {
    let Evaluation { figures, classes, .. } = &run.evaluation;
    let title = run.name.as_str();
    if pictures::is_too_large(classes) {
        return Ok(most_confused_table(run));
    }
    let matrix = Confusion { title, classes, counts: &figures.knn.confusion.counts() };
    match html::confusion(&matrix) {
        Some(table) => Ok(table),
        None => {
            let picture = pictures::confusion(title, figures, classes)?;
            Ok(html::figure(&picture, title, None))
        }
    }
}

fn most_confused_table(run: &EvaluatedRun) -> Markup {
    let Evaluation { figures, classes, .. } = &run.evaluation;
    let (pairs, found) = pictures::most_confused(&figures.knn.confusion, classes);
    let mut table = Table::new(["class", "predicted as", "images", "of", "share, %"]);
    for pair in &pairs {
        let share = 100.0 * pair.count as f64 / pair.of.max(1) as f64;
        table.push([
            pair.class.name.to_owned(),
            pair.taken_for.name.to_owned(),
            pair.count.to_string(),
            pair.of.to_string(),
            format!("{share:.1}"),
        ]);
    }
    let note = pictures::confused_note(classes.len(), pairs.len(), found);
    html::table(&table, &format!("{}: {note}", run.name))
}

/// Losses of each epoch.
pub fn history_table(history: &History) -> Table {
    let header = ["epoch", "training loss", "validation loss", "seconds", "spread"];
    let mut table = Table::new(header);
    for epoch in &history.epochs {
        table.push([
            epoch.epoch.to_string(),
            decimals(epoch.train_loss, 4),
            decimals(epoch.validation_loss, 4),
            rounded(epoch.seconds, 1),
            epoch.spread.map_or("–".to_owned(), |spread| decimals(spread, 4)),
        ]);
    }
    table
}

/// The most confused pair of classes in a sentence; `None` if there is no error.
pub fn most_confused(evaluation: &Evaluation) -> Option<String> {
    let (pairs, _) =
        pictures::most_confused(&evaluation.figures.knn.confusion, &evaluation.classes);
    let pair = pairs.first()?;
    let (class, predicted) = (pair.class.name, pair.taken_for.name);
    let times = match pair.count {
        1 => "once".to_owned(),
        count => format!("{} times", grouped(count as usize)),
    };
    Some(format!("Most frequent confusion: {class} classified as {predicted}, {times}."))
}

/// The data, versions and machine behind a run.
pub fn origin(record: &RunRecord) -> Markup {
    let data = &record.data;
    let mut facts = vec![
        ("data", data.path.clone()),
        ("SHA-256 of the data", data.sha256.clone()),
        ("images", grouped(data.images)),
        ("trained on", grouped(data.train)),
        ("validation", grouped(data.validation)),
    ];
    if data.unseen > 0 {
        facts.push(("of unseen classes", grouped(data.unseen)));
    }
    facts.push(("dml", record.dml.clone()));
    facts.push(("libtorch", record.libtorch.clone()));
    facts.push(("device", record.device.clone()));
    facts.push(("engine", record.engine.to_string()));
    html::facts(&facts)
}
