//! The metrics and t-SNE of labelled embeddings, as arrays; `evaluation` applies them to runs and files.

mod agreement;
mod cluster;
mod config;
mod confusion;
mod distances;
mod embed;
mod figures;
mod kmeans;
mod knn;
mod knn_metrics;
mod measured;
mod metrics;
mod ranked;
mod sample;
mod score;
mod task;
pub mod tsne;
mod vote_top_k;
mod watch;

pub use cluster::{Clusters, cluster};
pub use config::{EvalConfig, LARGEST_K, ModelChoice};
pub use confusion::{ClassMetrics, ConfusionMatrix};
pub use distances::{Distances, distances};
pub use embed::embed;
pub use figures::Figures;
pub use knn::{Neighbours, Search, nearest, nearest_by, ranking, vote};
pub use knn_metrics::{KnnMetrics, knn_metrics};
pub use measured::{Measured, Results};
pub use metrics::{
    ACCURACY, Better, Compared, HEADLINES, MAP_AT_R, METRICS, Metric, TRAIN_TIME, Unit, VOTE_TOP_K,
    Value, headline,
};
pub use ranked::{Ranking, RecallAt, Retrieval, Wanted, retrieve};
pub use score::Score;
pub use task::{LabelledEmbeddings, RetrievalTask, is_answerable};
pub use vote_top_k::{TopKAccuracy, VoteTopK, vote_top_k};
pub use watch::Watch;
