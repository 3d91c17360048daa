//! The parts that reports are put together from.

use ndarray::Array2;

use super::reporter::{Reporter, sprite_name};
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

/// Points of a map on a page: more would be slow to point at.
const MOST_POINTS: usize = 6000;

/// One run with what is known of it.
pub struct Told {
    pub trained: Trained,
    pub history: History,
    pub evaluation: Evaluation,
    /// What it is called: the loss, and what sets it apart.
    pub name: String,
}

impl Reporter<'_> {
    /// The t-SNE of a run; nothing where it has none.
    ///
    /// # Errors
    /// Its file was changed.
    pub fn map(&mut self, told: &Told) -> Result<Option<Markup>> {
        if told.evaluation.tsne.is_none() {
            return Ok(None);
        }
        let data = &told.trained.record.data;
        let map = TsneCoordinates::read(told.trained.folder.path(), &data.classes, data.images)?;
        let title = pictures::tsne_title(&told.name, &told.evaluation);
        let all = map.points.len();
        let (map, every) = map.thinned(MOST_POINTS);
        let title = match every {
            1 => title,
            every => format!("{title} · one of {every} of {}", count(all, "image")),
        };
        let panel = scatter::Scatter { title: &title, points: &map.points, labels: &map.labels };
        let classes = &told.evaluation.classes;
        let picture = scatter::draw(&[panel], classes)?;
        let place = self.sprite(&map.rows);
        let images = place.map(|place| (sprite_name(place), &self.sprites[place].1));
        let images = images.as_ref().map(|(name, sprite)| (name.as_str(), *sprite));
        Ok(Some(html::map(&picture, &title, (classes, &map.labels, &map.rows), images)))
    }

    /// Which of the page's pictures has the images of these rows, once there is one.
    fn sprite(&mut self, rows: &[usize]) -> Option<usize> {
        let dataset = self.dataset?;
        if rows.iter().any(|&row| row >= dataset.len()) {
            return None;
        }
        let known = self.sprites.iter().position(|(known, _)| known == rows);
        Some(known.unwrap_or_else(|| {
            let sprite = ContactSheet::new(
                dataset.shape,
                html::LARGEST_IMAGE,
                rows.iter().map(|&row| dataset.image(row)),
            );
            self.sprites.push((rows.to_vec(), sprite));
            self.sprites.len() - 1
        }))
    }

    /// Images with those nearest to them; nothing without the data or the embeddings, which somebody
    /// may have removed to save room.
    ///
    /// # Errors
    /// Files of the run that were changed.
    pub fn gallery(&self, told: &Told) -> Result<Option<Markup>> {
        let Some(dataset) = self.dataset else { return Ok(None) };
        if !told.trained.is_embedded() {
            return Ok(None);
        }
        let Trained { config, .. } = &told.trained;
        let (references, _) = told.trained.evaluated("train")?;
        let (queries, labels) = told.trained.evaluated("val")?;
        let parts =
            DataSplit::new(&dataset.labels, &dataset.classes, &config.data, config.train.seed)?;
        let unseen = parts.has_unseen_classes();
        let judged = parts.evaluation_set();
        if !belong(&references, &parts.train) || judged.labels != labels {
            return Ok(None);
        }
        let asked = EvaluatedSet { embeddings: &queries, part: judged, dataset, unseen };
        let references = (&references, &parts.train, dataset);
        let shown = with_gallery(self.cores, references, &asked, |gallery| {
            let sections = gallery.sections(&told.evaluation)?;
            Ok(html::gallery(dataset.shape, &sections))
        });
        shown.map(Some)
    }
}

fn belong(embeddings: &Array2<f32>, part: &Subset) -> bool {
    embeddings.nrows() == part.rows.len()
}

/// The confusion matrix of a run: as a table, as a picture where that would be too wide, or the
/// pairs of classes that were mixed up most often where that could not be read either.
///
/// # Errors
/// There is nothing to draw.
pub fn confusion(told: &Told) -> Result<Markup> {
    let Evaluation { figures, classes, .. } = &told.evaluation;
    let title = told.name.as_str();
    if pictures::is_too_large(classes) {
        return Ok(confused(told));
    }
    let matrix = Confusion { title, classes, counts: &figures.knn.confusion.counts() };
    match html::confusion(&matrix) {
        Some(table) => Ok(table),
        None => {
            let picture = pictures::confusion(title, &figures.knn, classes)?;
            Ok(html::figure(&picture, title, None))
        }
    }
}

fn confused(told: &Told) -> Markup {
    let Evaluation { figures, classes, .. } = &told.evaluation;
    let (pairs, found) = pictures::most_confused(&figures.knn.confusion, classes);
    let mut table = Table::new(["class", "taken for", "images", "of", "share, %"]);
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
    html::table(&table, &format!("{}: {note}", told.name))
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

/// The two classes that are mixed up most often, in a sentence; nothing where none are.
pub fn most_confused(evaluation: &Evaluation) -> Option<String> {
    let (pairs, _) =
        pictures::most_confused(&evaluation.figures.knn.confusion, &evaluation.classes);
    let pair = pairs.first()?;
    let (true_class, taken) = (pair.class.name, pair.taken_for.name);
    let times = match pair.count {
        1 => "once".to_owned(),
        count => format!("{} times", grouped(count as usize)),
    };
    Some(format!("What was mixed up most often: {true_class} taken for {taken}, {times}."))
}

/// What a run was made from and with.
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
