//! The results of a comparison: all metrics of all losses over the seeds, and their differences.

use serde::{Deserialize, Serialize};

use super::metrics::{MetricRow, difference_text, mean_text, metric_rows};
use super::results::LossRuns;
use crate::eval::Unit;
use crate::report::table::Table;
use crate::run::DivergedLoss;
use crate::stats::{DIFFERENCES, Ends, Estimate};
use crate::words::MISSING;

/// All metrics of all losses.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Summary {
    /// The losses in the order of the columns; differences are from the first.
    pub losses: Vec<String>,
    /// Number of collapsed runs of each loss.
    pub collapsed: Vec<usize>,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// One row per metric.
    pub metrics: Vec<MetricRow>,
    /// Losses without results, because they diverged; empty in files of versions that then failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diverged: Vec<DivergedLoss>,
}

/// Maximum number of losses whose values and differences fit side by side.
const MAX_SIDE_BY_SIDE: usize = 3;

impl Summary {
    /// Summarises all runs of losses that finished under every seed.
    pub fn new(results: &[LossRuns], diverged: Vec<DivergedLoss>) -> Summary {
        let first = &results[0].runs;
        Summary {
            losses: results.iter().map(|loss| loss.loss.clone()).collect(),
            collapsed: results.iter().map(LossRuns::collapsed).collect(),
            seeds: first.iter().map(|run| run.seed).collect(),
            metrics: metric_rows(results),
            diverged,
        }
    }

    /// Whether all lists match the losses and seeds and all numbers are possible; a file may have been
    /// edited by hand.
    pub fn fits(&self) -> bool {
        let (losses, seeds) = (self.losses.len(), self.seeds.len());
        let collapsed =
            self.collapsed.len() == losses && self.collapsed.iter().all(|&n| n <= seeds);
        losses > 0
            && seeds > 0
            && collapsed
            && !self.metrics.is_empty()
            && self.metrics.iter().all(|row| row.fits(losses, seeds))
    }

    /// Vote top-k accuracy of each loss.
    pub fn vote_top_k(&self) -> Vec<VoteTopKOfLoss> {
        let at = |k: usize| self.metrics.iter().find(|row| row.vote_top == Some(k));
        let largest = self.metrics.iter().filter_map(|row| row.vote_top).max().unwrap_or(0);
        let of_loss = |loss: usize| {
            let estimates = || (1..=largest).map(|k| at(k).map(|row| &row.losses[loss]));
            let means = estimates().map(|e| e.map_or(f64::NAN, |e| e.mean)).collect();
            let missing = (f64::NAN, f64::NAN);
            let interval = |e: Option<&Estimate>| e.map_or(Some(missing), |e| e.interval);
            VoteTopKOfLoss { means, intervals: estimates().map(interval).collect() }
        };
        (0..self.losses.len()).map(of_loss).collect()
    }

    /// Mean ± standard deviation of each loss, and the differences with their 95 % intervals.
    ///
    /// A few losses are columns, with one row per metric. Many losses are rows, without the differences;
    /// the conclusion has those from the best.
    pub fn table(&self, ends: Ends) -> Table {
        match self.side_by_side() {
            true => self.by_metric(ends),
            false => self.by_loss(&self.metrics.iter().collect::<Vec<_>>()),
        }
    }

    /// The table for people.
    pub fn shown(&self) -> Table {
        self.table(Ends::Clipped)
    }

    fn side_by_side(&self) -> bool {
        self.losses.len() + self.diverged.len() <= MAX_SIDE_BY_SIDE
    }

    /// The table split so that each column has a single unit and can be sorted.
    pub fn tables_by_unit(&self) -> Vec<Table> {
        if !self.side_by_side() {
            return vec![self.shown()];
        }
        let is_percent = |row: &&MetricRow| row.unit == Unit::Percent;
        let (percent, others): (Vec<_>, Vec<_>) = self.metrics.iter().partition(is_percent);
        let rows = percent.into_iter().cloned().collect();
        let mut by_metric = Summary { metrics: rows, ..self.clone() }.by_metric(Ends::Clipped);
        by_metric.header[0] = "metric, %".to_owned();
        for row in &mut by_metric.rows {
            row[0] = row[0].trim_end_matches(", %").to_owned();
        }
        let mut by_loss = self.by_loss(&others);
        for (index, loss) in self.losses.iter().enumerate().skip(1) {
            let difference = |row: &&MetricRow| {
                let of_loss = row.differences.get(index - 1);
                let shown = |e: &Estimate| difference_text(row.unit, e, Ends::Clipped);
                of_loss.map_or("–".to_owned(), shown)
            };
            let name = format!("{loss} − {}", self.losses[0]);
            by_loss.push(std::iter::once(name).chain(others.iter().map(difference)));
        }
        vec![by_metric, by_loss]
    }

    /// Whether an interval in its table exceeds the possible range.
    pub fn exceeds_range(&self) -> bool {
        let mut shares = self.metrics.iter().filter(|row| row.unit.is_share());
        let exceeds = |row: &MetricRow| row.differences.iter().any(|e| e.exceeds(DIFFERENCES));
        self.side_by_side() && shares.any(exceeds)
    }

