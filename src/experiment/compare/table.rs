//! The tables of a comparison that show its losses ranked, and the captions of all tables.

use super::comparison::{Comparison, Tested};
use super::ranking::{RankedLoss, no_ranks, ranking_table};
use super::summary::Summary;
use crate::eval::{METRICS, Metric};
use crate::report::table::Table;
use crate::stats::{CLIPPED, Ends, from_to};
use crate::words::{count, things};

impl Comparison {
    /// The data, seeds and notation of the tables, in a sentence.
    pub fn caption(&self) -> String {
        let seeds: Vec<String> = self.summary.seeds.iter().map(u64::to_string).collect();
        let spread = match seeds.len() {
            1 => "one run per loss",
            _ => "mean ± standard deviation, differences with 95 % t-intervals",
        };
        let clipped = clipping_note(&self.summary, &self.standings);
        let images = match self.unseen() {
            true => {
                let training = things(self.train.1, "image");
                format!("{training}, {} of unseen classes", count(self.validation, "image"))
            }
            false => format!("and {}", count(self.validation, "validation image")),
        };
        let tutorial = self.tutorial_names();
        format!(
            "{}: {} training {images}; {} {}; {spread}{clipped}{tutorial}",
            self.data,
            from_to(self.train),
            things(seeds.len(), "seed"),
            seeds.join(", "),
        )
    }

    /// What the tutorial calls metrics of the table, if it has another name for them.
    fn tutorial_names(&self) -> String {
        let shown = METRICS.iter().filter(|metric| metric.is_compared(self.unseen()));
        let told = |metric: &Metric| {
            metric.tutorial.map(|name| format!("; {} is the tutorial's {name}", metric.name(None)))
        };
        shown.filter_map(told).collect()
    }

    /// The losses ranked by the metric that decides; `None` for a single loss.
    pub fn ranking_table(&self) -> Option<Table> {
        self.table_of(&self.standings, Ends::Clipped)
    }

    /// Why the ranking has no probabilities of ranks, if there are too few seeds.
    pub fn no_ranks(&self) -> Option<String> {
        no_ranks(self.summary.seeds.len()).filter(|_| self.standings.len() > 1)
    }

    /// The ranking on the test images.
    pub fn test_ranking_table(&self) -> Option<Table> {
        self.test.as_ref().and_then(|test| self.table_of(&test.standings, Ends::Clipped))
    }

    pub(super) fn table_of(&self, standings: &[RankedLoss], ends: Ends) -> Option<Table> {
        let Summary { losses, diverged, .. } = &self.summary;
        let table = || ranking_table(&self.score, (losses, diverged), standings, ends);
        (standings.len() > 1).then(table)
    }

    /// The test images, in a sentence.
    pub fn test_caption(&self, test: &Tested) -> String {
        let seen = test.seen.as_ref().map_or(String::new(), |seen| format!(". {seen}"));
        format!(
            "On {} of {}, evaluated after all runs were finished and used for no choice{}{seen}:",
            count(test.images, "test image"),
            test.data,
            clipping_note(&test.summary, &test.standings)
        )
    }
}

/// The note about clipped intervals, if there are any.
fn clipping_note(summary: &Summary, standings: &[RankedLoss]) -> String {
    let clipped = summary.exceeds_range() || standings.iter().any(RankedLoss::exceeds_range);
    if clipped { format!("; intervals {CLIPPED}") } else { String::new() }
}
