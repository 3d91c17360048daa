//! The files of an evaluation: metrics as JSON, confusion matrix, pictures of the metrics.

use serde::Serialize;

use super::arrays::confusion_table;
use super::pictures;
use crate::error::Result;
use crate::eval::Figures;
use crate::files::layout::{METRICS, TEST_METRICS};
use crate::files::{ResultFolder, write_json};
use crate::report::Style;
use crate::report::chart::Picture;

/// Where an evaluation's files go.
pub struct EvaluationFiles<'a> {
    pub folder: &'a ResultFolder,
    pub style: Style,
    /// Whether it is of a file of test images, whose files are named apart.
    pub of_test: bool,
}

impl EvaluationFiles<'_> {
    /// The name of the file of metrics.
    pub fn metrics_name(&self) -> &'static str {
        if self.of_test { TEST_METRICS } else { METRICS }
    }

    /// Writes the metrics, all or as far as they are known.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_metrics(&self, evaluation: &impl Serialize) -> Result<()> {
        write_json(&self.folder.file(self.metrics_name()), evaluation)
    }

    /// Writes the confusion matrix as table and picture, the vote top-k curve and the distances,
    /// with `name` in the titles and `curve` at the curve.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write_figures(
        &self,
        (name, curve): (&str, &str),
        figures: &Figures,
        classes: &[String],
    ) -> Result<()> {
        let ending = if self.of_test { "_test" } else { "" };
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
