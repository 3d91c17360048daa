//! Results written to pipes and devices, and weights and settings read from them.

use std::process::Stdio;

use super::{shell, user};
use crate::user::{User, texts};

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
