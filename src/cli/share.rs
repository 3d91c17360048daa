//! `dml report`, `dml embed` and `dml export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::parse::which_model;
use super::{ColumnArgs, ComputeArgs};
use crate::eval::ModelChoice;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml report                                            the newest trained run
  dml report runs/compare-contrastive-vs-cross-entropy-1a2b3c4d5e6f

The page is one file, report.html in that folder: no network, tables that sort, a t-SNE that shows
the image under the pointer, light and dark. dml compare, sweep and tune write theirs themselves.")]
pub struct ReportArgs {
    /// Folder of an evaluated run, a comparison, a sweep or a search [default: the newest trained run]
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// CSV that the runs were trained on, where it has moved
    #[arg(long, value_name = "FILE")]
    pub data: Option<String>,
    /// Folder that holds the runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml embed new.csv --out new.npy                       with the newest run
  dml embed new.csv --run runs/supcon-seed2022-1a2b3c4d5e6f --out new.npy --labels-out new_labels.npy
  dml embed new.csv.gz --out new_embedded.csv           a row an image, its label first if it has one;
                                                        .parquet likewise, with typed columns
  dml embed new.csv --out - | head -3                   CSV on stdout, nothing else

A row is an image of the size that the run was trained on, with or without a label; labels need not
be those that were trained on.")]
pub struct EmbedArgs {
    /// Images: CSV, compressed or not, an IDX file or a list of image files; - is stdin
    #[arg(value_name = "IMAGES")]
    pub images: PathBuf,
    /// Where the embeddings go, - for stdout: .npy, float32, a row an image, or .csv, .csv.gz or
    /// .parquet with labels
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// What to write [default: what the ending of --out says; CSV into a pipe]
    #[arg(long, value_enum)]
    pub format: Option<EmbedFormat>,
    /// Where the labels go, as they stand in the file: .npy, int64 if all are whole numbers, else text
    #[arg(long, value_name = "NPY")]
    pub labels_out: Option<PathBuf>,
    /// Overwrite files that exist; never the images or a file that a run keeps
    #[arg(long)]
    pub force: bool,
    /// Run folder [default: the newest trained run]
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// Which of the run's models: last or best [default: last]
    #[arg(long, value_name = "WHICH", value_parser = which_model)]
    pub model: Option<ModelChoice>,
    #[command(flatten)]
    pub columns: ColumnArgs,
    #[command(flatten)]
    pub compute: ComputeArgs,
    /// Folder that holds the runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml export runs/supcon-seed2022-1a2b3c4d5e6f --out supcon.pt                  torchscript, by the ending
  dml export runs/supcon-seed2022-1a2b3c4d5e6f --format safetensors --out supcon.safetensors
  dml export runs/supcon-seed2022-1a2b3c4d5e6f --format parquet --out embeddings.parquet
  dml export runs/supcon-seed2022-1a2b3c4d5e6f --format tensorboard --out logs/supcon

In Python: torch.jit.load(\"supcon.pt\")(images), where images are [N, 1, S, S] in 0..1. The network gives
embeddings as they are; where the loss looks at directions alone, divide each by its length.")]
pub struct ExportArgs {
    /// A trained run, by its folder
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// What to write [default: what the ending of --out says]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Where it goes, - for stdout; npy and tensorboard are folders
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    /// Overwrite files that exist; never a file that a run keeps
    #[arg(long)]
    pub force: bool,
    /// Which of the run's models: last or best [default: last; of embeddings, that of the last
    /// evaluation]
    #[arg(long, value_name = "WHICH", value_parser = which_model)]
    pub model: Option<ModelChoice>,
    /// CSV that the run was trained on, where it has moved; tensorboard needs it
    #[arg(long, value_name = "FILE")]
    pub data: Option<String>,
}

/// What embeddings are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EmbedFormat {
    /// An array of NumPy's
    Npy,
    /// A table as text, with labels
    Csv,
    /// A table with typed columns, with labels
    Parquet,
}

/// What other programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The network's weights under PyTorch's names
    Safetensors,
    /// The network itself, for torch.jit.load
    Torchscript,
    /// Embeddings and labels of the last evaluation, as NumPy's arrays
    Npy,
    /// The same as one table: part, label, class and the numbers e0, e1 ... of each image
    Csv,
    /// That table with typed columns, for pandas, polars and pyarrow
    Parquet,
    /// Curves, figures, distances and the embedding projector with its images
    Tensorboard,
}
