//! Two losses: which reached more, and whether the interval of the paired difference excludes zero.

use super::findings::{Findings, LossFindings, NO_SPREAD};
use super::phrases::{mean_of, one_seed, over_seeds};
use crate::stats::{DIFFERENCES, Ends, Estimate, mean, paired_difference, percent, points};

pub fn two(findings: &Findings<'_>, best: &LossFindings<'_>, other: &LossFindings<'_>) -> String {
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
