//! `dml runs`: what there is, what two differ in, and away with what is not wanted.

use std::path::{Path, PathBuf};

use super::{print, print_json};
use crate::cli::{DiffArgs, RemoveArgs, RunsArgs, RunsCommand};
use crate::config::known_key;
use crate::error::Result;
use crate::experiment::{Entry, RunFolder, RunLock, catalogue, difference, listed};
use crate::report::table::Table;
use crate::train::Progress;

/// Lists runs, or does with them what was asked for.
///
/// # Errors
/// A run that is not there, or is at work; a file that cannot be read or removed.
pub fn runs(args: RunsArgs) -> Result<()> {
    match &args.command {
        None => list(&args),
        Some(RunsCommand::Diff(args)) => diff(args),
        Some(RunsCommand::Remove(args)) => remove(args),
    }
}

fn list(args: &RunsArgs) -> Result<()> {
    args.with.iter().try_for_each(|setting| known_key(&setting.key, "--where"))?;
    let wanted = |entry: &Entry| {
        args.loss.as_ref().is_none_or(|loss| entry.loss.as_ref() == Some(loss))
            && args.seed.is_none_or(|seed| entry.seed == Some(seed))
            && args.state.as_ref().is_none_or(|state| entry.state == *state)
            && args.with.iter().all(|setting| entry.has(setting))
    };
    let all = catalogue(&args.place.runs);
    let count = all.len();
    let mut entries: Vec<Entry> = all.into_iter().filter(wanted).collect();
    let high_first = |share: Option<f64>| -share.unwrap_or(-1.0);
    match args.sort.as_str() {
        "loss" => entries.sort_by(|a, b| a.loss.cmp(&b.loss)),
        "seed" => entries.sort_by_key(|entry| entry.seed),
        "accuracy" => {
            entries.sort_by(|a, b| high_first(a.accuracy).total_cmp(&high_first(b.accuracy)))
        }
        "map" => entries.sort_by(|a, b| high_first(a.map_at_r).total_cmp(&high_first(b.map_at_r))),
        _ => {}
    }
    if args.place.json {
        return print_json(&entries);
    }
    if entries.is_empty() {
        let runs = args.place.runs.display();
        let told = match count {
            0 => format!("{runs} holds no runs: make one with dml train or dml compare"),
            count => format!("none of the {count} runs in {runs} is such a one"),
        };
        Progress::new().say(&told);
        return Ok(());
    }
    print(&listed(&entries).terminal(None))
}

fn diff(args: &DiffArgs) -> Result<()> {
    let [first, second] = [&args.first, &args.second].map(|name| found(&args.place.runs, name));
    let differences = difference(&first, &second)?;
    if args.place.json {
        return print_json(&differences);
    }
    let name = |path: &Path| RunFolder::new(path).name();
    let mut table = Table::new(["".to_owned(), name(&first), name(&second)]);
    for line in differences {
        table.push([line.what, line.first, line.second]);
    }
    print(&table.terminal(None))
}

fn remove(args: &RemoveArgs) -> Result<()> {
    let mut paths: Vec<PathBuf> = args.names.iter().map(|name| found(&args.runs, name)).collect();
    paths.sort();
    paths.dedup();
    // All are there and at rest before the first goes.
    let mut locks = Vec::new();
    for path in &paths {
        let (folder, _) = RunFolder::open(path)?;
        locks.push(RunLock::take(&folder)?);
    }
    for path in &paths {
        let shown = path.display();
        if args.dry_run {
            print(&format!("{shown} would be removed"))?;
        } else {
            RunFolder::new(path).remove()?;
            print(&format!("{shown} is removed"))?;
        }
    }
    Ok(())
}

/// A run by its folder, or by its name among the runs.
fn found(runs: &Path, name: &Path) -> PathBuf {
    let among = runs.join(name);
    if !name.exists() && among.exists() { among } else { name.to_path_buf() }
}
