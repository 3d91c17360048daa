//! The command line: types that clap reads, nothing else.

mod cluster;
mod data;
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
use crate::data::{ClassNames, Header, Scale};
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
pub use parse::{Ks, Metric};
use parse::{class_names, ks, number, seed, size, tsne_engine, tsne_of, which_model};
pub use runs::{DiffArgs, RemoveArgs, RunsArgs, RunsCommand};
pub use share::{EmbedArgs, EmbedFormat, ExportArgs, Format, ReportArgs};
pub use shell::{CompletionsArgs, LOSSES, ManArgs, completing};

/// Deep metric learning on labelled images: train, embed, evaluate and compare losses honestly.
#[derive(Debug, Parser)]
#[command(name = "dml", version, max_term_width = 100)]
#[command(after_help = "Examples:
  dml data fetch                                  get Fashion-MNIST as CSV into data/
  dml compare                                     contrastive against cross-entropy, three seeds
  dml train --loss cross-entropy --epochs 2       one run
  dml eval --knn 1                                evaluate the newest run

Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted; training saves what was done.
`dml COMMAND --help` has examples for each command.")]
pub struct Cli {
    /// Say nothing but results and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads the command line; on one that cannot be read, says why and ends the process.
    pub fn read() -> Cli {
        let mut command = with_negative_numbers(Cli::command());
        let matches = command.try_get_matches_from_mut(std::env::args_os());
        let matches = matches.unwrap_or_else(|error| match no_text() {
            Some(word) if error.kind() == ErrorKind::InvalidUtf8 => {
                let problem = format!("{word} is no text in UTF-8: rename the file, or link to it");
                command.error(ErrorKind::InvalidUtf8, problem).exit()
            }
            _ => error.exit(),
        });
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
    }
}

/// The first argument that is no text, as it is shown.
fn no_text() -> Option<String> {
    let word = std::env::args_os().find(|word| word.to_str().is_none())?;
    Some(words::path_word(Path::new(&word)))
}

/// The same command, which takes `-1` for a number that may be wrong and not for a flag.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
    command.allow_negative_numbers(true).mut_subcommands(with_negative_numbers)
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Get, check or sample the data
    #[command(subcommand)]
    Data(DataCommand),
    /// Train one network under one loss
    Train(TrainArgs),
    /// Evaluate a run by nearest neighbours and t-SNE
    Eval(EvalArgs),
    /// Train and evaluate losses × seeds on the same data, and conclude
    Compare(CompareArgs),
    /// Losses over training-set sizes, or over the values of any setting
    Sweep(SweepArgs),
    /// Search the settings under which a loss does best, on validation images alone
    Tune(TuneArgs),
    /// Show cross-entropy and the pairwise losses that it bounds over a training
    Bound(BoundArgs),
    /// List runs with their key figures, compare two, remove some
    Runs(RunsArgs),
    /// Write a page on a run, a comparison, a sweep or a search
    Report(ReportArgs),
    /// Embed new images with a trained run
    Embed(EmbedArgs),
    /// Give a run's network or embeddings to other programs
    Export(ExportArgs),
    /// List every loss with formula, settings and source, or ask each about an embedding
    Losses(LossesArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write one for every command
    Man(ManArgs),
}

/// How the columns of a CSV are to be read.
#[derive(Debug, Args)]
pub struct ColumnArgs {
    /// Label column by name or by number from 1 [default: by its name, else the column that is no
    /// pixel by its name, else the first or last by what they hold]
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    /// Whether the first line names the columns: auto, yes or no [default: auto]
    #[arg(long, value_name = "WHETHER")]
    pub header: Option<Header>,
    /// Columns to leave out, by name or number, separated by commas; may be given several times
    /// [default: those that number rows, say which set they are of, or hold nothing or text]
    #[arg(long, value_name = "COLUMN")]
    pub drop: Vec<String>,
    /// What pixel values are divided by: auto, or a number as 1, 16, 255 or 65535 [default: auto, by
    /// their range]
    #[arg(long, value_name = "NUMBER")]
    pub scale: Option<Scale>,
    /// Names of the classes: auto, labels or fashion-mnist [default: auto]
    #[arg(long, value_name = "WHICH", value_parser = class_names)]
    pub names: Option<ClassNames>,
}

