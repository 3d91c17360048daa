//! Arguments of `dml data`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::images::{ColumnArgs, images_help};
use super::parse::{seed, size};

/// The commands on data.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Get Fashion-MNIST, verify it, and write it as CSV
    #[command(after_help = "Example:
  dml data fetch                      tries the Debian folder, the Debian package, a download
  dml data fetch --from ~/fashion     from a folder with the four IDX files, gzipped or not")]
    Fetch(FetchArgs),
    /// Describe a file of images, and list all faults with their lines
    #[command(after_help = "Example:
  dml data check data/fashion-mnist_sample.csv.gz
  dml data check photos/                              a folder of pictures per class
  dml data check my.csv --label species --header yes
  dml data check my.csv --drop id,Usage --scale 255
  dml data check mnist/train-images-idx3-ubyte.gz     finds the labels next to the images
  dml data check list.csv                             with columns path and label
  xzcat images.csv.xz | dml data check -")]
    Check(CheckArgs),
    /// Write a stratified subset of a file of images as CSV
    #[command(after_help = "Example:
  dml data sample data/fashion-mnist_train.csv --per-class 600 --out small.csv.gz")]
    Sample(SampleArgs),
}

#[derive(Debug, Args)]
pub struct FetchArgs {
    /// Folder with the four IDX files of Fashion-MNIST, gzipped or not
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// Folder for the two CSVs
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub into: PathBuf,
    /// Overwrite a CSV that has other content
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    #[arg(help = images_help("Labelled images"))]
    pub file: PathBuf,
    #[command(flatten)]
    pub columns: ColumnArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct SampleArgs {
    #[arg(help = images_help("Labelled images"))]
    pub file: PathBuf,
    /// Images per class
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = size)]
    pub per_class: usize,
    /// Total number of images instead, in proportion to the classes
    #[arg(long, value_name = "N", conflicts_with = "per_class", value_parser = size)]
    pub total: Option<usize>,
    /// Seed of the selection
    #[arg(long, default_value_t = 2022, value_parser = seed)]
    pub seed: u64,
    /// CSV to write, - for stdout; gzipped if the name ends in .gz
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    #[command(flatten)]
    pub columns: ColumnArgs,
    /// Overwrite an existing file, but never FILE itself or a file of a run
    #[arg(long)]
    pub force: bool,
}
