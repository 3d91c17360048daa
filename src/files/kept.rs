//! Which files the folders of runs, comparisons, sweeps and searches keep, and which are the user's.

use std::fs;
use std::path::{Path, PathBuf};

use super::identity::{is_same_file, resolved};
use super::layout::{INNER, KEPT, MARKS};
use super::temporary::is_temporary;
use super::test_names::without_test_file;

/// Folders that hold results lie at most so deep under the folder of the runs: trials in a search.
const DEEPEST: usize = 2;

/// The folder of results that keeps a file; `None` if the file may be written. `runs` is where
/// results lie whose files may have other names elsewhere.
pub fn keeper_of(path: &Path, runs: &Path) -> Option<PathBuf> {
    let named = resolved(path);
    if let Some(folder) = keeper_by_name(&named).or_else(|| keeper_of_weights(&named)) {
        return Some(folder);
    }
    // A second name of the same file can lie anywhere.
    if links(&named) < 2 {
        return None;
    }
    let folders = result_folders(runs, DEEPEST);
    folders.into_iter().find(|folder| {
        let inner = INNER.iter().map(|(name, _)| folder.join(name));
        let files = std::iter::once(folder.clone()).chain(inner).flat_map(|f| entries(&f));
        files.into_iter().any(|file| keeper_by_name(&file).is_some() && is_same_file(&file, &named))
    })
}

/// Files in a folder of results, relative to it, that it does not keep: the user's.
pub fn foreign_files(folder: &Path) -> Vec<PathBuf> {
    let mut foreign = Vec::new();
    for path in entries(folder) {
        let name = PathBuf::from(path.file_name().unwrap_or_default());
        if is_half_removed(&name) {
            continue;
        }
        if path.is_dir() && !path.is_symlink() {
            let inside = match is_result_folder(&path) {
                true => foreign_files(&path),
                false => entries(&path)
                    .into_iter()
                    .filter_map(|file| Some(PathBuf::from(file.file_name()?)))
                    .filter(|file| !is_kept(&name.join(file)))
                    .collect(),
            };
            foreign.extend(inside.into_iter().map(|file| name.join(file)));
        } else if !is_kept(&name) {
            foreign.push(name);
        }
    }
    foreign.sort();
    foreign
}

/// Whether a folder is one that a stopped removal left; see [`ResultFolder::remove_folder`](super::ResultFolder::remove_folder).
fn is_half_removed(name: &Path) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') && name.ends_with(".removed")
}

/// Whether a folder of results keeps a file of this name, relative to it; case does not matter, as
/// on some systems.
fn is_kept(name: &Path) -> bool {
    let (Some(file), Some(parent)) = (name.file_name(), name.parent()) else { return false };
    if is_temporary(file) {
        return true;
    }
    let ending = name.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    if parent.as_os_str().is_empty() {
        let file = without_test_file(&file.to_string_lossy().to_lowercase());
        return ending == "lock" || KEPT.iter().any(|kept| kept.eq_ignore_ascii_case(&file));
    }
    INNER.iter().any(|(folder, endings)| {
        parent.as_os_str().eq_ignore_ascii_case(folder) && endings.contains(&ending.as_str())
    })
}

/// File name under which initial weights read from a pipe are stored, for later resuming.
pub fn kept_weights(hash: &str) -> String {
    format!("init-{hash}.safetensors")
}

/// The folder of the runs, where the file is among those weights.
fn keeper_of_weights(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    let hash = name.strip_prefix("init-")?.strip_suffix(".safetensors")?;
    let folder = path.parent()?;
    (!hash.is_empty() && !result_folders(folder, 1).is_empty()).then(|| folder.to_path_buf())
}

fn keeper_by_name(path: &Path) -> Option<PathBuf> {
    let folders = path.ancestors().skip(1).take(2);
    folders.filter(|folder| is_result_folder(folder)).map(Path::to_path_buf).find(|folder| {
        path.strip_prefix(folder).is_ok_and(|name| {
            let same = |kept: PathBuf| is_kept(kept.strip_prefix(folder).unwrap_or(&kept));
            is_kept(name) || entries(folder).into_iter().any(|f| is_same_file(&f, path) && same(f))
        })
    })
}

