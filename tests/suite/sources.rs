//! Images from pipes, IDX files and lists of image files.

use std::fs::{self, File};
use std::process::{Command, Output, Stdio};

use crate::user::{User, texts};

/// Runs `dml` with a file as standard input.
fn with_stdin(user: &User, args: &[&str], file: &str) -> Output {
    let input = File::open(user.path(file)).unwrap();
    user.dml(args).stdin(input).output().unwrap()
}

/// The same, which must succeed; returns stdout and stderr.
fn piped(user: &User, args: &[&str], file: &str) -> (String, String) {
    let output = with_stdin(user, args, file);
    let (out, err) = texts(&output);
    assert!(output.status.success(), "{args:?} failed:\n{err}");
    (out, err)
}

/// The same, which must fail; returns the last line on stderr.
fn refused(user: &User, args: &[&str], file: &str) -> String {
    let output = with_stdin(user, args, file);
    let (_, err) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{args:?}: {err}");
    err.lines().last().unwrap().to_owned()
}

#[test]
fn every_command_reads_images_from_standard_input() {
    let user = User::with_images(12);
    let named = user.succeeds(&["data", "check", "small.csv"]).0;
    let (out, _) = piped(&user, &["data", "check", "-"], "small.csv");
    assert_eq!(out.lines().skip(1).collect::<Vec<_>>(), named.lines().skip(1).collect::<Vec<_>>());
    piped(&user, &["data", "sample", "-", "--per-class", "2", "--out", "two.csv"], "small.csv");
    let train = ["train", "--epochs", "1", "--name", "a", "--data"];
    user.succeeds(&[&train[..], &["small.csv"]].concat());
    let train = ["train", "--epochs", "1", "--name", "b", "--data", "-"];
    let (_, err) = piped(&user, &train, "small.csv");
    assert!(err.contains("data: the input can be read only once"), "{err}");
    assert!(user.reads("runs/a/model.safetensors") == user.reads("runs/b/model.safetensors"));
    let embed = ["embed", "two.csv", "--run", "runs/a", "--out"];
    user.succeeds(&[&embed[..], &["a.npy"]].concat());
    piped(&user, &["embed", "-", "--run", "runs/a", "--out", "b.npy"], "two.csv");
    assert!(user.reads("a.npy") == user.reads("b.npy"));
    user.writes("test.csv", user.reads("two.csv"));
    piped(&user, &["eval", "--run", "runs/a", "--test", "-"], "test.csv");
}

#[test]
fn reading_standard_input_twice_is_refused_with_a_remedy() {
    let user = User::with_images(12);
    piped(&user, &["train", "--epochs", "1", "--name", "a", "--data", "-"], "small.csv");
    let message = refused(&user, &["eval", "--run", "runs/a"], "small.csv");
    assert_eq!(
        message,
        "error: standard input: the run's images came from here and cannot be read again; save them in \
         a file and name it with --data"
    );
    user.succeeds(&["eval", "--run", "runs/a", "--data", "small.csv"]);
    piped(&user, &["eval", "--run", "runs/a", "--data", "-"], "small.csv");
    let both = ["eval", "--run", "runs/a", "--data", "-", "--test", "-"];
    let message = refused(&user, &both, "small.csv");
    assert!(message.contains("standard input: was already read"), "{message}");
    let lines = ["compare", "--data", "-", "--epochs", "1", "--executor", "lines"];
    let message = refused(&user, &lines, "small.csv");
    assert!(
        message.contains("--data = -: can be read only once, but every task needs it"),
        "{message}"
    );
}

#[cfg(unix)]
#[test]
fn pipes_of_every_kind_are_read() {
    let user = User::with_images(2);
    let shell = |line: &str| {
        let dml = env!("CARGO_BIN_EXE_dml");
        let mut bash = Command::new("bash");
        bash.args(["-c", &line.replace("dml", dml)]).current_dir(user.path("."));
        let output = bash.stdin(Stdio::null()).output().unwrap();
        let (out, err) = texts(&output);
        assert!(output.status.success(), "{line}: {err}");
        out
    };
    for line in [
        "cat small.csv | dml data check -",
        "gzip < small.csv | dml data check -",
        "cat small.csv | dml data check /dev/stdin",
        "dml data check <(cat small.csv)",
        "dml data check <(gzip < small.csv)",
        "dml data check - < small.csv",
    ] {
        assert!(shell(line).contains("no faults"), "{line}");
    }
    let empty = refused(&user, &["data", "check", "-"], "/dev/null");
    assert!(empty.contains("has one fault"), "{empty}");
}

