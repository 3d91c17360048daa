//! Arguments of `dml eval` for embeddings that another program made.

use std::path::PathBuf;

use clap::Args;

/// Files of embeddings; without `--embeddings` none of them is there.
#[derive(Debug, Args)]
#[command(next_help_heading = "Embeddings from elsewhere")]
pub struct EmbeddingArgs {
    /// Evaluate these embeddings, no run: .npy [rows, dimensions] of any numbers, .npz, .csv or
    /// .parquet, packed or not; FILE:KEY names an array or a column, - is stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "run", "model", "tsne", "tsne_of", "perplexity", "test", "data", "device", "engine", "runs",
    ])]
    pub embeddings: Option<PathBuf>,
    /// Their labels, whole numbers or names, in a file of any of those kinds [default: those in the
    /// file of the embeddings]
    #[arg(long, value_name = "FILE", requires = "embeddings")]
    pub labels: Option<PathBuf>,
    /// Embeddings to evaluate against those [default: each of those against all others]
    #[arg(long, value_name = "FILE", requires = "embeddings")]
    pub queries: Option<PathBuf>,
    /// Labels of the queries [default: those in the file of the queries]
    #[arg(long, value_name = "FILE", requires = "queries")]
    pub query_labels: Option<PathBuf>,
    /// Divide every embedding by its length first
    #[arg(long, requires = "embeddings")]
    pub normalise: bool,
    /// Write metrics.json, the confusion matrix and pictures into this folder
    #[arg(long, value_name = "DIR", requires = "embeddings")]
    pub out: Option<PathBuf>,
    /// Overwrite files in that folder; never an input or a file that a run keeps
    #[arg(long, requires = "out")]
    pub force: bool,
}
