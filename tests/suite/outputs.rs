//! Output files and streams: no file of the user is overwritten, and a stream has only the result.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::user::{User, texts};

const SMALL: &str = "[data]\npath = \"small.csv\"\nvalidation = 0.2\n[train]\nepochs = 1\nbatch = 64\n\
                     [tsne]\nperplexity = 8.0\niterations = 30\n";

/// A user with a trained and evaluated run, `runs/mine`.
fn user() -> User {
    let user = User::with_images(30);
    user.writes("small.toml", SMALL);
    user.succeeds(&["train", "--config", "small.toml", "--seed", "1", "--name", "mine"]);
    user.succeeds(&["eval", "--run", "runs/mine"]);
    user
}

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

#[test]
fn an_extension_that_contradicts_the_format_is_an_error_with_a_remedy() {
    let user = user();
    for (args, expected) in [
        (
            &["export", "runs/mine", "--format", "parquet", "--out", "a.csv"][..],
            "use the extension .parquet",
        ),
        (
            &["export", "runs/mine", "--format", "csv", "--out", "a.parquet"],
            "use the extension .csv or .csv.gz",
        ),
        (&["export", "runs/mine", "--format", "npy", "--out", "a.npy"], "drop the extension"),
        (
            &["export", "runs/mine", "--format", "safetensors", "--out", "a.pt"],
            "use the extension .safetensors",
        ),
        (&["export", "runs/mine", "--out", "a.npy"], "must end in .safetensors, .pt, "),
        (&["export", "runs/mine", "--out", "-"], "unless you add --format"),
        (&["report", "mine", "--out", "a.csv"], "use the extension .html"),
        (&["export", "runs/mine", "--format", "npy", "--out", "-"], "several files are written"),
        (&["embed", "small.csv", "--format", "npy", "--out", "a.csv"], "use the extension .npy"),
        (&["embed", "small.csv", "--out", "a.npz"], "must end in .npy, .csv or .parquet"),
        (
            &["embed", "small.csv", "--out", "a.npy", "--labels-out", "l.csv"],
            "use the extension .npy",
        ),
        (
            &["data", "sample", "small.csv", "--out", "s.parquet"],
            "use the extension .csv or .csv.gz",
        ),
        (
            &["data", "sample", "small.csv", "--out", "s.csv.xz"],
            "use the extension .csv or .csv.gz",
        ),
        (
            &["data", "sample", "small.csv", "--out", "s.npy.gz"],
            "use the extension .csv or .csv.gz",
        ),
    ] {
        let message = user.fails(1, args);
        assert!(message.contains(expected), "{args:?}: {message}");
    }
    let entries = std::fs::read_dir(user.path(".")).unwrap().count();
    assert_eq!(entries, 3, "small.csv, small.toml and the runs alone");
    // Unknown extensions are accepted.
    user.succeeds(&["export", "runs/mine", "--format", "csv", "--out", "a.txt"]);
    user.succeeds(&["embed", "small.csv", "--format", "csv", "--out", "b"]);
    assert!(user.reads_text("a.txt").starts_with("part,label,class,e0,"));
    assert!(user.reads_text("b").starts_with("label,e0,"));
}

/// Runs a line with `$dml` in it by bash.
fn shell(user: &User, line: &str) -> Output {
    let mut command = Command::new("bash");
    command.args(["-c", line]).env("dml", env!("CARGO_BIN_EXE_dml")).current_dir(user.path("."));
    command.output().unwrap()
}

