//! The values of the metrics in the results of an evaluation.

use super::Figures;
use super::metrics::{METRICS, Metric, Value};
use crate::words::count;

/// What metrics take their values from.
#[derive(Debug, Clone, Copy)]
pub struct Results<'a> {
    pub figures: &'a Figures,
    /// KL divergence of the t-SNE of the evaluated images, if there is a t-SNE.
    pub tsne: Option<Option<f64>>,
    /// The same of the training images.
    pub train_tsne: Option<Option<f64>>,
    /// Seconds of training, if they are to be shown beside the metrics.
    pub train_seconds: Option<f64>,
}

/// The value of a metric; of a family, at one k.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    pub metric: &'static Metric,
    /// The k of a family, or the number of voters.
    pub k: Option<usize>,
    /// `None` if it is undefined.
    pub value: Option<f64>,
}

impl<'a> From<&'a Figures> for Results<'a> {
    /// Results of embeddings alone.
    fn from(figures: &'a Figures) -> Results<'a> {
        Results { figures, tsne: None, train_tsne: None, train_seconds: None }
    }
}

impl Results<'_> {
    /// The values of all metrics; not of those of a t-SNE or of a training that is not there.
    pub fn measured(&self) -> Vec<Measured> {
        METRICS.iter().flat_map(|metric| self.of(metric)).collect()
    }

    /// The values of a metric: of a family, one for each k.
    pub fn of(&self, metric: &'static Metric) -> Vec<Measured> {
        let Figures { knn, vote_top_k, retrieval, clusters, distances } = self.figures;
        let at = |k: Option<usize>, value: Option<f64>| Measured { metric, k, value };
        let one = |value: Option<f64>| vec![at(None, value)];
        let known = |value: Option<Option<f64>>| value.map_or(Vec::new(), one);
        match metric.value {
            // Without an accuracy, no query could be classified correctly: what its confusion matrix
            // would give means nothing.
            Value::Votes(of) => vec![at(Some(knn.k), knn.accuracy.and_then(|_| of(knn)))],
            Value::VoteTop => {
                vote_top_k.at.iter().map(|top| at(Some(top.k), top.accuracy)).collect()
            }
            Value::RecallAt => {
                retrieval.recall_at.iter().map(|top| at(Some(top.k), top.recall)).collect()
            }
            Value::Ranked(_) => one(retrieval.means.get(metric.key)),
            Value::Clusters(of) => one(clusters.as_ref().map(of)),
            Value::Distances(of) => one(of(distances)),
            Value::Tsne => known(self.tsne),
            Value::TrainTsne => known(self.train_tsne),
            Value::TrainSeconds => known(self.train_seconds.map(Some)),
        }
    }

    /// The value of a metric, of a family at `k`; `None` if it is undefined or not measured.
    pub fn value(&self, metric: &'static Metric, k: Option<usize>) -> Option<f64> {
        let is_meant = |found: &Measured| !metric.is_family() || found.k == k;
        self.of(metric).into_iter().find(is_meant)?.value
    }
}

impl Measured {
    /// Its key in JSON.
    pub fn key(&self) -> String {
        self.metric.key(self.k)
    }

    /// Its name without unit: `Recall@1`.
    pub fn name(&self) -> String {
        self.metric.name(self.k)
    }

    /// Its value with its unit.
    pub fn text(&self) -> String {
        self.metric.unit.text(self.value)
    }

    /// What it was computed from, for brackets behind its name: `10 voters`.
    pub fn source(&self, figures: &Figures) -> Option<String> {
        match self.metric.value {
            Value::VoteTop => Some(count(figures.vote_top_k.voters, "voter")),
            Value::RecallAt => Some(format!("any of {} nearest", self.k?)),
            Value::Clusters(_) => Some(count(figures.clusters.as_ref()?.clusters, "cluster")),
            _ => None,
        }
    }
}

impl Figures {
    /// Whether they are without a metric that earlier versions did not compute.
    pub fn lack(&self, metric: &Metric) -> bool {
        matches!(metric.value, Value::Ranked(_)) && !self.retrieval.means.has(metric.key)
    }

    /// Whether they have every metric.
    pub fn have_all(&self) -> bool {
        !METRICS.iter().any(|metric| self.lack(metric))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{EvalConfig, LabelledEmbeddings, RetrievalTask, Watch};

    /// A metric that is computed from the confusion matrix, which is always there.
    static SHARE_OF_RIGHT_VOTES: Metric =
        Metric { value: Value::Votes(|knn| Some(knn.confusion.accuracy())), ..Metric::DEFAULT };

    #[test]
    fn a_metric_of_votes_has_no_value_if_no_query_can_be_classified_correctly() {
        let points = ndarray::array![[0.0_f32], [1.0], [5.0], [6.0]];
        let value = |labels: &[i64]| {
            let references = LabelledEmbeddings::new(&points, labels);
            let task = RetrievalTask { references, queries: None, classes: 4 };
            let figures = Figures::of(&task, &EvalConfig::default(), 1, &Watch::default()).unwrap();
            Results::from(&figures).value(&SHARE_OF_RIGHT_VOTES, None)
        };
        assert_eq!([value(&[0, 0, 1, 1]), value(&[0, 1, 2, 3])], [Some(1.0), None]);
    }
}
