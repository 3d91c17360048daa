//! `dml tune`: searches for the best settings of a loss.

use std::path::Path;

use super::many::{
    RESUME, RESUME_WITHOUT_FORCE, command_line, command_line_with, show_plan, warn_renamed,
    with_hint,
};
use super::submit::{Mode, Submission, mode, refuse_unfinished, submit};
use super::{cores, print, print_json, report_init, resolve, wrapped, written};
use crate::cli::{ManyArgs, TuneArgs};
use crate::config::{Config, Setting};
use crate::error::Result;
use crate::eval::Score;
use crate::experiment::{Search, batch_folder};
use crate::files::is_stream;
use crate::page::Reporter;
use crate::session::Session;
use crate::train::Progress;
use crate::words::{count, flag, item, path_word, word};

/// Searches, ranks the trials, and writes the best settings.
///
/// # Errors
/// Invalid settings or data; no finished trial; an interruption.
pub fn tune(args: TuneArgs, progress: Progress) -> Result<()> {
    let config = resolve(&args.settings, &args.keys, Some(&args.loss), args.seed)?;
    let cores = cores(args.settings.cores);
    let many = &args.many;
    let search = Search {
        // A search scores only classes that are trained on, whether or not there are unseen classes.
        score: many.metric.map_or(Score::by_default(false), |metric| metric.score),
        config,
        trials: args.trials as usize,
        jobs: many.jobs.unwrap_or(cores),
        runs: args.settings.runs.clone(),
        force: many.force,
        command: command_line(),
    };
    search.check()?;
    let mode = mode(many)?;
    let session = Session::open(&search.config, cores, progress)?;
    warn_renamed(&args.many, &session.progress);
    report_init(&session, [&search.config])?;
    if run_other_mode(mode, &session, &search, &args)? {
        return Ok(());
    }
    if show_plan(&session, &search.estimate(&session)?, many)? {
        return Ok(());
    }
    session.listen()?;
    let hint = if search.force { RESUME_WITHOUT_FORCE } else { RESUME };
    let tuned = search.carry_out(&session).map_err(|error| with_hint(error, hint))?;
    let folder = tuned.write()?;
    if many.json {
        print_json(&tuned)?;
    } else {
        print(&format!(
            "{}\n\n{}\n\n{}\n{}",
            wrapped(&tuned.caption()),
            tuned.table().terminal(),
            written(folder),
            match tuned.is_no_better() {
                true => no_better(search.trials),
                false =>
                    format!("next       {}", next_command(&search, &args, &tuned.best_path())?),
            }
        ))?;
    }
    Reporter::new(Some(&session.dataset), &session.cores).search(&tuned).map(drop)
}

/// Runs a search in a mode other than [`Mode::Local`]; returns whether the command is then done.
fn run_other_mode(mode: Mode, session: &Session, search: &Search, args: &TuneArgs) -> Result<bool> {
    let many = &args.many;
    match mode {
        Mode::Local => Ok(false),
        Mode::Task(worker) => {
            search.check_trials(session)?;
            session.listen()?;
            let done = search.work(session, worker)?;
            let trials = count(done, "trial");
            print(&format!("task {worker}: {trials} done, none left for it")).map(|()| true)
        }
        Mode::Collect => refuse_unfinished(&work(session, search, many)?, session).map(|()| false),
        Mode::Submit => {
            search.check_trials(session)?;
            let work = work(session, search, many)?;
            submit(&work, session, &args.settings, many).map(|()| true)
        }
    }
}

/// The unfinished trials of a search, with workers that share them as tasks.
fn work<'a>(session: &'a Session, search: &'a Search, many: &ManyArgs) -> Result<Submission<'a>> {
    let unfinished = search.unfinished(session)?;
    let workers = Search { jobs: many.jobs.unwrap_or(usize::MAX), ..search.clone() }.jobs();
    let folder = search.folder(session)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Submission {
        command: "tune",
        unit: "trial",
        total: search.trials,
        tasks: (0..workers.min(unfinished.len())).collect(),
        unfinished,
        max_parallel: None,
        folder: batch_folder(&search.runs, &name),
        remove: Box::new(move || search.remove(session)),
    })
}

