//! The tasks of a submission that are still queued or running, as `squeue` lists them.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use super::submitted::Submitted;
use crate::error::{Error, Result};
use crate::words::{count, path_word};

/// Refuses a folder whose submission is still queued or running; `say` reports what could not be
/// checked.
///
/// # Errors
/// The jobs, with how to cancel them; the record of the submission cannot be read.
pub fn refuse_queued(folder: &Path, say: impl Fn(&str)) -> Result<()> {
    let Some(Submitted { job, collector }) = Submitted::read(folder)? else { return Ok(()) };
    let jobs: Vec<String> = std::iter::once(job).chain(collector).collect();
    let (shown, ids) = (path_word(folder), jobs.join(" "));
    match tasks_left(&jobs) {
        Ok(0) => Ok(()),
        Ok(tasks) => Err(Error::Other(format!(
            "{shown}: jobs {ids} still have {} queued or running: wait for {}, or cancel them with \
             scancel {ids}",
            count(tasks, "task"),
            if tasks == 1 { "it" } else { "them" },
        ))),
        Err(why) => {
            say(&format!(
                "{shown}: cannot check whether jobs {ids} are still queued or running: {why}"
            ));
            Ok(())
        }
    }
}

/// How many tasks of these jobs are queued or running.
///
/// # Errors
/// `squeue` is missing or fails, in words.
pub fn tasks_left(jobs: &[String]) -> std::result::Result<usize, String> {
    let jobs = format!("--jobs={}", jobs.join(","));
    let args = ["--noheader", "--array", "--format=%T", &jobs];
    let output = Command::new("squeue").args(args).output();
    let output = output.map_err(|error| match error.kind() {
        ErrorKind::NotFound => "squeue is not on this machine".to_owned(),
        _ => format!("squeue: {error}"),
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    let error = text(&output.stderr);
    match output.status.success() {
        true => Ok(text(&output.stdout).lines().count()),
        // Slurm forgets a job some minutes after its end.
        false if error.contains("Invalid job id") => Ok(0),
        false if error.is_empty() => Err(format!("squeue: {}", output.status)),
        false => Err(format!("squeue: {}", error.lines().collect::<Vec<_>>().join("; "))),
    }
}