/// What the network is computed by.
#[derive(Debug, Args)]
pub struct ComputeArgs {
    /// Where to compute: auto, cpu, cuda or cuda:N [default: auto]
    #[arg(long)]
    pub device: Option<DeviceChoice>,
    /// What computes the network: auto, libtorch or fused [default: auto]
    #[arg(long)]
    pub engine: Option<EngineChoice>,
}

/// Settings that flags lay over the configuration file.
#[derive(Debug, Args)]
pub struct SettingArgs {
    /// Configuration in TOML; flags win over it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Labelled images: CSV, compressed or not, an IDX file or a list of image files; - is stdin
    /// [default: data/fashion-mnist_train.csv]
    #[arg(long, value_name = "FILE")]
    pub data: Option<String>,
    #[command(flatten)]
    pub columns: ColumnArgs,
    /// Passes over the training images [default: 5]
    #[arg(long, value_name = "N", value_parser = size)]
    pub epochs: Option<usize>,
    /// Images in a step [default: 128]
    #[arg(long, value_name = "N", value_parser = size)]
    pub batch: Option<usize>,
    /// Adam's step size [default: 0.001]
    #[arg(long, value_name = "RATE", value_parser = number)]
    pub learning_rate: Option<f64>,
    #[command(flatten)]
    pub compute: ComputeArgs,
    /// Checkpoints beside those of each epoch: epoch for none, "N s" or "N steps" [default: 30 s]
    #[arg(long, value_name = "TIME")]
    pub checkpoint_every: Option<CheckpointEvery>,
    /// What pictures are for: screen or paper (no titles, fine print) [default: screen]
    #[arg(long, value_name = "STYLE")]
    pub style: Option<Style>,
    /// Folder that holds the runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
    /// Cores for training and evaluation; loading takes all [default: all]
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
  dml train --resume runs/contrastive-seed2022-1a2b3c4d5e6f  go on from the last checkpoint")]
pub struct TrainArgs {
    /// Loss to train under; `dml losses` lists them [default: contrastive]
    #[arg(long, value_name = "NAME")]
    pub loss: Option<String>,
    /// Seed of split, weights, order and pairs [default: 2022]
    #[arg(long, value_parser = seed)]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub settings: SettingArgs,
    /// Begin with the weights of this safetensors file, one of PyTorch's for example, - for stdin
    /// [default: drawn under the seed]
    #[arg(long, value_name = "FILE")]
    pub init: Option<String>,
    /// Name of the run's folder [default: loss, seed and a hash of settings and data]
    #[arg(long)]
    pub name: Option<String>,
    /// Train again where the run's folder exists
    #[arg(long)]
    pub force: bool,
    /// Go on with an unfinished run, with the settings it began with; --data where its images moved
    #[arg(long, value_name = "RUN", conflicts_with_all = [
        "loss", "seed", "config", "label", "header", "drop", "scale", "names", "epochs", "batch", "learning_rate",
        "train_size", "unseen_classes", "set", "init", "name", "force", "style",
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
    /// Run folder [default: the newest trained run]
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// Neighbours that vote on an image's class, at most as many as there are references [default: as
    /// the run's configuration, 1]
    #[arg(long, value_name = "K", value_parser = size)]
    pub knn: Option<usize>,
    /// The k of Recall@k and of vote top-k accuracy (the tutorial's recall@k), as 1..5 or 1,2,4
    /// [default: 1,2,4,8 and 1..5]
    #[arg(long, value_name = "KS", value_parser = ks, allow_hyphen_values = true)]
    pub recall_at: Option<Ks>,
    /// Earlier name of --recall-at, of the k of Recall@k alone
    #[arg(long, value_name = "KS", value_parser = ks, allow_hyphen_values = true, hide = true,
        conflicts_with = "recall_at")]
    pub hits_at: Option<Ks>,
    /// Leave out k-means, and with it NMI and AMI
    #[arg(long)]
    pub no_clusters: bool,
    /// Which of the run's models: last or best [default: last]
    #[arg(long, value_name = "WHICH", value_parser = which_model)]
    pub model: Option<ModelChoice>,
    /// Engine of the t-SNE: fft or linfa [default: fft]
    #[arg(long, value_name = "ENGINE", value_parser = tsne_engine)]
    pub tsne: Option<Engine>,
    /// Embeddings that the t-SNE draws: validation, or both for the training images' too, in a
    /// picture of their own [default: validation]
    #[arg(long, value_name = "WHICH", value_parser = tsne_of, conflicts_with = "test")]
    pub tsne_of: Option<TsneSets>,
    /// Effective number of neighbours in the t-SNE; of N images at most (N − 1)/3 [default: 30]
    #[arg(long, value_name = "N", conflicts_with = "test", value_parser = number)]
    pub perplexity: Option<f64>,
    /// Any setting of the evaluation, as eval.voters=5 or tsne.iterations=1000; again for more
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = Setting::read)]
    pub set: Vec<Setting>,
    /// Evaluate on this file of other images instead of the validation images (no t-SNE)
    #[arg(long, value_name = "FILE", conflicts_with = "tsne")]
    pub test: Option<PathBuf>,
    /// File that the run was trained on, where it has moved
    #[arg(long, value_name = "FILE")]
    pub data: Option<String>,
    #[command(flatten)]
    pub compute: ComputeArgs,
    /// What pictures are for: screen or paper (no titles, fine print) [default: screen]
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
  dml losses                                                formula, settings, source and needs of each
  dml losses --on runs/cross-entropy-seed2022-1a2b3c4d5e6f  each on a run's validation embeddings
  dml losses --embeddings z.npy --labels y.npy              each on embeddings from elsewhere

