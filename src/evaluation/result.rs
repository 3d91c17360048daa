//! The result of an evaluation.

use serde::{Deserialize, Serialize};

use super::arrays::confusion_table;
use crate::eval::{Figures, ModelChoice, Results, tsne};
use crate::model::Engine;
use crate::report::table::Table;

/// [`Evaluation::images`] for a run's own validation images.
pub const VALIDATION: &str = "validation";
/// [`Evaluation::images`] for a run's own images of unseen classes.
pub const UNSEEN: &str = "unseen classes";

/// All figures of one evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// What was evaluated: `validation`, `unseen classes`, or the test file.
    pub images: String,
    /// Name of the loss.
    pub loss: String,
    /// Seed of the run.
    pub seed: u64,
    /// Which of the run's two models.
    pub model: ModelChoice,
    /// The epoch after which the model was saved.
    pub epoch: usize,
    /// Number of references: the training images; for unseen classes, all other images.
    pub references: usize,
    /// Number of queries.
    pub queries: usize,
    /// All figures except the t-SNE's.
    #[serde(flatten)]
    pub figures: Figures,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// The t-SNE of the validation images, if computed.
    pub tsne: Option<TsneFigures>,
    /// The t-SNE of the training images, if requested and computed.
    pub tsne_train: Option<TsneFigures>,
    /// Why a requested t-SNE was not computed, or a remark on it.
    pub tsne_remark: Option<String>,
    /// A remark on the figures: fewer references than voters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// Whether these are images of unseen classes, each evaluated against all others.
    #[serde(default)]
    pub unseen: bool,
    /// The engine that embedded the images.
    pub engine: Engine,
    /// Hash over the settings of the evaluation.
    pub fingerprint: String,
    /// SHA-256 of the test file's content, if one was evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images_sha256: Option<String>,
}

impl Evaluation {
    /// What metrics take their values from.
    pub fn results(&self) -> Results<'_> {
        let kl = |tsne: &Option<TsneFigures>| tsne.as_ref().map(|tsne| tsne.kl);
        Results {
            tsne: kl(&self.tsne),
            train_tsne: kl(&self.tsne_train),
            ..Results::from(&self.figures)
        }
    }

    /// The confusion matrix with class names, one row per true class.
    pub fn confusion_table(&self) -> Table {
        confusion_table(&self.figures.knn.confusion, &self.classes)
    }
}

/// Figures of a t-SNE.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TsneFigures {
    /// The algorithm.
    pub engine: tsne::Engine,
    /// The perplexity that was used.
    pub perplexity: f64,
    /// KL(P‖Q) of the coordinates, computed exactly, in nats; `None` if all embeddings are equal.
    pub kl: Option<f64>,
}
