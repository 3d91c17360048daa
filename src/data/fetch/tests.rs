//! Fetches two tiny parts from folders, with functions instead of programs.

use std::cell::RefCell;

use super::*;
use crate::files::is_same_file;

const IMAGES: [&[u8]; 2] = [
    &[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 7, 255],
    &[0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9],
];
const LABELS: [&[u8]; 2] = [&[0, 0, 8, 1, 0, 0, 0, 2, 3, 4], &[0, 0, 8, 1, 0, 0, 0, 1, 5]];
const CSV: [&str; 2] = ["label,pixel1\n3,7\n4,255\n", "label,pixel1\n5,9\n"];

fn hash(content: &[u8]) -> &'static str {
    sha256_hex(content).leak()
}

fn parts() -> [Half; 2] {
    [0, 1].map(|i| Half {
        images: ["train-i", "test-i"][i],
        labels: ["train-l", "test-l"][i],
        csv: ["train.csv", "test.csv"][i],
        images_sha256: hash(IMAGES[i]),
        labels_sha256: hash(LABELS[i]),
        csv_sha256: hash(CSV[i].as_bytes()),
    })
}

/// The four IDX files, zipped or not.
fn fill(folder: &Path, zipped: bool) {
    fs::create_dir_all(folder).unwrap();
    for (part, (images, labels)) in parts().iter().zip(IMAGES.iter().zip(LABELS)) {
        for (name, content) in [(part.images, *images), (part.labels, labels)] {
            if zipped {
                let file = fs::File::create(folder.join(format!("{name}.gz"))).unwrap();
                let mut encoder = flate2::GzBuilder::new().write(file, flate2::Compression::fast());
                std::io::Write::write_all(&mut encoder, content).unwrap();
            } else {
                fs::write(folder.join(name), content).unwrap();
            }
        }
    }
}

/// A fetch into `data` of a temporary folder: outcome, messages, and the folder.
struct Try {
    outcome: Result<Fetched>,
    messages: Vec<String>,
    folder: tempfile::TempDir,
}

impl Try {
    /// Whether the two CSV files, and nothing else, are in the folder.
    fn wrote_both(&self) -> bool {
        let data = self.folder.path().join("data");
        fs::read_dir(&data).unwrap().count() == 2
            && ["train.csv", "test.csv"]
                .iter()
                .zip(CSV)
                .all(|(name, text)| fs::read_to_string(data.join(name)).unwrap() == text)
    }

