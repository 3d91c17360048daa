//! Options for distributing many runs over several machines.

use clap::Args;

use super::parse::{between, count, one_of};
use crate::cluster::{Memory, SbatchOption, TimeLimit};

/// Where the runs of a command are executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Executor {
    /// On this machine, in parallel.
    Local,
    /// Wherever the user runs the printed commands.
    Lines,
    /// On a cluster: one Slurm job array, and a job that collects the results at the end.
    Slurm,
}

/// Where runs are executed, and the limits of each task.
#[derive(Debug, Args)]
pub struct ClusterArgs {
    /// Where to do the missing runs: local; lines, which prints a command for each, for GNU parallel
    /// and the like; or slurm, which submits a job array and a job that collects the results
    #[arg(long, value_name = "WHAT", default_value = "local", value_parser = executor,
          help_heading = HEADING)]
    pub executor: Executor,
    /// Time limit of a task, like 90 (minutes) or 2:00:00; a longer run resumes from its checkpoint
    /// [default: the partition's]
    #[arg(long, value_name = "TIME", help_heading = HEADING)]
    pub time: Option<TimeLimit>,
    /// Seconds before the time limit at which a task saves its work [default: {grace}, or half of a
    /// shorter --time]
    #[arg(long, value_name = "SECONDS", help_heading = HEADING,
          value_parser = |text: &str| between(text, 1, 65_535).map(u64::from))]
    pub grace: Option<u64>,
    /// Slurm partition [default: Slurm's]
    #[arg(long, value_name = "NAME", value_parser = partition, help_heading = HEADING)]
    pub partition: Option<String>,
    /// Memory of a task, like 4G [default: Slurm's]
    #[arg(long, value_name = "SIZE", help_heading = HEADING)]
    pub mem: Option<Memory>,
    /// Any other option of sbatch, like --sbatch=--account=x; may be repeated
    #[arg(long, value_name = "OPTION", allow_hyphen_values = true, help_heading = HEADING)]
    pub sbatch: Vec<SbatchOption>,
    /// Do only this task and write no tables; the executors call this
    #[arg(long, value_name = "N", help_heading = HEADING, value_parser = count,
          conflicts_with_all = ["executor", "collect", "force", "dry_run", "json", "jobs"])]
    pub task: Option<usize>,
    /// Train nothing: make tables and pictures of the finished runs, or list the missing ones
    #[arg(long, help_heading = HEADING, conflicts_with_all = ["executor", "force", "dry_run"])]
    pub collect: bool,
}

/// Parses an executor.
fn executor(text: &str) -> Result<Executor, String> {
    let words =
        [("local", Executor::Local), ("lines", Executor::Lines), ("slurm", Executor::Slurm)];
    one_of(text, &words)
}

const HEADING: &str = "Several machines";

fn partition(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("expected a partition as listed by sinfo".to_owned()),
    }
}
