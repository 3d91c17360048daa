//! Runs one task, collects results, or submits tasks, instead of doing everything here.
//!
//! A task is the same command with `--task N`, so there is no list of tasks that could get out of date.
//! Collecting is the same command with `--collect`.

use super::command_lines::CommandLines;
use super::lines::print_lines;
use super::mode::{Mode, mode};
use super::slurm::{JobSummary, submit_to_slurm};
use super::submission::{Submission, refuse_unfinished};
use crate::cli::{Executor, ManyArgs, SettingArgs};
use crate::commands::{print, print_json};
use crate::data::is_read_once;
use crate::error::{Error, Result};
use crate::experiment::{Plan, batch_folder};
use crate::session::Session;

/// Runs a plan in a mode other than [`Mode::Local`]; returns whether the command is then done.
///
/// # Errors
/// As [`Plan::carry_out_one`], [`refuse_unfinished`] and [`submit`].
pub fn run_other_mode(
    command: &'static str,
    (session, plan): (&Session, &Plan),
    settings: &SettingArgs,
    many: &ManyArgs,
) -> Result<bool> {
    match mode(many)? {
        Mode::Local => Ok(false),
        Mode::Task(number) => task(session, plan, number).map(|()| true),
        Mode::Collect => {
            let work = work(command, session, plan, many)?;
            refuse_unfinished(&work, session).map(|()| false)
        }
        Mode::Submit => {
            plan.check_resources_elsewhere(session)?;
            let work = work(command, session, plan, many)?;
            submit(&work, session, settings, many).map(|()| true)
        }
    }
}

/// The unfinished runs of a plan as tasks.
fn work<'a>(
    command: &'static str,
    session: &'a Session,
    plan: &'a Plan,
    many: &ManyArgs,
) -> Result<Submission<'a>> {
    let unfinished = plan.unfinished(session)?;
    let tasks = unfinished.iter().map(|run| run.task).collect();
    Ok(Submission {
        command,
        unit: "run",
        total: plan.tasks().len(),
        unfinished,
        tasks,
        max_parallel: many.jobs,
        folder: batch_folder(&plan.runs, &format!("{command}-{}", plan.hash(session)?)),
        remove: Box::new(move || plan.remove(session)),
    })
}

/// Runs one task of a plan and prints its result. A diverged run is a result, not an error.
fn task(session: &Session, plan: &Plan, number: usize) -> Result<()> {
    session.listen()?;
    match plan.carry_out_one(session, number) {
        Ok(run) => print(&format!("task {number}: finished, {}", run.folder.display())),
        Err(Error::Diverged(divergence)) => {
            print(&format!("task {number}: diverged: {divergence}"))
        }
        Err(error) => Err(error),
    }
}

/// Submits what is missing to Slurm, or prints it as command lines.
///
/// # Errors
/// Arguments that a script cannot contain; images that can be read only once; errors of Slurm.
pub fn submit(
    work: &Submission,
    session: &Session,
    settings: &SettingArgs,
    many: &ManyArgs,
) -> Result<()> {
    let data = &session.dataset.file;
    if is_read_once(data) {
        let problem = "can be read only once, but every task needs it: name a file";
        return Err(Error::setting("--data", data.display(), problem));
    }
    let commands = CommandLines::new(session, settings)?;
    commands.refuse_streams()?;
    if work.tasks.is_empty() {
        return nothing_left(work, session, &commands, many);
    }
    match many.cluster.executor {
        Executor::Slurm => submit_to_slurm(work, session, &commands, settings, many),
        Executor::Lines | Executor::Local => print_lines(work, session, &commands, settings, many),
    }
}

fn nothing_left(
    work: &Submission,
    session: &Session,
    commands: &CommandLines,
    many: &ManyArgs,
) -> Result<()> {
    let Submission { total, unit, .. } = work;
    let message = format!(
        "{} finished or diverged; for tables and pictures:\n{}",
        if *total == 1 {
            format!("the only {unit} is")
        } else {
            format!("all {total} {unit}s are")
        },
        commands.collect
    );
    if many.json {
        return print_json(&JobSummary::of(work, commands, None));
    }
    match many.cluster.executor {
        // There, only commands go to stdout.
        Executor::Lines | Executor::Local => session.progress.say(&message),
        Executor::Slurm => return print(&message),
    }
    Ok(())
}
