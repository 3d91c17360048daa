//! Outputs of the wrong kind, or that cannot be written, are errors before any work.

use super::user;
use crate::user::texts;

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
