//! No command overwrites inputs, files of runs, or without `--force` any other file.

use std::path::Path;

use super::user;

/// Every file under a folder with its content, sorted.
fn content(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => files.extend(content(&path)),
            false => files.push((path.clone(), std::fs::read(&path).unwrap())),
        }
    }
    files.sort();
    files
}

#[test]
fn no_command_overwrites_inputs_or_files_of_runs_under_any_name() {
    use std::os::unix::fs::symlink;
    let user = user();
    user.succeeds(&["train", "--config", "small.toml", "--seed", "2", "--name", "other"]);
    user.succeeds(&["eval", "--run", "runs/other"]);
    symlink("small.csv", user.path("soft.csv")).unwrap();
    std::fs::hard_link(user.path("small.csv"), user.path("hard.csv")).unwrap();
    symlink("runs/other", user.path("link")).unwrap();
    std::fs::hard_link(user.path("runs/other/confusion.csv"), user.path("other.csv")).unwrap();
    std::fs::create_dir(user.path("sub")).unwrap();
    // dml recognises folders of the other kinds by one file.
    for (folder, marker, other) in [
        ("compare-x", "comparison.json", "table.csv"),
        ("sweep-x", "sweep.json", "runs.csv"),
        ("tune-x", "search.json", "trials.csv"),
        ("tune-x/trial-001", "trial.json", "history.csv"),
        ("slurm-x", "job.json", "tasks.sh"),
    ] {
        let folder = user.path(&format!("runs/{folder}"));
        std::fs::create_dir_all(&folder).unwrap();
        [marker, other].iter().for_each(|name| std::fs::write(folder.join(name), "{}").unwrap());
    }
    user.writes("runs/init-0123456789ab.safetensors", "weights");
    std::fs::create_dir(user.path("table")).unwrap();
    std::fs::copy(user.path("runs/mine/confusion.csv"), user.path("table/confusion.csv")).unwrap();
    let before = content(&user.path("."));
    let embed = ["embed", "small.csv", "--run", "runs/mine"];
    let export = ["export", "runs/mine"];
    let evaluate = [
        "eval",
        "--embeddings",
        "runs/mine/embeddings_val.npy",
        "--labels",
        "runs/mine/labels_val.npy",
    ];
    let sample = ["data", "sample", "small.csv", "--per-class", "2"];
    let (small, soft, hard, dots) = ("small.csv", "soft.csv", "hard.csv", "sub/../small.csv");
    let key = ["eval", "--embeddings", "table/confusion.csv:x", "--labels", "l.npy"];
    let report = ["report", "runs/mine"];
    let cases: [(&[&str], &[&str]); 31] = [
        (&embed, &["--out", small]),
        (&embed, &["--out", soft]),
        (&embed, &["--out", hard]),
        (&embed, &["--out", dots]),
        (&embed, &["--out", "other.csv"]),
        (&embed, &["--out", "runs/other/embeddings_val.npy"]),
        (&embed, &["--out", "a.npy", "--labels-out", "link/labels_val.npy"]),
        (&sample, &["--out", small]),
        (&sample, &["--out", hard]),
        (&sample, &["--out", "link/history.csv"]),
        (&sample, &["--out", "runs/other/metrics_test.json"]),
        (&export, &["--format", "csv", "--out", small]),
        (&export, &["--format", "safetensors", "--out", "runs/mine/model.safetensors"]),
        (&export, &["--format", "safetensors", "--out", "link/MODEL.safetensors"]),
        (&export, &["--format", "torchscript", "--out", "runs/other/run.json"]),
        (&export, &["--format", "npy", "--out", "runs/other"]),
        (&export, &["--format", "npy", "--out", "link"]),
        (&export, &["--format", "csv", "--out", "runs/other/confusion.csv"]),
        (&report, &["--out", "runs/other/report.html"]),
        (&[&report[..], &["--data", small]].concat(), &["--out", hard]),
        (&evaluate, &["--out", "runs/other"]),
        (&evaluate, &["--out", "link"]),
        (&evaluate, &["--out", "runs/mine/../other"]),
        (&key, &["--out", "table"]),
        (&export, &["--format", "csv", "--out", "runs/compare-x/table.csv"]),
        (&export, &["--format", "csv", "--out", "runs/compare-x/standings.csv"]),
        (&embed, &["--out", "runs/sweep-x/runs.csv"]),
        (&sample, &["--out", "runs/tune-x/trials.csv"]),
        (&sample, &["--out", "runs/tune-x/trial-001/history.csv"]),
        (&export, &["--format", "torchscript", "--out", "runs/slurm-x/tasks.sh"]),
        (&export, &["--format", "safetensors", "--out", "runs/init-0123456789ab.safetensors"]),
    ];
    for (command, out) in cases {
        for force in [&[][..], &["--force"]] {
            let args = [command, out, force].concat();
            let message = user.fails(1, &args);
            assert!(message.contains(" = "), "{args:?}: {message}");
        }
    }
    assert!(before == content(&user.path(".")), "a file was changed, created or left over");
}

