//! The metrics of a comparison, and how their values are shown.

use serde::{Deserialize, Deserializer, Serialize};

use super::ranking::{RankedLoss, rank, ranks_all};
use super::results::{Finished, LossRuns};
use crate::eval::{KnnMetrics, LARGEST_K};
use crate::stats::{
    DIFFERENCES, Ends, Estimate, SHARES, estimate, is_within, paired_difference,
    rows_with_nulls_as_nan,
};
use crate::words::{MISSING, decimals, rounded};

/// How a metric's values are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    Percent,
    Share,
    Nats,
    Seconds,
}

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
        let range @ (low, high) = self.unit.range();
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

/// The value of a metric in one run, if the run has it.
type Value = dyn Fn(&Finished) -> Option<f64>;

/// A metric of runs.
pub struct Metric {
    name: String,
    unit: Unit,
    vote_top: Option<usize>,
    value: Box<Value>,
}

impl Metric {
    fn new(
        name: impl Into<String>,
        unit: Unit,
        value: impl Fn(&Finished) -> Option<f64> + 'static,
    ) -> Metric {
        Metric { name: name.into(), unit, vote_top: None, value: Box::new(value) }
    }

    /// Vote top-k accuracy.
    fn vote_top(k: usize) -> Metric {
        let value = move |run: &Finished| {
            run.evaluation.figures.vote_top_k.at.iter().find(|at| at.k == k)?.accuracy
        };
        let metric = Metric::new(format!("vote top-{k}, %"), Unit::Percent, value);
        Metric { vote_top: Some(k), ..metric }
    }

    /// Paired differences of the other losses from the first. None for KL, which measures how well a
    /// map represents its own embedding: it cannot be compared between embeddings.
    fn differences(&self, values: &[Vec<f64>]) -> Vec<Estimate> {
        match self.unit {
            Unit::Nats => Vec::new(),
            _ => values[1..].iter().map(|v| paired_difference(v, &values[0])).collect(),
        }
    }

    /// The row of this metric, with NaN for runs that lack it; `None` if no run has it.
    pub fn row(&self, results: &[LossRuns]) -> Option<MetricRow> {
        let value = |run: &Finished| (self.value)(run).unwrap_or(f64::NAN);
        let of_loss = |loss: &LossRuns| loss.runs.iter().map(value).collect();
        let values: Vec<Vec<f64>> = results.iter().map(of_loss).collect();
        let has_values = values.iter().flatten().any(|value| !value.is_nan());
        has_values.then(|| MetricRow {
            metric: self.name.clone(),
            losses: values.iter().map(|v| estimate(v)).collect(),
            differences: self.differences(&values),
            standings: match self.unit {
                Unit::Percent | Unit::Share => rank(&values),
                Unit::Nats | Unit::Seconds => Vec::new(),
            },
            values,
            vote_top: self.vote_top,
            unit: self.unit,
        })
    }
}

/// The metrics in the order of the table.
pub fn metrics(run: &Finished) -> Vec<Metric> {
    let percent = |name: &str, value: fn(&KnnMetrics) -> Option<f64>| {
        Metric::new(name, Unit::Percent, move |run: &Finished| value(&run.evaluation.figures.knn))
    };
    if run.evaluation.unseen {
        return metrics_of_unseen(run);
    }
    let mut list = vec![
        percent(&format!("{}-NN accuracy, %", run.evaluation.figures.knn.k), |knn| knn.accuracy),
        percent("macro precision, %", |knn| knn.macro_precision),
        percent("macro recall, %", |knn| knn.macro_recall),
        percent("macro F1, %", |knn| knn.macro_f1),
    ];
    list.extend(run.evaluation.figures.vote_top_k.at.iter().map(|at| Metric::vote_top(at.k)));
    list.extend(metrics_of_all());
    list
}

/// The metrics for unseen classes, where each image is a query against all others.
fn metrics_of_unseen(run: &Finished) -> Vec<Metric> {
    let recall = |k: usize| {
        Metric::new(format!("Recall@{k}, %"), Unit::Percent, move |run: &Finished| {
            let all = &run.evaluation.figures.retrieval.recall_at;
            all.iter().find(|at| at.k == k)?.recall
        })
    };
    let all = &run.evaluation.figures.retrieval.recall_at;
    let mut list: Vec<Metric> = all.iter().map(|at| recall(at.k)).collect();
    list.push(Metric::new("R-precision, %", Unit::Percent, |run| {
        run.evaluation.figures.retrieval.r_precision
    }));
    list.extend(metrics_of_all());
    list
}

