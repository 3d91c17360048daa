//! Arguments of the commands that train many runs.

use std::path::PathBuf;

use clap::Args;

use super::parse::{Losses, Metric, between, classes, losses, metric, metric_help, seed};
use super::{ClusterArgs, SettingArgs};
use crate::config::Setting;

/// Settings by key, and the settings of the data that experiments vary.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// Number of training images, stratified; larger sets contain the smaller [default:
    /// {data.train_size}]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub train_size: Option<usize>,
    /// Classes to hold out from training and evaluate on: 5-9, -3..-1 or Bag,Coat; names that contain
    /// a comma in double quotes [default: {data.unseen_classes}]
    #[arg(long, value_name = "CLASSES", value_parser = classes, allow_hyphen_values = true)]
    pub unseen_classes: Option<String>,
    /// Any setting by key, like train.schedule=cosine; overrides everything else
    #[arg(long, value_name = "KEY=VALUE", value_parser = Setting::read)]
    pub set: Vec<Setting>,
}

/// The grid of losses × seeds.
#[derive(Debug, Args)]
pub struct GridArgs {
    /// Losses, each by name or as a configuration file, for example a tuned one; names that contain a
    /// comma in double quotes
    #[arg(
        long,
        value_name = "A,B",
        value_parser = losses,
        default_value = "contrastive,cross-entropy"
    )]
    pub losses: Losses,
    /// Seeds, with one run per loss and seed: 1,2,3 or 1-5
    #[arg(long, value_name = "N,N", default_value = "2022,1,2", value_parser = seeds, allow_hyphen_values = true)]
    pub seeds: Seeds,
}

/// Seeds in the given order.
#[derive(Debug, Clone, PartialEq)]
pub struct Seeds(pub Vec<u64>);

/// Maximum number of seeds.
const MAX_SEEDS: usize = 1000;

/// Parses a number of runs or images, from 1 to 1,000,000,000.
fn positive(text: &str) -> Result<usize, String> {
    between(text, 1, 1_000_000_000).map(|number| number as usize)
}

/// Parses `2022,1,2` or `1-5,2022`.
fn seeds(text: &str) -> Result<Seeds, String> {
    let wrong = |part: &str| {
        format!("'{part}' is not a seed or a range; expected a list like 1,2,3 or 1-5")
    };
    let mut list = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.parse::<u64>().map_err(|_| wrong(part));
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return Err(wrong(part));
        }
        if last - first >= (MAX_SEEDS - list.len().min(MAX_SEEDS)) as u64 {
            return Err(format!("'{text}' names more than {MAX_SEEDS} seeds"));
        }
        list.extend(first..=last);
    }
    if let Some(twice) = (1..list.len()).find(|&i| list[..i].contains(&list[i])) {
        return Err(format!("'{text}' names {} twice", list[twice]));
    }
    Ok(Seeds(list))
}

