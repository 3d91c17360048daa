//! More than two losses: each against the best, and how often each ranks first.

use super::findings::{Findings, LossFindings, NO_SPREAD};
use super::phrases::{mean_of, one_seed, over_seeds};
use crate::experiment::compare::ranking::RankedLoss;
use crate::stats::{
    DIFFERENCES, Ends, LEVEL, listed, mean, p_text, paired_difference, percent, points,
};

/// Maximum number of losses to compare with the best one by one; more would only repeat the table.
pub const MAX_ONE_BY_ONE: usize = 5;

/// Several losses, each against the best.
pub fn many(
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

/// How often each loss ranks first in a bootstrap over the seeds; for at least three losses that have
/// probabilities of ranks.
pub fn chances(findings: &Findings<'_>, standings: &[RankedLoss]) -> Option<String> {
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
