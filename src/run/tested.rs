//! The metrics of a run on files of test images.

use serde::Serialize;

use super::metrics::Metrics;
use crate::eval::HEADLINES;
use crate::evaluation::Evaluation;

/// The metrics of a run on a file of test images.
#[derive(Debug, Serialize)]
pub struct Tested {
    /// The file.
    pub images: String,
    /// SHA-256 of its content; `None` if the first versions evaluated it.
    pub sha256: Option<String>,
    /// The metrics by their keys.
    #[serde(flatten)]
    pub metrics: Metrics,
}

impl Tested {
    /// Those of an evaluation.
    pub fn of(evaluation: &Evaluation) -> Tested {
        Tested {
            images: evaluation.images.clone(),
            sha256: evaluation.images_sha256.clone(),
            metrics: Metrics::of(Some(evaluation), evaluation.unseen),
        }
    }

    /// The headline metrics that it has, in percent, by their names: `1-NN accuracy`.
    pub fn headlines(&self) -> Vec<(String, f64)> {
        let found = HEADLINES
            .iter()
            .flat_map(|metric| self.metrics.iter().filter(|found| found.metric.key == metric.key));
        found.filter_map(|found| Some((found.name(), 100.0 * found.value?))).collect()
    }

    /// The file with the first headline metric that it has: `test.csv: 1-NN accuracy 86.20`.
    pub fn shown(&self) -> String {
        match self.headlines().first() {
            Some((name, percent)) => format!("{}: {name} {percent:.2}", self.images),
            None => self.images.clone(),
        }
    }

    /// Whether it is on the same images as another, by content if that is known of both.
    pub fn is_on_same_images(&self, other: &Tested) -> bool {
        match (&self.sha256, &other.sha256) {
            (Some(one), Some(other)) => one == other,
            _ => self.images == other.images,
        }
    }
}
