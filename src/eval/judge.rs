//! All figures of embeddings with labels, those of neighbours from one search.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::knn::nearest_watched;
use super::ranked::{depth, retrieve_among, retrieve_watched};
use super::{
    ClassMetrics, Clusters, ConfusionMatrix, Distances, EvalConfig, Neighbours, RecallAtK,
    Retrieval, Watch, cluster, distances, recall_at, vote,
};
use crate::error::Result;

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
    /// Share of the queries whose class was found.
    pub accuracy: f64,
    /// Mean of the classes' precision.
    pub macro_precision: f64,
    /// Mean of the classes' recall.
    pub macro_recall: f64,
    /// Mean of the classes' F1.
    pub macro_f1: f64,
    /// The same for each class.
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

/// All figures of embeddings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Classification by nearest neighbours.
    pub knn: KnnMetrics,
    /// Recall@k over classes ranked by the votes of neighbours.
    pub recall: RecallAtK,
    /// hit@k, R-precision and MAP@R.
    pub retrieval: Retrieval,
    /// Agreement of k-means clusters with the classes, unless the settings leave it out.
    pub clusters: Option<Clusters>,
    /// Distances within and between classes, and how much the embeddings spread.
    pub distances: Distances,
}

impl Figures {
    /// Computes every figure; the seed is for k-means and for samples of many queries. `watch`
    /// shows what is computed.
    ///
    /// # Errors
    /// More voters than there are references; embeddings that are not finite; the user asked to
    /// stop.
    pub fn of(trial: &Trial, config: &EvalConfig, seed: u64, watch: &Watch) -> Result<Figures> {
        let (knn, recall, retrieval) = judge_and_retrieve(trial, config, watch)?;
        let clusters = config.clusters.then(|| cluster(trial.asked(), seed, watch)).transpose()?;
        watch.check()?;
        watch.show("distances");
        Ok(Figures { knn, recall, retrieval, clusters, distances: distances(trial.asked(), seed) })
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
    config.check_references(trial.available())?;
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

/// Finds the neighbours of all queries among the references and computes what their votes give.
///
/// # Errors
/// More voters than there are references; embeddings that are not finite.
pub fn judge(trial: &Trial, config: &EvalConfig) -> Result<(KnnMetrics, RecallAtK)> {
    config.check_references(trial.available())?;
    Ok(votes(&trial.neighbours(config.voters(), &Watch::default())?, trial, config))
}

/// What the votes of the nearest of these neighbours give.
fn votes(neighbours: &Neighbours, trial: &Trial, config: &EvalConfig) -> (KnnMetrics, RecallAtK) {
    let (labels, truth, classes) = (trial.references.labels, trial.asked().labels, trial.classes);
    let knn = classify(&neighbours.first(config.knn), labels, truth, classes);
    let voters = neighbours.first(config.recall_voters);
    (knn, recall_at(&voters, labels, truth, classes, &config.recall_at))
}

fn classify(neighbours: &Neighbours, labels: &[i64], truth: &[i64], classes: usize) -> KnnMetrics {
    let confusion = ConfusionMatrix::new(truth, &vote(neighbours, labels, classes), classes);
    KnnMetrics {
        k: neighbours.k(),
        accuracy: confusion.accuracy(),
        macro_precision: confusion.macro_precision(),
        macro_recall: confusion.macro_recall(),
        macro_f1: confusion.macro_f1(),
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
        assert_eq!((knn.accuracy, knn.macro_f1), (1.0, 1.0));
        assert!(recall.at.iter().all(|at| at.recall == 1.0));
        labels.shuffle(&mut generator(6, Purpose::Sample, 0));
        let (knn, recall) = accuracy(&labels, &config);
        assert!((knn.accuracy - 0.1).abs() < 0.04, "{}", knn.accuracy);
        assert!((recall.at[4].recall - 0.5).abs() < 0.1, "{:?}", recall.at);
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
    fn more_voters_than_references_are_told_with_their_key() {
        let points = Array2::<f32>::zeros((3, 2));
        let part = || Labelled { embeddings: points.view(), labels: &[0, 1, 1] };
        for (queries, most) in [(Some(part()), 3), (None, 2)] {
            let trial = Trial { references: part(), queries, classes: 2 };
            let config = EvalConfig { knn: 1, recall_voters: 4, ..EvalConfig::default() };
            let message = judge(&trial, &config).unwrap_err().to_string();
            let start = format!("eval.recall_voters = 4: must be at most {most}");
            assert!(message.starts_with(&start), "{message}");
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
    fn a_wish_to_stop_ends_every_stage_and_what_is_left_out_is_not_computed() {
        let (points, labels) = clusters(3);
        let references = Labelled { embeddings: points.view(), labels: &labels };
        let trial = Trial { references, queries: None, classes: 10 };
        let config = EvalConfig::default();
        for stage in ["neighbours", "ranking", "k-means"] {
            let interrupt = crate::runtime::Interrupt::default();
            let show = |shown: &str| {
                if shown.starts_with(stage) {
                    interrupt.ask();
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
    fn without_queries_no_reference_votes_for_itself() {
        // Two of a class at one place, and one of each other class: only the twins have a voter of
        // their own class nearest, whichever of them comes first.
        let points = ndarray::array![[0.0_f32], [0.0], [5.0], [9.0], [14.0]];
        let references = Labelled { embeddings: points.view(), labels: &[1, 1, 0, 2, 3] };
        let trial = Trial { references, queries: None, classes: 4 };
        let config = EvalConfig { recall_voters: 4, ..EvalConfig::default() };
        let figures = Figures::of(&trial, &config, 1, &Watch::default()).unwrap();
        assert_eq!((figures.knn.accuracy, figures.recall.at[0].recall), (0.4, 0.4));
        assert_eq!((figures.retrieval.queries, figures.retrieval.map_at_r), (2, 1.0));
    }
}
