//! A run as the command line names it: by its folder, or by its name among the runs.

use std::path::{Path, PathBuf};

use super::folder::missing_folder;
use super::listing::folders;
use crate::error::{Error, Result};
use crate::files::{ResultFolder, is_result_folder};
use crate::words::{dml, path_word, similar};

/// The folder of a run, comparison, sweep, search or submission that is named by its path or by its
/// name in `runs`. Where both exist, the one that holds results is meant.
///
/// # Errors
/// Neither exists; the message suggests similar names in `runs`.
pub fn named_folder(named: &Path, runs: &Path) -> Result<PathBuf> {
    let both = [named.to_path_buf(), runs.join(named)];
    let found = both.iter().find(|path| is_result_folder(path));
    match found.or_else(|| both.iter().find(|path| path.exists())) {
        Some(path) => Ok(path.clone()),
        None => Err(unknown(named, runs)),
    }
}

/// Names that a message suggests.
const SUGGESTED: usize = 3;
/// The least similarity of a name that is suggested.
const SIMILAR: f64 = 0.85;

fn unknown(named: &Path, runs: &Path) -> Error {
    let name = ResultFolder::new(named).name();
    let names: Vec<String> =
        folders(runs).into_iter().map(|folder| ResultFolder::new(folder).name()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let suggested: Vec<String> = similar(&name, &names, SIMILAR)
        .into_iter()
        .take(SUGGESTED)
        .map(|known| path_word(&runs.join(known)))
        .collect();
    let list = match runs == Path::new("runs") {
        true => "dml runs".to_owned(),
        false => dml("runs --runs", runs),
    };
    let remedy = match suggested.is_empty() {
        true => format!("{list} lists all runs"),
        false => format!("did you mean {}? {list} lists all", suggested.join(" or ")),
    };
    missing_folder(named).remedy(remedy).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::catalogue::tests::run;

    #[test]
    fn a_run_is_named_by_its_path_or_by_its_name_among_the_runs() {
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path().join("runs");
        let single = run(&runs, "a", "");
        run(&runs, "tune-x/trial-001", "");
        let named = |name: &str| named_folder(Path::new(name), &runs).unwrap();
        assert_eq!(named("a"), single);
        assert_eq!(named("tune-x/trial-001"), runs.join("tune-x/trial-001"));
        assert_eq!(named_folder(&single, Path::new("elsewhere")).unwrap(), single);
        // A folder of the same name that holds no results is not meant.
        let other = runs.join("src");
        std::fs::create_dir(&other).unwrap();
        assert_eq!(named("src"), Path::new("src"), "neither holds results");
        run(&runs, "src", "");
        assert_eq!(named("src"), other);
    }

    #[test]
    fn a_name_that_fits_nothing_suggests_similar_ones() {
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path().join("my runs");
        ["contrastive-seed1-0a", "contrastive-seed2-0b", "triplet-seed1-0c"]
            .iter()
            .for_each(|name| drop(run(&runs, name, "")));
        let message = |name| named_folder(Path::new(name), &runs).unwrap_err().to_string();
        let similar = message("runs/contrastive-seed2-0");
        let first = format!("did you mean '{}/contrastive-seed2-0b' or '", runs.display());
        assert!(similar.contains(&first) && !similar.contains("triplet"), "{similar}");
        let none = message("zebra");
        let list = format!("does not exist; dml runs --runs '{}' lists all runs", runs.display());
        assert!(none.contains(&list), "{none}");
    }
}
