//! Commands that train many runs.

use std::path::PathBuf;

use clap::Args;

use super::parse::{Losses, Metric, between, classes, losses, metric, seed};
use super::{ClusterArgs, SettingArgs};
use crate::config::Setting;

/// Settings by their keys, and those of the data that experiments vary.
#[derive(Debug, Args)]
pub struct KeyArgs {
    /// Images to train on, stratified; larger sets contain the smaller [default: all]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub train_size: Option<usize>,
    /// Classes kept from training, by which alone runs are judged: 5-9, -3..-1 or Bag,Coat, in
    /// double quotes where a name holds a comma [default: none]
    #[arg(long, value_name = "CLASSES", value_parser = classes, allow_hyphen_values = true)]
    pub unseen_classes: Option<String>,
    /// Any setting by its key, as in train.schedule=cosine; wins over all else
    #[arg(long, value_name = "KEY=VALUE", value_parser = Setting::read)]
    pub set: Vec<Setting>,
}

/// What is trained how often.
#[derive(Debug, Args)]
pub struct GridArgs {
    /// Losses, each by its name or as a configuration file, a tuned one for instance; in double
    /// quotes where a name holds a comma
    #[arg(
        long,
        value_name = "A,B",
        value_parser = losses,
        default_value = "contrastive,cross-entropy"
    )]
    pub losses: Losses,
    /// Seeds, one run of each loss for each: 1,2,3 or 1-5
    #[arg(long, value_name = "N,N", default_value = "2022,1,2", value_parser = seeds, allow_hyphen_values = true)]
    pub seeds: Seeds,
}

/// Seeds in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Seeds(pub Vec<u64>);

/// More seeds than anyone has time for.
const MOST_SEEDS: usize = 1000;

/// Reads a number of runs or images, from 1 to a thousand million.
fn at_least_one(text: &str) -> Result<usize, String> {
    let number = text.trim().parse().map_err(|_| "take a whole number".to_owned())?;
    match number {
        1..=1_000_000_000 => Ok(number),
        _ => Err("take a number from 1 to 1000000000".to_owned()),
    }
}

/// Reads `2022,1,2` or `1-5,2022`.
fn seeds(text: &str) -> Result<Seeds, String> {
    let wrong =
        |part: &str| format!("'{part}' is no seed and no range of seeds; take 1,2,3 or 1-5");
    let mut list = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.parse::<u64>().map_err(|_| wrong(part));
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return Err(wrong(part));
        }
        if last - first >= (MOST_SEEDS - list.len().min(MOST_SEEDS)) as u64 {
            return Err(format!("'{text}' names more than {MOST_SEEDS} seeds"));
        }
        list.extend(first..=last);
    }
    if let Some(twice) = (1..list.len()).find(|&i| list[..i].contains(&list[i])) {
        return Err(format!("'{text}' names {} twice", list[twice]));
    }
    Ok(Seeds(list))
}

/// What all commands with many runs share.
#[derive(Debug, Args)]
pub struct ManyArgs {
    /// Runs side by side [default: as many as there are cores]; of an executor, tasks at a time
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub jobs: Option<usize>,
    /// Figure that decides: accuracy, map@r or recall@1; not given, accuracy, or map@r where unseen
    /// classes judge
    #[arg(long, value_name = "FIGURE", value_parser = metric)]
    pub metric: Option<Metric>,
    /// Tell what would be done and how long it would take, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Do again what is finished
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
  dml compare --test data/fashion-mnist_test.csv        the official test set, after all else
  dml compare --seeds 2022 --epochs 1 --data data/fashion-mnist_sample.csv.gz
  dml compare --seeds 1-20 --executor slurm --time 1:00:00 --partition short
  dml compare --seeds 1-20 --executor lines | parallel -j 8 && dml compare --seeds 1-20 --collect")]
pub struct CompareArgs {
    #[command(flatten)]
    pub grid: GridArgs,
    /// CSV of test images that all finished runs are evaluated on in the end; they decide nothing
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
        value_parser = at_least_one,
        allow_hyphen_values = true
    )]
    pub train_size: Vec<usize>,
    /// What training sets of different sizes have in common: steps or epochs
    #[arg(long, value_name = "WHAT", default_value = "steps", value_parser = ["steps", "epochs"])]
    pub equal: String,
    /// A setting by its key and the values it takes; several such make a grid
    #[arg(long, value_name = "KEY=A,B", value_parser = list)]
    pub set: Vec<Values>,
    /// Classes kept from training, by which alone runs are judged: 5-9, -3..-1 or Bag,Coat, in
    /// double quotes where a name holds a comma [default: none]
    #[arg(long, value_name = "CLASSES", value_parser = classes, allow_hyphen_values = true)]
    pub unseen_classes: Option<String>,
    #[command(flatten)]
    pub settings: SettingArgs,
    #[command(flatten)]
    pub many: ManyArgs,
}

/// A key with the values it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Values(pub Vec<Setting>);

fn list(text: &str) -> Result<Values, String> {
    Setting::read_list(text).map(Values)
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml tune --loss triplet --trials 30
  dml tune --loss triplet --trials 60                   goes on where 30 ended
  dml tune --loss cross-entropy --metric map@r          a search of its own
  dml train --config runs/tune-triplet-1a2b3c4d5e6f/best.toml
  dml compare --losses triplet,runs/tune-triplet-1a2b3c4d5e6f/best.toml --seeds 1-5
  dml tune --loss triplet --trials 60 --executor slurm  four tasks that share the trials

Every loss is searched in the same way: the first trial has the settings as given, the next seven
are drawn at random, the others are proposed by TPE. A trial stops early where its score after an
epoch is below the median of the earlier trials that came so far, from four such on. A trial knows of
those up to four before it, so four at most run side by side, and the result is the same for any
--jobs. Validation images alone are looked at.")]
pub struct TuneArgs {
    /// Loss to tune
    #[arg(long, value_name = "NAME")]
    pub loss: String,
    /// Trials in all, those of earlier calls included
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = |text: &str| between(text, 1, 100_000))]
    pub trials: u32,
    /// Seed of the runs and of the search [default: 2022]
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
    /// Loss that is minimised meanwhile
    #[arg(long, value_name = "NAME", default_value = "cross-entropy")]
    pub loss: String,
    /// Seed of the run [default: 2022]
    #[arg(long, value_parser = seed)]
    pub seed: Option<u64>,
    /// Places over the training at which the losses are taken
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = |text: &str| between(text, 2, 2000))]
    pub points: u32,
    #[command(flatten)]
    pub keys: KeyArgs,
    #[command(flatten)]
    pub settings: SettingArgs,
    /// Train again what is finished
    #[arg(long)]
    pub force: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_named_one_by_one_or_as_ranges() {
        assert_eq!(seeds("2022,1,2"), Ok(Seeds(vec![2022, 1, 2])));
        assert_eq!(seeds("1-3, 7"), Ok(Seeds(vec![1, 2, 3, 7])));
        for text in ["", "a", "3-1", "1-", "-1", "1,,2", "1..3"] {
            assert!(seeds(text).unwrap_err().contains("take 1,2,3 or 1-5"), "{text}");
        }
        assert!(seeds("1-3,2").unwrap_err().ends_with("names 2 twice"));
        assert!(seeds("0-18446744073709551615").unwrap_err().contains("more than 1000"));
        assert!(seeds("0-999").is_ok() && seeds("0-999,5000").is_err());
    }
}
