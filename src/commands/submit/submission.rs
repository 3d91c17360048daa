//! What a command with many runs leaves to be done as tasks.

use std::path::PathBuf;

use crate::cli::ManyArgs;
use crate::cluster::logs;
use crate::error::{Error, Result};
use crate::experiment::Unfinished;
use crate::session::Session;
use crate::words::things;

/// The tasks that are submitted.
pub struct Submission<'a> {
    /// Name of the command.
    pub command: &'static str,
    /// What is counted, `run` or `trial`.
    pub unit: &'static str,
    /// How many there are in all.
    pub all: usize,
    /// Those that are to be done.
    pub unfinished: Vec<Unfinished>,
    /// Numbers of the tasks that do them.
    pub tasks: Vec<usize>,
    /// How many of them may be done at a time, where not all.
    pub at_once: Option<usize>,
    /// Folder of scripts and logs.
    pub folder: PathBuf,
    /// Removes what is to be done anew.
    pub remove: Box<dyn Fn() -> Result<()> + 'a>,
}

/// What is left, in words.
pub fn left(work: &Submission, many: &ManyArgs) -> String {
    let Submission { unit, all, unfinished, tasks, .. } = work;
    let tasks = format!("{} {}", tasks.len(), things(tasks.len(), "task"));
    let units = format!("{all} {}", things(*all, unit));
    match many.force {
        true if *all == 1 => format!("{tasks} for the one {unit}, to be done anew"),
        true => format!("{tasks} for all {units}, to be done anew"),
        false => format!("{tasks} for {} of {units}", unfinished.len()),
    }
}

/// Runs that an error names.
const MOST_NAMED: usize = 8;

/// Refuses to collect what is not finished, and says of each how far it came and where it ended.
///
/// # Errors
/// Something is not finished.
pub fn refuse_unfinished(work: &Submission, session: &Session) -> Result<()> {
    let Submission { unit, all, unfinished, .. } = work;
    if unfinished.is_empty() {
        return Ok(());
    }
    for Unfinished { place, name, reached } in unfinished {
        session.progress.say(&format!("{unit} {place}, {name}: {reached}"));
    }
    for log in logs(&work.folder, &work.tasks) {
        session.progress.say(&format!("log {} ends: {}", log.path.display(), log.last));
    }
    let left = unfinished.len();
    let mut names: Vec<&str> =
        unfinished.iter().map(|run| run.name.as_str()).take(MOST_NAMED).collect();
    let more = left - names.len();
    let more = format!("{more} more");
    if left > MOST_NAMED {
        names.push(&more);
    }
    let names = names.join(", ");
    Err(Error::Other(format!(
        "{left} of {all} {} not finished ({names}): the same command with --executor slurm \
         or lines in place of --collect does only these elsewhere, and with neither it does them here",
        match (left, *all) {
            (_, 1) => format!("{unit} is"),
            (1, _) => format!("{unit}s is"),
            _ => format!("{unit}s are"),
        }
    )))
}
