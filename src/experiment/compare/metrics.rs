//! The metrics of a comparison, and how their values are shown.

use serde::{Deserialize, Deserializer, Serialize};

use super::ranking::{RankedLoss, rank, ranks_all};
use super::results::{Finished, LossRuns};
use crate::eval::{Better, LARGEST_K, METRICS, Measured, Unit, Value};
use crate::stats::{
    DIFFERENCES, Ends, Estimate, SHARES, estimate, is_within, paired_difference,
    rows_with_nulls_as_nan,
};

/// One metric of all losses.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MetricRow {
    /// Its name.
    #[serde(deserialize_with = "current_name")]
    pub metric: String,
    /// Values of the runs, `[loss][seed]`.
    #[serde(deserialize_with = "rows_with_nulls_as_nan")]
    pub values: Vec<Vec<f64>>,
    /// Estimates over the seeds, per loss.
    pub losses: Vec<Estimate>,
    /// The losses ranked best first, each against the best; empty if higher is not better.
    pub standings: Vec<RankedLoss>,
    /// Paired differences of the other losses from the first; empty if they are meaningless.
    pub differences: Vec<Estimate>,
    /// The k, if the metric is vote top-k accuracy.
    #[serde(alias = "recall_at")]
    pub vote_top: Option<usize>,
    /// How values are shown.
    pub unit: Unit,
}

impl MetricRow {
    /// Whether its lists match the numbers of losses and seeds, and its values are possible.
    pub fn fits(&self, losses: usize, seeds: usize) -> bool {
        let range @ (low, high) = range(self.unit);
        let difference_range = (low - high, high - low);
        let of_loss =
            |v: &Vec<f64>| v.len() == seeds && v.iter().all(|&value| is_within(value, range));
        let differences = self.differences.is_empty() || self.differences.len() + 1 == losses;
        self.values.len() == losses
            && self.values.iter().all(of_loss)
            && self.losses.len() == losses
            && self.losses.iter().all(|estimate| estimate.fits(range))
            && differences
            && self.differences.iter().all(|estimate| estimate.fits(difference_range))
            && (self.standings.is_empty() || ranks_all(&self.standings, losses))
            && self.vote_top.is_none_or(|k| (1..=LARGEST_K).contains(&k))
    }
}

/// One row for each metric that comparisons of such runs have, in order. A metric that no run has is
/// left out; a run that lacks it has NaN.
///
/// # Panics
/// If there is no run: a bug.
pub fn metric_rows(results: &[LossRuns]) -> Vec<MetricRow> {
    let first = &results[0].runs[0];
    let compared = METRICS.iter().filter(|metric| metric.is_compared(first.evaluation.unseen));
    let measured = compared.flat_map(|metric| first.results().of(metric));
    measured.filter_map(|measured| row(measured, results)).collect()
}

fn row(Measured { metric, k, .. }: Measured, results: &[LossRuns]) -> Option<MetricRow> {
    let value = |run: &Finished| run.results().value(metric, k).unwrap_or(f64::NAN);
    let of_loss = |loss: &LossRuns| loss.runs.iter().map(value).collect();
    let values: Vec<Vec<f64>> = results.iter().map(of_loss).collect();
    let is_there = values.iter().flatten().any(|value| !value.is_nan());
    let differences = match metric.better {
        Better::Neither => Vec::new(),
        Better::Higher | Better::Lower => {
            values[1..].iter().map(|of| paired_difference(of, &values[0])).collect()
        }
    };
    is_there.then(|| MetricRow {
        metric: metric.unit.named(&metric.name(k)),
        losses: values.iter().map(|v| estimate(v)).collect(),
        differences,
        standings: match metric.better == Better::Higher && metric.unit.is_share() {
            true => rank(&values),
            false => Vec::new(),
        },
        vote_top: k.filter(|_| matches!(metric.value, Value::VoteTop)),
        unit: metric.unit,
        values,
    })
}

/// Deserializes the name of a metric, which may be from an earlier version.
pub fn current_name<'de, D: Deserializer<'de>>(file: D) -> Result<String, D::Error> {
    let name = String::deserialize(file)?;
    Ok(match (name.strip_prefix("hit@"), name.strip_prefix("recall@")) {
        (Some(k), _) => format!("Recall@{k}"),
        (_, Some(k)) => format!("vote top-{k}"),
        _ => name,
    })
}

