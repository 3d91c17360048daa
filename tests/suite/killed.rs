//! A comparison that is killed again and again, at random moments.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use dml::config::Config;
use dml::random::{Generator, Purpose, generator};
use dml::train::Checkpoint;
use ndarray::ArrayD;
use ndarray_npy::ReadNpyExt;
use rand::RngExt;

use crate::user::User;

/// Number of kills; `DML_KILLS` overrides it (`make kills`).
const KILLS: usize = 5;

/// Longest time until a kill; about the time of a whole comparison.
const LONGEST: Duration = Duration::from_millis(2500);

/// Files that contain training times.
const TIMED: [&str; 6] =
    ["history.csv", "times.json", "table.csv", "table.md", "comparison.json", "report.html"];

const SETTINGS: &str = "[data]\npath = \"small.csv\"\n\
                        [train]\nbatch = 32\nepochs = 12\ncheckpoint_every = \"1 step\"\n\
                        [tsne]\niterations = 100\n";

const COMPARE: [&str; 7] = ["compare", "--config", "small.toml", "--seeds", "2022", "--jobs", "2"];

#[test]
fn killed_at_any_moment_files_are_complete_or_absent_and_the_result_has_the_same_bytes() {
    let kills = std::env::var("DML_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let user = User::with_images(12);
    user.writes("small.toml", SETTINGS);
    user.succeeds(&[&COMPARE[..], &["--runs", "undisturbed"]].concat());
    let undisturbed = repeatable(&user.path("undisturbed"));
    let random = &mut generator(5, Purpose::Sample, 0);
    let (mut killed, mut finished, mut seen) = (0, 0, 0);
    // A comparison that finishes is compared with the undisturbed one, and started again from nothing.
    while killed < kills {
        let (was_killed, files) = run_and_kill(&user, random);
        seen += files;
        match was_killed {
            true => killed += 1,
            false => {
                finished += 1;
                assert_same(&undisturbed, &user);
            }
        }
    }
    user.succeeds(&[&COMPARE[..], &["--runs", "runs"]].concat());
    assert_same(&undisturbed, &user);
    println!(
        "{killed} kills, {} finished with the same bytes, {seen} reads of files",
        finished + 1
    );
}

/// Starts or resumes the comparison, kills it after a random time, and checks its files meanwhile.
/// Returns whether the kill came before its end, and how many files were read.
fn run_and_kill(user: &User, random: &mut Generator) -> (bool, usize) {
    let args = [&COMPARE[..], &["--runs", "runs"]].concat();
    let mut command = user.dml(&args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (done, seen) = (AtomicBool::new(false), AtomicUsize::new(0));
    let runs = user.path("runs");
    let status = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                seen.fetch_add(assert_complete(&runs), Ordering::SeqCst);
            }
        });
        std::thread::sleep(LONGEST.mul_f64(random.random()));
        let _ = child.kill();
        let status = child.wait().unwrap();
        done.store(true, Ordering::SeqCst);
        status
    });
    seen.fetch_add(assert_complete(&runs), Ordering::SeqCst);
    assert!(
        status.success() || status.code().is_none(),
        "it failed without being killed: {status}"
    );
    (!status.success(), seen.into_inner())
}

/// Asserts that the runs equal the undisturbed ones, and removes them.
fn assert_same(undisturbed: &[(PathBuf, Vec<u8>)], user: &User) {
    let disturbed = repeatable(&user.path("runs"));
    let names = |files: &[(PathBuf, Vec<u8>)]| -> Vec<PathBuf> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(undisturbed), names(&disturbed));
    for ((name, a), (_, b)) in undisturbed.iter().zip(&disturbed) {
        assert!(a == b, "{} differs", name.display());
    }
    std::fs::remove_dir_all(user.path("runs")).unwrap();
}

/// All files under a folder that contain neither times nor folder names, sorted, with their content.
fn repeatable(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    // Checkpoints contain the times of epochs.
    let varies = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        TIMED.contains(&name) || name.starts_with("checkpoint")
    };
    let mut files = Vec::new();
    for path in files_under(folder).into_iter().filter(|path| !varies(path)) {
        let content = std::fs::read(&path).unwrap();
        // The hash in the name of a comparison's folder depends on the folders of its runs.
        let mut parts = path.strip_prefix(folder).unwrap().iter();
        let first = parts.next().unwrap().to_str().unwrap();
        let first = if first.starts_with("compare-") { "compare" } else { first };
        files.push((Path::new(first).join(parts.as_path()), content));
    }
    files.sort();
    files
}

/// Every file under a folder except locks.
fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => files.extend(files_under(&path)),
            false if path.extension().is_some_and(|end| end == "lock") => {}
            false => files.push(path),
        }
    }
    files
}

/// Asserts that every file under a folder except temporary ones is complete; returns how many there are.
fn assert_complete(folder: &Path) -> usize {
    let files = files_under(folder);
    let files: Vec<&PathBuf> =
        files.iter().filter(|path| !dml::files::is_temporary(path.file_name().unwrap())).collect();
    for path in &files {
        let content = match std::fs::read(path) {
            // Renamed between listing and reading.
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => continue,
            content => content.unwrap(),
        };
        assert!(is_complete(path, &content), "{} is not complete", path.display());
    }
    files.len()
}

fn is_complete(path: &Path, content: &[u8]) -> bool {
    let text = || std::str::from_utf8(content).unwrap();
    match path.extension().and_then(|end| end.to_str()) {
        Some("safetensors") => is_complete_safetensors(path, content),
        Some("json") => serde_json::from_slice::<serde_json::Value>(content).is_ok(),
        // Missing keys would take their defaults, so the text has to read back as itself.
        Some("toml") => Config::parse(text(), path).is_ok_and(|read| read.to_toml() == text()),
        Some("csv") => {
            let mut rows = csv::Reader::from_reader(content);
            content.ends_with(b"\n") && rows.records().all(|row| row.is_ok())
        }
        Some("md") => text().ends_with('\n'),
        Some("svg") => text().ends_with("</svg>\n"),
        Some("html") => text().ends_with("</html>"),
        Some("png") => image::load_from_memory(content).is_ok(),
        Some("npy") => {
            ArrayD::<f32>::read_npy(content).is_ok() || ArrayD::<i64>::read_npy(content).is_ok()
        }
        _ => panic!("{} is a file of an unknown kind", path.display()),
    }
}

/// Checkpoints have a checksum. A copy is read, as the file may change meanwhile.
fn is_complete_safetensors(path: &Path, content: &[u8]) -> bool {
    let copy = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(copy.path(), content).unwrap();
    match path.file_name().unwrap().to_str().unwrap().starts_with("checkpoint") {
        true => Checkpoint::read(copy.path()).is_ok(),
        false => dml::model::read_tensors(copy.path()).is_ok(),
    }
}

#[test]
fn a_truncated_file_is_detected() {
    let user = User::with_images(12);
    user.writes("small.toml", SETTINGS);
    user.succeeds(&[&COMPARE[..], &["--epochs", "1", "--runs", "runs"]].concat());
    let runs = user.path("runs");
    assert!(assert_complete(&runs) > 30);
    for path in files_under(&runs) {
        let content = std::fs::read(&path).unwrap();
        let truncated = &content[..content.len() - content.len() / 3 - 1];
        assert!(!is_complete(&path, truncated), "the truncated {} passed", path.display());
    }
}
