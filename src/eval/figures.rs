//! All metrics of labelled embeddings, with one search for those that need neighbours.

use serde::{Deserialize, Serialize};

use super::knn_metrics::from_votes;
use super::metrics::ranked_means;
use super::ranked::{Wanted, depth, retrieve_among, retrieve_watched};
use super::{
    Clusters, Distances, EvalConfig, KnnMetrics, Retrieval, RetrievalTask, VoteTopK, Watch,
    cluster, distances,
};
use crate::error::Result;

/// All metrics of an evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Classification by nearest neighbours.
    pub knn: KnnMetrics,
    /// Vote top-k accuracy (the tutorial's recall@k); earlier versions wrote it as `recall`.
    #[serde(alias = "recall")]
    pub vote_top_k: VoteTopK,
    /// Recall@k, R-precision and MAP@R.
    pub retrieval: Retrieval,
    /// Agreement of k-means clusters with the classes. `None` if the settings disable it, or if the
    /// queries have fewer than two classes, with which any clustering would agree.
    pub clusters: Option<Clusters>,
    /// Distances within and between classes, and the spread of the embeddings.
    pub distances: Distances,
}

impl Figures {
    /// The same with undefined metrics as `None`, which earlier versions wrote as 0.
    pub fn without_undefined(mut self) -> Figures {
        if self.retrieval.queries == 0 {
            self.knn = self.knn.undefined();
            self.vote_top_k = self.vote_top_k.undefined();
            self.retrieval = self.retrieval.undefined();
        }
        self.clusters = self.clusters.filter(|clusters| clusters.clusters > 1);
        if self.distances.embeddings < 2 {
            self.distances.relative_spread = None;
        }
        self
    }

    /// Computes all metrics; the seed is for k-means and for sampling queries. If there are fewer
    /// references than voters, all of them vote. `watch` shows the stages.
    ///
    /// # Errors
    /// There is no query or no reference; an embedding value is NaN, infinite or too large; the user
    /// pressed Ctrl-C.
    pub fn of(
        task: &RetrievalTask,
        config: &EvalConfig,
        seed: u64,
        watch: &Watch,
    ) -> Result<Figures> {
        let (knn, vote_top_k, retrieval) = metrics_from_neighbours(task, config, watch)?;
        let evaluated = task.evaluated();
        let has_two = evaluated.labels.iter().any(|&label| label != evaluated.labels[0]);
        let clusters = config.clusters && has_two;
        let clusters = clusters.then(|| cluster(evaluated, seed, watch)).transpose()?;
        watch.check()?;
        watch.show("distances");
        let distances = distances(evaluated, seed);
        Ok(Figures { knn, vote_top_k, retrieval, clusters, distances })
    }
}

/// Up to this many neighbours per query, one search for all metrics is faster than ranking all
/// references. On 20,000 points, searching 200 instead of 10 neighbours costs half the time of the
/// ranking in 64 dimensions, and a quarter in 512.
const DEEPEST: usize = 300;

/// Neighbours of all queries that a search may store: 200 MB.
const MOST_NEIGHBOURS: usize = 8 << 20;