/// Arguments of all commands with many runs.
#[derive(Debug, Args)]
pub struct ManyArgs {
    /// Parallel runs [default: the number of cores]; with another executor, parallel tasks
    #[arg(long, value_name = "N", value_parser = positive)]
    pub jobs: Option<usize>,
    #[arg(long, value_name = "METRIC", value_parser = metric, help = metric_help())]
    pub metric: Option<Metric>,
    /// Show what would be done and how long it would take, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Repeat finished work
    #[arg(long)]
    pub force: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub cluster: ClusterArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml compare                                           two losses, three seeds
  dml compare --losses contrastive,cross-entropy --seeds 2022,1,2 --jobs 2
  dml compare --losses cross-entropy,runs/tune-cross-entropy-1a2b3c4d5e6f/best.toml --seeds 1-5
  dml compare --losses supcon,proxy-nca,triplet --unseen-classes 5-9
  dml compare --test data/fashion-mnist_test.csv        also on the official test set, at the end
  dml compare --seeds 2022 --epochs 1 --data data/fashion-mnist_sample.csv.gz
  dml compare --seeds 1-20 --executor slurm --time 1:00:00 --partition short
  dml compare --seeds 1-20 --executor lines | parallel -j 8 && dml compare --seeds 1-20 --collect")]
pub struct CompareArgs {
    #[command(flatten)]
    pub grid: GridArgs,
    /// CSV of test images, on which all runs are evaluated at the end; the conclusion ignores them
    #[arg(long, value_name = "CSV")]
    pub test: Option<PathBuf>,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub settings: SettingArgs,
    #[command(flatten)]
    pub many: ManyArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml sweep --train-size 100,300,1000,3000,10000,30000,57000
  dml sweep --train-size 100,1000,10000 --equal epochs --seeds 1-5
  dml sweep --losses contrastive --set loss.margin=0.5,1,2.5
  dml sweep --losses cross-entropy --set train.learning_rate=1e-4,1e-3,1e-2 --set train.batch=32,128
  dml sweep --train-size 100,1000,10000 --seeds 1-10 --executor slurm --cores 2 --sbatch=--account=x")]
pub struct SweepArgs {
    #[command(flatten)]
    pub grid: GridArgs,
    /// Numbers of training images, stratified; larger sets contain the smaller
    #[arg(
        long,
        value_name = "N,N",
        value_delimiter = ',',
        value_parser = positive,
        allow_hyphen_values = true
    )]
    pub train_size: Vec<usize>,
    /// What is equal for training sets of different sizes: steps or epochs
    #[arg(long, value_name = "WHAT", default_value = "steps", value_parser = ["steps", "epochs"])]
    pub equal: String,
    /// A setting by key with its values; several form a grid
    #[arg(long, value_name = "KEY=A,B", value_parser = list)]
    pub set: Vec<Values>,
    /// Classes to hold out from training and evaluate on: 5-9, -3..-1 or Bag,Coat; names that contain
    /// a comma in double quotes [default: {data.unseen_classes}]
    #[arg(long, value_name = "CLASSES", value_parser = classes, allow_hyphen_values = true)]
    pub unseen_classes: Option<String>,
    #[command(flatten)]
    pub settings: SettingArgs,
    #[command(flatten)]
    pub many: ManyArgs,
}

/// A key with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Values(pub Vec<Setting>);

fn list(text: &str) -> Result<Values, String> {
    Setting::read_list(text).map(Values)
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml tune --loss triplet --trials 30
  dml tune --loss triplet --trials 60                   continues from 30 trials
  dml tune --loss cross-entropy --metric map@r          a separate search
  dml train --config runs/tune-triplet-1a2b3c4d5e6f/best.toml
  dml compare --losses triplet,runs/tune-triplet-1a2b3c4d5e6f/best.toml --seeds 1-5
  dml tune --loss triplet --trials 60 --executor slurm  four tasks that share the trials

The search is the same for every loss: the first trial has the given settings, the next seven are
random, and TPE proposes the others. A trial stops early if its score after an epoch is below the
median of at least four earlier trials after that epoch. A trial depends on all trials but the three
just before it, so at most four run in parallel, and --jobs does not change the result. The search
uses only validation images.")]
pub struct TuneArgs {
    /// Loss to tune
    #[arg(long, value_name = "NAME")]
    pub loss: String,
    /// Total number of trials, including those of earlier calls
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = |text: &str| between(text, 1, 100_000))]
    pub trials: u32,
    /// Seed of the runs and of the search [default: {train.seed}]
    #[arg(long, value_parser = seed)]
    pub seed: Option<u64>,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub settings: SettingArgs,
    #[command(flatten)]
    pub many: ManyArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml bound                                             while cross-entropy is minimised
  dml bound --loss spce --epochs 2
  dml bound --data data/fashion-mnist_sample.csv.gz --points 40")]
pub struct BoundArgs {
    /// Loss to minimise
    #[arg(long, value_name = "NAME", default_value = "cross-entropy")]
    pub loss: String,
    /// Seed of the run [default: {train.seed}]
    #[arg(long, value_parser = seed)]
    pub seed: Option<u64>,
    /// Number of points during training at which the losses are computed
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = |text: &str| between(text, 2, 2000))]
    pub points: u32,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub settings: SettingArgs,
    /// Train again, even if finished
    #[arg(long)]
    pub force: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_list_of_numbers_and_ranges() {
        assert_eq!(seeds("2022,1,2"), Ok(Seeds(vec![2022, 1, 2])));
        assert_eq!(seeds("1-3, 7"), Ok(Seeds(vec![1, 2, 3, 7])));
        for text in ["", "a", "3-1", "1-", "-1", "1,,2", "1..3"] {
            assert!(seeds(text).unwrap_err().contains("like 1,2,3 or 1-5"), "{text}");
        }
        assert!(seeds("1-3,2").unwrap_err().ends_with("names 2 twice"));
        assert!(seeds("0-18446744073709551615").unwrap_err().contains("more than 1000"));
        assert!(seeds("0-999").is_ok() && seeds("0-999,5000").is_err());
    }
}
