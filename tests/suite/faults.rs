//! Disks that are full, read-only, or changed during a run: dml reports it, and nothing is lost.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::user::{User, texts, wait_a_little};

const LONG: [&str; 9] = [
    "train",
    "--data",
    "small.csv",
    "--batch",
    "32",
    "--epochs",
    "60",
    "--checkpoint-every",
    "1 step",
];

/// Starts training and kills it once it has two checkpoints; returns the run's folder.
fn unfinished(user: &User) -> String {
    let (mut child, run) = start_training(user);
    child.kill().unwrap();
    child.wait().unwrap();
    run
}

/// Starts training and returns once it has two checkpoints, with the run's folder.
fn start_training(user: &User) -> (Child, String) {
    let mut command = user.dml(&LONG);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    loop {
        assert!(child.try_wait().unwrap().is_none(), "training ended too early");
        let entries = std::fs::read_dir(user.path("runs")).into_iter().flatten().flatten();
        let two = |folder: &Path| folder.join("checkpoint_before.safetensors").exists();
        if let Some(folder) = entries.map(|e| e.path()).find(|path| two(path)) {
            let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
            return (child, format!("runs/{name}"));
        }
        wait_a_little();
    }
}

/// The last line on stderr of a command that must have ended with code 1.
fn error_message(output: &Output) -> String {
    let (out, err) = texts(output);
    assert_eq!(output.status.code(), Some(1), "{out}{err}");
    err.lines().last().unwrap().to_owned()
}

/// Asserts that a run resumes and ends with the model of an uninterrupted one.
fn assert_resumes(user: &User, run: &str) {
    user.succeeds(&["train", "--resume", run]);
    let resumed = user.reads(&format!("{run}/model.safetensors"));
    user.succeeds(&[&LONG[..], &["--force"]].concat());
    assert!(resumed == user.reads(&format!("{run}/model.safetensors")), "the bytes differ");
}

/// Copies a folder with its content.
fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

/// Whether this user may mount a disk in a namespace of its own.
pub fn can_mount() -> bool {
    let script = "mount -t tmpfs none /mnt";
    let tried = Command::new("unshare").args(["-rm", "sh", "-c", script]).output();
    tried.is_ok_and(|output| output.status.success())
}

#[test]
fn a_full_disk_is_an_error_and_the_run_resumes_to_the_same_bytes() {
    let user = User::with_images(12);
    let run = unfinished(&user);
    let dml = env!("CARGO_BIN_EXE_dml");
    // A disk with room for the run and half a checkpoint; its final content is copied back. If no disk
    // can be mounted, files are limited to 80 KB, less than a checkpoint.
    let script = if can_mount() {
        format!(
            "mkdir disk && mount -t tmpfs -o size=8m none disk && cp -a {run} disk/run && \
             head -c 8m /dev/zero > disk/filler 2>/dev/null; truncate -s -48k disk/filler; \
             {dml} train --resume disk/run; code=$?; \
             rm -r {run}; rm disk/filler; cp -a disk/run {run}; exit $code"
        )
    } else {
        format!("trap '' XFSZ; ulimit -f 160; {dml} train --resume {run}")
    };
    let shell = if can_mount() { ["unshare", "-rm"].as_slice() } else { &["env"] };
    let output = Command::new(shell[0])
        .args(&shell[1..])
        .args(["sh", "-c", &script])
        .current_dir(user.path("."))
        .output()
        .unwrap();
    let message = error_message(&output);
    assert!(message.starts_with("error: cannot write "), "{message}");
    let full = ["No space left on device", "File too large"];
    assert!(full.iter().any(|reason| message.contains(reason)), "{message}");
    assert_resumes(&user, &run);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_too_small_from_the_start_is_an_error_with_needed_and_free_space() {
    let user = User::with_images(12);
    // A file system without free space.
    let message = user.fails(1, &["train", "--data", "small.csv", "--runs", "/proc/runs"]);
    assert!(message.starts_with("error: this writes about 4 MB to /proc/runs/"), "{message}");
    assert!(
        message.contains(", where only 0 KB are free: free some space, or set another"),
        "{message}"
    );
    let message = user.fails(1, &["compare", "--data", "small.csv", "--runs", "/proc/runs"]);
    assert!(message.starts_with("error: this writes about 27 MB to /proc/runs, "), "{message}");
}

/// Runs `dml` without root's right to ignore file permissions.
fn without_privilege(user: &User, args: &[&str]) -> Output {
    let mut command = user.dml(args);
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::process::CommandExt;
        // SAFETY: a single system call, which drops a capability of the child alone; it fails if the
        // child does not have it.
        unsafe {
            command.pre_exec(|| {
                const DAC_OVERRIDE: libc::c_ulong = 1;
                libc::prctl(libc::PR_CAPBSET_DROP, DAC_OVERRIDE, 0, 0, 0);
                Ok(())
            });
        }
    }
    command.output().unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_read_only_folder_is_an_error_and_keeps_its_content() {
    let user = User::with_images(12);
    let run = unfinished(&user);
    set_mode(&user.path(&run), 0o555);
    let message = error_message(&without_privilege(&user, &["train", "--resume", &run]));
    assert!(message.starts_with("error: cannot ") && message.contains(&run), "{message}");
    assert!(message.contains("Permission denied"), "{message}");
    set_mode(&user.path("runs"), 0o555);
    let message =
        error_message(&without_privilege(&user, &["train", "--data", "small.csv", "--seed", "1"]));
    assert!(message.starts_with("error: cannot lock the run by runs/."), "{message}");
    set_mode(&user.path("runs"), 0o755);
    set_mode(&user.path(&run), 0o755);
    assert_resumes(&user, &run);
}

#[test]
fn a_run_folder_moved_during_training_is_an_error_and_resumes_once_moved_back() {
    let user = User::with_images(12);
    let (child, run) = start_training(&user);
    std::fs::rename(user.path(&run), user.path("elsewhere")).unwrap();
    let output = child.wait_with_output().unwrap();
    let message = error_message(&output);
    let gone = format!("the folder {run} was removed or replaced meanwhile; restore it, or");
    assert!(message.contains(&gone), "{message}");
    assert!(!user.path(&run).exists(), "no partial run is left under the old name");
    std::fs::rename(user.path("elsewhere"), user.path(&run)).unwrap();
    assert_resumes(&user, &run);
}

#[test]
fn a_folder_with_the_name_of_a_file_is_an_error() {
    let user = User::with_images(12);
    let run = unfinished(&user);
    let files =
        ["history.csv", "checkpoint.safetensors", "run.json", "config.toml", "model.safetensors"];
    for name in files {
        let path = user.path(&run).join(name);
        copy(&user.path(&run), &user.path("copy"));
        let _ = std::fs::remove_file(&path);
        std::fs::create_dir(&path).unwrap();
        let message = user.fails(1, &["train", "--resume", &run]);
        assert!(message.contains(name) && message.contains("Is a directory"), "{message}");
        std::fs::remove_dir_all(user.path(&run)).unwrap();
        std::fs::rename(user.path("copy"), user.path(&run)).unwrap();
    }
    assert_resumes(&user, &run);
    user.succeeds(&["eval", "--run", &run]);
    let metrics = user.path(&run).join("metrics.json");
    std::fs::remove_file(&metrics).unwrap();
    std::fs::create_dir(&metrics).unwrap();
    let message = user.fails(1, &["eval", "--run", &run]);
    assert!(message.contains("metrics.json") && message.contains("irectory"), "{message}");
}
