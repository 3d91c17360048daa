//! What embeddings are worth: nearest neighbours, retrieval, clusters, distances, t-SNE.

mod agreement;
mod cluster;
mod config;
mod embed;
mod judge;
mod kmeans;
mod knn;
mod metrics;
mod ranked;
mod recall;
mod sample;
mod score;
mod spread;
pub mod tsne;
mod watch;

pub use cluster::{Clusters, cluster};
pub use config::{EvalConfig, LARGEST_K, Which};
pub use embed::embed;
pub use judge::{Figures, KnnMetrics, Labelled, Trial, is_answerable, judge};
pub use knn::{Neighbours, Search, nearest, nearest_by, ranking, vote};
pub use metrics::{ClassMetrics, ConfusionMatrix};
pub use ranked::{HitAt, Retrieval, retrieve};
pub use recall::{RecallAt, RecallAtK, recall_at};
pub use score::Score;
pub use spread::{Distances, distances};
pub use watch::Watch;
