//! What is declared about a metric.

use super::unit::Unit;
use crate::eval::cluster::Clusters;
use crate::eval::distances::Distances;
use crate::eval::knn_metrics::KnnMetrics;
use crate::eval::ranked::Ranking;

/// A number that an evaluation gives, declared once for every table, file and flag that has it.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its key in JSON; `--metric` has it as [`cli_name`](Metric::cli_name). That of a family contains `{k}`.
    pub key: &'static str,
    /// Its name for people, without unit. `{k}` is a family's k, or the number of voters.
    pub name: &'static str,
    /// How values are shown and what they can be.
    pub unit: Unit,
    /// Whether a higher value is the better one.
    pub better: Better,
    /// Where its value comes from.
    pub value: Value,
    /// The comparisons that have a row for it.
    pub compared: Compared,
    /// Its name at the head of a column of runs, if the name depends on a run's settings.
    pub column: Option<&'static str>,
    /// What the tutorial calls it, if that differs.
    pub tutorial: Option<&'static str>,
}

/// Which values are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    Higher,
    Lower,
    /// Neither: two losses cannot be ranked by it.
    Neither,
}

/// Which comparisons have a row for a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    Always,
    /// If the images to evaluate are of classes that were trained on.
    SeenClasses,
    /// If they are of classes that were not.
    UnseenClasses,
    Never,
}

/// Where a value comes from, which is also what has to be computed for it.
#[derive(Debug, Clone, Copy)]
pub enum Value {
    /// The classification by the votes of the nearest neighbours.
    Votes(fn(&KnnMetrics) -> Option<f64>),
    /// A family: vote top-k accuracy for each k of `eval.vote_top`.
    VoteTop,
    /// A family: Recall@k for each k of `eval.recall_at`.
    RecallAt,
    /// The mean over the queries of a value of each query's ranking; in JSON under `retrieval`.
    Ranked(fn(&Ranking) -> f64),
    /// k-means clusters.
    Clusters(fn(&Clusters) -> f64),
    /// Distances within and between classes.
    Distances(fn(&Distances) -> Option<f64>),
    /// The t-SNE of the evaluated images.
    Tsne,
    /// The t-SNE of the training images.
    TrainTsne,
    /// The training.
    TrainSeconds,
}

impl Metric {
    /// What a metric has that declares nothing else: in percent, higher is better, shown everywhere under
    /// one name.
    pub const DEFAULT: Metric = Metric {
        key: "",
        name: "",
        unit: Unit::Percent,
        better: Better::Higher,
        value: Value::Ranked(|_| 0.0),
        compared: Compared::Always,
        column: None,
        tutorial: None,
    };

    /// Its key at a k; the k is ignored unless it is a family.
    pub fn key(&self, k: Option<usize>) -> String {
        with_k(self.key, k)
    }

    /// Its key as `--metric` takes it: `map@r`, `recall@1`, `macro-f1`.
    pub fn cli_name(&self, k: Option<usize>) -> String {
        self.key(k).replace("_at_", "@").replace('_', "-")
    }

    /// Its name at a k: `Recall@1`, `1-NN accuracy`.
    pub fn name(&self, k: Option<usize>) -> String {
        with_k(self.name, k)
    }

    /// Its name with its unit, at the head of a column of several runs: `accuracy, %`.
    pub fn column(&self) -> String {
        self.unit.named(self.column.unwrap_or(self.name))
    }

    /// Whether it is one metric for each k of a setting.
    pub fn is_family(&self) -> bool {
        self.key.contains(K)
    }

    /// Whether it needs the nearest neighbours of the queries.
    pub fn is_of_neighbours(&self) -> bool {
        matches!(self.value, Value::Votes(_) | Value::VoteTop | Value::RecallAt | Value::Ranked(_))
    }

    /// Whether a comparison can be decided by it: in percent, higher is better.
    pub fn decides(&self) -> bool {
        self.unit == Unit::Percent && self.better == Better::Higher
    }

    /// Whether a comparison has a row for it.
    pub fn is_compared(&self, unseen: bool) -> bool {
        match self.compared {
            Compared::Always => true,
            Compared::SeenClasses => !unseen,
            Compared::UnseenClasses => unseen,
            Compared::Never => false,
        }
    }
}

/// What stands for k in keys and names.
pub const K: &str = "{k}";

/// A key or name at a k, or of all k: `Recall@1`, `Recall@k`.
fn with_k(text: &str, k: Option<usize>) -> String {
    text.replace(K, &k.map_or("k".to_owned(), |k| k.to_string()))
}
