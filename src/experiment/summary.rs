//! The figures of a comparison: each metric of each loss over the seeds, and the differences.

use serde::Serialize;

use super::{Estimate, Finished, LossRuns, estimate, paired_difference};
use super::{Standing, standings};
use crate::eval::KnnMetrics;
use crate::report::table::Table;

/// All metrics of all losses.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The losses in the order of the columns; the first is what the others are measured against.
    pub losses: Vec<String>,
    /// Runs of each loss that ended with all images at nearly one point.
    pub collapsed: Vec<usize>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// One row a metric.
    pub metrics: Vec<MetricRow>,
}

/// One metric of every loss.
#[derive(Debug, Clone, Serialize)]
pub struct MetricRow {
    /// Its name as it is shown.
    pub metric: String,
    /// Value of each run: per loss, per seed.
    pub values: Vec<Vec<f64>>,
    /// Over the seeds, per loss.
    pub losses: Vec<Estimate>,
    /// The losses from the best to the worst, each against the best; empty where higher is not
    /// better.
    pub standings: Vec<Standing>,
    /// Second and later losses minus the first, seed by seed; empty where that means nothing.
    pub differences: Vec<Estimate>,
    /// The k, where the metric is recall@k.
    #[serde(skip)]
    recall_at: Option<usize>,
    /// How values are shown.
    #[serde(skip)]
    unit: Unit,
}

/// Losses whose figures and differences fit beside each other.
const SIDE_BY_SIDE: usize = 3;

/// How a metric's values are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Percent,
    Share,
    Nats,
    Seconds,
}

impl Summary {
    /// Puts the figures of all runs together.
    pub fn new(results: &[LossRuns]) -> Summary {
        let first = &results[0].runs;
        Summary {
            losses: results.iter().map(|loss| loss.loss.clone()).collect(),
            collapsed: results.iter().map(LossRuns::collapsed).collect(),
            seeds: first.iter().map(|run| run.seed).collect(),
            metrics: metrics(&first[0]).iter().filter_map(|metric| metric.row(results)).collect(),
        }
    }

    /// Recall@k of each loss.
    pub fn recall(&self) -> Vec<RecallOfLoss> {
        let at = |k: usize| self.metrics.iter().find(|row| row.recall_at == Some(k));
        let largest = self.metrics.iter().filter_map(|row| row.recall_at).max().unwrap_or(0);
        let of_loss = |loss: usize| {
            let estimates = || (1..=largest).map(|k| at(k).map(|row| &row.losses[loss]));
            let means = estimates().map(|e| e.map_or(f64::NAN, |e| e.mean)).collect();
            let nowhere = (f64::NAN, f64::NAN);
            let interval = |e: Option<&Estimate>| e.map_or(Some(nowhere), |e| e.interval);
            RecallOfLoss { means, intervals: estimates().map(interval).collect() }
        };
        (0..self.losses.len()).map(of_loss).collect()
    }

    /// mean ± standard deviation of each loss, and the differences with their 95 % intervals.
    ///
    /// A few losses stand side by side, a row a metric; many below each other, without the
    /// differences, which the conclusion tells of the best.
    pub fn table(&self) -> Table {
        if self.losses.len() <= SIDE_BY_SIDE { self.by_metric() } else { self.by_loss() }
    }

    /// The losses' names, with a mark where runs collapsed.
    fn marked(&self) -> impl Iterator<Item = String> + '_ {
        self.losses.iter().zip(&self.collapsed).map(|(loss, collapsed)| {
            match (collapsed, self.seeds.len()) {
                (0, _) => loss.clone(),
                (1, 1) => format!("{loss} (collapsed)"),
                (some, all) => format!("{loss} ({some} of {all} collapsed)"),
            }
        })
    }

    fn by_loss(&self) -> Table {
        let metrics = self.metrics.iter().map(|row| row.metric.clone());
        let mut table = Table::new(std::iter::once("loss".to_owned()).chain(metrics));
        for (place, loss) in self.marked().enumerate() {
            let values = self.metrics.iter().map(|row| row.unit.value(&row.losses[place]));
            table.push(std::iter::once(loss).chain(values));
        }
        table
    }

    fn by_metric(&self) -> Table {
        let mut header = vec!["metric".to_owned()];
        header.extend(self.marked());
        header.extend(self.losses[1..].iter().map(|loss| format!("{loss} − {}", self.losses[0])));
        let mut table = Table::new(header);
        for row in &self.metrics {
            let values = row.losses.iter().map(|e| row.unit.value(e));
            let differences = row.differences.iter().map(|e| row.unit.difference(e));
            table.push(std::iter::once(row.metric.clone()).chain(values).chain(differences));
        }
        table
    }
}

