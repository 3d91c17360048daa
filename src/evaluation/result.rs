//! What an evaluation found.

use serde::{Deserialize, Serialize};

use super::arrays::confusion_table;
use crate::eval::{Figures, ModelChoice, tsne};
use crate::model::Engine;
use crate::report::table::Table;

/// What [`Evaluation::images`] says of a run's own validation images.
pub const VALIDATION: &str = "validation";
/// What it says of a run's own images of unseen classes.
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
    /// Which of the two models.
    pub model: ModelChoice,
    /// The epoch after which it was kept.
    pub epoch: usize,
    /// Images that the neighbours come from: the training images; of unseen classes, all others.
    pub references: usize,
    /// Images that were evaluated.
    pub queries: usize,
    /// All figures but the t-SNE's.
    #[serde(flatten)]
    pub figures: Figures,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// The t-SNE of the validation images, where one was made.
    pub tsne: Option<TsneFigures>,
    /// The t-SNE of the training images, where one was asked for and made.
    pub tsne_train: Option<TsneFigures>,
    /// Why a t-SNE was not made that was asked for, or what is to be said of it.
    pub tsne_remark: Option<String>,
    /// What is to be said of the figures: fewer references than voters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// Whether these are images of classes that were not trained on, each against all others.
    #[serde(default)]
    pub unseen: bool,
    /// What embedded the images.
    pub engine: Engine,
    /// Hash over the settings of the evaluation.
    pub fingerprint: String,
    /// SHA-256 of the test file's content, where one was evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images_sha256: Option<String>,
}

impl Evaluation {
    /// The confusion matrix with the classes' names, true classes down.
    pub fn confusion_table(&self) -> Table {
        confusion_table(&self.figures.knn.confusion, &self.classes)
    }
}

/// What is known of a t-SNE beside its coordinates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TsneFigures {
    /// What computed it.
    pub engine: tsne::Engine,
    /// The perplexity that it has.
    pub perplexity: f64,
    /// KL(P‖Q) of the coordinates, computed exactly, in nats; none where all embeddings are equal.
    pub kl: Option<f64>,
}
