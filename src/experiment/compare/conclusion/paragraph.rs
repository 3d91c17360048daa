//! The sentences of a conclusion, in their order.

use super::collapse::collapse;
use super::findings::{DataUsed, Findings, LossFindings};
use super::pair::two;
use super::phrases::{mean_of, over_seeds};
use super::several::{chances, many};
use super::times::times;
use crate::experiment::compare::ranking::rank;
use crate::run::diverged_message;
use crate::stats::{Ends, Estimate, SHARES, estimate, from_to, percent};
use crate::words::{count, grouped, things};

/// The sentence about unequal budgets.
const UNEQUAL: &str = "The training budgets differ (epochs, steps or images), so this compares budgets \
                       as well as losses.";

/// The conclusion from the findings.
///
/// With more than two losses, each is compared with the one that has the highest mean.
///
/// # Panics
/// Without a loss or a seed, or if a loss does not have one value per seed: a bug.
pub fn conclude(findings: &Findings<'_>) -> String {
    let values: Vec<Vec<f64>> = findings.losses.iter().map(|loss| loss.values.to_vec()).collect();
    let standings = rank(&values);
    let ranked: Vec<LossFindings> =
        standings.iter().map(|standing| findings.losses[standing.loss]).collect();
    let (best, others) = ranked.split_first().expect("at least one loss");
    let mut sentences = vec![match others {
        [] => alone(findings, best),
        [other] => two(findings, best, other),
        others => many(findings, best, others, &standings[1..]),
    }];
    sentences.extend(diverged_message(findings.diverged));
    sentences.extend(collapse(findings.losses));
    sentences.extend(chances(findings, &standings));
    if findings.unequal {
        sentences.push(UNEQUAL.to_owned());
    }
    let chosen = |(name, seed): &(&str, u64)| {
        format!(
            "{name} was tuned on the validation images of seed {seed}, so its result there is \
             optimistic: leave {seed} out of --seeds."
        )
    };
    sentences.extend(findings.tuned.iter().map(chosen));
    sentences.extend(times(best, others));
    sentences.push(data(findings));
    sentences.join(" ")
}

fn alone(findings: &Findings<'_>, only: &LossFindings<'_>) -> String {
    let Estimate { mean, interval, .. } = estimate(only.values).with(Ends::Clipped, SHARES);
    let (name, metric, over) = (only.name, mean_of(findings), over_seeds(findings));
    let interval = interval.map_or(String::new(), |(low, high)| {
        format!(" (95 % interval {} to {})", percent(low), percent(high))
    });
    format!(
        "{over}, {name} reached a {metric} of {}{interval}; with one loss there is nothing to compare.",
        percent(mean)
    )
}

fn data(findings: &Findings<'_>) -> String {
    let DataUsed { file, train, validation, unseen, sample } = findings.data;
    let image = |number| things(number, "image");
    let (training, measured) = (from_to(train), count(validation, "validation image"));
    let images = match unseen {
        true => format!(
            "{training} training {} and {} of unseen classes of {file}",
            image(train.1),
            grouped(validation)
        ),
        false if train.1 == 1 || validation == 1 => {
            format!("{training} training {} and {measured} of {file}", image(train.1))
        }
        false => format!("{training} training and {measured} of {file}"),
    };
    let remark = if sample { ", the shipped sample; results on the full set differ" } else { "" };
    format!("Measured on {images}{remark}.")
}
