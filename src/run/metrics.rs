//! The metrics of a run, for lists of several runs.

use serde::{Serialize, Serializer};

#[cfg(test)]
use crate::eval::HEADLINES;
use crate::eval::{Compared, METRICS, Measured, Metric, TRAIN_TIME};
use crate::evaluation::Evaluation;

/// The metrics of a run; in JSON by their keys, null where the run has none.
#[derive(Debug, Default)]
pub struct Metrics {
    measured: Vec<Measured>,
}

impl Metrics {
    /// Those of an evaluation, if there is one. Classes that were not trained on have no
    /// metrics of votes for classes.
    pub fn of(evaluation: Option<&Evaluation>, unseen: bool) -> Metrics {
        let measured = evaluation.map(|evaluation| evaluation.results().measured());
        let is_shown =
            |found: &Measured| !(unseen && found.metric.compared == Compared::SeenClasses);
        Metrics { measured: measured.into_iter().flatten().filter(is_shown).collect() }
    }

    /// The accuracy of `k` neighbours alone.
    #[cfg(test)]
    pub fn of_accuracy(k: usize, accuracy: f64) -> Metrics {
        let metric = HEADLINES[0];
        Metrics { measured: vec![Measured { metric, k: Some(k), value: Some(accuracy) }] }
    }

    /// Each metric, of a family at each k that the run has.
    pub fn iter(&self) -> impl Iterator<Item = &Measured> {
        self.measured.iter()
    }

    /// The value of a metric without a k.
    pub fn get(&self, metric: &Metric) -> Option<f64> {
        self.by_key(metric.key)
    }

    /// The value under a key.
    pub fn by_key(&self, key: &str) -> Option<f64> {
        self.measured.iter().find(|found| found.key() == key)?.value
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_missing = |metric: &&Metric| {
            let is_there = self.measured.iter().any(|found| found.metric.key == metric.key);
            // Seconds of training are known of runs that are not evaluated, too.
            !is_there && !metric.is_family() && metric.key != TRAIN_TIME.key
        };
        let missing = METRICS.iter().filter(is_missing).map(|metric| (metric.key.to_owned(), None));
        let measured = self.measured.iter().map(|found| (found.key(), found.value));
        serializer.collect_map(measured.chain(missing))
    }
}
