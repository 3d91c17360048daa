//! Tasks submitted to a fake Slurm, and the options of tasks.

use std::os::unix::fs::PermissionsExt;

use super::{COMPARE, user};
use crate::user::{User, texts};

/// Parses output as JSON.
fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// Writes a fake Slurm: `sbatch` appends its arguments to `calls` and runs the given shell code, `squeue`
/// runs its own.
fn fake_slurm(user: &User, sbatch: &str, squeue: &str) {
    std::fs::create_dir_all(user.path("bin")).unwrap();
    let programs = [
        ("sbatch", format!("echo \"sbatch $*\" >> calls; {sbatch}")),
        ("squeue", squeue.to_owned()),
        ("scontrol", "echo 'MaxArraySize            = 4'".to_owned()),
    ];
    for (name, body) in programs {
        let name = format!("bin/{name}");
        user.writes(&name, format!("#!/bin/sh\n{body}\n"));
        std::fs::set_permissions(user.path(&name), PermissionsExt::from_mode(0o755)).unwrap();
    }
}

/// Runs `dml` with the fake Slurm first in PATH and returns exit code, stdout and stderr.
fn with_slurm(user: &User, args: &[&str]) -> (Option<i32>, String, String) {
    let path = format!("{}:/usr/bin:/bin", user.path("bin").display());
    let output = user.dml(args).env("PATH", path).output().unwrap();
    let (out, err) = texts(&output);
    (output.status.code(), out, err)
}

const SLURM: [&str; 7] =
    ["compare", "--config", "it's small.toml", "--seeds", "1,2", "--executor", "slurm"];

#[test]
fn missing_runs_are_submitted_once_with_a_job_that_collects_them() {
    let user = user();
    let local = |seeds| ["compare", "--config", "it's small.toml", "--seeds", seeds];
    user.succeeds(&local("1"));
    fake_slurm(&user, "echo 41", "exit 1");
    let dry = [&SLURM[..], &["--dry-run", "--time", "2:00:00", "--jobs", "2"]].concat();
    let (code, out, err) = with_slurm(&user, &dry);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("#SBATCH --array=1,3%2\n#SBATCH --output=") && out.contains("B:TERM@90"));
    assert!(out.contains("it'\\''s small.toml") && out.contains(" --collect --cores "), "{out}");
    assert!(!user.path("calls").exists());
    let (code, out, err) = with_slurm(&user, &[&SLURM[..], &["--json"]].concat());
    assert_eq!(code, Some(0), "{err}");
    let submission = json(&out);
    assert_eq!(
        (&submission["job"], &submission["tasks"], &submission["finished"]),
        (&"41".into(), &2.into(), &2.into())
    );
    let calls = user.reads_text("calls");
    let calls: Vec<&str> = calls.lines().collect();
    assert!(calls[0].starts_with("sbatch --parsable runs/slurm-compare-"), "{calls:?}");
    assert!(calls[1].starts_with("sbatch --parsable --dependency=afterany:41 runs/"), "{calls:?}");
    // Tasks are still pending.
    fake_slurm(&user, "echo 42", "echo PENDING; echo RUNNING");
    let (code, _, err) = with_slurm(&user, &SLURM);
    assert_eq!(code, Some(1));
    assert!(err.contains("job 41 still has 2 tasks queued or running"), "{err}");
    user.succeeds(&local("2"));
    let (code, out, err) = with_slurm(&user, &SLURM);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        out.starts_with("all 4 runs are finished or diverged; for tables and pictures:\n"),
        "{out}"
    );
    let folder = user.run_folder("runs", "slurm-compare-");
    user.succeeds(&["runs", "remove", &folder]);
    assert!(!user.path(&folder).exists());
}

