//! `dml train`: one run.

use std::io::Write;
use std::path::Path;

use super::{cores, print, report_init, resolve, set, set_compute};
use crate::cli::TrainArgs;
use crate::config::{Config, Setting};
use crate::data::{BatchKind, is_read_once};
use crate::error::{Error, Result};
use crate::files::{
    ResultFolder, create_folder, is_stream, kept_weights, sha256_hex, write_atomically,
};
use crate::model::refuse_non_safetensors;
use crate::run::{Existing, Run, RunLock, named_folder};
use crate::session::Session;
use crate::train::{History, Progress};
use crate::words::{decimals, dml, things};

/// Trains a network with a loss, or resumes an unfinished run.
///
/// # Errors
/// Invalid settings or data; an existing folder; training that diverged; an interruption.
pub fn train(args: TrainArgs, progress: Progress) -> Result<()> {
    let resumed = args.resume.as_deref().map(|run| named_folder(run, &args.settings.runs));
    let resumed = resumed.transpose()?;
    let config = match &resumed {
        Some(folder) => resumed_config(&args, folder)?,
        None => configured(&args, &progress)?,
    };
    let session = Session::open(&config, cores(args.settings.cores), progress.clone())?;
    let (run, existing) = match &resumed {
        Some(path) => (Run::reopen(&session, config, path)?, Existing::Resume),
        None => {
            let existing = if args.force { Existing::Replace } else { Existing::Refuse };
            report_init(&session, [&config])?;
            (Run::new(&session, config, &args.settings.runs, args.name.as_deref())?, existing)
        }
    };
    run.check_resources(&session)?;
    let _lock = RunLock::take(&run.folder)?;
    session.listen()?;
    let bar = progress.run(&run.title(), run.images());
    let _core = session.cores.take();
    let history = run.train(&session, existing, &bar).map_err(|error| with_hint(error, &run));
    drop(bar);
    print(&summary(&run, &history?))
}

/// The configuration of an unfinished run, with the flags that may change it.
fn resumed_config(args: &TrainArgs, path: &Path) -> Result<Config> {
    let (folder, opened) = (ResultFolder::new(path), ResultFolder::open(path));
    if opened.is_ok() {
        folder.refuse_diverged()?;
    }
    let mut config = match folder.config() {
        Err(error) => return Err(opened.err().unwrap_or(error)),
        Ok(config) => config,
    };
    // A damaged record is written again from the settings.
    let record = opened.ok().map(|(_, record)| record);
    record.iter().for_each(|record| record.data.keep_channels(&mut config.data));
    match (&args.settings.data, record) {
        (Some(moved), _) => config.data.path.clone_from(moved),
        (None, Some(record)) => record.refuse_moved(&config.data.path)?,
        (None, None) => {}
    }
    set_compute(&mut config, &args.settings.compute);
    set(&mut config.train.checkpoint_every, &args.settings.checkpoint_every);
    Ok(config)
}

/// Adds to an interruption how to resume.
fn with_hint(error: Error, run: &Run) -> Error {
    match error {
        Error::Interrupted(message) => {
            let command = dml("train --resume", run.folder.path());
            Error::Interrupted(format!("{message}; resume with {command}"))
        }
        other => other,
    }
}

fn configured(args: &TrainArgs, progress: &Progress) -> Result<Config> {
    let config = resolve(&args.settings, &args.keys, args.loss.as_deref(), args.seed)?;
    let Some(init) = &args.init else { return Ok(config) };
    let file = match is_pipe(init) {
        true => save_init(init, &args.settings.runs, progress)?,
        false => init.clone(),
    };
    config.with(&[Setting { key: "model.init".to_owned(), value: toml::Value::String(file) }])
}

/// Whether the file of `--init` can be read only once.
fn is_pipe(init: &str) -> bool {
    init == "-" || is_stream(Path::new(init))
}

/// Saves weights from a pipe in a file among the runs, because resuming the run reads them again.
fn save_init(init: &str, runs: &Path, progress: &Progress) -> Result<String> {
    let source = if init == "-" { "/dev/stdin" } else { init };
    let content =
        std::fs::read(source).map_err(|error| Error::io("read", Path::new(source))(error))?;
    refuse_non_safetensors(Path::new(source), &content)?;
    create_folder(runs)?;
    let path = runs.join(kept_weights(&sha256_hex(&content)[..12]));
    if !path.exists() {
        write_atomically(&path, |file| file.write_all(&content))?;
    }
    progress.say(&format!("init: {init}, saved as {}", path.display()));
    Ok(path.display().to_string())
}

fn summary(run: &Run, history: &History) -> String {
    let folder = run.folder.path().display();
    let last = history.epochs.last().expect("at least one epoch is configured");
    // Data from a pipe cannot be read again.
    let data = if is_read_once(Path::new(&run.config.data.path)) { " --data FILE" } else { "" };
    let pairs = match run.config.loss.batches() {
        BatchKind::Pairs => format!("{folder}/plots/pairs.png, "),
        BatchKind::Images | BatchKind::PkSampling => String::new(),
    };
    format!(
        "{}: {} {} in {:.1} s, validation loss {}, lowest in epoch {}\n\
         run        {folder}\n\
         pictures   {pairs}{folder}/plots/loss.png\n\
         next       {}{data}",
        run.title(),
        last.epoch,
        things(last.epoch, "epoch"),
        history.seconds(),
        decimals(last.validation_loss, 4),
        history.best_epoch().unwrap_or(last.epoch),
        dml("eval --run", run.folder.path()),
    )
}
