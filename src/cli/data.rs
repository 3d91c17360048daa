//! Arguments of `dml data`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ColumnArgs;
use super::parse::{seed, size};

/// What to do with data.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Write Fashion-MNIST as CSV, its content checked
    #[command(after_help = "Example:
  dml data fetch                      tries the Debian folder, the Debian package, a download
  dml data fetch --from ~/fashion     the four IDX files lie there, zipped or not")]
    Fetch(FetchArgs),
    /// Tell what a CSV of images holds, and every fault with its line
    #[command(after_help = "Example:
  dml data check data/fashion-mnist_sample.csv.gz
  dml data check my.csv --label species --header yes
  dml data check my.csv --drop id,Usage --scale 255
  dml data check mnist/train-images-idx3-ubyte.gz     labels are found beside the images
  dml data check list.csv                             its columns are path and label
  xzcat images.csv.xz | dml data check -")]
    Check(CheckArgs),
    /// Write a stratified subset of a CSV of images
    #[command(after_help = "Example:
  dml data sample data/fashion-mnist_train.csv --per-class 600 --out small.csv.gz")]
    Sample(SampleArgs),
}

#[derive(Debug, Args)]
pub struct FetchArgs {
    /// Folder with the four IDX files of Fashion-MNIST, zipped or not
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,
    /// Folder to write the two CSVs into
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub into: PathBuf,
    /// Overwrite a CSV that holds something else
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Labelled images: CSV, compressed or not, an IDX file or a list of image files; - is stdin
    pub file: PathBuf,
    #[command(flatten)]
    pub columns: ColumnArgs,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct SampleArgs {
    /// Labelled images: CSV, compressed or not, an IDX file or a list of image files; - is stdin
    pub file: PathBuf,
    /// Images of each class
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = size)]
    pub per_class: usize,
    /// Images in all instead, each class with its share
    #[arg(long, value_name = "N", conflicts_with = "per_class", value_parser = size)]
    pub total: Option<usize>,
    /// Seed of the choice
    #[arg(long, default_value_t = 2022, value_parser = seed)]
    pub seed: u64,
    /// CSV to write, - for stdout; .gz at the end zips it
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    #[command(flatten)]
    pub columns: ColumnArgs,
    /// Overwrite the file where it exists; never FILE itself or a file that a run keeps
    #[arg(long)]
    pub force: bool,
}
