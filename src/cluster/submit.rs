//! Submission to Slurm: an array of tasks, and a job that collects when all of them have ended.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::files::layout::{COLLECTOR, JOB, LOGS, TASKS};
use crate::files::{Checked, ResultFolder, create_folder, read_json, write_json, write_text};
use crate::run::RunLock;

/// What is to be submitted.
#[derive(Debug)]
pub struct Batch {
    /// Folder of scripts and logs, the same for the same runs.
    pub folder: PathBuf,
    /// The script of the tasks.
    pub tasks: String,
    /// The script of the job that collects.
    pub collector: String,
    /// The highest number of a task.
    pub last: usize,
}

/// What was submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    /// Number of the array.
    pub job: String,
    /// Number of the job that collects.
    pub collector: Option<String>,
}

impl Checked for Submitted {
    fn check(&self) -> std::result::Result<(), String> {
        let is_number = |id: &String| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        match is_number(&self.job) && self.collector.as_ref().is_none_or(is_number) {
            true => Ok(()),
            false => Err("holds no number of a job".to_owned()),
        }
    }
}

/// What mends a note of what was submitted.
const JOB_LOST: &str = "see with squeue --me that none of its tasks is at work, then remove this one \
                        file and submit again";

impl Batch {
    /// Folder of the logs.
    pub fn logs(&self) -> PathBuf {
        self.folder.join(LOGS)
    }

    /// Submits both. Where something is removed first, by `prepare`, Slurm is asked before whether it
    /// would take them.
    ///
    /// # Errors
    /// Slurm is not there or refuses; tasks submitted before are still at work; a number of a task
    /// that is beyond what Slurm takes; those of `prepare`.
    pub fn submit(&self, prepare: Option<&dyn Fn() -> Result<()>>) -> Result<Submitted> {
        let folder = ResultFolder::new(&self.folder);
        let _lock = RunLock::take(&folder)?;
        self.refuse_too_many()?;
        self.refuse_at_work()?;
        create_folder(&self.logs())?;
        write_text(&folder.file(TASKS), &self.tasks)?;
        write_text(&folder.file(COLLECTOR), &self.collector)?;
        if let Some(prepare) = prepare {
            for script in [TASKS, COLLECTOR] {
                let script = folder.file(script).display().to_string();
                ask("sbatch", &["--test-only", &script])?;
            }
            prepare()?;
        }
        let job = sbatch(&folder.file(TASKS), None)?;
        let mut submitted = Submitted { job, collector: None };
        write_json(&folder.file(JOB), &submitted)?;
        let collector = sbatch(&folder.file(COLLECTOR), Some(&submitted.job)).map_err(|why| {
            let job = &submitted.job;
            Error::Other(format!(
                "the tasks are submitted as job {job}, what collects is not: {why}; collect by \
                 hand with --collect when they have ended, or take them back with scancel {job}"
            ))
        })?;
        submitted.collector = Some(collector);
        write_json(&folder.file(JOB), &submitted)?;
        Ok(submitted)
    }

    /// A second array would only find the runs locked by the first.
    fn refuse_at_work(&self) -> Result<()> {
        let before: Option<Submitted> = read_json(&self.folder.join(JOB), JOB_LOST)?;
        let Some(before) = before else { return Ok(()) };
        let jobs = format!("--jobs={}", before.job);
        // A job that Slurm has forgotten is refused, and at work no more.
        let told = ask("squeue", &["--noheader", "--array", "--format=%T", &jobs]);
        let left = told.unwrap_or_default().lines().count();
        if left == 0 {
            return Ok(());
        }
        let job = before.job;
        Err(Error::Other(format!(
            "{left} task{} of job {job} {} still waiting or at work on the same runs: wait for {}, \
             or take the job back with scancel {job}",
            if left == 1 { "" } else { "s" },
            if left == 1 { "is" } else { "are" },
            if left == 1 { "it" } else { "them" },
        )))
    }

    fn refuse_too_many(&self) -> Result<()> {
        let config = ask("scontrol", &["show", "config"])?;
        let found = config.lines().find_map(|line| line.strip_prefix("MaxArraySize"));
        let size = found.and_then(|rest| rest.trim_start_matches([' ', '=']).trim().parse().ok());
        match size {
            Some(size) if self.last >= size => Err(Error::Other(format!(
                "the last task would have the number {}, and this Slurm takes numbers below \
                 {size} (MaxArraySize): submit fewer losses, seeds or values at a time, or take \
                 --executor lines",
                self.last
            ))),
            _ => Ok(()),
        }
    }
}

/// Submits a script, to begin when all tasks of `after` have ended however they did, and gives the
/// job's number.
fn sbatch(script: &Path, after: Option<&str>) -> Result<String> {
    let dependency = after.map(|job| format!("--dependency=afterany:{job}"));
    let script = script.display().to_string();
    let mut args = vec!["--parsable"];
    args.extend(dependency.as_deref());
    args.push(&script);
    let told = ask("sbatch", &args)?;
    // Of several clusters, the name of this one follows.
    let job = told.lines().last().unwrap_or("").split(';').next().unwrap_or("").trim();
    match !job.is_empty() && job.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(job.to_owned()),
        false => {
            Err(Error::Other(format!("sbatch gave no number of a job, but '{}'", told.trim())))
        }
    }
}

/// What one of Slurm's programs prints.
fn ask(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).output().map_err(|refusal| {
        let why = match refusal.kind() {
            ErrorKind::NotFound => "it is not there".to_owned(),
            _ => refusal.to_string(),
        };
        Error::Other(format!(
            "--executor slurm needs Slurm's program {program}, and {why}: call dml where jobs are \
             submitted from, or take --executor lines"
        ))
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let told = text(&output.stderr).lines().map(str::trim).collect::<Vec<_>>().join("; ");
    let told = if told.is_empty() { output.status.to_string() } else { told };
    Err(Error::Other(format!("{program} refuses {}: {told}", args.join(" "))))
}