Losses are asked with their defaults, on the batches they are trained on; proxies, weights and
centres stand at the class means.")]
pub struct LossesArgs {
    /// Ask every loss about the validation embeddings of this evaluated run
    #[arg(long, value_name = "RUN", conflicts_with_all = ["embeddings", "labels"])]
    pub on: Option<PathBuf>,
    /// Ask every loss about these embeddings, in a file as dml eval takes them
    #[arg(long, value_name = "FILE")]
    pub embeddings: Option<PathBuf>,
    /// Their labels [default: those in the file of the embeddings]
    #[arg(long, value_name = "FILE", requires = "embeddings")]
    pub labels: Option<PathBuf>,
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
    fn a_number_below_zero_is_a_value_and_is_refused_as_such() {
        let read = |words: &[&str]| {
            let words = ["dml"].iter().chain(words).copied();
            with_negative_numbers(Cli::command()).try_get_matches_from(words).map(drop)
        };
        let told = |words: &[&str]| read(words).unwrap_err().to_string();
        assert!(
            told(&["train", "--seed", "-1"]).contains("'-1' for '--seed <SEED>': take a whole")
        );
        assert!(told(&["compare", "--seeds", "-1,2"]).contains("take 1,2,3 or 1-5"));
        assert!(told(&["eval", "--knn", "-1"]).contains("take a whole number from 1 on"));
        assert!(told(&["train", "--epochs", "-1"]).contains("take a whole number from 1 on"));
        assert!(told(&["compare", "--seeds", "1,-2"]).contains("take 1,2,3 or 1-5"));
        assert!(told(&["compare", "--task", "-1"]).contains("take a whole number from 0 on"));
        assert!(told(&["runs", "--seed", "-1"]).contains("take a whole number from 0 on"));
        for (flag, least) in [("--per-class", 1), ("--total", 1), ("--seed", 0)] {
            let refused = told(&["data", "sample", "a.csv", "--out", "b.csv", flag, "-1"]);
            let words = format!("take a whole number from {least} on");
            assert!(refused.contains(&words), "{refused}");
        }
        let trials = told(&["tune", "--loss", "a", "--trials", "-1"]);
        assert!(trials.contains("take a whole number from 1 to 100000"), "{trials}");
        let rate = told(&["train", "--learning-rate", "fast"]);
        assert!(rate.contains("take a number, as 0.001 or 1e-3"), "{rate}");
        assert!(read(&["train", "--learning-rate", "-1"]).is_ok(), "refused with its key");
        assert!(told(&["eval", "--recall-at", "-1,2"]).contains("take a range like 1..5"));
        for classes in [&["--unseen-classes", "-1,-2"][..], &["--unseen-classes=-3--1"]] {
            assert!(read(&[&["train"], classes].concat()).is_ok());
        }
        assert!(told(&["train", "--unseen-classes", "--seed"]).contains("take classes as in"));
    }
}
