//! Every metric of the list, wherever a user meets metrics.

use dml::eval::{METRICS, Metric, Value};
use serde_json::Value as Json;

use crate::user::User;

const QUICK: &str = "[data]\npath = \"small.csv\"\n[train]\nepochs = 1\nengine = \"libtorch\"\n\
                     [tsne]\nof = \"both\"\niterations = 20\n";

/// A user with a trained run whose evaluation has both t-SNEs.
fn user() -> User {
    let user = User::with_images(40);
    user.writes("quick.toml", QUICK);
    user.succeeds(&["train", "--config", "quick.toml", "--name", "mine"]);
    user
}

/// A k that the default settings have, for a family.
fn k(metric: &Metric) -> Option<usize> {
    matches!(metric.value, Value::Votes(_) | Value::VoteTop | Value::RecallAt).then_some(1)
}

/// All metrics that an evaluation has: the time of a training is not of it.
fn evaluated() -> impl Iterator<Item = &'static Metric> {
    METRICS.iter().filter(|metric| !matches!(metric.value, Value::TrainSeconds))
}

#[test]
fn every_metric_is_in_tables_reports_lists_and_tensorboard() {
    let user = user();
    let (table, _) = user.succeeds(&["eval"]);
    user.succeeds(&["report"]);
    let page = user.reads_text("runs/mine/report.html");
    let (list, _) = user.succeeds(&["runs", "--json"]);
    let run = serde_json::from_str::<Json>(&list).unwrap()[0].clone();
    user.succeeds(&["export", "runs/mine", "--format", "tensorboard", "--out", "logs"]);
    let events = user.reads("logs/events.out.tfevents.0.dml");
    for metric in evaluated() {
        let (key, name) = (metric.key(k(metric)), metric.name(k(metric)));
        assert!(table.contains(&name), "{name} in the table:\n{table}");
        assert!(page.contains(&name), "{name} in the report");
        assert!(run[&key].is_number(), "{key} in dml runs --json: {run}");
        let tag = format!("evaluation/{name}");
        assert!(events.windows(tag.len()).any(|part| part == tag.as_bytes()), "{tag}");
    }
}

#[test]
fn every_compared_metric_is_in_the_table_of_a_comparison() {
    let user = user();
    let args = ["compare", "--config", "quick.toml", "--seeds", "1"];
    for (unseen, flags) in [(false, vec![]), (true, vec!["--unseen-classes", "0-4"])] {
        let (table, _) = user.succeeds(&[&args[..], &flags].concat());
        for metric in METRICS {
            let row = metric.unit.named(&metric.name(k(metric)));
            assert_eq!(table.contains(&row), metric.is_compared(unseen), "{row}:\n{table}");
        }
    }
}

#[test]
fn every_metric_that_can_decide_is_in_the_help_the_completions_and_the_differences_of_runs() {
    let user = user();
    user.succeeds(&["train", "--config", "quick.toml", "--name", "b", "--seed", "1"]);
    ["runs/mine", "runs/b"].iter().for_each(|run| drop(user.succeeds(&["eval", "--run", run])));
    let (help, _) = user.succeeds(&["compare", "--help"]);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let (script, _) = user.succeeds(&["completions", "bash"]);
    let (differences, _) = user.succeeds(&["runs", "diff", "mine", "b"]);
    let deciding: Vec<&Metric> = METRICS.iter().filter(|metric| metric.decides()).collect();
    assert!(deciding.len() > 3);
    for metric in deciding {
        assert!(help.contains(&metric.cli_name(None)), "{}: {help}", metric.cli_name(None));
        assert!(script.contains(&metric.cli_name(k(metric))), "{}", metric.cli_name(k(metric)));
        let (sorted, _) = user.succeeds(&["runs", "--json", "--sort", &metric.cli_name(k(metric))]);
        let runs: Vec<Json> = serde_json::from_str(&sorted).unwrap();
        let values = runs.iter().map(|run| run[metric.key(k(metric))].as_f64().unwrap());
        assert!(values.is_sorted_by(|a, b| a >= b), "{}: {sorted}", metric.key);
        let column = if metric.is_family() { metric.name(k(metric)) } else { metric.column() };
        assert!(differences.contains(&column), "{column}: {differences}");
    }
}
