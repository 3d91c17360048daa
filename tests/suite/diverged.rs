//! Runs that diverge: reported at once, left out of comparisons, recognised by every command.

use crate::user::{User, assert_picture};

const SMALL: &str = "[data]\npath = \"small.csv\"\nvalidation = 0.2\n[train]\nepochs = 2\nbatch = 32\n\
                     [tsne]\nperplexity = 3.0\niterations = 20\n";

/// A loss that diverges because of its margin.
const WILD: &str = "[loss]\nname = \"contrastive\"\nmargin = 1e30\n";

fn user() -> User {
    let user = User::with_images(20);
    user.writes("small.toml", SMALL);
    user.writes("wild.toml", WILD);
    user
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Asserts that the text of the comparison reports which loss diverged, how often, and what to change.
fn assert_reports_divergence(out: &str) {
    let words = words(out);
    assert!(words.contains("contrastive (wild) (diverged in 2 of 2)"), "{out}");
    assert!(
        words.contains("Diverged: contrastive (wild) in all 2 runs; it has no figures"),
        "{out}"
    );
    assert!(
        words.contains("What to change: try a lower loss.margin (it is 1e30, the default is 2.5)")
    );
    assert!(words.contains("cross-entropy") && words.contains("the higher mean"), "{out}");
}

const COMPARE: [&str; 7] = [
    "compare",
    "--config",
    "small.toml",
    "--seeds",
    "1,2",
    "--losses",
    "wild.toml,contrastive,cross-entropy",
];

#[test]
fn losses_that_did_not_diverge_are_compared_and_the_others_named_in_every_output() {
    let user = user();
    user.succeeds(&["data", "sample", "small.csv", "--per-class", "4", "--out", "test.csv"]);
    let args = [&COMPARE[..], &["--test", "test.csv"]].concat();
    let (out, err) = user.succeeds(&args);
    assert_reports_divergence(&out);
    assert_eq!(err.matches(": diverged: the training loss became ").count(), 2, "{err}");
    let folder = user.run_folder("runs", "compare-");
    assert!(folder.contains("contrastive-wild-vs-contrastive-vs-cross-entropy"), "{folder}");
    let table = user.reads_text(&format!("{folder}/table.md"));
    assert_reports_divergence(&table);
    let standings = user.reads_text(&format!("{folder}/standings.csv"));
    assert!(standings.contains("contrastive (wild),diverged in 2 of 2,–,"), "{standings}");
    for picture in ["loss", "recall"] {
        assert_picture(&user.path(&format!("{folder}/plots/{picture}.png")));
        let svg = user.reads_text(&format!("{folder}/plots/{picture}.svg"));
        assert!(svg.contains("diverged"), "{picture}");
    }
    let json = user.reads_text(&format!("{folder}/comparison.json"));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let summary = &json["summary"];
    assert_eq!(summary["losses"], serde_json::json!(["contrastive", "cross-entropy"]));
    let gap = &summary["diverged"][0];
    assert_eq!(gap["loss"], "contrastive (wild)");
    assert_eq!(gap["diverged"][1]["seed"], 2);
    assert!(gap["diverged"][1]["remedy"].as_str().unwrap().contains("loss.margin"), "{gap}");
    assert_eq!(json["test"]["summary"]["losses"].as_array().unwrap().len(), 2);
    let page = user.reads_text(&format!("{folder}/report.html"));
    assert!(page.contains("Runs that diverged, and what to change"));
    // Running the command again, or `dml report`, gives the same.
    let (again, err) = user.succeeds(&args);
    assert!(again == out && !err.contains("epoch 1/"), "{err}");
    user.succeeds(&["report", &folder]);
    assert!(user.reads_text(&format!("{folder}/report.html")) == page);
}

#[test]
fn tasks_that_diverge_are_collected_into_the_comparison_of_one_process() {
    let user = user();
    let (here, _) = user.succeeds(&COMPARE);
    let there = [&COMPARE[..], &["--runs", "there"]].concat();
    for task in ["0", "1", "2", "3", "4", "5"] {
        user.succeeds(&[&there[..], &["--task", task]].concat());
    }
    let (out, err) = user.succeeds(&[&there[..], &["--executor", "lines"]].concat());
    assert!(out.trim().is_empty() && err.contains("all 6 runs are finished or diverged"), "{err}");
    let (out, _) = user.succeeds(&[&there[..], &["--collect"]].concat());
    assert_reports_divergence(&out);
    // Times vary.
    let figures = |text: &str| {
        let lines = text.lines().filter(|line| !line.contains("train time"));
        let lines: Vec<&str> = lines.take_while(|line| !line.contains("A run of")).collect();
        lines.join("\n")
    };
    assert_eq!(figures(&here), figures(&out));
}

#[test]
fn if_every_loss_diverged_all_are_named_with_a_remedy() {
    let user = user();
    let args = ["--config", "small.toml", "--learning-rate", "1e30", "--seeds", "1,2"];
    let losses = ["compare", "--losses", "contrastive,triplet"];
    let message = user.fails(1, &[&losses[..], &args].concat());
    assert_eq!(
        message,
        "error: every loss diverged, so there is nothing to compare: contrastive in all 2 runs and \
         triplet in all 2 runs; try a lower train.learning_rate (it is 1e30, the default is 0.001)"
    );
    let sweep = ["sweep", "--losses", "contrastive", "--set", "loss.margin=1,2"];
    let swept = user.fails(1, &[&sweep[..], &args].concat());
    assert!(swept.contains("every loss diverged") && swept.contains("in all 2 runs"), "{swept}");
    let alone = user.fails(1, &[&["compare", "--losses", "contrastive"][..], &args].concat());
    assert!(alone.contains("the loss diverged, so there is nothing to show"), "{alone}");
}

#[test]
fn every_command_recognises_a_diverged_run() {
    let user = user();
    let train = ["train", "--config", "small.toml", "--name", "wild", "--learning-rate", "1e30"];
    let message = user.fails(1, &train);
    let remedy = "; try a lower train.learning_rate (it is 1e30, the default is 0.001)";
    assert!(message.starts_with("error: the training loss became ") && message.ends_with(remedy));
    for args in [
        &train[..],
        &["train", "--resume", "runs/wild"],
        &["eval", "--run", "runs/wild"],
        &["embed", "small.csv", "--run", "runs/wild", "--out", "new.npy"],
        &["export", "runs/wild", "--format", "torchscript", "--out", "new.pt"],
    ] {
        let message = user.fails(1, args);
        let start =
            "error: runs/wild diverged and would again with the same settings: the training";
        assert!(message.starts_with(start) && message.ends_with(remedy), "{args:?}: {message}");
        assert!(!message.contains("--resume"), "{message}");
    }
    let (out, _) = user.succeeds(&["runs", "--state", "diverged"]);
    assert!(out.contains("wild") && out.contains("diverged"), "{out}");
    let (_, none) = user.succeeds(&["runs", "--state", "training"]);
    assert!(none.contains("the only run in runs does not match"), "{none}");
    user.succeeds(&["report", "runs/wild"]);
    let page = user.reads_text("runs/wild/report.html");
    assert!(page.contains("Training diverged: the training loss became"), "{page}");
    // Other settings may replace it.
    let tame = ["train", "--config", "small.toml", "--name", "wild", "--force"];
    user.succeeds(&tame);
    let (out, _) = user.succeeds(&["runs", "--state", "trained"]);
    assert!(out.contains("wild") && !user.path("runs/wild/diverged.json").exists(), "{out}");
}

#[test]
fn a_search_continues_if_the_given_settings_diverge() {
    let user = user();
    let tune = ["tune", "--config", "small.toml", "--loss", "cross-entropy"];
    let wild = ["--learning-rate", "1e30", "--trials"];
    let only = user.fails(1, &[&tune[..], &wild, &["1"]].concat());
    assert!(only.contains("the only trial diverged: the training loss became"), "{only}");
    assert!(only.contains("more trials (--trials) try other settings"), "{only}");
    let (out, _) = user.succeeds(&[&tune[..], &wild, &["3"]].concat());
    assert!(words(&out).contains("2 finished, 0 stopped early, 1 diverged"), "{out}");
    let (runs, _) = user.succeeds(&["runs", "--state", "diverged"]);
    assert!(runs.contains("trial-001") && !runs.contains("trial-002"), "{runs}");
}

#[test]
fn a_search_whose_first_trial_is_best_reports_no_gain() {
    let user = user();
    let tune = ["tune", "--config", "small.toml", "--loss", "contrastive", "--trials", "1"];
    let (out, _) = user.succeeds(&tune);
    assert!(out.contains("no gain: no trial beat the first"), "{out}");
    let more = out.lines().find_map(|line| line.strip_prefix("more       dml ")).unwrap();
    assert_eq!(more, "tune --config small.toml --loss contrastive --trials 30");
    assert!(!out.contains("dml compare"), "{out}");
}

#[test]
fn no_bound_is_claimed_if_its_training_diverged() {
    let user = user();
    let bound = ["bound", "--config", "small.toml", "--points", "4", "--learning-rate"];
    let output = user.runs(&[&bound[..], &["1e30"]].concat());
    let printed =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    assert!(!printed.contains("as it must"), "{printed}");
    assert!(
        printed.contains("NaN") && words(&printed).contains("try a lower train.learning_rate"),
        "{printed}"
    );
    let (fine, _) = user.succeeds(&[&bound[..], &["1e-3"]].concat());
    assert!(words(&fine).contains("as it must"), "{fine}");
}
