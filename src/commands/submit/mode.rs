//! The mode of a command with many runs: run all here, run one, collect, or submit.

use crate::cli::{ClusterArgs, Executor, ManyArgs};
use crate::error::{Error, Result};

/// The mode of a command with many runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Do all missing work here.
    Local,
    /// Do one task.
    Task(usize),
    /// Make tables and pictures of the finished runs.
    Collect,
    /// Submit the missing work as tasks.
    Submit,
}

/// The mode that the flags select.
///
/// # Errors
/// Options of Slurm without `--executor slurm`; a time limit that is not longer than `--grace`.
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
        let problem = format!("needs --executor slurm: add that, or drop {flag}");
        return Err(Error::setting(flag, value, problem));
    }
    match (time, grace) {
        (Some(time), Some(grace)) if *grace >= time.seconds => {
            let problem = format!("must be shorter than --time {time}, {} s", time.seconds);
            Err(Error::setting("--grace", grace, problem))
        }
        _ => Ok(()),
    }
}