    fn error(&self) -> String {
        let text = self.outcome.as_ref().unwrap_err().to_string();
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// `from` and `debian` are folders inside the temporary one, which `prepare` may fill.
fn fetch_in(prepare: impl Fn(&Path), from: Option<&str>, force: bool, run: Run) -> Try {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let debian = folder.path().join("debian");
    let world = World { parts: &parts(), debian_folder: &debian, run };
    let from = from.map(|name| folder.path().join(name));
    let mut messages = Vec::new();
    let into = folder.path().join("data");
    let kept = folder.path().join("kept");
    let keeper = move |path: &Path| is_same_file(path, &kept).then(|| PathBuf::from("runs/mine"));
    let rules = OutputRules::new(true, &keeper);
    let outcome = world
        .fetch(from.as_deref(), &into, force, rules, &mut |text| messages.push(text.to_owned()));
    Try { outcome, messages, folder }
}

fn nothing_installed(program: &str, _: &[&str], _: &Path) -> std::result::Result<(), String> {
    Err(format!("{program} is not installed"))
}

fn must_not_run(program: &str, _: &[&str], _: &Path) -> std::result::Result<(), String> {
    panic!("{program} was run")
}

#[test]
fn a_given_folder_is_the_only_source() {
    for zipped in [true, false] {
        let fill = |root: &Path| fill(&root.join("mine"), zipped);
        let fetched = fetch_in(fill, Some("mine"), false, &must_not_run);
        let source = fetched.outcome.as_ref().unwrap().source.as_deref().unwrap();
        assert!(source.ends_with("/mine") && fetched.wrote_both());
    }
    let elsewhere =
        fetch_in(|root| fill(&root.join("debian"), true), Some("mine"), false, &must_not_run);
    let error = elsewhere.error();
    assert!(error.starts_with("mine: folder not found; name the folder"), "{error}");
}

#[test]
fn a_damaged_file_in_a_given_folder_is_reported() {
    let damaged = |root: &Path| {
        fill(&root.join("mine"), false);
        fs::write(root.join("mine/test-l"), [0, 0, 8, 1, 0, 0, 0, 1, 6]).unwrap();
    };
    let error = fetch_in(damaged, Some("mine"), false, &must_not_run).error();
    assert!(error.starts_with("mine/test-l: the uncompressed file has SHA-256 "), "{error}");
    let lacking = |root: &Path| {
        fill(&root.join("mine"), true);
        fs::remove_file(root.join("mine/test-l.gz")).unwrap();
    };
    let error = fetch_in(lacking, Some("mine"), false, &must_not_run).error();
    assert!(error.starts_with("mine/test-l.gz: file not found"), "{error}");
}

#[test]
fn the_debian_folder_comes_first() {
    let fetched = fetch_in(|root| fill(&root.join("debian"), true), None, false, &must_not_run);
    assert!(fetched.wrote_both());
    assert!(fetched.messages[0].ends_with("/debian") && fetched.messages[0].starts_with("trying "));
    assert!(fetched.messages[1].starts_with("writing 2 images to "), "{:?}", fetched.messages);
}

#[test]
fn the_debian_package_is_unpacked_without_being_installed() {
    let run = |program: &str, arguments: &[&str], folder: &Path| {
        match (program, arguments) {
            ("dpkg", ["--version"]) => {}
            ("apt-get", ["download", "dataset-fashion-mnist"]) => {
                fs::write(folder.join("dataset-fashion-mnist_1_all.deb"), "").unwrap();
            }
            ("dpkg", ["-x", "dataset-fashion-mnist_1_all.deb", to]) => {
                fill(&folder.join(to).join("usr/share/datasets/fashion-mnist"), true);
            }
            other => panic!("{other:?}"),
        }
        Ok(())
    };
    let fetched = fetch_in(|_| {}, None, false, &run);
    assert!(fetched.wrote_both(), "{:?}", fetched.outcome);
}

#[test]
fn files_are_downloaded_by_curl_else_by_wget() {
    for tool in ["curl", "wget"] {
        let urls = RefCell::new(Vec::new());
        let run = |program: &str, arguments: &[&str], folder: &Path| {
            if program != tool {
                return nothing_installed(program, arguments, folder);
            }
            if arguments != ["--version"] {
                urls.borrow_mut().push(arguments.last().unwrap().to_string());
                fill(folder, true);
            }
            Ok(())
        };
        let fetched = fetch_in(|_| {}, None, false, &run);
        assert!(fetched.wrote_both(), "{:?}", fetched.outcome);
        let urls = urls.into_inner();
        assert_eq!(urls.len(), 4);
        assert!(urls[0].ends_with("/zalandoresearch/fashion-mnist/master/data/fashion/train-i.gz"));
    }
}

#[test]
fn if_every_source_fails_each_error_is_reported_with_a_remedy() {
    let failed = fetch_in(|_| {}, None, false, &nothing_installed);
    assert_eq!(
        failed.error().replace(&failed.folder.path().display().to_string(), ""),
        "cannot get Fashion-MNIST from any source:\n  \
         debian: debian: folder not found\n  \
         the Debian package dataset-fashion-mnist: dpkg is not installed\n  \
         a download from github.com/zalandoresearch/fashion-mnist: wget is not installed\n\
         put its four IDX files (github.com/zalandoresearch/fashion-mnist, folder data/fashion) \
         into a folder and name it with --from DIR, or use the sample in data/"
    );
    // Nothing is left of the attempts.
    assert_eq!(fs::read_dir(failed.folder.path().join("data")).unwrap().count(), 0);
}

#[test]
fn a_download_of_something_else_is_refused() {
    let run = |_: &str, arguments: &[&str], folder: &Path| {
        if arguments != ["--version"] {
            fill(folder, true);
            fs::write(folder.join("train-i.gz"), "<html>not found</html>").unwrap();
        }
        Ok(())
    };
    let error = fetch_in(|_| {}, None, false, &run).error();
    assert!(error.contains("train-i.gz: the uncompressed file has SHA-256 "), "{error}");
}

#[test]
fn correct_files_are_kept_and_only_missing_ones_are_written() {
    let both = |root: &Path| {
        fs::create_dir(root.join("data")).unwrap();
        fs::write(root.join("data/train.csv"), CSV[0]).unwrap();
        fs::write(root.join("data/test.csv"), CSV[1]).unwrap();
    };
    let kept = fetch_in(both, None, false, &must_not_run);
    assert_eq!(kept.outcome.as_ref().unwrap().source, None);
    assert!(
        kept.wrote_both()
            && kept.messages.iter().all(|text| text.ends_with("already exists and is correct"))
    );
    let one = |root: &Path| {
        both(root);
        fs::remove_file(root.join("data/test.csv")).unwrap();
        fill(&root.join("debian"), true);
    };
    let completed = fetch_in(one, None, false, &must_not_run);
    assert!(completed.wrote_both());
    assert_eq!(completed.messages.iter().filter(|text| text.starts_with("writing")).count(), 1);
}

#[test]
fn another_file_of_that_name_is_replaced_only_by_force() {
    let other = |root: &Path| {
        fs::create_dir(root.join("data")).unwrap();
        fs::write(root.join("data/test.csv"), "my own work").unwrap();
        fill(&root.join("debian"), true);
    };
    let refused = fetch_in(other, None, false, &must_not_run);
    assert_eq!(
        refused.error(),
        format!(
            "data/test.csv: exists but is not Fashion-MNIST: its SHA-256 is {}; move it away, \
             or replace it with --force",
            hash(b"my own work")
        )
    );
    let kept = fs::read_to_string(refused.folder.path().join("data/test.csv")).unwrap();
    assert_eq!(kept, "my own work");
    assert!(fetch_in(other, None, true, &must_not_run).wrote_both());
}

#[test]
fn force_never_replaces_files_of_runs_or_inputs() {
    use std::os::unix::fs::symlink;
    let kept = |root: &Path| {
        fs::create_dir(root.join("data")).unwrap();
        fs::write(root.join("kept"), "a run's").unwrap();
        fs::hard_link(root.join("kept"), root.join("data/test.csv")).unwrap();
        fill(&root.join("mine"), false);
    };
    let refused = fetch_in(kept, Some("mine"), true, &must_not_run);
    let error = refused.error();
    assert!(error.starts_with("--into = data/test.csv: would overwrite a file of runs/mine"));
    assert_eq!(fs::read_to_string(refused.folder.path().join("kept")).unwrap(), "a run's");
    assert!(!refused.folder.path().join("data/train.csv").exists(), "nothing else was written");
    let read = |root: &Path| {
        fill(&root.join("mine"), false);
        fs::create_dir(root.join("data")).unwrap();
        symlink(root.join("mine/train-i"), root.join("data/train.csv")).unwrap();
    };
    let refused = fetch_in(read, Some("mine"), true, &must_not_run);
    assert!(refused.error().contains("would overwrite a file of --from, mine/train-i: use"));
    assert_eq!(fs::read(refused.folder.path().join("mine/train-i")).unwrap(), IMAGES[0]);
}
