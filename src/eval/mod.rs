//! What embeddings are worth: nearest neighbours, metrics, t-SNE.

mod config;
mod embed;
mod judge;
mod knn;
mod metrics;
mod recall;
pub mod tsne;

pub use config::{EvalConfig, Which};
pub use embed::embed;
pub use judge::{KnnMetrics, Labelled, judge};
pub use knn::{Neighbours, Search, nearest, nearest_by, ranking, vote};
pub use metrics::{ClassMetrics, ConfusionMatrix};
pub use recall::{RecallAt, RecallAtK, recall_at};
