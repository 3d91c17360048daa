//! Flags that set the configuration of a run, and its device and engine.

use std::path::PathBuf;

use clap::Args;

use super::images::{ColumnArgs, images_help};
use super::parse::{number, size};
use crate::model::EngineChoice;
use crate::report::Style;
use crate::runtime::DeviceChoice;
use crate::train::CheckpointEvery;

/// Device and engine.
#[derive(Debug, Args)]
pub struct ComputeArgs {
    /// Device: auto, cpu, cuda or cuda:N [default: {train.device}]
    #[arg(long)]
    pub device: Option<DeviceChoice>,
    /// Engine that computes the network: auto, libtorch or fused [default: {train.engine}]
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