/// Whether a folder holds a run, a comparison, a sweep, a search or a submission.
pub fn is_result_folder(folder: &Path) -> bool {
    MARKS.iter().any(|mark| folder.join(mark).is_file())
}

fn result_folders(folder: &Path, deepest: usize) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for inner in entries(folder).into_iter().filter(|path| path.is_dir()) {
        if deepest > 1 {
            found.extend(result_folders(&inner, deepest - 1));
        }
        if is_result_folder(&inner) {
            found.push(inner);
        }
    }
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// How many names a file has.
fn links(path: &Path) -> u64 {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).map_or(0, |found| found.nlink())
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        0
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::layout::{RECORD, SEARCH};
    use super::*;
    use std::os::unix::fs::symlink;

    /// `runs/a`, a run, and `runs/tune-x/trial-001`, a trial in a search.
    fn runs() -> tempfile::TempDir {
        let runs = tempfile::tempdir().unwrap();
        for name in ["a", "tune-x/trial-001"] {
            let folder = runs.path().join(name);
            fs::create_dir_all(folder.join("plots")).unwrap();
            for file in [RECORD, "config.toml", "model.safetensors", "plots/loss.png"] {
                fs::write(folder.join(file), "x").unwrap();
            }
        }
        fs::write(runs.path().join("tune-x").join(SEARCH), "{}").unwrap();
        runs
    }

    #[test]
    fn files_of_a_run_are_kept_by_every_name_and_new_ones_are_not() {
        let runs = runs();
        let path = |name: &str| runs.path().join(name);
        symlink(path("a"), path("link")).unwrap();
        symlink(path("a/model.safetensors"), path("soft")).unwrap();
        fs::hard_link(path("a/plots/loss.png"), path("hard")).unwrap();
        fs::hard_link(path("tune-x/trial-001/model.safetensors"), path("of-trial")).unwrap();
        fs::hard_link(path("a/model.safetensors"), path("a/second-name")).unwrap();
        for name in [
            "a/model.safetensors",
            "a/metrics_test.json",
            "a/metrics_test-my-images-0123456789ab.json",
            "a/labels_test-my-images-0123456789ab.npy",
            "a/Model.SafeTensors",
            "link/config.toml",
            "a/../a/run.json",
            "a/plots/new.png",
            "soft",
            "hard",
            "of-trial",
            "a/second-name",
            "tune-x/search.json",
            "tune-x/trial-001/history.csv",
            "tune-x/best.toml",
            "init-0123456789ab.safetensors",
        ] {
            assert!(keeper_of(&path(name), runs.path()).is_some(), "{name}");
        }
        fs::write(path("own.csv"), "").unwrap();
        fs::hard_link(path("own.csv"), path("own-again.csv")).unwrap();
        for name in [
            "a/new.npy",
            "a/metrics_test-mine.json",
            "a/plots/new.csv",
            "new.csv",
            "metrics.json",
            "own-again.csv",
            "other/model.safetensors",
            "a/deep/er/model.safetensors",
            "tune-x/new.csv",
            "init.safetensors",
        ] {
            assert_eq!(keeper_of(&path(name), runs.path()), None, "{name}");
        }
    }

    #[test]
    fn the_users_files_are_told_from_those_of_a_run() {
        let runs = runs();
        let of = |name: &str| foreign_files(&runs.path().join(name));
        assert!(of("a").is_empty() && of("tune-x").is_empty());
        fs::create_dir(runs.path().join("a/mine")).unwrap();
        for name in ["a/notes.txt", "a/plots/figure.pdf", "a/mine/model.safetensors", "a/x.csv"] {
            fs::write(runs.path().join(name), "mine").unwrap();
        }
        fs::write(runs.path().join("a/.loss.svg.12.tmp"), "left over").unwrap();
        fs::write(runs.path().join("tune-x/trial-001/notes.txt"), "mine").unwrap();
        let names = ["mine/model.safetensors", "notes.txt", "plots/figure.pdf", "x.csv"];
        assert_eq!(of("a"), names.map(PathBuf::from));
        assert_eq!(of("tune-x"), [PathBuf::from("trial-001/notes.txt")]);
    }
}
