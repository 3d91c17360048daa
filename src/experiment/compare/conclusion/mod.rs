//! The conclusion of a comparison: one paragraph computed from its results.
//!
//! It calls a loss better only if the interval of the paired difference excludes zero (of more than two
//! losses, if the corrected p-value is below 0.05).

use super::ranking::{RankedLoss, rank};
use crate::run::{DivergedLoss, diverged_message};
use crate::stats::{
    DIFFERENCES, Ends, Estimate, LEVEL, SHARES, estimate, from_to, listed, mean, p_text,
    paired_difference, percent, points,
};
use crate::train::collapsed_early;
use crate::words::{count, grouped, rounded, things};

/// The results of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Findings<'a> {
    /// Name of the metric that decides, where higher is better: `1-NN accuracy`.
    pub metric: &'a str,
    /// The seeds, in the order of the values.
    pub seeds: &'a [u64],
    /// The compared losses: at least one, with unique names.
    pub losses: &'a [LossFindings<'a>],
    /// Losses without results, because they diverged.
    pub diverged: &'a [DivergedLoss],
    /// The data.
    pub data: DataUsed<'a>,
    /// Whether the losses trained for different numbers of epochs, steps or images.
    pub unequal: bool,
    /// Losses that were tuned on validation images that also evaluate them here, with the seed.
    pub tuned: &'a [(&'a str, u64)],
}

/// One loss of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossFindings<'a> {
    /// Its name.
    pub name: &'a str,
    /// The metric for each seed, in 0..=1.
    pub values: &'a [f64],
    /// Training time of each run in seconds.
    pub train_seconds: &'a [f64],
    /// Number of runs whose embeddings collapsed to nearly one point.
    pub collapsed: usize,
    /// Training steps of the longest of them.
    pub collapsed_after: usize,
}

/// The data of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DataUsed<'a> {
    /// The file as the user named it.
    pub file: &'a str,
    /// Minimum and maximum number of training images of a run.
    pub train: (usize, usize),
    /// Number of images for evaluation.
    pub validation: usize,
    /// Whether these are of unseen classes.
    pub unseen: bool,
    /// Whether it is the shipped sample instead of the full set.
    pub sample: bool,
}

/// Training times with a smaller ratio are called about equal.
const ABOUT_AS_FAST: f64 = 1.05;
/// A smaller spread comes from rounding, because accuracies differ by whole images.
pub const NO_SPREAD: f64 = 1e-12;
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

fn two(findings: &Findings<'_>, best: &LossFindings<'_>, other: &LossFindings<'_>) -> String {
    let (metric, over) = (mean_of(findings), over_seeds(findings));
    let difference = paired_difference(best.values, other.values);
    let difference = difference.with(Ends::Clipped, DIFFERENCES);
    let (top, next) = (mean(best.values), mean(other.values));
    let means = if difference.mean.abs() < NO_SPREAD {
        format!(
            "{over}, {} and {} reached the same {metric}, {}.",
            best.name,
            other.name,
            percent(top)
        )
    } else {
        format!(
            "{over}, {} reached the higher {metric}: {} against {} of {}, {} points more.",
            best.name,
            percent(top),
            percent(next),
            other.name,
            points(difference.mean)
        )
    };
    format!("{means} {}", verdict(findings, best, other, &difference))
}

/// The verdict on one pair.
fn verdict(
    findings: &Findings<'_>,
    best: &LossFindings<'_>,
    other: &LossFindings<'_>,
    difference: &Estimate,
) -> String {
    let (best, other, seeds) = (best.name, other.name, findings.seeds.len());
    let Some((low, high)) = difference.interval else {
        return one_seed();
    };
    if high - low < NO_SPREAD {
        return format!(
            "The difference is the same for all {seeds} seeds, so there is no spread to compute an \
             interval from: this does not show which loss is better; more seeds (--seeds) may."
        );
    }
    let interval = format!(
        "The 95 % interval of the paired difference is {} to {} points",
        points(low),
        points(high)
    );
    if low > 0.0 {
        format!(
            "{interval} and excludes zero: with these settings and data, {best} is better than \
             {other}."
        )
    } else {
        format!(
            "{interval} and includes zero: these {seeds} seeds do not show which loss is better. The \
             interval is {} points wide; more seeds (--seeds) make it narrower.",
            points(high - low)
        )
    }
}

fn one_seed() -> String {
    "One seed cannot tell a difference from chance; use several with --seeds.".to_owned()
}

