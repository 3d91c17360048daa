//! The missing work as command lines, for GNU parallel and the like.

use serde::Serialize;

use super::command_lines::CommandLines;
use super::submission::{Submission, remaining};
use crate::cli::{ManyArgs, SettingArgs};
use crate::commands::{print, print_json};
use crate::error::{Error, Result};
use crate::session::Session;
use crate::words::line;

/// The tasks as JSON.
#[derive(Serialize)]
struct TaskLines<'a> {
    /// Total number of runs or trials, and how many of them are finished.
    all: usize,
    finished: usize,
    /// One command line per task.
    tasks: Vec<String>,
    /// The command that makes tables and pictures when all tasks have ended.
    collect: &'a str,
}

/// Prints a command line for each task; with `--json`, all of them in one object.
///
/// # Errors
/// An argument with a line break; stdout cannot be written to.
pub fn print_lines(
    work: &Submission,
    session: &Session,
    commands: &CommandLines,
    settings: &SettingArgs,
    many: &ManyArgs,
) -> Result<()> {
    let cores = settings.cores.unwrap_or(1).max(1);
    let mut command = line(&commands.task);
    if command.contains('\n') {
        let problem = "an argument contains a line break, which a command line cannot: rename it";
        return Err(Error::Other(problem.to_owned()));
    }
    if session.device_name == "cpu" {
        // The device is part of a run's settings, but the machine of a task may have a GPU.
        command = format!("env CUDA_VISIBLE_DEVICES= {command}");
    }
    if many.force && !many.dry_run {
        (work.remove)()?;
    }
    let task = |task: &usize| format!("{command} --task {task} --cores {cores}");
    let tasks: Vec<String> = work.tasks.iter().map(task).collect();
    if many.json {
        let finished = work.total - work.unfinished.len();
        return print_json(&TaskLines {
            all: work.total,
            finished,
            tasks,
            collect: &commands.collect,
        });
    }
    print(&tasks.join("\n"))?;
    session.progress.say(&format!(
        "{}; when they have ended:\n{}",
        remaining(work, many),
        commands.collect
    ));
    Ok(())
}
