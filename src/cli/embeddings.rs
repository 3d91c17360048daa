//! Arguments of `dml eval` for embeddings of another program.

use std::path::PathBuf;

use clap::Args;

/// Files of embeddings; all require `--embeddings`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Embeddings of another program")]
pub struct EmbeddingArgs {
    /// Evaluate these embeddings instead of a run: .npy [rows, dimensions] of any number type, .npz,
    /// .csv or .parquet, compressed or not; FILE:KEY selects an array or a column, - is stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "run", "model", "tsne", "tsne_of", "perplexity", "test", "data", "device", "engine", "runs",
    ])]
    pub embeddings: Option<PathBuf>,
    /// Their labels, whole numbers or names, in a file of the same formats [default: from the file of
    /// the embeddings]
    #[arg(long, value_name = "FILE", requires = "embeddings")]
    pub labels: Option<PathBuf>,
    /// Embeddings of queries to evaluate against them [default: each of them against all others]
    #[arg(long, value_name = "FILE", requires = "embeddings")]
    pub queries: Option<PathBuf>,
    /// Labels of the queries [default: from the file of the queries]
    #[arg(long, value_name = "FILE", requires = "queries")]
    pub query_labels: Option<PathBuf>,
    /// First divide each embedding by its length
    #[arg(long, requires = "embeddings")]
    pub normalise: bool,
    /// Write metrics.json, the confusion matrix and pictures into this folder
    #[arg(long, value_name = "DIR", requires = "embeddings")]
    pub out: Option<PathBuf>,
    /// Overwrite files in that folder, but never an input or a file of a run
    #[arg(long, requires = "out")]
    pub force: bool,
}
