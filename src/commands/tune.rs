//! `dml tune`: the settings under which a loss does best.

use std::path::Path;

use super::many::{GOES_ON, GOES_ON_ANEW, tell_renamed, told_plan, typed, typed_with, way_on};
use super::submit::{Mode, Submission, mode, refuse_unfinished, submit};
use super::{cores, print, print_json, resolve, tell_init, wrapped, written};
use crate::cli::{ManyArgs, TuneArgs};
use crate::config::{Config, Setting};
use crate::error::Result;
use crate::eval::Score;
use crate::experiment::{Search, batch_folder};
use crate::files::is_stream;
use crate::page::Reporter;
use crate::session::Session;
use crate::train::Progress;
use crate::words::{item, path_word, things, word};

/// Searches, ranks the trials, and writes the best settings.
///
/// # Errors
/// Wrong settings, faulty data, no trial that was finished; an interruption.
pub fn tune(args: TuneArgs, progress: Progress) -> Result<()> {
    let config = resolve(&args.settings, &args.keys, Some(&args.loss), args.seed)?;
    let cores = cores(args.settings.cores);
    let many = &args.many;
    let search = Search {
        // What is judged are images of the classes that are trained on, unseen ones or not.
        score: many.metric.map_or(Score::Accuracy, |metric| metric.score),
        config,
        trials: args.trials as usize,
        jobs: many.jobs.unwrap_or(cores),
        runs: args.settings.runs.clone(),
        force: many.force,
        command: typed(),
    };
    search.check()?;
    let mode = mode(many)?;
    let session = Session::open(&search.config, cores, progress)?;
    tell_renamed(&args.many, &session.progress);
    tell_init(&session, [&search.config])?;
    if done_otherwise(mode, &session, &search, &args)? {
        return Ok(());
    }
    if told_plan(&session, &search.forecast(&session)?, many)? {
        return Ok(());
    }
    session.listen()?;
    let tuned = search
        .carry_out(&session)
        .map_err(|error| way_on(error, if search.force { GOES_ON_ANEW } else { GOES_ON }))?;
    let folder = tuned.write()?;
    if many.json {
        print_json(&tuned)?;
    } else {
        print(&format!(
            "{}\n\n{}\n\n{}\n{}",
            wrapped(&tuned.caption()),
            tuned.table().terminal(),
            written(folder),
            match tuned.gained_nothing() {
                true => nothing_gained(search.trials),
                false => format!("next       {}", next(&search, &args, &tuned.best_path())?),
            }
        ))?;
    }
    Reporter::new(Some(&session.dataset), &session.cores).search(&tuned).map(drop)
}

/// Does what is asked of a search other than to carry it out here; whether that was all.
fn done_otherwise(mode: Mode, session: &Session, search: &Search, args: &TuneArgs) -> Result<bool> {
    let many = &args.many;
    match mode {
        Mode::Local => Ok(false),
        Mode::Task(worker) => {
            search.check_trials(session)?;
            session.listen()?;
            let done = search.work(session, worker)?;
            let trials = things(done, "trial");
            print(&format!("task {worker}: {done} {trials} done, none is left for it"))
                .map(|()| true)
        }
        Mode::Collect => refuse_unfinished(&work(session, search, many)?, session).map(|()| false),
        Mode::Submit => {
            search.check_trials(session)?;
            let work = work(session, search, many)?;
            submit(&work, session, &args.settings, many).map(|()| true)
        }
    }
}

/// What there is to hand out of a search: workers that share the trials.
fn work<'a>(session: &'a Session, search: &'a Search, many: &ManyArgs) -> Result<Submission<'a>> {
    let unfinished = search.unfinished(session)?;
    let workers = Search { jobs: many.jobs.unwrap_or(usize::MAX), ..search.clone() }.jobs();
    let folder = search.folder(session)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Submission {
        command: "tune",
        unit: "trial",
        all: search.trials,
        tasks: (0..workers.min(unfinished.len())).collect(),
        unfinished,
        at_once: None,
        folder: batch_folder(&search.runs, &name),
        remove: Box::new(move || search.remove(session)),
    })
}

/// What is left to do where no trial did better than the first: a comparison would be of equal
/// settings.
fn nothing_gained(trials: usize) -> String {
    let more = typed_with("--trials", trials.saturating_mul(2).max(ENOUGH_TRIALS));
    format!(
        "nothing gained: no trial did better than the first, the settings as given\nmore       {more}"
    )
}

/// Trials that a search is to have before it is given up: those of `dml tune` by itself.
const ENOUGH_TRIALS: usize = 30;

/// The comparison of tuned and untuned that the search asks for: on the same data, equally long,
/// under other seeds.
fn next(search: &Search, args: &TuneArgs, best: &Path) -> Result<String> {
    let seeds = other_seeds(search.config.train.seed);
    let losses = [args.loss.clone(), item(&best.display().to_string())].join(",");
    let mut command = format!("dml compare --losses {} --seeds {seeds}", word(losses));
    // A pipe gave its settings once: they are named one by one.
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
            Some(flag) => format!(" --{flag} {}", word(setting.shown())),
            None => format!(" --set {}", word(format!("{}={}", setting.key, setting.shown()))),
        };
    }
    Ok(command)
}

/// Five seeds without the one whose validation images the search has looked at.
fn other_seeds(searched: u64) -> String {
    match searched {
        1 => "2-6".to_owned(),
        2..=5 => {
            let seeds: Vec<String> = (1..=6)
                .filter(|&seed| seed != searched)
                .map(|seed: u64| seed.to_string())
                .collect();
            seeds.join(",")
        }
        _ => "1-5".to_owned(),
    }
}

/// What both sides of the comparison need beside what `best.toml` holds for one: all that the
/// search did not choose itself.
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
    fn the_comparison_leaves_out_the_seed_that_was_searched_with() {
        let seeds = [2022, 1, 3, 5, 6].map(other_seeds);
        assert_eq!(seeds, ["1-5", "2-6", "1,2,4,5,6", "1,2,3,4,6", "1-5"]);
    }

    #[test]
    fn the_comparison_has_all_that_the_search_did_not_choose() {
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