/// Suggests more trials if none beat the first: a comparison would have equal settings on both sides.
fn no_better(trials: usize) -> String {
    let more = command_line_with("--trials", trials.saturating_mul(2).max(ENOUGH_TRIALS));
    format!("no gain: no trial beat the first, which has the given settings\nmore       {more}")
}

/// The number of trials before giving up a search: the default of `dml tune`.
const ENOUGH_TRIALS: usize = 30;

/// The command that compares tuned and untuned settings on the same data, with the same budget and
/// other seeds.
fn next_command(search: &Search, args: &TuneArgs, best: &Path) -> Result<String> {
    let seeds = other_seeds(search.config.train.seed);
    let losses = [args.loss.clone(), item(&best.display().to_string())].join(",");
    let mut command = format!("dml compare --losses {} --seeds {seeds}", word(losses));
    // A configuration from a pipe is gone, so its settings are given one by one.
    let file = args.settings.config.as_deref().filter(|path| !is_stream(path));
    if let Some(file) = file {
        command += &format!(" --config {}", path_word(file));
    }
    if args.settings.runs != Path::new("runs") {
        command += &format!(" --runs {}", path_word(&args.settings.runs));
    }
    if let Some(metric) = args.many.metric {
        command += &format!(" --metric {}", metric.score);
    }
    let base = match file {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    for setting in differing(&base, &search.config) {
        command += &match flag_of(&setting.key) {
            Some(name) => format!(" {}", flag(&format!("--{name}"), setting.shown())),
            None => format!(" {}", flag("--set", format!("{}={}", setting.key, setting.shown()))),
        };
    }
    Ok(command)
}

/// Five seeds other than that of the search, which has used its validation images.
fn other_seeds(search_seed: u64) -> String {
    match search_seed {
        1 => "2-6".to_owned(),
        2..=5 => {
            let seeds: Vec<String> = (1..=6)
                .filter(|&seed| seed != search_seed)
                .map(|seed: u64| seed.to_string())
                .collect();
            seeds.join(",")
        }
        _ => "1-5".to_owned(),
    }
}

/// The settings that both sides of the comparison need: those that the search did not choose, because
/// `best.toml` has only the others.
fn differing(base: &Config, searched: &Config) -> Vec<Setting> {
    let chosen = ["train.seed", "train.learning_rate", "train.weight_decay", "train.schedule"];
    let keys = searched.keys().into_iter();
    keys.filter(|key| !key.starts_with("loss.") && !chosen.contains(&key.as_str()))
        .filter_map(|key| {
            let value = searched.value(&key)?;
            (base.value(&key).as_ref() != Some(&value)).then_some(Setting { key, value })
        })
        .collect()
}

/// The flag that stands for a key.
fn flag_of(key: &str) -> Option<&'static str> {
    Some(match key {
        "data.path" => "data",
        "data.train_size" => "train-size",
        "data.unseen_classes" => "unseen-classes",
        "train.epochs" => "epochs",
        "train.batch" => "batch",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comparison_leaves_out_the_seed_of_the_search() {
        let seeds = [2022, 1, 3, 5, 6].map(other_seeds);
        assert_eq!(seeds, ["1-5", "2-6", "1,2,4,5,6", "1,2,3,4,6", "1-5"]);
    }

    #[test]
    fn the_comparison_has_all_settings_that_the_search_did_not_choose() {
        let base = Config::default();
        let set =
            ["train.batch=32", "model.embedding=16", "train.learning_rate=1", "loss.margin=1"];
        let set = set.map(|text| Setting::read(text).unwrap());
        let found = differing(&base, &base.with(&set).unwrap());
        let mut keys: Vec<&str> = found.iter().map(|setting| setting.key.as_str()).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["model.embedding", "train.batch"]);
    }
}
