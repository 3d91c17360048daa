//! `dml runs`: lists, compares and removes runs.

use std::path::{Path, PathBuf};

use super::{print, print_json};
use crate::cli::{DiffArgs, Order, RemoveArgs, RunsArgs, RunsCommand};
use crate::cluster::refuse_queued;
use crate::config::known_key;
use crate::error::Result;
use crate::files::ResultFolder;
use crate::loss::Loss;
use crate::report::table::Table;
use crate::run::{Entry, Removal, catalogue, difference, named_folder, run_table};
use crate::train::Progress;

/// Lists, compares or removes runs.
///
/// # Errors
/// A run that is missing or in use; a file that cannot be read or removed.
pub fn runs(args: RunsArgs, progress: &Progress) -> Result<()> {
    match &args.command {
        None => list(&args, progress),
        Some(RunsCommand::Diff(args)) => diff(args),
        Some(RunsCommand::Remove(args)) => remove(args, progress),
    }
}

fn list(args: &RunsArgs, progress: &Progress) -> Result<()> {
    args.with.iter().try_for_each(|setting| known_key(&setting.key, "--where"))?;
    args.loss.iter().try_for_each(|name| Loss::by_name(name).map(drop))?;
    let wanted = |entry: &Entry| {
        args.loss.as_ref().is_none_or(|loss| entry.loss.as_ref() == Some(loss))
            && args.seed.is_none_or(|seed| entry.seed == Some(seed))
            && args.state.as_ref().is_none_or(|state| match state.as_str() {
                "damaged" => entry.damaged,
                state => entry.state == state,
            })
            && args.with.iter().all(|setting| entry.has(setting))
    };
    let all = catalogue(&args.common.runs);
    let count = all.len();
    let mut entries: Vec<Entry> = all.into_iter().filter(wanted).collect();
    sort(&mut entries, args.sort);
    if args.common.json {
        return print_json(&entries);
    }
    if entries.is_empty() {
        let runs = args.common.runs.display();
        let message = match count {
            0 => format!("{runs} holds no runs: make one with dml train or dml compare"),
            1 => format!("the only run in {runs} does not match"),
            count => format!("none of the {count} runs in {runs} matches"),
        };
        progress.say(&message);
        return Ok(());
    }
    print(&run_table(&entries).terminal())?;
    entries
        .iter()
        .filter_map(|entry| entry.problem.as_ref())
        .for_each(|problem| progress.say(problem));
    Ok(())
}

/// Sorts by a column: metrics in descending order, times in ascending order, missing values last.
fn sort(entries: &mut [Entry], order: Order) {
    let mut by_highest = |of: &dyn Fn(&Entry) -> Option<f64>| {
        let key = |entry: &Entry| -of(entry).unwrap_or(f64::NEG_INFINITY);
        entries.sort_by(|a, b| key(a).total_cmp(&key(b)));
    };
    match order {
        Order::Name => {}
        Order::Metric(score) => by_highest(&|entry| entry.metrics.by_key(&score.key())),
        Order::TrialScore => by_highest(&|entry| entry.trial_score),
        Order::Time => by_highest(&|entry| entry.seconds.map(|seconds| -seconds)),
        Order::Loss => entries.sort_by(|a, b| a.loss.cmp(&b.loss)),
        Order::Seed => entries.sort_by_key(|entry| entry.seed),
    }
}

fn diff(args: &DiffArgs) -> Result<()> {
    let [first, second] =
        [&args.first, &args.second].map(|name| named_folder(name, &args.common.runs));
    let (first, second) = (first?, second?);
    let differences = difference(&first, &second)?;
    if args.common.json {
        return print_json(&differences);
    }
    let name = |path: &Path| ResultFolder::new(path).name();
    let mut table = Table::new(["".to_owned(), name(&first), name(&second)]);
    for line in differences {
        table.push([line.what, line.first.shown, line.second.shown]);
    }
    print(&table.terminal())
}

fn remove(args: &RemoveArgs, progress: &Progress) -> Result<()> {
    let paths = args.names.iter().map(|name| named_folder(name, &args.runs));
    let mut paths: Vec<PathBuf> = paths.collect::<Result<_>>()?;
    let canonical = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    paths.sort_by_key(canonical);
    paths.dedup_by_key(|path| canonical(path));
    // All must exist and be unused before the first is removed.
    let say = |line: &str| progress.say(line);
    paths.iter().try_for_each(|path| refuse_queued(path, say))?;
    let removals = paths.iter().map(|path| Removal::of(path)).collect::<Result<Vec<_>>>()?;
    for (path, removal) in paths.iter().zip(&removals) {
        let shown = path.display();
        if args.dry_run {
            print(&format!("{shown} would be removed"))?;
        } else {
            removal.carry_out()?;
            print(&format!("{shown} is removed"))?;
        }
    }
    Ok(())
}