/// The metrics that every evaluation has.
fn metrics_of_all() -> Vec<Metric> {
    let mut list = vec![Metric::new("MAP@R, %", Unit::Percent, |run: &Finished| {
        run.evaluation.figures.retrieval.map_at_r
    })];
    let nmi = |run: &Finished| run.evaluation.figures.clusters.as_ref().map(|found| found.nmi);
    list.push(Metric::new("NMI of k-means", Unit::Share, nmi));
    let kl = |run: &Finished| run.evaluation.tsne.as_ref()?.kl;
    list.push(Metric::new("t-SNE KL, nats", Unit::Nats, kl));
    let seconds = |run: &Finished| {
        // Not for test images, which are evaluated with the same training.
        run.evaluation.images_sha256.is_none().then(|| run.history.seconds())
    };
    list.push(Metric::new("train time, s", Unit::Seconds, seconds));
    list
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

impl Unit {
    fn number(self, value: f64) -> String {
        match self {
            _ if value.is_nan() => MISSING.to_owned(),
            Unit::Percent => format!("{:.2}", 100.0 * value),
            Unit::Share => format!("{value:.3}"),
            Unit::Nats => decimals(value, 3),
            Unit::Seconds => rounded(value, 1),
        }
    }

    /// The mean, with the standard deviation if there are several seeds.
    pub fn value(self, estimate: &Estimate) -> String {
        match estimate.standard_deviation {
            Some(sd) => format!("{} ± {}", self.number(estimate.mean), self.number(sd)),
            None => self.number(estimate.mean),
        }
    }

    /// The range of possible values.
    pub fn range(self) -> (f64, f64) {
        match self.is_share() {
            true => SHARES,
            // A KL divergence of many points may be slightly below 0 by rounding.
            false => (-1e-6, 1e15),
        }
    }

    /// Whether the values are shares in 0..=1.
    pub fn is_share(self) -> bool {
        matches!(self, Unit::Percent | Unit::Share)
    }

    /// A difference with its sign, and its 95 % interval if there are several seeds.
    pub fn difference(self, estimate: &Estimate, ends: Ends) -> String {
        let estimate = match self.is_share() {
            true => estimate.with(ends, DIFFERENCES),
            false => *estimate,
        };
        let signed = |value: f64| {
            let number = self.number(value.abs());
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
        assert_eq!(Unit::Percent.value(&of(&[0.79, 0.80])), "79.50 ± 0.71");
        assert_eq!(Unit::Percent.value(&of(&[0.79])), "79.00");
        assert_eq!(Unit::Seconds.difference(&of(&[-3.0]), Ends::Clipped), "−3.0");
        assert_eq!(Unit::Nats.value(&of(&[0.25])), "0.250");
        // A value that is missing for one seed leaves neither mean nor difference.
        assert_eq!(Unit::Percent.value(&of(&[0.79, f64::NAN])), "–");
        assert_eq!(Unit::Share.difference(&of(&[f64::NAN, 0.1]), Ends::Clipped), "–");
        // Two equal differences give an interval of zero width; a rounded zero has no sign.
        let percent = |difference: &Estimate| Unit::Percent.difference(difference, Ends::Clipped);
        assert_eq!(percent(&of(&[-1e-9, -1e-9])), "0.00 [0.00, 0.00]");
        let difference = percent(&paired_difference(&[0.9, 0.8], &[0.7, 0.7]));
        // 15 ± t(1, 0.975) · sd/√2 = 15 ± 12.706 · 5
        assert_eq!(difference, "+15.00 [−48.53, +78.53]");
        // 40 ± t(1, 0.975) · 10; seconds are not clipped.
        let wide = paired_difference(&[0.9, 0.8], &[0.4, 0.5]);
        assert_eq!(percent(&wide), "+40.00 [−87.06, +100.00]");
        assert_eq!(Unit::Percent.difference(&wide, Ends::Computed), "+40.00 [−87.06, +167.06]");
        assert_eq!(Unit::Seconds.difference(&wide, Ends::Clipped), "+0.4 [−0.9, +1.7]");
    }
}