/// Recall@k of one loss over the seeds; position 0 is k = 1.
pub struct RecallOfLoss {
    /// Means; no number at a k that was not asked for.
    pub means: Vec<f64>,
    /// 95 % intervals of the means, where there are several seeds.
    pub intervals: Option<Vec<(f64, f64)>>,
}

/// The value of a metric in one run; none where the run lacks it.
type Value = dyn Fn(&Finished) -> Option<f64>;

/// A figure that every run has.
struct Metric {
    name: String,
    unit: Unit,
    recall_at: Option<usize>,
    value: Box<Value>,
}

impl Metric {
    fn new(
        name: impl Into<String>,
        unit: Unit,
        value: impl Fn(&Finished) -> Option<f64> + 'static,
    ) -> Metric {
        Metric { name: name.into(), unit, recall_at: None, value: Box::new(value) }
    }

    fn recall(k: usize) -> Metric {
        let value = move |run: &Finished| {
            run.evaluation.figures.recall.at.iter().find(|at| at.k == k).map(|at| at.recall)
        };
        let metric = Metric::new(format!("recall@{k}, %"), Unit::Percent, value);
        Metric { recall_at: Some(k), ..metric }
    }

    /// The other losses against the first. KL has none: it tells how faithful a map is to its own
    /// embedding, and those of two losses are not the same.
    fn differences(&self, values: &[Vec<f64>]) -> Vec<Estimate> {
        match self.unit {
            Unit::Nats => Vec::new(),
            _ => values[1..].iter().map(|v| paired_difference(v, &values[0])).collect(),
        }
    }

    /// The row of this metric; none where a run lacks it.
    fn row(&self, results: &[LossRuns]) -> Option<MetricRow> {
        let of_loss = |loss: &LossRuns| loss.runs.iter().map(&self.value).collect();
        let values: Vec<Vec<f64>> = results.iter().map(of_loss).collect::<Option<_>>()?;
        Some(MetricRow {
            metric: self.name.clone(),
            losses: values.iter().map(|v| estimate(v)).collect(),
            differences: self.differences(&values),
            standings: match self.unit {
                Unit::Percent | Unit::Share => standings(&values),
                Unit::Nats | Unit::Seconds => Vec::new(),
            },
            values,
            recall_at: self.recall_at,
            unit: self.unit,
        })
    }
}