#[test]
fn every_command_replaces_an_existing_file_only_with_force() {
    let user = user();
    let commands: [(&[&str], &str); 10] = [
        (&["embed", "small.csv", "--run", "runs/mine", "--out", "a.npy"], "a.npy"),
        (&["embed", "small.csv", "--run", "runs/mine", "--out", "b.csv.gz"], "b.csv.gz"),
        (&["embed", "small.csv", "--out", "c.csv", "--labels-out", "l.npy"], "l.npy"),
        (&["export", "runs/mine", "--out", "a.pt"], "a.pt"),
        (&["export", "runs/mine", "--out", "a.parquet"], "a.parquet"),
        (&["export", "runs/mine", "--format", "npy", "--out", "arrays"], "arrays/labels_val.npy"),
        (&["export", "runs/mine", "--format", "tensorboard", "--out", "logs"], "logs/images.png"),
        (&["data", "sample", "small.csv", "--per-class", "2", "--out", "s.csv.gz"], "s.csv.gz"),
        (&["man", "--out", "pages"], "pages/dml-train.1"),
        (&["report", "mine", "--out", "page.html"], "page.html"),
    ];
    for (command, file) in commands {
        user.succeeds(command);
        let written = user.reads(file);
        user.writes(file, "mine");
        let message = user.fails(1, command);
        assert!(message.contains(": use another "), "{command:?}: {message}");
        assert_eq!(user.reads_text(file), "mine");
        user.succeeds(&[command, &["--force"]].concat());
        // The name of the top folder in a TorchScript archive contains a number that varies.
        let same = user.reads(file) == written || file == "a.pt";
        assert!(same && user.reads(file).len() > 100, "{command:?}");
    }
    let evaluate =
        ["eval", "--embeddings", "a.npy", "--labels", "arrays/labels_val.npy", "--out", "figures"];
    user.fails(1, &evaluate);
    assert!(!user.path("figures").exists(), "nothing is written if the arrays do not match");
    let evaluate = [
        "eval",
        "--embeddings",
        "arrays/embeddings_val.npy",
        "--labels",
        "arrays/labels_val.npy",
        "--out",
        "figures",
    ];
    user.succeeds(&evaluate);
    user.writes("figures/metrics.json", "mine");
    assert!(user.fails(1, &evaluate).contains("figures: already has metrics.json"));
    assert_eq!(user.reads_text("figures/metrics.json"), "mine");
    user.succeeds(&[&evaluate[..], &["--force"]].concat());
    // A file in a run's folder that dml does not write itself is the user's own.
    let own = ["embed", "small.csv", "--out", "runs/mine/new.npy"];
    user.succeeds(&own);
    user.succeeds(&[&own[..], &["--force"]].concat());
    let message = user.fails(1, &["runs", "remove", "runs/mine"]);
    assert!(message.contains("contains new.npy, which dml did not write"), "{message}");
}
