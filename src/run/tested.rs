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

    /// The file with the first headline metric that it has: `test.csv: accuracy 86.20`.
    pub fn shown(&self) -> String {
        let found = HEADLINES.iter().find_map(|metric| Some((metric, self.metrics.get(metric)?)));
        match found {
            Some((metric, value)) => {
                let name = metric.column.unwrap_or(metric.name);
                format!("{}: {name} {}", self.images, metric.unit.number(value))
            }
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