#[test]
fn a_submission_is_removed_only_once_slurm_has_nothing_of_it_left() {
    let user = User::new();
    let folder = "runs/slurm-compare-1a2b3c4d5e6f";
    std::fs::create_dir_all(user.path(&format!("{folder}/logs"))).unwrap();
    user.writes(&format!("{folder}/tasks.sh"), "");
    user.writes(&format!("{folder}/job.json"), r#"{"job": "41", "collector": "42"}"#);
    let remove = ["runs", "remove", "slurm-compare-1a2b3c4d5e6f"];
    let dry = [&remove[..], &["--dry-run"]].concat();
    let unchecked = "cannot check whether jobs 41 42 are still queued or running: ";

    fake_slurm(&user, "exit 1", "echo \"$*\" > asked; echo PENDING; echo RUNNING");
    for args in [&remove[..], &dry] {
        let (code, _, err) = with_slurm(&user, args);
        assert_eq!(code, Some(1), "{err}");
        let told = "2 tasks queued or running: wait for them, or cancel them with scancel 41 42";
        assert!(err.contains(told), "{err}");
    }
    assert!(user.reads_text("asked").contains("--jobs=41,42"));
    fake_slurm(&user, "exit 1", "echo 'Unable to contact slurm controller' >&2; exit 1");
    let (code, out, err) = with_slurm(&user, &dry);
    assert!(code == Some(0) && out.contains(folder), "{out}{err}");
    assert!(err.contains(&format!("{unchecked}squeue: Unable to contact")), "{err}");
    let nowhere = user.dml(&dry).env("PATH", user.path("nowhere")).output().unwrap();
    let (_, err) = texts(&nowhere);
    assert!(err.contains(&format!("{unchecked}squeue is not on this machine")), "{err}");
    fake_slurm(&user, "exit 1", "echo 'error: Invalid job id specified' >&2; exit 1");
    let (code, _, err) = with_slurm(&user, &remove);
    assert!(code == Some(0) && err.is_empty(), "{err}");
    assert!(!user.path(folder).exists());
}

#[test]
fn a_submission_that_slurm_refuses_says_what_to_do_and_removes_nothing() {
    let user = user();
    user.succeeds(&["compare", "--config", "it's small.toml", "--seeds", "1"]);
    std::fs::create_dir(user.path("bin")).unwrap();
    let forced = [&SLURM[..], &["--force"]].concat();
    let without_slurm = |user: &User| {
        let output = user.dml(&forced).env("PATH", user.path("bin")).output().unwrap();
        texts(&output).1
    };
    let err = without_slurm(&user);
    assert!(err.contains("cannot run scontrol: command not found"), "{err}");
    fake_slurm(&user, "echo 41", "exit 1");
    let many = ["compare", "--config", "it's small.toml", "--seeds", "1-3", "--executor", "slurm"];
    let (_, _, err) = with_slurm(&user, &many);
    assert!(
        err.contains("number 5, but this Slurm allows only numbers below 4 (MaxArraySize)"),
        "{err}"
    );
    user.run_folder("runs", "contrastive-seed1-");
    fake_slurm(&user, "echo 'sbatch: error: Invalid account' >&2; exit 1", "exit 1");
    let (code, _, err) = with_slurm(&user, &SLURM);
    assert_eq!(code, Some(1));
    assert!(err.contains("sbatch --parsable ") && err.contains("Invalid account"), "{err}");
    // sbatch --test-only runs before anything is removed.
    let (code, _, err) = with_slurm(&user, &forced);
    assert_eq!(code, Some(1));
    assert!(err.contains("sbatch --test-only runs/slurm-compare-"), "{err}");
    user.run_folder("runs", "contrastive-seed1-");
    fake_slurm(&user, "case $* in *afterany*) echo no >&2; exit 1;; esac; echo 41", "exit 1");
    let (code, _, err) = with_slurm(&user, &SLURM);
    assert_eq!(code, Some(1));
    assert!(err.contains("submitted as job 41, but the job that collects"), "{err}");
}

#[test]
fn invalid_task_options_are_errors() {
    let user = user();
    for (args, expected) in [
        (&["--time", "1h"][..], "expected minutes, H:MM:SS"),
        (&["--mem", "lots"], "for example 4G"),
        (&["--sbatch", "--array=1-9"], "dml sets --array itself"),
        (&["--sbatch=-a0-9"], "dml sets -a itself"),
        (&["--partition", "a b"], "as listed by sinfo"),
        (&["--grace", "0"], "from 1 to 65535"),
        (&["--task", "0"], "cannot be used with"),
        (&["--collect"], "cannot be used with"),
    ] {
        let err = user.fails(2, &[&SLURM[..], args].concat());
        assert!(err.contains(expected), "{args:?}: {err}");
    }
    let grace = user.fails(1, &[&SLURM[..], &["--time", "1", "--grace", "60"]].concat());
    assert!(grace.contains("--grace = 60: must be shorter than --time 1, 60 s"), "{grace}");
    let alone = user.fails(1, &[&COMPARE[..], &["--time", "1:00:00"]].concat());
    assert!(alone.contains("--time = 1:00:00: needs --executor slurm"), "{alone}");
    let beyond = user.fails(1, &[&COMPARE[..], &["--task", "4"]].concat());
    assert!(beyond.contains("--task = 4: must be from 0 to 3"), "{beyond}");
    let tune = ["tune", "--loss", "contrastive", "--config", "it's small.toml", "--task", "4"];
    assert!(user.fails(1, &tune).contains("--task = 4: must be from 0 to 3"));
    assert!(!user.path("runs").exists());
}
