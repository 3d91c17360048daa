//! Experiments: runs in folders, side by side over the cores, and what they say together.

mod artefacts;
mod comparison;
mod conclusion;
mod embeddings;
mod evaluate;
mod folder;
mod gallery;
mod lock;
mod maps;
mod npy;
mod opinions;
mod outcome;
mod pictures;
mod run;
mod schedule;
mod session;
mod statistics;
mod summary;

pub use comparison::{Finished, LossRuns, Plan};
pub use embeddings::{EmbeddingEvaluation, EmbeddingFiles};
pub use evaluate::{Evaluation, evaluate, evaluate_test};
pub use folder::{DataRecord, RunFolder, RunRecord, Status};
pub use lock::RunLock;
pub use maps::TsneFigures;
pub use opinions::{Opinion, Opinions};
pub use outcome::Comparison;
pub use run::{Existing, Run};
pub use session::Session;
pub use statistics::Estimate;
pub use summary::{MetricRow, Summary};

use artefacts::{TSNE, TSNE_TRAIN, confusion_table, read_map, write_embeddings, write_map};
use comparison::comparison_folder;
use conclusion::{DataUsed, Findings, LossFindings, conclude, grouped};
use embeddings::{Set, classes, numbers};
use evaluate::{VALIDATION, evaluated};
use folder::{read_json, write_json};
use gallery::Gallery;
use maps::Maps;
use npy::{read_embeddings, read_labels};
use schedule::side_by_side;
use statistics::{estimate, paired_difference};
