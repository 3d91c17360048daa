//! `dml train`: one run.

use super::{cores, print, resolve, set, set_compute};
use crate::cli::TrainArgs;
use crate::config::{Config, Setting};
use crate::error::{Error, Result};
use crate::experiment::{Existing, Run, RunFolder, RunLock, Session};
use crate::train::{History, Progress};

/// Trains one network under one loss, or goes on with an unfinished run.
///
/// # Errors
/// Wrong settings, faulty data, a folder that is taken, a loss that is no number; an interruption.
pub fn train(args: TrainArgs, progress: Progress) -> Result<()> {
    let config = match &args.resume {
        Some(path) => {
            let (folder, record) = RunFolder::open(path)?;
            let mut config = folder.config()?;
            match &args.settings.data {
                Some(moved) => config.data.path.clone_from(moved),
                None => record.refuse_moved(&config.data.path)?,
            }
            set_compute(&mut config, &args.settings.compute);
            set(&mut config.train.checkpoint_every, &args.settings.checkpoint_every);
            config
        }
        None => configured(&args)?,
    };
    let session = Session::open(&config, cores(args.settings.cores), progress.clone())?;
    let (run, existing) = match &args.resume {
        Some(path) => (Run::reopen(&session, config, path)?, Existing::GoOn),
        None => {
            let existing = if args.force { Existing::Replace } else { Existing::Refuse };
            (Run::new(&session, config, &args.settings.runs, args.name.as_deref())?, existing)
        }
    };
    run.check_needs(&session)?;
    let _lock = RunLock::take(&run.folder)?;
    session.listen()?;
    let bar = progress.run(&run.title(), run.images());
    let _core = session.cores.take();
    let history = run.train(&session, existing, &bar).map_err(|error| way_on(error, &run));
    drop(bar);
    print(&summary(&run, &history?))
}

/// An interruption, with how to go on.
fn way_on(error: Error, run: &Run) -> Error {
    match error {
        Error::Interrupted(place) => {
            let folder = run.folder.path().display();
            Error::Interrupted(format!("{place}; go on with dml train --resume {folder}"))
        }
        other => other,
    }
}

fn configured(args: &TrainArgs) -> Result<Config> {
    let init = args.init.iter().map(|file| Setting {
        key: "model.init".to_owned(),
        value: toml::Value::String(file.clone()),
    });
    let config = resolve(&args.settings, &args.keys, args.loss.as_deref(), args.seed)?;
    config.with(&init.collect::<Vec<_>>())
}

fn summary(run: &Run, history: &History) -> String {
    let folder = run.folder.path().display();
    let last = history.epochs.last().expect("at least one epoch is configured");
    format!(
        "{}: {} epoch{} in {:.1} s, validation loss {:.4}, lowest in epoch {}\n\
         run        {folder}\n\
         pictures   {folder}/plots/pairs.png, {folder}/plots/loss.png\n\
         next       dml eval --run {folder}",
        run.title(),
        last.epoch,
        if last.epoch == 1 { "" } else { "s" },
        history.seconds(),
        last.validation_loss,
        history.best_epoch().unwrap_or(last.epoch),
    )
}