/// The mean, with the standard deviation if there are several seeds.
pub fn mean_text(unit: Unit, estimate: &Estimate) -> String {
    match estimate.standard_deviation {
        Some(sd) => format!("{} ± {}", unit.number(estimate.mean), unit.number(sd)),
        None => unit.number(estimate.mean),
    }
}

/// The range of possible values.
fn range(unit: Unit) -> (f64, f64) {
    match unit {
        Unit::Percent | Unit::Share => SHARES,
        Unit::Number => (-1e15, 1e15),
        // A KL divergence of many points may be slightly below 0 by rounding.
        Unit::Length | Unit::Nats | Unit::Seconds => (-1e-6, 1e15),
    }
}

/// A difference with its sign, and its 95 % interval if there are several seeds.
pub fn difference_text(unit: Unit, estimate: &Estimate, ends: Ends) -> String {
    let estimate = match unit.is_share() {
        true => estimate.with(ends, DIFFERENCES),
        false => *estimate,
    };
    let signed = |value: f64| {
        let number = unit.number(value.abs());
        let is_zero = number.chars().all(|c| matches!(c, '0' | '.'));
        let sign = if is_zero || value.is_nan() {
            ""
        } else if value < 0.0 {
            "−"
        } else {
            "+"
        };
        format!("{sign}{number}")
    };
    match estimate.interval {
        Some((low, high)) => {
            format!("{} [{}, {}]", signed(estimate.mean), signed(low), signed(high))
        }
        None => signed(estimate.mean),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metric_names_of_earlier_versions_are_read_as_the_current_ones() {
        let read = |name: &str| current_name(serde_json::json!(name)).unwrap();
        assert_eq!(read("hit@1, %"), "Recall@1, %");
        assert_eq!(read("recall@5, %"), "vote top-5, %");
        assert_eq!(read("Recall@1, %"), "Recall@1, %");
        assert_eq!(read("1-NN accuracy"), "1-NN accuracy");
    }

    #[test]
    fn values_have_their_spread_and_differences_their_sign_and_interval() {
        let of = |values: &[f64]| estimate(values);
        assert_eq!(mean_text(Unit::Percent, &of(&[0.79, 0.80])), "79.50 ± 0.71");
        assert_eq!(mean_text(Unit::Percent, &of(&[0.79])), "79.00");
        assert_eq!(difference_text(Unit::Seconds, &of(&[-3.0]), Ends::Clipped), "−3.0");
        assert_eq!(mean_text(Unit::Nats, &of(&[0.25])), "0.250");
        // A value that is missing for one seed leaves neither mean nor difference.
        assert_eq!(mean_text(Unit::Percent, &of(&[0.79, f64::NAN])), "–");
        assert_eq!(difference_text(Unit::Share, &of(&[f64::NAN, 0.1]), Ends::Clipped), "–");
        // Two equal differences give an interval of zero width; a rounded zero has no sign.
        let percent =
            |difference: &Estimate| difference_text(Unit::Percent, difference, Ends::Clipped);
        assert_eq!(percent(&of(&[-1e-9, -1e-9])), "0.00 [0.00, 0.00]");
        let difference = percent(&paired_difference(&[0.9, 0.8], &[0.7, 0.7]));
        // 15 ± t(1, 0.975) · sd/√2 = 15 ± 12.706 · 5
        assert_eq!(difference, "+15.00 [−48.53, +78.53]");
        // 40 ± t(1, 0.975) · 10; seconds are not clipped.
        let wide = paired_difference(&[0.9, 0.8], &[0.4, 0.5]);
        assert_eq!(percent(&wide), "+40.00 [−87.06, +100.00]");
        assert_eq!(
            difference_text(Unit::Percent, &wide, Ends::Computed),
            "+40.00 [−87.06, +167.06]"
        );
        assert_eq!(difference_text(Unit::Seconds, &wide, Ends::Clipped), "+0.4 [−0.9, +1.7]");
    }
}
