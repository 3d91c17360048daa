//! `dml tune`: the settings under which a loss does best.

use std::path::Path;

use super::many::{GOES_ON, GOES_ON_ANEW, told_plan, way_on};
use super::{cores, print, print_json, resolve, set, wrapped, written};
use crate::cli::TuneArgs;
use crate::config::Config;
use crate::error::Result;
use crate::eval::Score;
use crate::experiment::{Search, Session};
use crate::train::Progress;

/// Searches, ranks the trials, and writes the best settings.
///
/// # Errors
/// Wrong settings, faulty data, no trial that was finished; an interruption.
pub fn tune(args: TuneArgs) -> Result<()> {
    let progress = Progress::new();
    let mut config = resolve(&args.settings, &args.keys, Some(&args.loss))?;
    set(&mut config.train.seed, &args.seed);
    let cores = cores(args.settings.cores);
    let many = &args.many;
    let search = Search {
        // What is judged are images of the classes that are trained on, unseen ones or not.
        score: many.metric.unwrap_or(Score::Accuracy),
        config,
        trials: args.trials as usize,
        jobs: many.jobs.unwrap_or(cores),
        runs: args.settings.runs.clone(),
        force: many.force,
    };
    search.check()?;
    let session = Session::open(&search.config, cores, progress)?;
    if told_plan(&session, &search.forecast(&session)?, many)? {
        return Ok(());
    }
    session.listen()?;
    let tuned = search
        .carry_out(&session)
        .map_err(|error| way_on(error, if search.force { GOES_ON_ANEW } else { GOES_ON }))?;
    let folder = tuned.write()?;
    if many.json {
        return print_json(&tuned);
    }
    print(&format!(
        "{}\n\n{}\n\n{}\nnext       {}",
        wrapped(&tuned.caption()),
        tuned.table().terminal(),
        written(folder),
        next(&search.config, &args, &tuned.best_path())
    ))
}

/// The comparison of tuned and untuned that the search asks for: on the same data, equally long,
/// under other seeds.
fn next(config: &Config, args: &TuneArgs, best: &Path) -> String {
    let mut command = format!("dml compare --losses {},{} --seeds 1-5", args.loss, best.display());
    let mut flag = |name: &str, value: String| command += &format!(" --{name} {value}");
    if let Some(file) = &args.settings.config {
        flag("config", file.display().to_string());
    }
    let plain = Config::default();
    if config.data.path != plain.data.path {
        flag("data", config.data.path.clone());
    }
    if config.train.epochs != plain.train.epochs {
        flag("epochs", config.train.epochs.to_string());
    }
    if config.data.train_size != plain.data.train_size {
        flag("train-size", config.data.train_size.to_string());
    }
    if config.data.unseen_classes != plain.data.unseen_classes {
        flag("unseen-classes", format!("'{}'", config.data.unseen_classes));
    }
    command
}
