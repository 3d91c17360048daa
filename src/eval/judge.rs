//! All figures of embeddings with labels, those of neighbours from one search.

use std::collections::HashMap;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::knn::nearest_watched;
use super::ranked::{depth, retrieve_among, retrieve_watched};
use super::{
    ClassMetrics, Clusters, ConfusionMatrix, Distances, EvalConfig, Neighbours, RecallAtK,
    Retrieval, Watch, cluster, distances, recall_at, vote,
};
use crate::error::{Error, Result};

/// Embeddings and the classes of their images.
pub struct Labelled<'a> {
    /// `[N, E]`.
    pub embeddings: ArrayView2<'a, f32>,
    /// `[N]`, values in 0..C.
    pub labels: &'a [i64],
}

impl<'a> Labelled<'a> {
    /// Embeddings `[N, E]` with the classes of their images `[N]`.
    pub fn new(embeddings: &'a Array2<f32>, labels: &'a [i64]) -> Labelled<'a> {
        Labelled { embeddings: embeddings.view(), labels }
    }
}

/// Classification by the vote of the k nearest references.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnnMetrics {
    /// Neighbours that vote.
    pub k: usize,
    /// Share of the queries whose class was found; none, as the three means, where no query has a
    /// reference of its class, so that none could be.
    pub accuracy: Option<f64>,
    /// Mean of the classes' precision.
    pub macro_precision: Option<f64>,
    /// Mean of the classes' recall.
    pub macro_recall: Option<f64>,
    /// Mean of the classes' F1.
    pub macro_f1: Option<f64>,
    /// The same for each class; empty where there is no accuracy.
    pub per_class: Vec<ClassMetrics>,
    /// True classes down, predicted across.
    pub confusion: ConfusionMatrix,
}

/// What is measured against what.
pub struct Trial<'a> {
    /// Where the neighbours come from.
    pub references: Labelled<'a>,
    /// What is evaluated; without queries each reference is one, against all others.
    pub queries: Option<Labelled<'a>>,
    /// Number of classes C.
    pub classes: usize,
}

