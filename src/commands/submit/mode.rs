//! How a command with many runs is called: to do them here, to do one, to collect, or to submit.

use crate::cli::{ClusterArgs, Executor, ManyArgs};
use crate::error::{Error, Result};

/// How a command with many runs is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Do everything that is missing, here.
    Local,
    /// Do one task.
    Task(usize),
    /// Make tables and pictures of runs that are all finished.
    Collect,
    /// Submit what is missing as tasks.
    Submit,
}

/// The mode that the flags ask for.
///
/// # Errors
/// Settings of Slurm's without Slurm; less time than a task needs to save what it has.
pub fn mode(many: &ManyArgs) -> Result<Mode> {
    let cluster = &many.cluster;
    refuse_unused(cluster)?;
    Ok(match (cluster.task, cluster.collect, cluster.executor) {
        (Some(task), ..) => Mode::Task(task),
        (None, true, _) => Mode::Collect,
        (None, false, Executor::Local) => Mode::Local,
        (None, false, _) => Mode::Submit,
    })
}

fn refuse_unused(cluster: &ClusterArgs) -> Result<()> {
    let ClusterArgs { executor, time, grace, partition, mem, sbatch, .. } = cluster;
    let given = [
        ("--time", time.as_ref().map(ToString::to_string)),
        ("--grace", grace.map(|seconds| seconds.to_string())),
        ("--partition", partition.clone()),
        ("--mem", mem.as_ref().map(ToString::to_string)),
        ("--sbatch", sbatch.first().map(ToString::to_string)),
    ];
    let first = given.into_iter().find_map(|(flag, value)| Some((flag, value?)));
    if let (Some((flag, value)), false) = (first, *executor == Executor::Slurm) {
        return Err(Error::setting(
            flag,
            value,
            "is for --executor slurm alone: add that, or drop it",
        ));
    }
    match (time, grace) {
        (Some(time), Some(grace)) if *grace >= time.seconds => {
            let problem = format!("must be shorter than --time {time}, {} s", time.seconds);
            Err(Error::setting("--grace", grace, problem))
        }
        _ => Ok(()),
    }
}
