//! Commands with many runs beyond one machine: what is missing, handed out as tasks.
//!
//! A task is the same command with `--task N`, so that there is no list of tasks that could go out of
//! date; what collects is the same command with `--collect`.

use std::path::PathBuf;

use super::{print, print_json};
use crate::cli::{ClusterArgs, Executor, ManyArgs, SettingArgs};
use crate::cluster::logs;
use crate::data::is_read_once;
use crate::error::{Error, Result};
use crate::experiment::{Plan, Unfinished, batch_folder};
use crate::session::Session;
use crate::words::{line, things};

mod called;
mod slurm;

use called::Commands;
use slurm::{Told, to_slurm};

/// What a command with many runs is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All that is missing, here.
    All,
    /// One task.
    Task(usize),
    /// What comes when all runs are finished.
    Collecting,
    /// To hand out what is missing.
    HandingOut,
}

/// Which part that is.
///
/// # Errors
/// Settings of Slurm's without Slurm; less time than a task needs to save what it has.
pub fn part(many: &ManyArgs) -> Result<Part> {
    let cluster = &many.cluster;
    refuse_unused(cluster)?;
    Ok(match (cluster.task, cluster.collect, cluster.executor) {
        (Some(task), ..) => Part::Task(task),
        (None, true, _) => Part::Collecting,
        (None, false, Executor::Local) => Part::All,
        (None, false, _) => Part::HandingOut,
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

/// What there is to hand out.
pub struct Work<'a> {
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

/// Does what is asked of a plan other than to carry it out here; whether that was all.
///
/// # Errors
/// As [`Plan::carry_out_one`], [`refuse_unfinished`] and [`hand_out`].
pub fn elsewhere(
    command: &'static str,
    (session, plan): (&Session, &Plan),
    settings: &SettingArgs,
    many: &ManyArgs,
) -> Result<bool> {
    match part(many)? {
        Part::All => Ok(false),
        Part::Task(place) => task(session, plan, place).map(|()| true),
        Part::Collecting => {
            let work = work(command, session, plan, many)?;
            refuse_unfinished(&work, session).map(|()| false)
        }
        Part::HandingOut => {
            plan.check_needs_elsewhere(session)?;
            let work = work(command, session, plan, many)?;
            hand_out(&work, session, settings, many).map(|()| true)
        }
    }
}

/// What there is to hand out of a plan.
fn work<'a>(
    command: &'static str,
    session: &'a Session,
    plan: &'a Plan,
    many: &ManyArgs,
) -> Result<Work<'a>> {
    let unfinished = plan.unfinished(session)?;
    let tasks = unfinished.iter().map(|run| run.place).collect();
    Ok(Work {
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

/// Runs that an error names.
const MOST_NAMED: usize = 8;

/// Refuses to collect what is not finished, and says of each how far it came and where it ended.
///
/// # Errors
/// Something is not finished.
pub fn refuse_unfinished(work: &Work, session: &Session) -> Result<()> {
    let Work { unit, all, unfinished, .. } = work;
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

/// Hands out what is missing, by lines or to Slurm.
///
/// # Errors
/// Arguments that no script could hold; images that can be read once only; a Slurm that is not there or
/// refuses.
pub fn hand_out(
    work: &Work,
    session: &Session,
    settings: &SettingArgs,
    many: &ManyArgs,
) -> Result<()> {
    let data = &session.dataset.file;
    if is_read_once(data) {
        let problem = "can be read once, and every task would read it: name a file";
        return Err(Error::setting("--data", data.display(), problem));
    }
    let commands = Commands::new(session, settings)?;
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
    work: &Work,
    session: &Session,
    commands: &Commands,
    many: &ManyArgs,
) -> Result<()> {
    let Work { all, unit, .. } = work;
    let told = format!(
        "{} finished or diverged: tables and pictures by\n{}",
        if *all == 1 { format!("the one {unit} is") } else { format!("all {all} {unit}s are") },
        commands.collect
    );
    match many.cluster.executor {
        // Nothing but commands is on stdout there.
        Executor::Lines | Executor::Local => session.progress.say(&told),
        Executor::Slurm if many.json => {
            return print_json(&Told::of(work, commands, None));
        }
        Executor::Slurm => return print(&told),
    }
    Ok(())
}

fn by_lines(
    work: &Work,
    session: &Session,
    commands: &Commands,
    settings: &SettingArgs,
    many: &ManyArgs,
) -> Result<()> {
    let cores = settings.cores.unwrap_or(1).max(1);
    let mut command = line(&commands.task);
    if command.contains('\n') {
        let problem = "an argument with a line break cannot stand in a line: name it otherwise";
        return Err(Error::Other(problem.to_owned()));
    }
    if session.device_name == "cpu" {
        // Runs go by their device, and where the lines are carried out there may be a GPU.
        command = format!("env CUDA_VISIBLE_DEVICES= {command}");
    }
    if many.force && !many.dry_run {
        (work.remove)()?;
    }
    let lines = work.tasks.iter().map(|task| format!("{command} --task {task} --cores {cores}"));
    print(&lines.collect::<Vec<_>>().join("\n"))?;
    session.progress.say(&format!(
        "{}; when they have ended:\n{}",
        left(work, many),
        commands.collect
    ));
    Ok(())
}

/// What is left, in words.
fn left(work: &Work, many: &ManyArgs) -> String {
    let Work { unit, all, unfinished, tasks, .. } = work;
    let tasks = format!("{} {}", tasks.len(), things(tasks.len(), "task"));
    let units = format!("{all} {}", things(*all, unit));
    match many.force {
        true if *all == 1 => format!("{tasks} for the one {unit}, to be done anew"),
        true => format!("{tasks} for all {units}, to be done anew"),
        false => format!("{tasks} for {} of {units}", unfinished.len()),
    }
}
