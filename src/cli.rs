//! The types of the command line, which clap parses.

mod cluster;
mod data;
mod defaults;
mod embeddings;
mod experiments;
mod parse;
mod runs;
mod share;
mod shell;

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::Setting;
use crate::data::{ChannelChoice, ClassNames, Fit, Header, PictureSize, Scale, image_sources};
use crate::eval::ModelChoice;
use crate::eval::tsne::{Engine, TsneSets};
use crate::model::EngineChoice;
use crate::report::Style;
use crate::runtime::DeviceChoice;
use crate::train::CheckpointEvery;
use crate::words;

pub use cluster::{ClusterArgs, Executor};
pub use data::{CheckArgs, DataCommand, FetchArgs, SampleArgs};
pub use embeddings::EmbeddingArgs;
pub use experiments::{BoundArgs, CompareArgs, KeyArgs, ManyArgs, SweepArgs, TuneArgs};
pub use parse::{Ks, Metric, Order};
use parse::{class_names, ks, model_choice, number, seed, size, tsne_engine, tsne_sets};
pub use runs::{DiffArgs, RemoveArgs, RunsArgs, RunsCommand};
pub use share::{EmbedArgs, EmbedFormat, ExportArgs, Format, ReportArgs};
pub use shell::{CompletionsArgs, LOSSES, ManArgs, completing};

/// Deep metric learning on labelled images: train, evaluate and compare losses.
#[derive(Debug, Parser)]
#[command(name = "dml", version, max_term_width = 100)]
#[command(after_help = "Examples:
  dml data fetch                                  write Fashion-MNIST as CSV into data/
  dml compare                                     contrastive against cross-entropy, three seeds
  dml train --loss cross-entropy --epochs 2       one run
  dml eval --knn 1                                evaluate the newest run

Exit codes: 0 success, 1 failure, 2 usage error, 130 interrupted (finished work is saved).
`dml COMMAND --help` shows examples of each command.")]
pub struct Cli {
    /// Print only results and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// The command line, with the defaults of settings in its help.
    pub fn command() -> clap::Command {
        defaults::with_defaults(<Cli as CommandFactory>::command())
    }

    /// Parses the command line; on an error, prints it and ends the process.
    pub fn read() -> Cli {
        let mut command = with_negative_numbers(Cli::command());
        let matches = command.try_get_matches_from_mut(std::env::args_os());
        let matches = matches.unwrap_or_else(|error| match non_utf8_argument() {
            Some(word) if error.kind() == ErrorKind::InvalidUtf8 => {
                let problem = format!("{word} is not valid UTF-8: rename the file, or link to it");
                command.error(ErrorKind::InvalidUtf8, problem).exit()
            }
            _ => error.exit(),
        });
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
    }
}

/// Help of an argument that takes images, with the kinds of sources that are read.
fn images_help(what: &str) -> String {
    format!("{what}: {}, compressed or not; - is stdin", image_sources())
}

/// The first argument that is not UTF-8, quoted.
fn non_utf8_argument() -> Option<String> {
    let word = std::env::args_os().find(|word| word.to_str().is_none())?;
    Some(words::path_word(Path::new(&word)))
}

/// Makes a command parse `-1` as a value, not as a flag.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
    command.allow_negative_numbers(true).mut_subcommands(with_negative_numbers)
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fetch, check or sample data
    #[command(subcommand)]
    Data(DataCommand),
    /// Train a network with one loss
    Train(TrainArgs),
    /// Evaluate a run with nearest neighbours and t-SNE
    Eval(EvalArgs),
    /// Train and evaluate losses × seeds on the same data, and draw a conclusion
    Compare(CompareArgs),
    /// Compare losses over training-set sizes, or over values of any setting
    Sweep(SweepArgs),
    /// Search for the best settings of a loss, using only validation images
    Tune(TuneArgs),
    /// Show cross-entropy and the pairwise losses that it bounds during training
    Bound(BoundArgs),
    /// List runs with their key figures, compare two, or remove some
    Runs(RunsArgs),
    /// Write an HTML report on a run, a comparison, a sweep or a search
    Report(ReportArgs),
    /// Embed new images with a trained run
    Embed(EmbedArgs),
    /// Export a run's network or embeddings
    Export(ExportArgs),
    /// List all losses with formula, settings and source, or compute each on given embeddings
    Losses(LossesArgs),
    /// Print shell completions
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for each command
    Man(ManArgs),
}

