//! Tasks, collecting and submitting in place of doing everything here.
//!
//! A task is the same command with `--task N`, so no list of tasks can go out of date; what collects
//! is the same command with `--collect`.

use super::command_lines::CommandLines;
use super::lines::by_lines;
use super::mode::{Mode, mode};
use super::slurm::{JobSummary, to_slurm};
use super::submission::{Submission, refuse_unfinished};
use crate::cli::{Executor, ManyArgs, SettingArgs};
use crate::commands::{print, print_json};
use crate::data::is_read_once;
use crate::error::{Error, Result};
use crate::experiment::{Plan, batch_folder};
use crate::session::Session;

/// Does what a mode other than [`Mode::Local`] asks of a plan; true if the command is then done.
///
/// # Errors
/// As [`Plan::carry_out_one`], [`refuse_unfinished`] and [`submit`].
pub fn done_otherwise(
    command: &'static str,
    (session, plan): (&Session, &Plan),
    settings: &SettingArgs,
    many: &ManyArgs,
) -> Result<bool> {
    match mode(many)? {
        Mode::Local => Ok(false),
        Mode::Task(place) => task(session, plan, place).map(|()| true),
        Mode::Collect => {
            let work = work(command, session, plan, many)?;
            refuse_unfinished(&work, session).map(|()| false)
        }
        Mode::Submit => {
            plan.check_needs_elsewhere(session)?;
            let work = work(command, session, plan, many)?;
            submit(&work, session, settings, many).map(|()| true)
        }
    }
}

/// The tasks that a plan leaves to be done.
fn work<'a>(
    command: &'static str,
    session: &'a Session,
    plan: &'a Plan,
    many: &ManyArgs,
) -> Result<Submission<'a>> {
    let unfinished = plan.unfinished(session)?;
    let tasks = unfinished.iter().map(|run| run.place).collect();
    Ok(Submission {
        command,
        unit: "run",
        all: plan.tasks().len(),
        unfinished,
        tasks,
        at_once: many.jobs,
        folder: batch_folder(&plan.runs, &format!("{command}-{}", plan.hash(session)?)),
        remove: Box::new(move || plan.remove(session)),
    })
}

/// Does one task of a plan, and says what came out. A run that diverges is an outcome like any
/// other.
fn task(session: &Session, plan: &Plan, place: usize) -> Result<()> {
    session.listen()?;
    match plan.carry_out_one(session, place) {
        Ok(run) => print(&format!("task {place}: finished, {}", run.folder.display())),
        Err(Error::Diverged(divergence)) => print(&format!("task {place}: diverged: {divergence}")),
        Err(error) => Err(error),
    }
}

/// Submits what is missing to Slurm, or prints it as command lines.
///
/// # Errors
/// Arguments that no script could hold; images that can be read once only; a Slurm that is not there or
/// refuses.
pub fn submit(
    work: &Submission,
    session: &Session,
    settings: &SettingArgs,
    many: &ManyArgs,
) -> Result<()> {
    let data = &session.dataset.file;
    if is_read_once(data) {
        let problem = "can be read once, and every task would read it: name a file";
        return Err(Error::setting("--data", data.display(), problem));
    }
    let commands = CommandLines::new(session, settings)?;
    commands.refuse_streams()?;
    if work.tasks.is_empty() {
        return nothing_left(work, session, &commands, many);
    }
    match many.cluster.executor {
        Executor::Slurm => to_slurm(work, session, &commands, settings, many),
        Executor::Lines | Executor::Local => by_lines(work, session, &commands, settings, many),
    }
}

fn nothing_left(
    work: &Submission,
    session: &Session,
    commands: &CommandLines,
    many: &ManyArgs,
) -> Result<()> {
    let Submission { all, unit, .. } = work;
    let told = format!(
        "{} finished or diverged: tables and pictures by\n{}",
        if *all == 1 { format!("the one {unit} is") } else { format!("all {all} {unit}s are") },
        commands.collect
    );
    if many.json {
        return print_json(&JobSummary::of(work, commands, None));
    }
    match many.cluster.executor {
        // Nothing but commands is on stdout there.
        Executor::Lines | Executor::Local => session.progress.say(&told),
        Executor::Slurm => return print(&told),
    }
    Ok(())
}
