//! `dml tune`: the settings under which a loss does best.

use std::path::Path;

use super::many::{GOES_ON, GOES_ON_ANEW, told_plan, typed, way_on, word};
use super::{cores, print, print_json, resolve, wrapped, written};
use crate::cli::TuneArgs;
use crate::config::{Config, Setting};
use crate::error::Result;
use crate::eval::Score;
use crate::experiment::{Reporter, Search, Session};
use crate::train::Progress;

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
        score: many.metric.unwrap_or(Score::Accuracy),
        config,
        trials: args.trials as usize,
        jobs: many.jobs.unwrap_or(cores),
        runs: args.settings.runs.clone(),
        force: many.force,
        command: typed(),
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
    Reporter::new(Some(&session.dataset), &session.cores).search(&tuned)?;
    if many.json {
        return print_json(&tuned);
    }
    print(&format!(
        "{}\n\n{}\n\n{}\nnext       {}",
        wrapped(&tuned.caption()),
        tuned.table().terminal(),
        written(folder),
        next(&search, &args, &tuned.best_path())?
    ))
}

/// The comparison of tuned and untuned that the search asks for: on the same data, equally long,
/// under other seeds.
fn next(search: &Search, args: &TuneArgs, best: &Path) -> Result<String> {
    let seeds = other_seeds(search.config.train.seed);
    let mut command =
        format!("dml compare --losses {},{} --seeds {seeds}", args.loss, word(&best.display()));
    if let Some(file) = &args.settings.config {
        command += &format!(" --config {}", word(&file.display()));
    }
    if args.settings.runs != Path::new("runs") {
        command += &format!(" --runs {}", word(&args.settings.runs.display()));
    }
    if let Some(metric) = args.many.metric {
        command += &format!(" --metric {metric}");
    }
    let base = match &args.settings.config {
        Some(path) => Config::read(path)?,
        None => Config::default(),
    };
    for setting in differing(&base, &search.config) {
        command += &match flag_of(&setting.key) {
            Some(flag) => format!(" --{flag} {}", word(&setting.shown())),
            None => format!(" --set {}", word(&format!("{}={}", setting.key, setting.shown()))),
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
