//! Arguments of `dml report`, `dml embed` and `dml export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::images::{ColumnArgs, images_help};
use super::parse::model_choice;
use super::settings::ComputeArgs;
use crate::eval::ModelChoice;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml report                                            the newest trained run
  dml report runs/compare-contrastive-vs-cross-entropy-1a2b3c4d5e6f
  dml report --out page.html                            somewhere else; - for stdout

The report is one file, by default report.html in that folder, which needs no network. Its tables can
be sorted, and its t-SNE shows the image under the pointer. dml compare, sweep and tune write a report
anyway.")]
pub struct ReportArgs {
    /// Evaluated run, comparison, sweep or search, by its folder or name [default: the newest
    /// trained run]
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// File to write instead: .html, - for stdout
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Overwrite that file if it exists, but never the images or a file of a run
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Data file of the runs, if it has moved
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
  dml embed new.csv.gz --out new_embedded.csv           one row per image, labels first if present;
                                                        .parquet is the same with typed columns
  dml embed new.csv --out - | head -3                   only CSV on stdout

The images must have the size that the run was trained on. Labels are optional, and may be others than
those of the training data.")]
pub struct EmbedArgs {
    #[arg(value_name = "IMAGES", help = images_help("Images"))]
    pub images: PathBuf,
    /// File for the embeddings, - for stdout: .npy (float32, one row per image), or .csv, .csv.gz or
    /// .parquet with labels
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Format to write [default: by the extension of --out; CSV into a pipe]
    #[arg(long, value_enum)]
    pub format: Option<EmbedFormat>,
    /// File for the labels as read: .npy, int64 if all are whole numbers, else text
    #[arg(long, value_name = "NPY")]
    pub labels_out: Option<PathBuf>,
    /// Overwrite existing files, but never the images or a file of a run
    #[arg(long)]
    pub force: bool,
    /// Run, by its folder or name [default: the newest trained run]
    #[arg(long, value_name = "RUN")]
    pub run: Option<PathBuf>,
    /// Model of the run: last or best [default: {eval.model}]
    #[arg(long, value_name = "WHICH", value_parser = model_choice)]
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
  dml export runs/supcon-seed2022-1a2b3c4d5e6f --out supcon.pt                  torchscript, by the extension
  dml export runs/supcon-seed2022-1a2b3c4d5e6f --format safetensors --out supcon.safetensors
  dml export runs/supcon-seed2022-1a2b3c4d5e6f --format parquet --out embeddings.parquet
  dml export runs/supcon-seed2022-1a2b3c4d5e6f --format tensorboard --out logs/supcon

In Python: torch.jit.load(\"supcon.pt\")(images), where images are [N, C, H, W] in 0..1. The network's
output is not normalised; if the loss compares only directions, divide each embedding by its length.")]
pub struct ExportArgs {
    /// Trained run, by its folder or name
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// Format to write [default: by the extension of --out]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// File to write, - for stdout; a folder for npy and tensorboard
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    /// Overwrite existing files, but never a file of a run
    #[arg(long)]
    pub force: bool,
    /// Model of the run: last or best [default: {eval.model}; for embeddings, that of the last
    /// evaluation]
    #[arg(long, value_name = "WHICH", value_parser = model_choice)]
    pub model: Option<ModelChoice>,
    /// Data file of the run, if it has moved; tensorboard needs it
    #[arg(long, value_name = "FILE")]
    pub data: Option<String>,
    /// Folder that holds the runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
}

/// Formats of embeddings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EmbedFormat {
    /// A NumPy array
    Npy,
    /// A text table with labels
    Csv,
    /// A table with typed columns, with labels
    Parquet,
}

/// Export formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The network's weights by PyTorch's names
    Safetensors,
    /// The network itself, for torch.jit.load
    Torchscript,
    /// Embeddings and labels of the last evaluation, as NumPy arrays
    Npy,
    /// The same as one table: part, label, class and the components e0, e1 ... of each image
    Csv,
    /// The same table with typed columns, for pandas, polars and pyarrow
    Parquet,
    /// Curves, metrics, distances and the embedding projector with images
    Tensorboard,
}
