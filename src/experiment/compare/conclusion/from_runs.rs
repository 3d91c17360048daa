//! The findings of a comparison from the results of its runs, and the conclusion from them.

use super::findings::{DataUsed, Findings, LossFindings};
use super::paragraph::conclude;
use crate::experiment::compare::results::{Finished, LossRuns};
use crate::experiment::plan::Plan;
use crate::run::DivergedLoss;

/// File name of the shipped sample.
const SHIPPED_SAMPLE: &str = "fashion-mnist_sample.csv.gz";

/// The conclusion from the scores of all runs.
pub fn conclusion(
    plan: &Plan,
    results: &[LossRuns],
    diverged: &[DivergedLoss],
    train: (usize, usize),
) -> String {
    let of_runs = |value: fn(&Finished) -> f64| -> Vec<Vec<f64>> {
        results.iter().map(|loss| loss.runs.iter().map(value).collect()).collect()
    };
    let scores = plan.scores(results);
    let seconds = of_runs(|run| run.history.seconds());
    let losses: Vec<LossFindings> = results
        .iter()
        .zip(scores.iter().zip(&seconds))
        .map(|(loss, (values, train_seconds))| LossFindings {
            name: &loss.loss,
            values,
            train_seconds,
            collapsed: loss.collapsed(),
            collapsed_after: loss.collapsed_after(),
        })
        .collect();
    let evaluation = &results[0].runs[0].evaluation;
    let file = &plan.variants[0].config.data.path;
    conclude(&Findings {
        metric: &plan.score.name(evaluation.figures.knn.k),
        unequal: plan.unequal(),
        tuned: &plan.tuned_on_evaluation_images(),
        seeds: &plan.seeds,
        losses: &losses,
        diverged,
        data: DataUsed {
            file,
            train,
            unseen: evaluation.unseen,
            validation: evaluation.queries,
            sample: file.ends_with(SHIPPED_SAMPLE),
        },
    })
}