impl<'a> Trial<'a> {
    /// The embeddings that are evaluated.
    pub fn asked(&self) -> &Labelled<'a> {
        self.queries.as_ref().unwrap_or(&self.references)
    }

    /// Refuses a trial with nothing to measure.
    ///
    /// # Errors
    /// No query or no reference.
    fn check(&self) -> Result<()> {
        match (self.asked().labels.len(), self.available()) {
            (0, _) => Err(Error::Other("there are no images to evaluate".to_owned())),
            (_, 0) => Err(Error::Other(
                "there are no other images to look for neighbours among".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    /// References that a query is measured against.
    pub fn available(&self) -> usize {
        self.references.labels.len().saturating_sub(usize::from(self.queries.is_none()))
    }

    /// The `k` nearest references of each query, itself left out where it is one.
    fn neighbours(&self, k: usize, watch: &Watch) -> Result<Neighbours> {
        let references = self.references.embeddings;
        match &self.queries {
            Some(queries) => nearest_watched(references, queries.embeddings, k, watch),
            None => Ok(nearest_watched(references, references, k + 1, watch)?.without_self()),
        }
    }
}

impl KnnMetrics {
    /// The same where no query could be told right: the counts are there, no figure is.
    fn without(self) -> KnnMetrics {
        let none = None;
        let (accuracy, macro_precision, macro_recall, macro_f1) = (none, none, none, none);
        let per_class = Vec::new();
        KnnMetrics { accuracy, macro_precision, macro_recall, macro_f1, per_class, ..self }
    }
}

/// All figures of embeddings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Classification by nearest neighbours.
    pub knn: KnnMetrics,
    /// Recall@k over classes ranked by the votes of neighbours.
    pub recall: RecallAtK,
    /// hit@k, R-precision and MAP@R.
    pub retrieval: Retrieval,
    /// Agreement of k-means clusters with the classes; none where the settings leave it out, or where
    /// the queries are of fewer than two classes, which any clusters would agree with.
    pub clusters: Option<Clusters>,
    /// Distances within and between classes, and how much the embeddings spread.
    pub distances: Distances,
}

impl Figures {
    /// The same without figures that do not exist, which earlier versions wrote as 0.
    pub fn existing(mut self) -> Figures {
        if self.retrieval.queries == 0 {
            (self.knn, self.recall) = (self.knn.without(), self.recall.without());
            self.retrieval = self.retrieval.without();
        }
        self.clusters = self.clusters.filter(|clusters| clusters.clusters > 1);
        if self.distances.embeddings < 2 {
            self.distances.relative_spread = None;
        }
        self
    }

    /// Computes every figure; the seed is for k-means and for samples of many queries. Where there
    /// are fewer references than voters, all of them vote. `watch` shows what is computed.
    ///
    /// # Errors
    /// No query or no reference; embeddings that are not finite; the user asked to stop.
    pub fn of(trial: &Trial, config: &EvalConfig, seed: u64, watch: &Watch) -> Result<Figures> {
        let (knn, recall, retrieval) = judge_and_retrieve(trial, config, watch)?;
        let asked = trial.asked();
        let has_two = asked.labels.iter().any(|&label| label != asked.labels[0]);
        let clusters = config.clusters && has_two;
        let clusters = clusters.then(|| cluster(asked, seed, watch)).transpose()?;
        watch.check()?;
        watch.show("distances");
        Ok(Figures { knn, recall, retrieval, clusters, distances: distances(asked, seed) })
    }
}

/// Neighbours of a query up to which one search for all figures is faster than a ranking of all
/// references: on 20,000 points, 200 neighbours instead of 10 cost the search half of what the
/// ranking takes in 64 dimensions, and a quarter in 512.
const DEEPEST: usize = 300;

/// Neighbours of all queries that a search may keep: 200 MB.
const MOST_NEIGHBOURS: usize = 8 << 20;

/// The figures of [`judge`] and [`retrieve`](super::retrieve), from one search where few
/// neighbours are enough.
fn judge_and_retrieve(
    trial: &Trial,
    config: &EvalConfig,
    watch: &Watch,
) -> Result<(KnnMetrics, RecallAtK, Retrieval)> {
    trial.check()?;
    let config = &config.fitted(trial.available());
    let (references, queries) = (&trial.references, trial.queries.as_ref());
    let depth = depth(references, queries, &config.hits_at).max(config.voters());
    if depth > DEEPEST || depth * trial.asked().labels.len() > MOST_NEIGHBOURS {
        let neighbours = trial.neighbours(config.voters(), watch)?;
        let (knn, recall) = votes(&neighbours, trial, config);
        let retrieval = retrieve_watched(references, queries, &config.hits_at, watch)?;
        return Ok((knn, recall, retrieval));
    }
    let neighbours = trial.neighbours(depth, watch)?;
    let (knn, recall) = votes(&neighbours, trial, config);
    Ok((knn, recall, retrieve_among(&neighbours, references, queries, &config.hits_at)))
}

/// Finds the neighbours of all queries among the references and computes what their votes give;
/// where there are fewer references than voters, all of them vote.
///
/// # Errors
/// No query or no reference; embeddings that are not finite.
pub fn judge(trial: &Trial, config: &EvalConfig) -> Result<(KnnMetrics, RecallAtK)> {
    trial.check()?;
    let config = config.fitted(trial.available());
    Ok(votes(&trial.neighbours(config.voters(), &Watch::default())?, trial, &config))
}

/// What the votes of the nearest of these neighbours give.
fn votes(neighbours: &Neighbours, trial: &Trial, config: &EvalConfig) -> (KnnMetrics, RecallAtK) {
    let (labels, truth, classes) = (trial.references.labels, trial.asked().labels, trial.classes);
    let knn = classify(&neighbours.first(config.knn), labels, truth, classes);
    let voters = neighbours.first(config.recall_voters);
    let recall = recall_at(&voters, labels, truth, classes, &config.recall_at);
    let queries = trial.queries.as_ref().map(|queries| queries.labels);
    if is_answerable(labels, queries) { (knn, recall) } else { (knn.without(), recall.without()) }
}

/// Whether any query has a reference of its class; without one there is nothing to find. Without
/// queries each reference is one, and is itself left out.
///
/// # Shapes
/// references `[N]`, queries `[Q]`: classes
pub fn is_answerable(references: &[i64], queries: Option<&[i64]>) -> bool {
    let mut counts = HashMap::new();
    references.iter().for_each(|label| *counts.entry(label).or_insert(0) += 1);
    let itself = usize::from(queries.is_none());
    let has_one = |label| counts.get(label).is_some_and(|&count| count > itself);
    queries.unwrap_or(references).iter().any(has_one)
}

fn classify(neighbours: &Neighbours, labels: &[i64], truth: &[i64], classes: usize) -> KnnMetrics {
    let confusion = ConfusionMatrix::new(truth, &vote(neighbours, labels, classes), classes);
    KnnMetrics {
        k: neighbours.k(),
        accuracy: Some(confusion.accuracy()),
        macro_precision: Some(confusion.macro_precision()),
        macro_recall: Some(confusion.macro_recall()),
        macro_f1: Some(confusion.macro_f1()),
        per_class: confusion.per_class(),
        confusion,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator};
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

    fn accuracy(reference_labels: &[i64], config: &EvalConfig) -> (KnnMetrics, RecallAtK) {
        let (references, _) = clusters(0);
        let (queries, labels) = clusters(1);
        let references = Labelled { embeddings: references.view(), labels: reference_labels };
        let queries = Labelled { embeddings: queries.view(), labels: &labels };
        judge(&Trial { references, queries: Some(queries), classes: 10 }, config).unwrap()
    }

    #[test]
    fn clusters_are_recognised_and_shuffled_labels_are_guessing() {
        let (_, mut labels) = clusters(0);
        let config = EvalConfig::default();
        let (knn, recall) = accuracy(&labels, &config);
        assert_eq!((knn.accuracy, knn.macro_f1), (Some(1.0), Some(1.0)));
        assert!(recall.at.iter().all(|at| at.recall == Some(1.0)));
        labels.shuffle(&mut generator(6, Purpose::Sample, 0));
        let (knn, recall) = accuracy(&labels, &config);
        assert!((knn.accuracy.unwrap() - 0.1).abs() < 0.04, "{:?}", knn.accuracy);
        assert!((recall.at[4].recall.unwrap() - 0.5).abs() < 0.1, "{:?}", recall.at);
    }

    #[test]
    fn both_numbers_of_voters_are_heeded_whichever_is_larger() {
        let (_, labels) = clusters(0);
        for (knn, recall_voters) in [(1, 10), (15, 3)] {
            let config = EvalConfig { knn, recall_voters, ..EvalConfig::default() };
            let (metrics, recall) = accuracy(&labels, &config);
            assert_eq!((metrics.k, recall.voters), (knn, recall_voters));
        }
    }

    #[test]
    fn of_fewer_references_than_voters_all_vote_and_the_figures_say_how_many() {
        let points = Array2::<f32>::zeros((3, 2));
        let part = || Labelled { embeddings: points.view(), labels: &[0, 1, 1] };
        for (queries, most) in [(Some(part()), 3), (None, 2)] {
            let trial = Trial { references: part(), queries, classes: 2 };
            let config = EvalConfig { knn: 7, recall_voters: 4, ..EvalConfig::default() };
            let (knn, recall) = judge(&trial, &config).unwrap();
            assert_eq!((knn.k, recall.voters), (most, most));
        }
    }

    #[test]
    fn one_search_gives_what_votes_and_retrieval_give_alone_whichever_way_it_goes() {
        let (points, labels) = clusters(2);
        for count in [200, 1000] {
            // A class of 20 needs few neighbours; one of 400 more than a search for all is for.
            let labels: Vec<i64> = match count {
                200 => labels[..count].to_vec(),
                _ => labels.iter().map(|&label| (label / 4).min(1)).collect(),
            };
            let embeddings = points.slice(ndarray::s![..count, ..]);
            let references = || Labelled { embeddings, labels: &labels };
            let trial = Trial { references: references(), queries: None, classes: 10 };
            let config = EvalConfig { knn: 3, ..EvalConfig::default() };
            let figures = Figures::of(&trial, &config, 1, &Watch::default()).unwrap();
            let (knn, recall) = judge(&trial, &config).unwrap();
            let retrieval = crate::eval::retrieve(&references(), None, &config.hits_at).unwrap();
            assert_eq!((figures.knn, figures.recall), (knn, recall));
            assert_eq!(figures.retrieval, retrieval);
        }
    }

    #[test]
    fn where_no_query_has_a_reference_of_its_class_no_figure_of_neighbours_exists() {
        let points = ndarray::array![[0.0_f32], [1.0], [5.0], [9.0]];
        let part = |labels| Labelled { embeddings: points.view(), labels };
        let distinct = Trial { references: part(&[0, 1, 2, 3]), queries: None, classes: 4 };
        let others =
            Trial { references: part(&[0; 4]), queries: Some(part(&[1, 2, 1, 2])), classes: 3 };
        for trial in [distinct, others] {
            let figures =
                Figures::of(&trial, &EvalConfig::default(), 1, &Watch::default()).unwrap();
            let Figures { knn, recall, retrieval, .. } = &figures;
            let all = [knn.accuracy, knn.macro_precision, knn.macro_recall, knn.macro_f1];
            assert_eq!(all, [None; 4]);
            assert!(recall.at.iter().all(|at| at.recall.is_none()));
            assert!(retrieval.hits.iter().all(|hit| hit.share.is_none()));
            assert_eq!((retrieval.r_precision, retrieval.map_at_r), (None, None));
            assert_eq!((retrieval.queries, retrieval.left_out), (0, 4));
            let text = serde_json::to_string(&figures).unwrap();
            assert!(!text.contains("-0.0"), "{text}");
            assert_eq!(serde_json::from_str::<Figures>(&text).unwrap(), figures);
        }
    }

    #[test]
    fn a_wish_to_stop_ends_every_stage_and_what_is_left_out_is_not_computed() {
        let (points, labels) = clusters(3);
        let references = Labelled { embeddings: points.view(), labels: &labels };
        let trial = Trial { references, queries: None, classes: 10 };
        let config = EvalConfig::default();
        for stage in ["neighbours", "ranking", "k-means"] {
            let interrupt = crate::runtime::Interrupt::default();
            let show = |shown: &str| {
                if shown.starts_with(stage) {
                    interrupt.request();
                }
            };
            let watch = Watch::new(&interrupt, &show);
            // Each class has 100 images, so only a large k makes ranking a stage of its own.
            let hits_at = if stage == "ranking" { vec![500] } else { vec![1] };
            let config = EvalConfig { hits_at, ..config.clone() };
            let stopped = Figures::of(&trial, &config, 1, &watch).unwrap_err();
            assert!(matches!(stopped, crate::error::Error::Interrupted(_)), "{stage}: {stopped}");
        }
        let config = EvalConfig { clusters: false, ..config };
        assert_eq!(Figures::of(&trial, &config, 1, &Watch::default()).unwrap().clusters, None);
    }

    #[test]
    fn nothing_to_evaluate_and_nothing_to_compare_with_are_errors() {
        let (points, none) = (Array2::<f32>::zeros((1, 2)), Array2::<f32>::zeros((0, 2)));
        let one = || Labelled { embeddings: points.view(), labels: &[0] };
        let empty = || Labelled { embeddings: none.view(), labels: &[] };
        let told = |references, queries| {
            let trial = Trial { references, queries, classes: 1 };
            Figures::of(&trial, &EvalConfig::default(), 1, &Watch::default())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(told(one(), Some(empty())), "there are no images to evaluate");
        let alone = "there are no other images to look for neighbours among";
        assert_eq!([told(one(), None), told(empty(), Some(one()))], [alone, alone]);
    }

    #[test]
    fn without_queries_no_reference_votes_for_itself() {
        // Two of a class at one place, and one of each other class: only the twins have a voter of
        // their own class nearest, whichever of them comes first.
        let points = ndarray::array![[0.0_f32], [0.0], [5.0], [9.0], [14.0]];
        let references = Labelled { embeddings: points.view(), labels: &[1, 1, 0, 2, 3] };
        let trial = Trial { references, queries: None, classes: 4 };
        let config = EvalConfig { recall_voters: 4, ..EvalConfig::default() };
        let figures = Figures::of(&trial, &config, 1, &Watch::default()).unwrap();
        assert_eq!((figures.knn.accuracy, figures.recall.at[0].recall), (Some(0.4), Some(0.4)));
        assert_eq!((figures.retrieval.queries, figures.retrieval.map_at_r), (2, Some(1.0)));
    }
}
