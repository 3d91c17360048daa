//! The unfinished work of a command with many runs, as tasks.

use std::path::PathBuf;

use crate::cli::ManyArgs;
use crate::cluster::logs;
use crate::error::{Error, Result};
use crate::experiment::Unfinished;
use crate::session::Session;
use crate::words::things;

/// The tasks to submit.
pub struct Submission<'a> {
    /// Name of the command.
    pub command: &'static str,
    /// What is counted, `run` or `trial`.
    pub unit: &'static str,
    /// Total number of units.
    pub total: usize,
    /// The unfinished units.
    pub unfinished: Vec<Unfinished>,
    /// The task numbers.
    pub tasks: Vec<usize>,
    /// Maximum number of parallel tasks; `None` for all.
    pub max_parallel: Option<usize>,
    /// Folder of scripts and logs.
    pub folder: PathBuf,
    /// Removes the results to be replaced, with `--force`.
    pub remove: Box<dyn Fn() -> Result<()> + 'a>,
}

/// The remaining work in words.
pub fn remaining(work: &Submission, many: &ManyArgs) -> String {
    let Submission { unit, total, unfinished, tasks, .. } = work;
    let tasks = format!("{} {}", tasks.len(), things(tasks.len(), "task"));
    let units = format!("{total} {}", things(*total, unit));
    match many.force {
        true if *total == 1 => format!("{tasks} to repeat the only {unit}"),
        true => format!("{tasks} to repeat all {units}"),
        false => format!("{tasks} for {} of {units}", unfinished.len()),
    }
}

/// Maximum number of runs that an error names.
const MAX_NAMED: usize = 8;

/// Refuses to collect unfinished work, and reports the progress and the log of each unfinished unit.
///
/// # Errors
/// Some units are not finished.
pub fn refuse_unfinished(work: &Submission, session: &Session) -> Result<()> {
    let Submission { unit, total, unfinished, .. } = work;
    if unfinished.is_empty() {
        return Ok(());
    }
    for Unfinished { task, name, progress } in unfinished {
        session.progress.say(&format!("{unit} {task}, {name}: {progress}"));
    }
    for log in logs(&work.folder, &work.tasks) {
        session.progress.say(&format!("log {} ends: {}", log.path.display(), log.last));
    }
    let left = unfinished.len();
    let mut names: Vec<&str> =
        unfinished.iter().map(|run| run.name.as_str()).take(MAX_NAMED).collect();
    let more = left - names.len();
    let more = format!("{more} more");
    if left > MAX_NAMED {
        names.push(&more);
    }
    let names = names.join(", ");
    Err(Error::Other(format!(
        "{left} of {total} {} not finished ({names}): do them elsewhere with --executor slurm or lines \
         instead of --collect, or here with neither",
        match (left, *total) {
            (_, 1) => format!("{unit} is"),
            (1, _) => format!("{unit}s is"),
            _ => format!("{unit}s are"),
        }
    )))
}
