//! Arguments of `dml train`.

use std::path::PathBuf;

use clap::Args;

use super::parse::seed;
use super::{KeyArgs, SettingArgs};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml train                                             contrastive loss, the tutorial's settings
  dml train --loss cross-entropy --seed 1
  dml train --loss triplet --epochs 10
  dml train --config configs/hadsell.toml --epochs 10
  dml train --data photos/ --size 64                    a folder of pictures per class
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
        "skip_broken", "network", "epochs", "batch", "learning_rate", "train_size", "unseen_classes", "set", "init", "name", "force", "style",
    ])]
    pub resume: Option<PathBuf>,
}
