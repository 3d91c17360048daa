//! Submission to Slurm: an array of tasks, and a job that collects their results at the end.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::queue::tasks_left;
use super::submitted::Submitted;
use crate::error::{Error, Result};
use crate::files::layout::{COLLECTOR, LOGS, TASKS};
use crate::files::{ResultFolder, create_folder, write_text};
use crate::run::RunLock;
use crate::words::count;

/// What to submit.
#[derive(Debug)]
pub struct Batch {
    /// Folder of scripts and logs, the same for the same runs.
    pub folder: PathBuf,
    /// The script of the tasks.
    pub tasks: String,
    /// The script of the job that collects the results.
    pub collector: String,
    /// The highest task number.
    pub last: usize,
}

impl Batch {
    /// Folder of the logs.
    pub fn logs(&self) -> PathBuf {
        self.folder.join(LOGS)
    }

    /// Submits both. `prepare` may remove files, so it is called only after `sbatch --test-only` has
    /// accepted both scripts.
    ///
    /// # Errors
    /// Slurm is missing or fails; earlier tasks of this batch are still queued or running; a task
    /// number is too high for Slurm; errors of `prepare`.
    pub fn submit(&self, prepare: Option<&dyn Fn() -> Result<()>>) -> Result<Submitted> {
        let folder = ResultFolder::new(&self.folder);
        let _lock = RunLock::take(&folder)?;
        self.refuse_too_many()?;
        self.refuse_active()?;
        create_folder(&self.logs())?;
        write_text(&folder.file(TASKS), &self.tasks)?;
        write_text(&folder.file(COLLECTOR), &self.collector)?;
        if let Some(prepare) = prepare {
            for script in [TASKS, COLLECTOR] {
                let script = folder.file(script).display().to_string();
                slurm("sbatch", &["--test-only", &script])?;
            }
            prepare()?;
        }
        let job = sbatch(&folder.file(TASKS), None)?;
        let mut submitted = Submitted { job, collector: None };
        submitted.write(&self.folder)?;
        let collector = sbatch(&folder.file(COLLECTOR), Some(&submitted.job)).map_err(|why| {
            let job = &submitted.job;
            Error::Other(format!(
                "the tasks were submitted as job {job}, but the job that collects their results was \
                 not: {why}; collect them with --collect when the tasks have ended, or cancel the \
                 tasks with scancel {job}"
            ))
        })?;
        submitted.collector = Some(collector);
        submitted.write(&self.folder)?;
        Ok(submitted)
    }

    /// A second array would find the runs locked by the first.
    fn refuse_active(&self) -> Result<()> {
        let Some(Submitted { job, .. }) = Submitted::read(&self.folder)? else { return Ok(()) };
        // Where squeue does not answer, sbatch will not either.
        let left = tasks_left(std::slice::from_ref(&job)).unwrap_or(0);
        if left == 0 {
            return Ok(());
        }
        Err(Error::Other(format!(
            "job {job} still has {} queued or running for the same runs: wait for {}, or cancel the \
             job with scancel {job}",
            count(left, "task"),
            if left == 1 { "it" } else { "them" },
        )))
    }

    fn refuse_too_many(&self) -> Result<()> {
        let config = slurm("scontrol", &["show", "config"])?;
        let found = config.lines().find_map(|line| line.strip_prefix("MaxArraySize"));
        let size = found.and_then(|rest| rest.trim_start_matches([' ', '=']).trim().parse().ok());
        match size {
            Some(size) if self.last >= size => Err(Error::Other(format!(
                "the last task would have number {}, but this Slurm allows only numbers below {size} \
                 (MaxArraySize): submit fewer losses, seeds or values at a time, or use --executor \
                 lines",
                self.last
            ))),
            _ => Ok(()),
        }
    }
}

/// Submits a script and returns its job ID. The job starts when all tasks of the job `after` have
/// ended, successfully or not.
fn sbatch(script: &Path, after: Option<&str>) -> Result<String> {
    let dependency = after.map(|job| format!("--dependency=afterany:{job}"));
    let script = script.display().to_string();
    let mut args = vec!["--parsable"];
    args.extend(dependency.as_deref());
    args.push(&script);
    let output = slurm("sbatch", &args)?;
    // With several clusters, the name of this one follows.
    let job = output.lines().last().unwrap_or("").split(';').next().unwrap_or("").trim();
    match !job.is_empty() && job.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(job.to_owned()),
        false => {
            let output = output.trim();
            Err(Error::Other(format!("expected a job ID from sbatch, got '{output}'")))
        }
    }
}

/// Runs one of Slurm's programs and returns its output.
fn slurm(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).output().map_err(|error| {
        let why = match error.kind() {
            ErrorKind::NotFound => "command not found".to_owned(),
            _ => error.to_string(),
        };
        Error::Other(format!(
            "--executor slurm cannot run {program}: {why}; run dml on a machine that submits Slurm \
             jobs, or use --executor lines"
        ))
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let message = text(&output.stderr).lines().map(str::trim).collect::<Vec<_>>().join("; ");
    let message = if message.is_empty() { output.status.to_string() } else { message };
    Err(Error::Other(format!("{program} {} failed: {message}", args.join(" "))))
}