/// Its stdout; all commands in the line must succeed.
fn piped(user: &User, line: &str) -> Vec<u8> {
    let output = shell(user, &format!("set -o pipefail; {line}"));
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn a_stream_has_the_bytes_of_the_file_and_nothing_else() {
    let user = user();
    for (command, file) in [
        ("data sample small.csv --per-class 2", "s.csv"),
        ("embed small.csv --run runs/mine", "e.csv"),
        ("embed small.csv --run runs/mine --format npy", "e.npy"),
        ("embed small.csv --run runs/mine --format parquet", "e.parquet"),
        ("export runs/mine --format safetensors", "m.safetensors"),
        ("export runs/mine --format csv", "m.csv"),
        ("report mine", "m.html"),
        ("export runs/mine --format parquet", "m.parquet"),
    ] {
        piped(&user, &format!("$dml {command} --out {file}"));
        let expected = user.reads(file);
        for out in ["-", "/dev/stdout", "/dev/fd/1"] {
            let found = piped(&user, &format!("$dml {command} --out {out} | cat"));
            assert!(found == expected, "{command} --out {out}");
        }
        let found = piped(
            &user,
            &format!("$dml {command} --out >(cat > sub) > stdout; sleep 0.3; cat sub"),
        );
        assert!(found == expected, "{command} into a substituted process");
        // A file that the shell opened is appended to, not replaced.
        let line = format!("(echo a; $dml {command} --out /dev/stdout; echo b) > all; cat all");
        assert_eq!(piped(&user, &line), [b"a\n", &expected[..], b"b\n"].concat());
    }
    let labels =
        piped(&user, "$dml embed small.csv --out f.csv --labels-out /dev/fd/3 3>&1 >stdout");
    assert!(labels.starts_with(b"\x93NUMPY"), "{} bytes", labels.len());
}

#[test]
fn a_network_exported_through_a_pipe_loads_like_one_from_a_file() {
    let user = user();
    piped(&user, "$dml export runs/mine --format torchscript --out - > piped.pt");
    piped(&user, "$dml export runs/mine --out file.pt");
    let images = tch::Tensor::ones([3, 1, 28, 28], (tch::Kind::Float, tch::Device::Cpu));
    let embed = |name: &str| {
        let network = tch::CModule::load(user.path(name)).unwrap();
        Vec::<f32>::try_from(network.forward_ts(&[&images]).unwrap().view([-1])).unwrap()
    };
    assert_eq!(embed("piped.pt"), embed("file.pt"));
}

#[test]
fn a_reader_that_leaves_early_ends_the_command_silently() {
    let user = user();
    for command in [
        "data sample small.csv --per-class 30",
        "embed small.csv --run runs/mine",
        "embed small.csv --run runs/mine --format npy",
        "export runs/mine --format csv",
        "export runs/mine --format parquet",
        "export runs/mine --format torchscript",
        "export runs/mine --format safetensors",
        "losses",
        "man",
        "completions bash",
        "runs --json",
    ] {
        let out = if command.contains("runs/mine") || command.contains("sample") {
            "--out -"
        } else {
            ""
        };
        let line = format!("$dml {command} {out} | head -c 5 > /dev/null; exit ${{PIPESTATUS[0]}}");
        let (_, err) = texts(&shell(&user, &line));
        let output = shell(&user, &line);
        assert_eq!(output.status.code(), Some(0), "{command}: {err}");
        assert!(!err.contains("error") && !err.contains("panic"), "{command}: {err}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported_for_every_output_and_nothing_is_left() {
    let user = user();
    let commands = [
        "export runs/mine --format torchscript --out",
        "export runs/mine --format safetensors --out",
        "export runs/mine --format csv --out",
        "export runs/mine --format parquet --out",
        "embed small.csv --run runs/mine --format npy --out",
        "embed small.csv --run runs/mine --format csv --out",
        "data sample small.csv --per-class 20 --out",
    ];
    let assert_full = |output: &Output, what: &str| {
        let (_, err) = texts(output);
        let is_full =
            ["No space left on device", "File too large"].iter().any(|why| err.contains(why));
        assert!(output.status.code() == Some(1) && is_full, "{what}: {:?} {err}", output.status);
        assert!(err.lines().last().unwrap().starts_with("error: cannot write "), "{what}: {err}");
    };
    std::fs::create_dir(user.path("disk")).unwrap();
    for command in commands {
        assert_full(&shell(&user, &format!("$dml {command} /dev/full")), command);
        // Files limited to 1 KB.
        let line = format!("trap '' XFSZ; ulimit -f 1; $dml {command} disk/out");
        assert_full(&shell(&user, &line), command);
        assert_eq!(std::fs::read_dir(user.path("disk")).unwrap().count(), 0, "{command}");
    }
    let evaluate = "eval --embeddings runs/mine/embeddings_val.npy --labels \
                    runs/mine/labels_val.npy --out disk";
    assert_full(&shell(&user, &format!("trap '' XFSZ; ulimit -f 0; $dml {evaluate}")), evaluate);
}

#[test]
fn an_unwritable_output_is_an_error_before_any_work() {
    let user = user();
    user.writes("file", "");
    std::fs::create_dir(user.path("folder")).unwrap();
    for (out, expected) in [
        ("folder", "is a folder: name a file in it"),
        ("new/", "is a folder: name a file in it"),
        ("file/a.csv", "ot a directory"),
    ] {
        for command in [&["embed", "small.csv"][..], &["data", "sample", "small.csv"]] {
            let args = [command, &["--out", out]].concat();
            let output = user.runs(&args);
            let (_, err) = texts(&output);
            assert!(err.lines().last().unwrap().contains(expected), "{args:?}: {err}");
            assert!(!err.contains("engine: "), "{args:?} worked first: {err}");
        }
    }
    let export = ["export", "runs/mine", "--format", "npy", "--out", "file"];
    assert!(user.fails(1, &export).contains("is not a folder: name one"));
}

#[test]
fn weights_and_settings_are_read_from_pipes() {
    let user = user();
    let train = "train --data small.csv --epochs 1 -q";
    piped(&user, &format!("$dml {train} --name a --init runs/mine/model.safetensors"));
    piped(&user, &format!("cat runs/mine/model.safetensors | $dml {train} --name b --init -"));
    piped(&user, &format!("$dml {train} --name c --init <(cat runs/mine/model.safetensors)"));
    let model = user.reads("runs/a/model.safetensors");
    for name in ["b", "c"] {
        assert!(user.reads(&format!("runs/{name}/model.safetensors")) == model, "{name}");
    }
    // The run can be resumed: it keeps the weights.
    let record = user.reads_text("runs/b/run.json").replace("\"trained\"", "\"training\"");
    user.writes("runs/b/run.json", record);
    user.succeeds(&["train", "--resume", "runs/b"]);
    let output = shell(&user, &format!("echo no | $dml {train} --name d --init -"));
    let (_, err) = texts(&output);
    assert!(err.contains("/dev/stdin: is not an intact safetensors file"), "{err}");
    assert!(!user.path("runs/d").exists(), "no folder is created");
    let set = "cat runs/mine/model.safetensors | $dml compare --data small.csv --set \
               model.init=/dev/stdin";
    let (_, err) = texts(&shell(&user, set));
    assert!(
        err.contains("model.init = /dev/stdin: is a pipe, which can be read only once"),
        "{err}"
    );
    piped(
        &user,
        "$dml train --data small.csv -q --name e --config <(printf '[train]\\nepochs = 1\\n')",
    );
}

#[test]
fn force_removes_no_file_of_the_user_and_none_that_training_reads() {
    let user = user();
    let again = ["train", "--config", "small.toml", "--seed", "1", "--name", "mine", "--force"];
    user.writes("runs/mine/notes.txt", "mine");
    let model = user.reads("runs/mine/model.safetensors");
    let message = user.fails(1, &again);
    assert!(
        message.contains("runs/mine: contains notes.txt, which dml did not write"),
        "{message}"
    );
    assert_eq!(user.reads_text("runs/mine/notes.txt"), "mine");
    std::fs::remove_file(user.path("runs/mine/notes.txt")).unwrap();
    let init = [&again[..], &["--init", "runs/mine/model.safetensors"]].concat();
    let message = user.fails(1, &init);
    assert!(message.contains("lies in the folder that --force removes: copy it"), "{message}");
    assert!(user.reads("runs/mine/model.safetensors") == model);
    user.succeeds(&again);
}

#[test]
fn dml_knows_every_file_that_it_writes_into_the_folders_of_runs() {
    let user = User::with_images(30);
    user.writes("small.toml", SMALL);
    user.writes("both.toml", SMALL.to_owned() + "of = \"both\"\n");
    let sample = ["data", "sample", "small.csv", "--per-class", "9", "--out", "test.csv"];
    user.succeeds(&sample);
    let changed = user.reads_text("test.csv").replace(",0,0,0,", ",1,0,0,");
    user.writes("test.csv", changed);
    let config = ["--config", "small.toml"];
    let both = ["--config", "both.toml", "--loss", "center", "--name", "single"];
    user.succeeds(&[&["train"][..], &both].concat());
    user.succeeds(&["eval", "--run", "runs/single"]);
    user.succeeds(&["eval", "--run", "runs/single", "--test", "test.csv"]);
    user.succeeds(&["report", "runs/single"]);
    let compare = ["compare", "--losses", "contrastive,triplet", "--seeds", "1,2", "--test"];
    user.succeeds(&[&compare[..], &["test.csv"], &config].concat());
    let sweep = ["sweep", "--losses", "contrastive", "--seeds", "1", "--set", "loss.margin=1,2"];
    user.succeeds(&[&sweep[..], &config].concat());
    user.succeeds(&[&["tune", "--loss", "triplet", "--trials", "2"][..], &config].concat());
    user.succeeds(&[&["bound", "--points", "3"][..], &config].concat());
    let diverges = ["train", "--learning-rate", "1e30", "--epochs", "3", "--name", "diverged"];
    user.fails(1, &[&diverges[..], &config].concat());
    let names: Vec<String> = std::fs::read_dir(user.path("runs"))
        .unwrap()
        .map(|entry| format!("runs/{}", entry.unwrap().file_name().to_str().unwrap()))
        .collect();
    assert!(names.len() > 9, "{names:?}");
    let remove: Vec<&str> = names.iter().map(String::as_str).collect();
    user.succeeds(&[&["runs", "remove"][..], &remove].concat());
    assert_eq!(std::fs::read_dir(user.path("runs")).unwrap().count(), 0);
}

#[test]
fn temporary_files_of_a_killed_process_are_removed() {
    let user = user();
    user.writes(".new.npy.4194305.dml-tmp", "half");
    user.writes(".mine.csv.4194305.tmp", "the user's");
    user.succeeds(&["embed", "small.csv", "--out", "new.npy"]);
    assert!(!user.path(".new.npy.4194305.dml-tmp").exists());
    assert!(user.path(".mine.csv.4194305.tmp").exists());
}

#[test]
fn a_closed_stderr_does_not_disturb_a_stream() {
    let user = user();
    let args = ["embed", "small.csv", "--run", "runs/mine", "--out", "-"];
    let mut command = user.dml(&args);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout.starts_with(b"label,e0,"));
}
