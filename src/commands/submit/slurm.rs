//! The missing work as a Slurm job array.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::command_lines::CommandLines;
use super::submission::{Submission, remaining};
use crate::cli::{ClusterArgs, ManyArgs, SettingArgs};
use crate::cluster::{Batch, GRACE, Limits, Script, Submitted, ranges};
use crate::commands::{print, print_json};
use crate::error::{Error, Result};
use crate::session::Session;

/// Submits the missing work, or shows what would be submitted.
///
/// # Errors
/// As [`Batch::submit`]; stdout cannot be written to.
pub fn submit_to_slurm(
    work: &Submission,
    session: &Session,
    commands: &CommandLines,
    settings: &SettingArgs,
    many: &ManyArgs,
) -> Result<()> {
    let batch = batch(work, session, commands, settings, many)?;
    if many.dry_run && many.json {
        return print_json(&Scripts { tasks: &batch.tasks, collector: &batch.collector });
    }
    if many.dry_run {
        let numbers = ranges(&work.tasks);
        let (tasks, collector) = (&batch.tasks, &batch.collector);
        return print(&format!(
            "{}: {numbers}\n\n{tasks}\n\nand when all have ended:\n\n{collector}",
            remaining(work, many)
        ));
    }
    let submitted = batch.submit(many.force.then_some(&*work.remove))?;
    let summary = JobSummary::of(work, commands, Some((&submitted, &batch)));
    if many.json { print_json(&summary) } else { print(&summary.to_text(&remaining(work, many))) }
}

/// The scripts that `--dry-run` shows.
#[derive(Serialize)]
struct Scripts<'a> {
    tasks: &'a str,
    collector: &'a str,
}

fn batch(
    work: &Submission,
    session: &Session,
    commands: &CommandLines,
    settings: &SettingArgs,
    many: &ManyArgs,
) -> Result<Batch> {
    let absolute =
        |path: &Path| std::path::absolute(path).map_err(Error::io("find the folder", path));
    let directory = absolute(Path::new("."))?;
    let mut batch = Batch {
        folder: work.folder.clone(),
        tasks: String::new(),
        collector: String::new(),
        last: work.tasks.last().copied().unwrap_or(0),
    };
    let logs = absolute(&batch.logs())?;
    if [&directory, &logs].iter().any(|path| path.to_string_lossy().contains('\n')) {
        let problem = "a folder's name contains a line break, which Slurm cannot handle: rename it";
        return Err(Error::Other(problem.to_owned()));
    }
    let limit = work.max_parallel.map_or(String::new(), |jobs| format!("%{jobs}"));
    let array = ranges(&work.tasks) + &limit;
    let limits = limits(settings, many);
    let without_gpu = session.device_name == "cpu";
    let name = format!("dml-{}", work.command);
    let tasks = Script {
        name: &name,
        array: Some(&array),
        log: "%A_%a.out",
        logs: &logs,
        directory: &directory,
        command: &commands.task,
        without_gpu,
        limits: &limits,
    };
    batch.tasks = tasks.text();
    let collecting = [&commands.task[..], &["--collect".to_owned()]].concat();
    let collector = Script { array: None, log: "collect-%j.out", command: &collecting, ..tasks };
    batch.collector = collector.text();
    Ok(batch)
}

fn limits(settings: &SettingArgs, many: &ManyArgs) -> Limits {
    let ClusterArgs { time, grace, partition, mem, sbatch, .. } = &many.cluster;
    let half = time.as_ref().map_or(GRACE, |time| time.seconds / 2);
    Limits {
        time: time.clone(),
        grace: grace.unwrap_or(GRACE.min(half).max(1)),
        partition: partition.clone(),
        memory: mem.clone(),
        cores: settings.cores.unwrap_or(1).max(1),
        options: sbatch.clone(),
    }
}

/// A submission, for people and as JSON.
#[derive(Debug, Serialize)]
pub struct JobSummary {
    /// Job IDs of the array and of the job that collects; `None` if nothing was left to submit.
    job: Option<String>,
    collector: Option<String>,
    /// The number of tasks, and their task numbers.
    tasks: usize,
    array: String,
    /// Total number of runs or trials, and how many of them are finished.
    all: usize,
    finished: usize,
    logs: Option<PathBuf>,
    /// The file that the tables are printed to.
    result: Option<PathBuf>,
    /// Commands to watch, cancel, collect by hand, and submit again.
    look: Option<String>,
    cancel: Option<String>,
    collect: String,
    again: String,
}

impl JobSummary {
    /// The summary of a submission, or of nothing to submit.
    pub fn of(
        work: &Submission,
        commands: &CommandLines,
        submitted: Option<(&Submitted, &Batch)>,
    ) -> JobSummary {
        let jobs = submitted.map(|(ids, _)| {
            let ids = std::iter::once(&ids.job).chain(&ids.collector);
            ids.map(String::as_str).collect::<Vec<_>>()
        });
        let collector = submitted.and_then(|(ids, _)| ids.collector.clone());
        let logs = submitted.map(|(_, batch)| batch.logs());
        let result = logs.as_ref().zip(collector.as_ref());
        JobSummary {
            job: submitted.map(|(ids, _)| ids.job.clone()),
            tasks: work.tasks.len(),
            array: ranges(&work.tasks),
            all: work.total,
            finished: work.total - work.unfinished.len(),
            result: result.map(|(logs, id)| logs.join(format!("collect-{id}.out"))),
            look: jobs.as_ref().map(|jobs| format!("squeue --jobs={}", jobs.join(","))),
            cancel: jobs.as_ref().map(|jobs| format!("scancel {}", jobs.join(" "))),
            collect: commands.collect.clone(),
            again: commands.again.clone(),
            collector,
            logs,
        }
    }

    fn to_text(&self, remaining: &str) -> String {
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let job = |id: &Option<String>, what: String| id.as_ref().map(|id| format!("{id}: {what}"));
        let rows = [
            ("job", job(&self.job, format!("{remaining} ({})", self.array))),
            ("collector", job(&self.collector, "when all have ended".to_owned())),
            ("logs", path(&self.logs)),
            ("result", path(&self.result)),
            ("watch", self.look.clone()),
            ("cancel", self.cancel.clone()),
            ("again", Some(self.again.clone())),
            ("", Some("(submits only what is then missing or failed)".to_owned())),
        ];
        let rows =
            rows.into_iter().filter_map(|(name, value)| Some(format!("{name:<10} {}", value?)));
        rows.collect::<Vec<_>>().join("\n")
    }
}