#[test]
fn idx_files_and_lists_give_the_network_of_the_csv() {
    let user = User::with_images(4);
    let csv = user.reads_text("small.csv");
    let rows: Vec<Vec<u8>> = csv
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect())
        .collect();
    let count = u8::try_from(rows.len()).unwrap();
    let head = [0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28];
    let pixels = rows.iter().flat_map(|row| &row[1..]).copied();
    user.writes("set-images-idx3-ubyte", head.into_iter().chain(pixels).collect::<Vec<u8>>());
    let labels = rows.iter().map(|row| row[0]);
    let head = [0, 0, 8, 1, 0, 0, 0, count];
    user.writes("set-labels-idx1-ubyte", head.into_iter().chain(labels).collect::<Vec<u8>>());
    fs::create_dir(user.path("img")).unwrap();
    let mut list = "path,label\n".to_owned();
    for (number, row) in rows.iter().enumerate() {
        let name = format!("img/{number}.png");
        image::save_buffer(user.path(&name), &row[1..], 28, 28, image::ColorType::L8).unwrap();
        list += &format!("{name},{}\n", row[0]);
    }
    user.writes("list.csv", list);
    for (name, data) in
        [("csv", "small.csv"), ("idx", "set-images-idx3-ubyte"), ("list", "list.csv")]
    {
        let train = ["train", "--epochs", "1", "--data", data, "--name", name];
        user.succeeds(&[&train[..], &["--set", "data.validation=0.25"]].concat());
        user.succeeds(&["eval", "--run", &format!("runs/{name}")]);
        let model = user.reads(&format!("runs/{name}/model.safetensors"));
        assert!(model == user.reads("runs/csv/model.safetensors"), "{name}");
    }
}

#[test]
fn images_that_are_not_square_are_trained_evaluated_and_exported() {
    let user = User::with_images(2);
    // 40 images of 20×12, with a bright upper or lower half.
    let head = [0, 0, 8, 3, 0, 0, 0, 40, 0, 0, 0, 20, 0, 0, 0, 12];
    let value = |image: u8, pixel: u8| {
        let is_bright = (pixel < 120) == image.is_multiple_of(2);
        image + if is_bright { 200 } else { pixel / 8 }
    };
    let pixels = (0..40).flat_map(|image| (0..240).map(move |pixel| value(image, pixel)));
    user.writes("wide-images-idx3-ubyte", head.into_iter().chain(pixels).collect::<Vec<u8>>());
    let labels = (0..40).map(|image| image % 2);
    let head = [0, 0, 8, 1, 0, 0, 0, 40];
    user.writes("wide-labels-idx1-ubyte", head.into_iter().chain(labels).collect::<Vec<u8>>());
    let wide = ["--data", "wide-images-idx3-ubyte", "--set", "data.validation=0.25"];
    let train = [&["train", "--epochs", "1"], &wide[..]].concat();
    let (_, err) = user.succeeds(&[&train[..], &["--name", "wide"]].concat());
    let engine = "engine: libtorch (the fused engine takes only square grey images, not 20×12; \
                  on one core libtorch takes 1.5 to 3 times as long)";
    assert!(err.contains(engine), "{err}");
    let message = user.fails(1, &[&train[..], &["--engine", "fused"]].concat());
    assert!(message.contains("not 20×12; use auto or libtorch, or for pictures --size 28"));
    user.succeeds(&["eval", "--run", "runs/wide"]);
    user.succeeds(&["embed", "wide-images-idx3-ubyte", "--run", "runs/wide", "--out", "a.npy"]);
    user.succeeds(&["export", "runs/wide", "--format", "torchscript", "--out", "a.pt"]);
    let again = ["--init", "runs/wide/model.safetensors", "--name", "again"];
    user.succeeds(&[&train[..], &again].concat());
    let other = ["train", "--data", "small.csv", "--init", "runs/wide/model.safetensors"];
    let message = user.fails(1, &other);
    assert!(message.contains("on images of about 240 pixels, the data has 28×28"), "{message}");
}

#[test]
fn files_read_along_with_the_named_one_are_never_replaced() {
    let user = User::with_images(2);
    let head = [0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 2];
    user.writes("set-images-idx3-ubyte", head.into_iter().chain(0..16).collect::<Vec<u8>>());
    user.writes("set-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 0, 1]);
    let mut list = "path,label\n".to_owned();
    for number in 0..4u8 {
        let name = format!("{number}.png");
        image::save_buffer(user.path(&name), &[number; 4], 2, 2, image::ColorType::L8).unwrap();
        list += &format!("{name},{}\n", number % 2);
    }
    user.writes("list.csv", list);
    fs::hard_link(user.path("0.png"), user.path("linked")).unwrap();
    for (file, out) in [
        ("set-images-idx3-ubyte", "set-labels-idx1-ubyte"),
        ("set-labels-idx1-ubyte", "set-images-idx3-ubyte"),
        ("list.csv", "linked"),
    ] {
        let before = user.reads(out);
        let args = ["data", "sample", file, "--per-class", "1", "--out", out, "--force"];
        let message = user.fails(1, &args);
        assert!(message.contains("would overwrite "), "{message}");
        assert!(user.reads(out) == before, "{out}");
    }
}