/// Several losses, each against the best.
fn many(
    findings: &Findings<'_>,
    best: &LossFindings<'_>,
    others: &[LossFindings<'_>],
    standings: &[RankedLoss],
) -> String {
    let (metric, over) = (mean_of(findings), over_seeds(findings));
    let share = percent(mean(best.values));
    let equal = others.iter().filter(|other| mean_difference(best, other).abs() < NO_SPREAD);
    let leaders: Vec<&str> =
        std::iter::once(best.name).chain(equal.map(|other| other.name)).collect();
    let count = others.len() + 1;
    let mut sentences = vec![match leaders.len() {
        1 => format!(
            "{over}, {} reached the highest {metric} of {count} losses, {share}.",
            best.name
        ),
        all if all == count => {
            format!("{over}, {} reached the same {metric}, {share}.", listed(&leaders))
        }
        _ => format!(
            "{over}, {} reached the same {metric}, {share}, the highest of {count} losses.",
            listed(&leaders)
        ),
    }];
    let behind: Vec<&LossFindings<'_>> =
        others.iter().filter(|other| !leaders.contains(&other.name)).collect();
    if behind.is_empty() && findings.seeds.len() == 1 {
        sentences.push(one_seed());
        return sentences.join(" ");
    }
    if findings.seeds.len() == 1 && others.len() > MAX_ONE_BY_ONE {
        let last = &others[others.len() - 1];
        sentences.push(format!("The lowest is {} with {}.", last.name, percent(mean(last.values))));
        sentences.push(one_seed());
        return sentences.join(" ");
    }
    if findings.seeds.len() == 1 {
        let list = behind.iter().map(|o| format!("{} {}", o.name, percent(mean(o.values))));
        sentences.push(format!("The others: {}.", list.collect::<Vec<_>>().join(", ")));
        sentences.push(one_seed());
        return sentences.join(" ");
    }
    if others.len() > MAX_ONE_BY_ONE {
        sentences.extend(in_groups(&leaders, others, standings));
        return sentences.join(" ");
    }
    let both = others.iter().zip(standings);
    sentences.extend(both.map(|(other, standing)| against(best, other, standing)));
    sentences.push(
        "Better means p below 0.05 after Holm's correction for all pairs of losses; the 95 % intervals \
         are not corrected."
            .to_owned(),
    );
    sentences.join(" ")
}

/// Maximum number of losses to compare with the best one by one; more would only repeat the table.
const MAX_ONE_BY_ONE: usize = 5;

/// Many losses against the best, in two groups: those that are significantly worse, and the others.
fn in_groups(
    leaders: &[&str],
    others: &[LossFindings<'_>],
    standings: &[RankedLoss],
) -> Vec<String> {
    let is_behind = |standing: &RankedLoss| standing.p.is_some_and(|p| p < LEVEL);
    let named = |behind: bool| -> Vec<&str> {
        let both = others.iter().zip(standings);
        let both = both.filter(|(other, _)| !leaders.contains(&other.name));
        both.filter(|(_, s)| is_behind(s) == behind).map(|(other, _)| other.name).collect()
    };
    let (behind, close) = (named(true), named(false));
    let best = leaders[0];
    let mut sentences = Vec::new();
    if !behind.is_empty() {
        let each = if behind.len() == 1 { "" } else { " each of" };
        sentences.push(format!(
            "With these settings and data {best} is better than{each} {} (p below 0.05 after Holm's \
             correction for all pairs of losses).",
            listed(&behind)
        ));
    }
    match close.len() {
        0 => {}
        all if behind.is_empty() && all > 1 => sentences.push(format!(
            "These seeds do not show whether {best} is better than any of the others."
        )),
        _ => sentences.push(format!(
            "These seeds do not show whether {best} is better than {}.",
            listed(&close)
        )),
    }
    sentences.push("The table has the differences with their intervals.".to_owned());
    sentences
}

fn mean_difference(a: &LossFindings<'_>, b: &LossFindings<'_>) -> f64 {
    paired_difference(a.values, b.values).mean
}

/// One of several losses against the best.
fn against(best: &LossFindings<'_>, other: &LossFindings<'_>, standing: &RankedLoss) -> String {
    let difference = standing.behind.expect("it is not the best");
    let difference = difference.with(Ends::Clipped, DIFFERENCES);
    let (low, high) = difference.interval.expect("more than one seed");
    let (name, share) = (other.name, percent(mean(other.values)));
    let head = match difference.mean.abs() < NO_SPREAD {
        true => format!("Against {name} ({share}) the mean of {} is the same", best.name),
        false => format!("Against {name} ({share}) it has {} points more", points(difference.mean)),
    };
    let Some(p) = standing.p.filter(|_| high - low >= NO_SPREAD) else {
        return format!(
            "{head} for every seed, so there is no spread to compute an interval from: inconclusive."
        );
    };
    let (low_end, high_end) = (points(low), points(high));
    let interval = format!("95 % interval of the paired difference {low_end} to {high_end}");
    let p_shown = p_text(p);
    if p < LEVEL {
        format!("{head}, {interval}, {p_shown}: better, with these settings and data.")
    } else {
        format!("{head}, {interval}, {p_shown}: inconclusive.")
    }
}

/// One sentence about all losses with collapsed runs.
fn collapse(losses: &[LossFindings<'_>]) -> Option<String> {
    let collapsed: Vec<&LossFindings<'_>> =
        losses.iter().filter(|loss| loss.collapsed > 0).collect();
    let runs = |loss: &LossFindings<'_>| match (loss.collapsed, loss.values.len()) {
        (1, 1) => "its run".to_owned(),
        (2, 2) => "both its runs".to_owned(),
        (some, all) if some == all => format!("all its {all} runs"),
        (some, all) => format!("{some} of its {all} runs"),
    };
    let list = match collapsed.as_slice() {
        [] => return None,
        [one] => format!("{} collapsed in {}", one.name, runs(one)),
        [first, ..] if collapsed.iter().all(|loss| runs(loss) == runs(first)) => {
            let names: Vec<&str> = collapsed.iter().map(|loss| loss.name).collect();
            let (every, names) = (collapsed.len() == losses.len(), listed(&names));
            match (every, first.values.len()) {
                (true, 1) => "Every loss collapsed".to_owned(),
                (true, _) => format!("Every loss collapsed in {}", runs(first)),
                (false, 1) => format!("{names} collapsed"),
                (false, _) => format!("{names} each collapsed in {}", runs(first)),
            }
        }
        _ => {
            let each: Vec<String> =
                collapsed.iter().map(|loss| format!("{} in {}", loss.name, runs(loss))).collect();
            format!("Collapsed: {}", each.join("; "))
        }
    };
    let results = if collapsed.len() == 1 { "its results" } else { "their results" };
    let loss = if collapsed.len() == 1 { "the loss" } else { "the losses" };
    let early = early(&collapsed);
    Some(format!(
        "{list}: the network maps all images to nearly one point, so {results} show failed training, \
         not what {loss} can do.{early}"
    ))
}

/// The caveat about losses that collapsed after few training steps; empty if there are none.
fn early(collapsed: &[&LossFindings<'_>]) -> String {
    let early: Vec<&LossFindings<'_>> = collapsed
        .iter()
        .copied()
        .filter(|it| collapsed_early(it.collapsed_after).is_some())
        .collect();
    let longest = early.iter().map(|loss| loss.collapsed_after).max().unwrap_or(0);
    let names: Vec<&str> = early.iter().map(|loss| loss.name).collect();
    match collapsed_early(longest).filter(|_| !early.is_empty()) {
        None => String::new(),
        Some(caveat) if early.len() == collapsed.len() => format!(" But {caveat}."),
        Some(caveat) => format!(" But for {}, {caveat}.", listed(&names)),
    }
}

/// How often each loss ranks first in a bootstrap over the seeds; for at least three losses that have
/// probabilities of ranks.
fn chances(findings: &Findings<'_>, standings: &[RankedLoss]) -> Option<String> {
    if findings.losses.len() < 3 {
        return None;
    }
    let mut first: Vec<(f64, &str)> = standings
        .iter()
        .map(|standing| Some((*standing.ranks.first()?, findings.losses[standing.loss].name)))
        .collect::<Option<_>>()?;
    first.retain(|(probability, _)| *probability >= 0.005);
    first.sort_by(|a, b| b.0.total_cmp(&a.0));
    let one = |(chance, name): &(f64, &str)| format!("{name} in {:.0} %", 100.0 * chance);
    let list: Vec<String> = first.iter().map(one).collect();
    Some(format!("Ranked first in a bootstrap over the seeds: {}.", list.join(", ")))
}

/// Training times relative to that of the best, if they were measured.
fn times(best: &LossFindings<'_>, others: &[LossFindings<'_>]) -> Option<String> {
    let base = mean(best.train_seconds);
    if others.is_empty() || base <= 0.0 {
        return None;
    }
    let one = |other: &LossFindings<'_>| {
        let ratio = mean(other.train_seconds) / base;
        let seconds = format!("{} in {} s", other.name, seconds(mean(other.train_seconds)));
        match ratio {
            r if r >= ABOUT_AS_FAST => format!("{seconds} ({r:.1} times as long)"),
            r if r * ABOUT_AS_FAST <= 1.0 => format!("{seconds} ({r:.2} times as long)"),
            _ => format!("{seconds} (about as long)"),
        }
    };
    if others.len() > MAX_ONE_BY_ONE {
        let time = |loss: &&LossFindings<'_>| mean(loss.train_seconds);
        let order = |a: &&LossFindings<'_>, b: &&LossFindings<'_>| time(a).total_cmp(&time(b));
        let ends = [others.iter().min_by(order)?, others.iter().max_by(order)?].map(one);
        let [fastest, slowest] = ends;
        return Some(format!(
            "A run of {} trained in {} s; of the others the fastest was {fastest}, the slowest \
             {slowest}.",
            best.name,
            seconds(base)
        ));
    }
    let others: Vec<String> = others.iter().map(one).collect();
    let (name, base) = (best.name, seconds(base));
    Some(format!("A run of {name} trained in {base} s, {}.", others.join(", ")))
}

/// Seconds with one decimal; below one second, with two.
fn seconds(value: f64) -> String {
    rounded(value, if value < 1.0 { 2 } else { 1 })
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

/// The metric, or its mean if there are several seeds.
fn mean_of(findings: &Findings<'_>) -> String {
    let of_several = if findings.seeds.len() > 1 { "mean " } else { "" };
    format!("{of_several}{}", findings.metric)
}

fn over_seeds(findings: &Findings<'_>) -> String {
    match findings.seeds {
        [seed] => format!("With the single seed {seed}"),
        seeds => format!("Over {} seeds", seeds.len()),
    }
}

#[cfg(test)]
mod tests;