/// How to read images: the columns of a table, and pictures of any size.
#[derive(Debug, Args)]
pub struct ColumnArgs {
    /// Label column, by name or number from 1 [default: found by its name, else the column that is
    /// not named like a pixel, else the first or last by their values]
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    /// Whether the first line is a header: auto, yes or no [default: {data.header}]
    #[arg(long, value_name = "WHETHER")]
    pub header: Option<Header>,
    /// Columns to ignore, by name or number, separated by commas; may be repeated [default: row
    /// numbers, names of splits, text, and empty columns]
    #[arg(long, value_name = "COLUMN")]
    pub drop: Vec<String>,
    /// Divisor of the pixel values: auto, or a number like 1, 16, 255 or 65535 [default:
    /// {data.scale}, from their range]
    #[arg(long, value_name = "NUMBER")]
    pub scale: Option<Scale>,
    /// Class names: auto, labels or fashion-mnist [default: {data.names}]
    #[arg(long, value_name = "WHICH", value_parser = class_names)]
    pub names: Option<ClassNames>,
    /// Pictures in grey or in colour: auto, grey or rgb [default: {data.channels}, in colour if any has
    /// one]
    #[arg(long, value_name = "WHICH")]
    pub channels: Option<ChannelChoice>,
    /// Size of all pictures: auto, N for N×N, or HxW [default: {data.size}, that of the pictures if all
    /// have one]
    #[arg(long, value_name = "SIZE")]
    pub size: Option<PictureSize>,
    /// How a picture of another aspect ratio is fitted: crop, pad or stretch [default: {data.fit}]
    #[arg(long, value_name = "HOW")]
    pub fit: Option<Fit>,
    /// Leave out pictures that cannot be read, and list them
    #[arg(long)]
    pub skip_broken: bool,
}

/// Device and engine.
#[derive(Debug, Args)]
pub struct ComputeArgs {
    /// Device: auto, cpu, cuda or cuda:N [default: {train.device}]
    #[arg(long)]
    pub device: Option<DeviceChoice>,
    /// Engine that computes the network: auto, libtorch, or fused, which is faster but takes only
    /// square grey images on the CPU [default: {train.engine}]
    #[arg(long)]
    pub engine: Option<EngineChoice>,
}

/// Flags that override the configuration file.
#[derive(Debug, Args)]
pub struct SettingArgs {
    /// Configuration in TOML; flags override it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[arg(
        long,
        value_name = "FILE",
        help = images_help("Labelled images") + " [default: {data.path}]"
    )]
    pub data: Option<String>,
    #[command(flatten)]
    pub columns: ColumnArgs,
    /// Network to train [default: {model.network}]
    #[arg(long, value_name = "NAME")]
    pub network: Option<String>,
    /// Passes over the training images [default: {train.epochs}]
    #[arg(long, value_name = "N", value_parser = size)]
    pub epochs: Option<usize>,
    /// Images per step [default: {train.batch}]
    #[arg(long, value_name = "N", value_parser = size)]
    pub batch: Option<usize>,
    /// Learning rate [default: {train.learning_rate}]
    #[arg(long, value_name = "RATE", value_parser = number)]
    pub learning_rate: Option<f64>,
    #[command(flatten)]
    pub compute: ComputeArgs,
    /// Interval of checkpoints within epochs: "N s", "N steps", or epoch for none [default:
    /// {train.checkpoint_every}]
    #[arg(long, value_name = "TIME")]
    pub checkpoint_every: Option<CheckpointEvery>,
    /// Style of pictures: screen, or paper (no titles, small print) [default: {plots.style}]
    #[arg(long, value_name = "STYLE")]
    pub style: Option<Style>,
    /// Folder that holds the runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
    /// Cores for training and evaluation; loading uses all [default: all]
    #[arg(long, value_name = "N", value_parser = size)]
    pub cores: Option<usize>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml train                                             contrastive loss, the tutorial's settings
  dml train --loss cross-entropy --seed 1
  dml train --loss triplet --epochs 10
  dml train --config configs/hadsell.toml --epochs 10
  dml train --data my.csv --label species --device cpu
  dml train --init siamese_ct.safetensors               from weights that PyTorch saved
  dml train --resume runs/contrastive-seed2022-1a2b3c4d5e6f  resume from the last checkpoint")]