/// The metrics of [`knn_metrics`](super::knn_metrics()) and [`retrieve`](super::retrieve), from one
/// search if few neighbours are enough.
fn metrics_from_neighbours(
    task: &RetrievalTask,
    config: &EvalConfig,
    watch: &Watch,
) -> Result<(KnnMetrics, VoteTopK, Retrieval)> {
    task.check()?;
    let config = &config.fitted(task.available());
    let (references, queries) = (&task.references, task.queries.as_ref());
    let wanted = Wanted { ks: &config.recall_at, means: &ranked_means() };
    let needed = config.neighbours_needed();
    let depth = depth(references, queries, &config.recall_at).max(needed);
    if depth > DEEPEST || depth * task.evaluated().labels.len() > MOST_NEIGHBOURS {
        let neighbours = task.neighbours(needed, watch)?;
        let (knn, vote_top_k) = from_votes(&neighbours, task, config);
        let retrieval = retrieve_watched(references, queries, wanted, watch)?;
        return Ok((knn, vote_top_k, retrieval));
    }
    let neighbours = task.neighbours(depth, watch)?;
    let (knn, vote_top_k) = from_votes(&neighbours, task, config);
    let retrieval = retrieve_among(&neighbours, references, queries, wanted);
    Ok((knn, vote_top_k, retrieval))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::ranked::RankedMean;
    use crate::eval::{LabelledEmbeddings, knn_metrics};
    use crate::random::{Purpose, generator};
    use ndarray::Array2;
    use rand::RngExt;
    use rand::seq::SliceRandom;

    /// 1,000 points around ten centres, and their classes.
    fn clusters(stream: u64) -> (Array2<f32>, Vec<i64>) {
        let mut random = generator(5, Purpose::Sample, stream);
        let labels: Vec<i64> = (0..1000).map(|i| i % 10).collect();
        let points = Array2::from_shape_fn((1000, 10), |(i, j)| {
            let centre = if labels[i] == j as i64 { 5.0 } else { 0.0 };
            centre + random.random_range(-1.0..1.0)
        });
        (points, labels)
    }

    fn accuracy(reference_labels: &[i64], config: &EvalConfig) -> (KnnMetrics, VoteTopK) {
        let (references, _) = clusters(0);
        let (queries, labels) = clusters(1);
        let references =
            LabelledEmbeddings { embeddings: references.view(), labels: reference_labels };
        let queries = LabelledEmbeddings { embeddings: queries.view(), labels: &labels };
        knn_metrics(&RetrievalTask { references, queries: Some(queries), classes: 10 }, config)
            .unwrap()
    }

    #[test]
    fn clusters_are_classified_and_shuffled_labels_give_chance() {
        let (_, mut labels) = clusters(0);
        let config = EvalConfig::default();
        let (knn, vote_top_k) = accuracy(&labels, &config);
        assert_eq!((knn.accuracy, knn.macro_f1), (Some(1.0), Some(1.0)));
        assert!(vote_top_k.at.iter().all(|at| at.accuracy == Some(1.0)));
        labels.shuffle(&mut generator(6, Purpose::Sample, 0));
        let (knn, vote_top_k) = accuracy(&labels, &config);
        assert!((knn.accuracy.unwrap() - 0.1).abs() < 0.04, "{:?}", knn.accuracy);
        assert!((vote_top_k.at[4].accuracy.unwrap() - 0.5).abs() < 0.1, "{:?}", vote_top_k.at);
    }

    #[test]
    fn knn_and_voters_are_independent_of_each_other() {
        let (_, labels) = clusters(0);
        for (knn, voters) in [(1, 10), (15, 3)] {
            let config = EvalConfig { knn, voters, ..EvalConfig::default() };
            let (metrics, vote_top_k) = accuracy(&labels, &config);
            assert_eq!((metrics.k, vote_top_k.voters), (knn, voters));
        }
    }

    #[test]
    fn with_fewer_references_than_voters_all_of_them_vote() {
        let points = Array2::<f32>::zeros((3, 2));
        let part = || LabelledEmbeddings { embeddings: points.view(), labels: &[0, 1, 1] };
        for (queries, most) in [(Some(part()), 3), (None, 2)] {
            let task = RetrievalTask { references: part(), queries, classes: 2 };
            let config = EvalConfig { knn: 7, voters: 4, ..EvalConfig::default() };
            let (knn, vote_top_k) = knn_metrics(&task, &config).unwrap();
            assert_eq!((knn.k, vote_top_k.voters), (most, most));
        }
    }

    #[test]
    fn one_search_gives_the_same_figures_as_separate_ones() {
        let (points, labels) = clusters(2);
        for count in [200, 1000] {
            // A class of 20 needs few neighbours; one of 400 exceeds the limit for one search.
            let labels: Vec<i64> = match count {
                200 => labels[..count].to_vec(),
                _ => labels.iter().map(|&label| (label / 4).min(1)).collect(),
            };
            let embeddings = points.slice(ndarray::s![..count, ..]);
            let references = || LabelledEmbeddings { embeddings, labels: &labels };
            let task = RetrievalTask { references: references(), queries: None, classes: 10 };
            let config = EvalConfig { knn: 3, ..EvalConfig::default() };
            let figures = Figures::of(&task, &config, 1, &Watch::default()).unwrap();
            let (knn, vote_top_k) = knn_metrics(&task, &config).unwrap();
            let wanted = Wanted { ks: &config.recall_at, means: &ranked_means() };
            let retrieval = crate::eval::retrieve(&references(), None, wanted).unwrap();
            assert_eq!((figures.knn, figures.vote_top_k), (knn, vote_top_k));
            assert_eq!(figures.retrieval, retrieval);
        }
    }

    #[test]
    fn metrics_are_undefined_if_no_query_has_a_reference_of_its_class() {
        let points = ndarray::array![[0.0_f32], [1.0], [5.0], [9.0]];
        let part = |labels| LabelledEmbeddings { embeddings: points.view(), labels };
        let distinct = RetrievalTask { references: part(&[0, 1, 2, 3]), queries: None, classes: 4 };
        let others = RetrievalTask {
            references: part(&[0; 4]),
            queries: Some(part(&[1, 2, 1, 2])),
            classes: 3,
        };
        for task in [distinct, others] {
            let figures = Figures::of(&task, &EvalConfig::default(), 1, &Watch::default()).unwrap();
            let Figures { knn, vote_top_k, retrieval, .. } = &figures;
            let all = [knn.accuracy, knn.macro_precision, knn.macro_recall, knn.macro_f1];
            assert_eq!(all, [None; 4]);
            assert!(vote_top_k.at.iter().all(|at| at.accuracy.is_none()));
            assert!(retrieval.recall_at.iter().all(|at| at.recall.is_none()));
            for RankedMean { key, .. } in ranked_means() {
                assert_eq!((retrieval.means.has(key), retrieval.means.get(key)), (true, None));
            }
            assert_eq!((retrieval.queries, retrieval.left_out), (0, 4));
            let text = serde_json::to_string(&figures).unwrap();
            assert!(!text.contains("-0.0"), "{text}");
            assert_eq!(serde_json::from_str::<Figures>(&text).unwrap(), figures);
        }
    }

    #[test]
    fn an_interrupt_ends_every_stage_and_disabled_clusters_are_not_computed() {
        let (points, labels) = clusters(3);
        let references = LabelledEmbeddings { embeddings: points.view(), labels: &labels };
        let task = RetrievalTask { references, queries: None, classes: 10 };
        let config = EvalConfig::default();
        for stage in ["neighbours", "ranking", "k-means"] {
            let interrupt = crate::runtime::Interrupt::default();
            let show = |shown: &str| {
                if shown.starts_with(stage) {
                    interrupt.request();
                }
            };
            let watch = Watch::new(&interrupt, &show);
            // Each class has 100 images, so ranking is a separate stage only for a large k.
            let recall_at = if stage == "ranking" { vec![500] } else { vec![1] };
            let config = EvalConfig { recall_at, ..config.clone() };
            let stopped = Figures::of(&task, &config, 1, &watch).unwrap_err();
            assert!(matches!(stopped, crate::error::Error::Interrupted(_)), "{stage}: {stopped}");
        }
        let config = EvalConfig { clusters: false, ..config };
        assert_eq!(Figures::of(&task, &config, 1, &Watch::default()).unwrap().clusters, None);
    }

    #[test]
    fn missing_queries_and_missing_references_are_errors() {
        let (points, none) = (Array2::<f32>::zeros((1, 2)), Array2::<f32>::zeros((0, 2)));
        let one = || LabelledEmbeddings { embeddings: points.view(), labels: &[0] };
        let empty = || LabelledEmbeddings { embeddings: none.view(), labels: &[] };
        let message = |references, queries| {
            let task = RetrievalTask { references, queries, classes: 1 };
            Figures::of(&task, &EvalConfig::default(), 1, &Watch::default())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(message(one(), Some(empty())), "there are no images to evaluate");
        let alone = "there are no other images to look for neighbours among";
        assert_eq!([message(one(), None), message(empty(), Some(one()))], [alone, alone]);
    }

    #[test]
    fn a_reference_does_not_vote_for_itself() {
        // Two equal points of one class, and one point of each other class: only the equal ones have a
        // nearest neighbour of their class, whichever comes first.
        let points = ndarray::array![[0.0_f32], [0.0], [5.0], [9.0], [14.0]];
        let references = LabelledEmbeddings { embeddings: points.view(), labels: &[1, 1, 0, 2, 3] };
        let task = RetrievalTask { references, queries: None, classes: 4 };
        let config = EvalConfig { voters: 4, ..EvalConfig::default() };
        let figures = Figures::of(&task, &config, 1, &Watch::default()).unwrap();
        assert_eq!(
            (figures.knn.accuracy, figures.vote_top_k.at[0].accuracy),
            (Some(0.4), Some(0.4))
        );
        assert_eq!(
            (figures.retrieval.queries, figures.retrieval.means.get("map_at_r")),
            (2, Some(1.0))
        );
    }
}