    /// The names of the losses, with a note if runs collapsed.
    fn marked(&self) -> impl Iterator<Item = String> + '_ {
        self.losses.iter().zip(&self.collapsed).map(|(loss, collapsed)| {
            match (collapsed, self.seeds.len()) {
                (0, _) => loss.clone(),
                (1, 1) => format!("{loss} (collapsed)"),
                (some, all) => format!("{loss} ({some} of {all} collapsed)"),
            }
        })
    }

    fn by_loss(&self, metrics: &[&MetricRow]) -> Table {
        let names = metrics.iter().map(|row| row.metric.clone());
        let mut table = Table::new(std::iter::once("loss".to_owned()).chain(names));
        for (index, loss) in self.marked().enumerate() {
            let values = metrics.iter().map(|row| mean_text(row.unit, &row.losses[index]));
            table.push(std::iter::once(loss).chain(values));
        }
        for name in self.gaps() {
            table.push(std::iter::once(name).chain(metrics.iter().map(|_| MISSING.to_owned())));
        }
        table
    }

    /// The names of the diverged losses, with the number of diverged runs.
    pub fn gaps(&self) -> impl Iterator<Item = String> + '_ {
        self.diverged.iter().map(|loss| format!("{} ({})", loss.loss, loss.shown()))
    }

    fn by_metric(&self, ends: Ends) -> Table {
        let mut header = vec!["metric".to_owned()];
        header.extend(self.marked());
        header.extend(self.gaps());
        header.extend(self.losses[1..].iter().map(|loss| format!("{loss} − {}", self.losses[0])));
        let mut table = Table::new(header);
        for row in &self.metrics {
            let values = row.losses.iter().map(|e| mean_text(row.unit, e));
            let gaps = self.diverged.iter().map(|_| MISSING.to_owned());
            let differences = row.differences.iter().map(|e| difference_text(row.unit, e, ends));
            let cells = values.chain(gaps).chain(differences);
            table.push(std::iter::once(row.metric.clone()).chain(cells));
        }
        table
    }
}

/// Vote top-k accuracy of one loss over the seeds; index 0 is k = 1.
pub struct VoteTopKOfLoss {
    /// Means; NaN for a k that was not requested.
    pub means: Vec<f64>,
    /// 95 % intervals of the means, if there are several seeds.
    pub intervals: Option<Vec<(f64, f64)>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::estimate;

    /// A summary of losses, the second of which collapsed under one of two seeds.
    fn summary(losses: &[&str]) -> Summary {
        let row = MetricRow {
            metric: "1-NN accuracy, %".to_owned(),
            values: losses.iter().map(|_| vec![0.79, 0.80]).collect(),
            losses: losses.iter().map(|_| estimate(&[0.79, 0.80])).collect(),
            differences: losses[1..].iter().map(|_| estimate(&[0.0, 0.0])).collect(),
            standings: Vec::new(),
            vote_top: None,
            unit: Unit::Percent,
        };
        let collapsed = (0..losses.len()).map(|loss| usize::from(loss == 1)).collect();
        let losses = losses.iter().map(|loss| (*loss).to_owned()).collect();
        Summary { losses, collapsed, seeds: vec![1, 2], metrics: vec![row], diverged: Vec::new() }
    }

    #[test]
    fn few_losses_are_columns_and_many_are_rows() {
        let few = summary(&["a", "b"]).table(Ends::Clipped);
        assert_eq!(few.header, ["metric", "a", "b (1 of 2 collapsed)", "b − a"]);
        let many = summary(&["a", "b", "c", "d"]).table(Ends::Clipped);
        assert_eq!(many.header, ["loss", "1-NN accuracy, %"]);
        assert_eq!(many.rows[1], ["b (1 of 2 collapsed)", "79.50 ± 0.71"]);
        assert_eq!(many.rows.len(), 4);
    }

    #[test]
    fn a_diverged_loss_has_a_column_or_row_without_values() {
        let gap = |loss: &str| DivergedLoss {
            loss: loss.to_owned(),
            diverged: Vec::new(),
            finished: vec![Default::default(); 2],
        };
        let mut beside = summary(&["a", "b"]);
        let text = serde_json::to_string(&beside).unwrap();
        assert!(!text.contains("diverged"), "earlier versions did not write it: {text}");
        assert!(serde_json::from_str::<Summary>(&text).unwrap().diverged.is_empty());
        beside.diverged = vec![gap("c")];
        let table = beside.table(Ends::Clipped);
        assert_eq!(
            table.header[2..],
            ["b (1 of 2 collapsed)", "c (diverged in 0 of 2)", "b − a"].map(str::to_owned)
        );
        assert_eq!(table.rows[0][3], "–");
        beside.diverged.push(gap("d"));
        let table = beside.table(Ends::Clipped);
        assert_eq!(table.rows[3], ["d (diverged in 0 of 2)", "–"]);
    }

    #[test]
    fn columns_of_the_tables_in_reports_have_one_unit_each() {
        let mut summary = summary(&["a", "b"]);
        let seconds = MetricRow {
            metric: "train time, s".to_owned(),
            losses: vec![estimate(&[3.0]), estimate(&[4.5])],
            differences: vec![estimate(&[1.5])],
            unit: Unit::Seconds,
            ..summary.metrics[0].clone()
        };
        let nats = MetricRow {
            metric: "t-SNE KL, nats".to_owned(),
            losses: vec![estimate(&[0.5]), estimate(&[0.25])],
            differences: Vec::new(),
            unit: Unit::Nats,
            ..summary.metrics[0].clone()
        };
        summary.metrics.extend([nats, seconds]);
        let [percent, others] = &summary.tables_by_unit()[..] else { panic!("two tables") };
        assert_eq!(percent.header, ["metric, %", "a", "b (1 of 2 collapsed)", "b − a"]);
        assert_eq!(percent.rows.len(), 1);
        assert_eq!(percent.rows[0][..2], ["1-NN accuracy", "79.50 ± 0.71"]);
        assert_eq!(others.header, ["loss", "t-SNE KL, nats", "train time, s"]);
        assert_eq!(others.rows[0], ["a", "0.500", "3.0"]);
        assert_eq!(others.rows[2], ["b − a", "–", "+1.5"]);
    }
}
