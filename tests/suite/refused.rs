//! Errors found before anything is removed, and too little memory or disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::faults::can_mount;
use crate::user::{User, texts};

const SMALL: &str = "[data]\npath = \"small.csv\"\nvalidation = 0.2\n[train]\nepochs = 1\nbatch = 64\n\
                     [tsne]\nperplexity = 8.0\niterations = 30\n";

/// Commands that `--force` starts over, and the prefix of the folders that it removes.
const COMMANDS: [(&str, &str); 5] = [
    ("train --config small.toml --name mine", "mine"),
    ("compare --config small.toml --losses contrastive --seeds 1,2", "contrastive-seed"),
    ("sweep --config small.toml --losses contrastive --train-size 40,80", "contrastive-seed"),
    ("tune --config small.toml --loss contrastive --trials 2", "tune-"),
    ("bound --config small.toml --points 2", "bound-"),
];

/// Every file under a folder with its content, sorted.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => files.extend(content(&path)),
            false => files.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
    files.sort();
    files
}

/// The last folder in `runs` with this prefix.
fn last_folder(user: &User, start: &str) -> PathBuf {
    let entries = fs::read_dir(user.path("runs")).unwrap().flatten().map(|entry| entry.path());
    let has_prefix =
        |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(start);
    entries.filter(has_prefix).max().unwrap()
}

#[test]
fn force_removes_nothing_if_the_command_fails_its_checks() {
    for (command, start) in COMMANDS {
        let command: &[&str] = &command.split(' ').collect::<Vec<_>>();
        let user = User::with_images(12);
        user.writes("small.toml", SMALL);
        user.succeeds(command);
        let forced = [command, &["--force"]].concat();
        let images = user.reads("small.csv");
        let before = content(&user.path("runs"));
        let refused = |fault: &str| {
            let message = user.fails(1, &forced);
            assert!(message.starts_with("error: "), "{command:?}, {fault}: {message}");
            let same = before == content(&user.path("runs"));
            assert!(same, "{command:?}, {fault}: something was removed");
        };

        user.writes("small.csv", [&images[..], b"0,1,2\n"].concat());
        refused("images that cannot be read");
        fs::remove_file(user.path("small.csv")).unwrap();
        refused("no images");
        user.writes("small.csv", &images);
        user.writes("small.toml", SMALL.replace("batch = 64", "batch = 0"));
        refused("a wrong setting");
        user.writes("small.toml", SMALL.replace("8.0", "\"high\""));
        refused("a setting of another kind");
        user.writes("small.toml", SMALL);

        let note = last_folder(&user, start).join("notes.txt");
        fs::write(&note, "mine").unwrap();
        let with_note = content(&user.path("runs"));
        let message = user.fails(1, &forced);
        assert!(message.contains("notes.txt, which dml did not write"), "{command:?}: {message}");
        assert!(with_note == content(&user.path("runs")), "{command:?}: something was removed");
        fs::remove_file(&note).unwrap();
        user.succeeds(&forced);
    }
}

#[test]
fn force_keeps_a_run_if_the_initial_weights_are_unreadable_or_in_it() {
    let user = User::with_images(20);
    user.writes("small.toml", SMALL);
    let train = ["train", "--config", "small.toml", "--name", "mine"];
    user.succeeds(&train);
    user.writes("broken.safetensors", "no weights");
    let before = content(&user.path("runs"));
    for (init, expected) in [
        ("broken.safetensors", "broken.safetensors: is not an intact safetensors file"),
        ("runs/mine/model.safetensors", "lies in the folder that --force removes"),
        ("missing.safetensors", "missing.safetensors"),
    ] {
        let message = user.fails(1, &[&train[..], &["--init", init, "--force"]].concat());
        assert!(message.contains(expected), "{message}");
        assert!(before == content(&user.path("runs")), "{init}: something was removed");
    }
    let size = ["--set", "model.embedding=2000000000", "--force"];
    let message = user.fails(1, &[&train[..], &size].concat());
    assert!(message.starts_with("error: "), "{message}");
    assert!(
        before == content(&user.path("runs")),
        "something was removed although memory is too small"
    );
}

/// Temporary files and locks, which only a running process should have.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let is_leftover = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.ends_with(".dml-tmp") || name.ends_with(".lock")
    };
    content(folder).into_iter().map(|(path, _)| path).filter(is_leftover).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_small_address_space_ends_in_an_error_without_leftovers() {
    let user = User::with_images(60);
    user.writes("small.toml", SMALL);
    let dml = env!("CARGO_BIN_EXE_dml");
    let compare = "compare --config small.toml --seeds 1,2 --losses contrastive,supcon --force";
    let (mut refused, mut kib) = (0, 300_000);
    loop {
        let script = format!("ulimit -v {kib}; exec {dml} {compare}");
        let output =
            Command::new("sh").args(["-c", &script]).current_dir(user.path(".")).output().unwrap();
        let (out, err) = texts(&output);
        match output.status.code() {
            Some(0) => break,
            Some(1) => {
                let last = err.lines().last().unwrap();
                assert!(last.starts_with("error: "), "{kib} KiB: {out}{err}");
                refused += 1;
            }
            // Too little for the dynamic loader.
            Some(127) => {}
            code => panic!("{kib} KiB ended with {code:?}:\n{out}{err}"),
        }
        assert_eq!(leftovers(&user.path(".")), Vec::<PathBuf>::new(), "{kib} KiB: {err}");
        kib += 40_000;
        assert!(kib < 8_000_000, "no address space is large enough");
    }
    assert!(refused > 1, "the limit never took effect");
}

#[test]
fn a_full_disk_ends_every_export_in_an_error() {
    let user = User::with_images(20);
    user.writes("small.toml", SMALL);
    user.succeeds(&["train", "--config", "small.toml", "--name", "mine"]);
    user.succeeds(&["eval", "--run", "runs/mine"]);
    if !Path::new("/dev/full").exists() {
        return;
    }
    for format in ["torchscript", "safetensors", "csv", "parquet"] {
        let export = ["export", "runs/mine", "--format", format, "--out", "/dev/full"];
        let message = user.fails(1, &export);
        assert!(message.contains("cannot write /dev/full: "), "{format}: {message}");
        assert!(message.contains("No space left on device"), "{format}: {message}");
    }
    for kind in ["npy", "csv"] {
        let embed = ["embed", "small.csv", "--run", "runs/mine", "--format", kind, "--out"];
        let message = user.fails(1, &[&embed[..], &["/dev/full"]].concat());
        assert!(message.contains("cannot write /dev/full: "), "{kind}: {message}");
        assert!(message.contains("No space left on device"), "{kind}: {message}");
    }
    if !can_mount() {
        return;
    }
    // A disk with a few free bytes: no partial file is left on it.
    let script = format!(
        "mkdir disk && mount -t tmpfs -o size=128k none disk && \
         head -c 124k /dev/zero > disk/filler; \
         {dml} export runs/mine --format torchscript --out disk/n.pt; code=$?; \
         ls -A disk; exit $code",
        dml = env!("CARGO_BIN_EXE_dml")
    );
    let mut command = Command::new("unshare");
    let output = command.args(["-rm", "sh", "-c", &script]).current_dir(user.path(".")).output();
    let (out, err) = texts(output.as_ref().unwrap());
    assert_eq!(output.unwrap().status.code(), Some(1), "{out}{err}");
    assert!(err.contains("cannot write disk/n.pt: No space left on device"), "{err}");
    assert_eq!(out, "filler\n");
}