pub struct TrainArgs {
    /// Loss to train with; `dml losses` lists them [default: {loss.name}]
    #[arg(long, value_name = "NAME")]
    pub loss: Option<String>,
    /// Seed of split, initial weights, order and pairs [default: {train.seed}]
    #[arg(long, value_parser = seed)]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub settings: SettingArgs,
    /// Initial weights: a safetensors file, for example from PyTorch, - for stdin [default: random, by
    /// the seed]
    #[arg(long, value_name = "FILE")]
    pub init: Option<String>,
    /// Name of the run's folder [default: loss, seed and a hash of settings and data]
    #[arg(long)]
    pub name: Option<String>,
    /// Replace the run if its folder exists
    #[arg(long)]
    pub force: bool,
    /// Resume an unfinished run, by its folder or name, with its own settings; add --data if its images
    /// have moved
    #[arg(long, value_name = "RUN", conflicts_with_all = [
        "loss", "seed", "config", "label", "header", "drop", "scale", "names", "channels", "size", "fit",
        "skip_broken", "network", "epochs", "batch",
        "learning_rate", "train_size", "unseen_classes", "set", "init", "name", "force", "style",
    ])]
    pub resume: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml eval --knn 1                                      the newest run
  dml eval --run runs/contrastive-seed2022-1a2b3c4d5e6f --recall-at 1..5
  dml eval --test data/fashion-mnist_test.csv           on the official test set
  dml eval --tsne-of both                               draw the training embeddings too
  dml eval --json | jq .knn.accuracy
  dml eval --embeddings refs.npy --labels refs_labels.npy --queries q.npy --query-labels q_labels.npy
  dml eval --embeddings clip.parquet                    labels in a column of the same file
  dml eval --embeddings sets.npz:x_test --labels sets.npz:y_test
  dml eval --embeddings z.csv --labels z.csv:species")]
