//! The files of an evaluation: metrics as JSON, confusion matrix, pictures of the metrics.

use serde::Serialize;

use super::arrays::confusion_table;
use super::pictures;
use crate::error::Result;
use crate::eval::Figures;
use crate::files::{ResultFolder, write_json};
use crate::report::Style;
use crate::report::chart::Picture;

/// The name of the file of metrics.
pub fn metrics_file(ending: &str) -> String {
    format!("metrics{ending}.json")
}

/// Where an evaluation's files go.
pub struct EvaluationFiles<'a> {
    pub folder: &'a ResultFolder,
    pub style: Style,
    /// What keeps the files of test images apart; see [`test_ending`](crate::files::test_ending).
    pub ending: &'a str,
}

impl EvaluationFiles<'_> {
    /// Writes the metrics, all or as far as they are known.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_metrics(&self, evaluation: &impl Serialize) -> Result<()> {
        write_json(&self.folder.file(&metrics_file(self.ending)), evaluation)
    }

    /// Writes the confusion matrix as table and picture, the vote top-k curve and the distances,
    /// with `name` in the titles and `curve` at the curve.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write_pictures(
        &self,
        (name, curve): (&str, &str),
        figures: &Figures,
        classes: &[String],
    ) -> Result<()> {
        let ending = self.ending;
        let save = |picture: Picture, name: &str| {
            picture.save(&self.folder.plot(&format!("{name}{ending}.png")), self.style)
        };
        let table = confusion_table(&figures.knn.confusion, classes);
        table.write_csv(&self.folder.file(&format!("confusion{ending}.csv")))?;
        save(pictures::confusion(name, figures, classes)?, "confusion")?;
        save(pictures::vote_top_k(curve, &figures.vote_top_k)?, "recall")?;
        save(pictures::distances(name, &figures.distances)?, "distances")
    }
}
