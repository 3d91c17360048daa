//! Arguments of `dml runs`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::parse::{Order, order, order_help, seed};
use crate::config::Setting;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = "Examples:
  dml runs                                              all runs with their key figures
  dml runs --loss triplet --sort accuracy
  dml runs --where train.epochs=5 --where data.train_size=1000
  dml runs diff runs/contrastive-seed1-1a2b3c4d5e6f runs/contrastive-seed2-7a8b9c0d1e2f
  dml runs remove runs/contrastive-seed1-1a2b3c4d5e6f")]
pub struct RunsArgs {
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
    /// Only runs of this loss
    #[arg(long, value_name = "NAME")]
    pub loss: Option<String>,
    /// Only runs with this seed
    #[arg(long, value_name = "N", value_parser = seed)]
    pub seed: Option<u64>,
    /// Only runs in this state: training, trained, evaluated, diverged, or damaged (unreadable, or of
    /// a newer version)
    #[arg(long, value_name = "STATE", value_parser = [
        "training", "trained", "evaluated", "diverged", "damaged",
    ])]
    pub state: Option<String>,
    /// Only runs with this setting; if repeated, runs with all of them
    #[arg(long = "where", value_name = "KEY=VALUE", value_parser = Setting::read)]
    pub with: Vec<Setting>,
    #[arg(long, value_name = "COLUMN", default_value = "name", value_parser = order,
          help = order_help())]
    pub sort: Order,
    #[command(flatten)]
    pub common: CommonArgs,
}

/// The commands on runs.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Show how two runs differ: settings, data, versions, figures
    Diff(DiffArgs),
    /// Remove runs, comparisons, sweeps or searches with all their files
    Remove(RemoveArgs),
}

/// Where the runs are, and the output format.
#[derive(Debug, Args)]
pub struct CommonArgs {
    /// Folder that holds the runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml runs diff runs/contrastive-seed1-1a2b3c4d5e6f runs/contrastive-seed2-7a8b9c0d1e2f
  dml runs diff contrastive-seed1-1a2b3c4d5e6f contrastive-seed2-7a8b9c0d1e2f --runs elsewhere")]
pub struct DiffArgs {
    /// A run, by folder or name
    pub first: PathBuf,
    /// Another run
    pub second: PathBuf,
    #[command(flatten)]
    pub common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  dml runs remove runs/contrastive-seed1-1a2b3c4d5e6f
  dml runs remove contrastive-seed1-1a2b3c4d5e6f triplet-seed1-7a8b9c0d1e2f --dry-run
  dml runs remove tune-triplet-1a2b3c4d5e6f                    a search with its trials
  dml runs remove compare-contrastive-vs-triplet-1a2b3c4d5e6f  a comparison; its runs stay")]
pub struct RemoveArgs {
    /// Runs, comparisons, sweeps or searches, by folder or name
    #[arg(required = true, value_name = "RUN")]
    pub names: Vec<PathBuf>,
    /// Show what would be removed, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Folder that holds the runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub runs: PathBuf,
}
