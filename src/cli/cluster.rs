//! Commands with many runs beyond one machine.

use clap::Args;

use super::parse::{between, count, one_of};
use crate::cluster::{Memory, SbatchOption, TimeLimit};

/// Where the runs of a command are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executor {
    /// Here, side by side.
    Local,
    /// Wherever the user runs the commands that are printed.
    Lines,
    /// On a cluster, as one Slurm job array, with a job that collects when all have ended.
    Slurm,
}

/// Where runs are done, and what a task of theirs may take.
#[derive(Debug, Args)]
pub struct ClusterArgs {
    /// What does the runs that are missing: local; lines, a command each on stdout for GNU parallel
    /// and the like; or slurm, a job array with a job that collects
    #[arg(long, value_name = "WHAT", default_value = "local", value_parser = executor,
          help_heading = HEADING)]
    pub executor: Executor,
    /// Longest time of a task at a stretch, as 90 (minutes) or 2:00:00; a run that takes longer goes
    /// on from its checkpoint [default: the partition's]
    #[arg(long, value_name = "TIME", help_heading = HEADING)]
    pub time: Option<TimeLimit>,
    /// Seconds before that at which a task is told to save what it has [default: 90, or half of a
    /// shorter --time]
    #[arg(long, value_name = "SECONDS", help_heading = HEADING,
          value_parser = |text: &str| between(text, 1, 65_535).map(u64::from))]
    pub grace: Option<u64>,
    /// Slurm's partition [default: Slurm's]
    #[arg(long, value_name = "NAME", value_parser = partition, help_heading = HEADING)]
    pub partition: Option<String>,
    /// Memory of a task, as 4G [default: Slurm's]
    #[arg(long, value_name = "SIZE", help_heading = HEADING)]
    pub mem: Option<Memory>,
    /// Any other option of sbatch, as --sbatch=--account=x; may be given again
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true, help_heading = HEADING)]
    pub sbatch: Vec<SbatchOption>,
    /// Do this one task alone and write no tables: what a task of the executors does
    #[arg(long, value_name = "N", help_heading = HEADING, value_parser = count,
          conflicts_with_all = ["executor", "collect", "force", "dry_run", "json", "jobs"])]
    pub task: Option<usize>,
    /// Train nothing: make tables and pictures of runs that are finished, or say which are missing
    #[arg(long, help_heading = HEADING, conflicts_with_all = ["executor", "force", "dry_run"])]
    pub collect: bool,
}

/// Reads where runs are done.
fn executor(text: &str) -> Result<Executor, String> {
    let words =
        [("local", Executor::Local), ("lines", Executor::Lines), ("slurm", Executor::Slurm)];
    one_of(text, &words)
}

const HEADING: &str = "Beyond one machine";

fn partition(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("take the name of a partition, as sinfo lists them".to_owned()),
    }
}
