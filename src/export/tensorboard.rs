//! Exports a run to TensorBoard.

use std::path::{Path, PathBuf};

use crate::data::DataSplit;
use crate::error::Result;
use crate::eval::Measured;
use crate::evaluation::Evaluation;
use crate::files::create_folder;
use crate::report::tensorboard::{Point, Projected, Value, write_events, write_projector};
use crate::run::Trained;
use crate::train::History;

/// TensorBoard recognises its files by `tfevents` in the name.
const EVENTS: &str = "events.out.tfevents.0.dml";

/// The files that [`Trained::export_tensorboard`] writes.
pub const EVENT_FILES: [&str; 5] =
    [EVENTS, "embeddings.tsv", "classes.tsv", "images.png", "projector_config.pbtxt"];

impl Trained {
    /// Writes events and the projector's files into a folder, for `tensorboard --logdir` on its parent.
    ///
    /// Curves have one point per epoch. The projector shows the evaluated images. `check` gets the
    /// image files, if the images are separate files, before anything is written.
    ///
    /// # Errors
    /// The run was not evaluated; its data are missing or not those it was trained on; those of
    /// `check`; a file cannot be written.
    pub fn export_tensorboard(
        &self,
        out: &Path,
        check: impl FnOnce(&[PathBuf]) -> Result<()>,
    ) -> Result<()> {
        let history = self.folder.history()?;
        let evaluation = Evaluation::read(&self.folder)?
            .ok_or_else(|| self.stale("is not evaluated yet".to_owned()))?;
        let (embeddings, labels) = self.evaluated("val")?;
        let path = &self.config.data.path;
        if *path == self.record.data.path {
            self.record.refuse_moved(path)?;
        }
        let dataset = self.dataset(path)?;
        check(&dataset.reading.files)?;
        let config = &self.config;
        let parts = DataSplit::of(&dataset, &config.data, config.train.seed)?;
        let evaluated = parts.evaluation_set();
        if evaluated.labels != labels {
            return Err(self.stale("has embeddings of other images".to_owned()));
        }
        create_folder(out)?;
        let mut points = curves(&history);
        points.extend(figures(&evaluation, &history));
        write_events(&out.join(EVENTS), &points)?;
        let rows = embeddings.as_slice().map(|all| all.chunks_exact(embeddings.ncols()));
        let rows = rows.expect("arrays are read in standard layout");
        let projected: Vec<Projected> = rows
            .zip(&evaluated.rows)
            .zip(&evaluated.labels)
            .map(|((embedding, &row), &label)| Projected {
                embedding,
                class: &dataset.classes[label as usize].name,
                image: dataset.image(row as usize),
            })
            .collect();
        write_projector(out, &projected, dataset.shape).map(drop)
    }
}

/// The points of each epoch.
fn curves(history: &History) -> Vec<Point> {
    let mut seconds = 0.0;
    let mut points = Vec::new();
    for epoch in &history.epochs {
        seconds += epoch.seconds;
        let values = [
            ("loss/train", Some(epoch.train_loss)),
            ("loss/validation", Some(epoch.validation_loss)),
            ("training/spread", epoch.spread),
            ("training/active", epoch.active),
            ("training/images per second", Some(epoch.images_per_second)),
        ];
        points.extend(values.into_iter().filter_map(|(tag, value)| {
            let value = Value::Scalar(value? as f32);
            Some(Point { tag: tag.to_owned(), step: epoch.epoch as u64, seconds, value })
        }));
    }
    points
}

/// The figures of the evaluation, at the last epoch.
fn figures(evaluation: &Evaluation, history: &History) -> Vec<Point> {
    let (step, seconds) = (history.epochs.len() as u64, history.seconds());
    let point = |tag: String, value: Value| Point { tag, step, seconds, value };
    // An undefined metric has no point.
    let scalar = |found: Measured| {
        let value = Value::Scalar(found.value? as f32);
        Some(point(format!("evaluation/{}", found.name()), value))
    };
    let measured = evaluation.results().measured();
    let mut points: Vec<Point> = measured.into_iter().filter_map(scalar).collect();
    let distances = &evaluation.figures.distances;
    for (name, counts) in [
        ("same class", &distances.same_class_pairs),
        ("different classes", &distances.other_class_pairs),
    ] {
        let (largest, counts) = (distances.largest, counts.clone());
        points.push(point(format!("distances/{name}"), Value::Histogram { largest, counts }));
    }
    points
}