pub struct EvalArgs {
    /// Run, by its folder or name [default: the newest trained run]
    #[arg(long, value_name = "RUN")]
    pub run: Option<PathBuf>,
    /// Number of neighbours that vote on the class of an image, at most the number of references
    /// [default: the run's setting, {eval.knn}]
    #[arg(long, value_name = "K", value_parser = size)]
    pub knn: Option<usize>,
    /// The k of Recall@k and of vote top-k accuracy (the tutorial's recall@k): 1..5 or 1,2,4
    /// [default: {eval.recall_at} and {eval.vote_top}]
    #[arg(long, value_name = "KS", value_parser = ks, allow_hyphen_values = true)]
    pub recall_at: Option<Ks>,
    /// Earlier name of --recall-at, for Recall@k only
    #[arg(long, value_name = "KS", value_parser = ks, allow_hyphen_values = true, hide = true,
        conflicts_with = "recall_at")]
    pub hits_at: Option<Ks>,
    /// Skip k-means, and with it NMI and AMI
    #[arg(long)]
    pub no_clusters: bool,
    /// Model of the run: last or best [default: {eval.model}]
    #[arg(long, value_name = "WHICH", value_parser = model_choice)]
    pub model: Option<ModelChoice>,
    /// Implementation of the t-SNE: fft or linfa [default: {tsne.engine}]
    #[arg(long, value_name = "ENGINE", value_parser = tsne_engine)]
    pub tsne: Option<Engine>,
    /// Embeddings that the t-SNE shows: validation, or both, with the training images in a separate
    /// picture [default: {tsne.of}]
    #[arg(long, value_name = "WHICH", value_parser = tsne_sets, conflicts_with = "test")]
    pub tsne_of: Option<TsneSets>,
    /// Perplexity of the t-SNE, at most (N − 1)/3 for N images [default: {tsne.perplexity}]
    #[arg(long, value_name = "N", conflicts_with = "test", value_parser = number)]
    pub perplexity: Option<f64>,
    /// Any setting of the evaluation, like eval.voters=5 or tsne.iterations=1000; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = Setting::read)]
    pub set: Vec<Setting>,
    /// Evaluate on the images of this file instead of the validation images (no t-SNE)
    #[arg(long, value_name = "FILE", conflicts_with = "tsne")]
    pub test: Option<PathBuf>,
    /// Data file of the run, if it has moved
    #[arg(long, value_name = "FILE")]
    pub data: Option<String>,
    #[command(flatten)]
    pub compute: ComputeArgs,
    /// Style of pictures: screen, or paper (no titles, small print) [default: {plots.style}]
    #[arg(long, value_name = "STYLE")]
    pub style: Option<Style>,
    /// Folder that holds the runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
    /// Print the metrics as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub embeddings: EmbeddingArgs,
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        with_negative_numbers(Cli::command()).debug_assert();
    }

    #[test]
    fn a_negative_number_is_refused_as_a_value() {
        let read = |words: &[&str]| {
            let words = ["dml"].iter().chain(words).copied();
            with_negative_numbers(Cli::command()).try_get_matches_from(words).map(drop)
        };
        let message = |words: &[&str]| read(words).unwrap_err().to_string();
        assert!(
            message(&["train", "--seed", "-1"])
                .contains("'-1' for '--seed <SEED>': expected a whole")
        );
        assert!(message(&["compare", "--seeds", "-1,2"]).contains("like 1,2,3 or 1-5"));
        assert!(message(&["eval", "--knn", "-1"]).contains("expected a whole number, 1 or more"));
        assert!(
            message(&["train", "--epochs", "-1"]).contains("expected a whole number, 1 or more")
        );
        assert!(message(&["compare", "--seeds", "1,-2"]).contains("like 1,2,3 or 1-5"));
        assert!(
            message(&["compare", "--task", "-1"]).contains("expected a whole number, 0 or more")
        );
        assert!(message(&["runs", "--seed", "-1"]).contains("expected a whole number, 0 or more"));
        for (flag, least) in [("--per-class", 1), ("--total", 1), ("--seed", 0)] {
            let refused = message(&["data", "sample", "a.csv", "--out", "b.csv", flag, "-1"]);
            let words = format!("expected a whole number, {least} or more");
            assert!(refused.contains(&words), "{refused}");
        }
        let trials = message(&["tune", "--loss", "a", "--trials", "-1"]);
        assert!(trials.contains("expected a whole number from 1 to 100000"), "{trials}");
        let rate = message(&["train", "--learning-rate", "fast"]);
        assert!(rate.contains("expected a number like 0.001 or 1e-3"), "{rate}");
        assert!(read(&["train", "--learning-rate", "-1"]).is_ok(), "refused later, with its key");
        assert!(message(&["eval", "--recall-at", "-1,2"]).contains("expected a range like 1..5"));
        for classes in [&["--unseen-classes", "-1,-2"][..], &["--unseen-classes=-3--1"]] {
            assert!(read(&[&["train"], classes].concat()).is_ok());
        }
        assert!(
            message(&["train", "--unseen-classes", "--seed"]).contains("expected classes like")
        );
    }
}
