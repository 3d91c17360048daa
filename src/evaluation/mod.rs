//! Evaluates a run: embeds its images, computes what `eval` defines, and writes metrics, galleries and
//! pictures into its folder.
//!
//! [`EmbeddingEvaluation`] does the same for embeddings from other programs.

mod arrays;
mod embeddings;
mod evaluate;
mod evaluated_set;
mod features;
mod gallery;
mod losses_on_embedding;
mod maps;
mod metrics;
mod npy;
mod output;
pub mod pictures;
mod result;
mod score;
mod stored;
mod test_files;

pub use arrays::{TsneCoordinates, confusion_remark, read_evaluated};
pub use embeddings::{EMBEDDING_FILES, EmbeddingEvaluation, EmbeddingFiles};
pub use evaluate::{TrainedModel, evaluate, evaluate_test};
pub use evaluated_set::EvaluatedSet;
pub use features::{embedding_file, read_embeddings, read_labels};
pub use gallery::with_gallery;
pub use losses_on_embedding::{LossOnEmbedding, LossesOnEmbedding};
pub use metrics::{metrics_by_unit, metrics_table};
pub use npy::{write_label_array, write_npy};
pub use pictures::draw_training;
pub use result::{Evaluation, TsneFigures, UNSEEN, VALIDATION};
pub use score::{UNANSWERABLE, score};
pub use stored::{evaluated, tested};
pub use test_files::test_metrics_file;
