//! Arguments of `dml losses`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml losses                                                formula, settings, source and needs of each loss
  dml losses --on runs/cross-entropy-seed2022-1a2b3c4d5e6f  each loss on a run's validation embeddings
  dml losses --embeddings z.npy --labels y.npy              each loss on embeddings of another program

Losses are computed with their default settings, on the batches they are trained on, with proxies,
weights and centres at the class means.")]
pub struct LossesArgs {
    /// Compute each loss on the validation embeddings of this evaluated run, by its folder or name
    #[arg(long, value_name = "RUN", conflicts_with_all = ["embeddings", "labels"])]
    pub on: Option<PathBuf>,
    /// Compute each loss on these embeddings, in any format that dml eval reads
    #[arg(long, value_name = "FILE")]
    pub embeddings: Option<PathBuf>,
    /// Labels of the embeddings [default: from the same file]
    #[arg(long, value_name = "FILE", requires = "embeddings")]
    pub labels: Option<PathBuf>,
    /// Folder that holds the runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