/// The metrics in the order in which they are shown.
fn metrics(run: &Finished) -> Vec<Metric> {
    let percent = |name: &str, value: fn(&KnnMetrics) -> f64| {
        Metric::new(name, Unit::Percent, move |run: &Finished| {
            Some(value(&run.evaluation.figures.knn))
        })
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
    list.extend(run.evaluation.figures.recall.at.iter().map(|at| Metric::recall(at.k)));
    list.extend(metrics_of_all());
    list
}

/// Those of classes that were not trained on: each image is a query against all others.
fn metrics_of_unseen(run: &Finished) -> Vec<Metric> {
    let hit = |k: usize| {
        Metric::new(format!("hit@{k}, %"), Unit::Percent, move |run: &Finished| {
            let hits = &run.evaluation.figures.retrieval.hits;
            hits.iter().find(|hit| hit.k == k).map(|hit| hit.share)
        })
    };
    let hits = &run.evaluation.figures.retrieval.hits;
    let mut list: Vec<Metric> = hits.iter().map(|at| hit(at.k)).collect();
    list.push(Metric::new("R-precision, %", Unit::Percent, |run| {
        Some(run.evaluation.figures.retrieval.r_precision)
    }));
    list.extend(metrics_of_all());
    list
}

/// Those that every evaluation has.
fn metrics_of_all() -> Vec<Metric> {
    let mut list = vec![Metric::new("MAP@R, %", Unit::Percent, |run: &Finished| {
        Some(run.evaluation.figures.retrieval.map_at_r)
    })];
    let nmi = |run: &Finished| Some(run.evaluation.figures.clusters.nmi);
    list.push(Metric::new("NMI of k-means", Unit::Share, nmi));
    let kl = |run: &Finished| run.evaluation.tsne.as_ref().map(|tsne| tsne.kl);
    list.push(Metric::new("t-SNE KL, nats", Unit::Nats, kl));
    let seconds = |run: &Finished| {
        // Once is enough: test images are looked at after the same training.
        run.evaluation.images_sha256.is_none().then(|| run.history.seconds())
    };
    list.push(Metric::new("train time, s", Unit::Seconds, seconds));
    list
}

impl Unit {
    fn number(self, value: f64) -> String {
        match self {
            Unit::Percent => format!("{:.2}", 100.0 * value),
            Unit::Share | Unit::Nats => format!("{value:.3}"),
            Unit::Seconds => format!("{value:.1}"),
        }
    }

    fn value(self, estimate: &Estimate) -> String {
        match estimate.standard_deviation {
            Some(sd) => format!("{} ± {}", self.number(estimate.mean), self.number(sd)),
            None => self.number(estimate.mean),
        }
    }

    fn difference(self, estimate: &Estimate) -> String {
        let signed = |value: f64| {
            let number = self.number(value.abs());
            let is_zero = number.chars().all(|c| matches!(c, '0' | '.'));
            let sign = if is_zero {
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
    fn values_have_their_spread_and_differences_their_sign_and_interval() {
        let of = |values: &[f64]| estimate(values);
        assert_eq!(Unit::Percent.value(&of(&[0.79, 0.80])), "79.50 ± 0.71");
        assert_eq!(Unit::Percent.value(&of(&[0.79])), "79.00");
        assert_eq!(Unit::Seconds.difference(&of(&[-3.0])), "−3.0");
        assert_eq!(Unit::Nats.value(&of(&[0.25])), "0.250");
        // Two equal differences: an interval of no width; what rounds to zero has no sign.
        assert_eq!(Unit::Percent.difference(&of(&[-1e-9, -1e-9])), "0.00 [0.00, 0.00]");
        let difference = Unit::Percent.difference(&paired_difference(&[0.9, 0.8], &[0.7, 0.7]));
        // 15 ± t(1, 0.975) · sd/√2 = 15 ± 12.706 · 5
        assert_eq!(difference, "+15.00 [−48.53, +78.53]");
    }

    /// A summary of losses of which the second collapsed under one seed of two.
    fn summary(losses: &[&str]) -> Summary {
        let row = MetricRow {
            metric: "1-NN accuracy, %".to_owned(),
            values: losses.iter().map(|_| vec![0.79, 0.80]).collect(),
            losses: losses.iter().map(|_| estimate(&[0.79, 0.80])).collect(),
            differences: losses[1..].iter().map(|_| estimate(&[0.0, 0.0])).collect(),
            standings: Vec::new(),
            recall_at: None,
            unit: Unit::Percent,
        };
        let collapsed = (0..losses.len()).map(|place| usize::from(place == 1)).collect();
        let losses = losses.iter().map(|loss| (*loss).to_owned()).collect();
        Summary { losses, collapsed, seeds: vec![1, 2], metrics: vec![row] }
    }

    #[test]
    fn few_losses_stand_side_by_side_and_many_below_each_other() {
        let few = summary(&["a", "b"]).table();
        assert_eq!(few.header, ["metric", "a", "b (1 of 2 collapsed)", "b − a"]);
        let many = summary(&["a", "b", "c", "d"]).table();
        assert_eq!(many.header, ["loss", "1-NN accuracy, %"]);
        assert_eq!(many.rows[1], ["b (1 of 2 collapsed)", "79.50 ± 0.71"]);
        assert_eq!(many.rows.len(), 4);
    }
}
