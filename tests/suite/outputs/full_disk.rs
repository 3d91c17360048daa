//! A disk that fills up while an output is written.

use std::process::Output;

use super::{shell, user};
use crate::user::texts;

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
