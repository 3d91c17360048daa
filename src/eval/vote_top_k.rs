//! Vote top-k accuracy: is the true class among the k that the votes of neighbours rank highest?
//!
//! The tutorial's exercise 4 calls it recall@k. It is not the
//! [Recall@k](super::Retrieval::recall_at) of the metric-learning literature, which asks whether any of the k nearest neighbours has the query's
//! class and so grows with every neighbour that is added. Here the number of voters is fixed and
//! k counts classes.
//!
//! The exercise ranks classes by scikit-learn's `predict_proba`, where classes with equally many
//! votes, those with none among them, come in the order of an argsort: a class without a single
//! vote can fill up the top k and count as found. Here a tie goes to the class whose nearest voter
//! is nearer, and a class without a vote is not ranked and never counts. Where no two classes have
//! equally many votes and every class has one, both rankings are the same.

use serde::{Deserialize, Serialize};

use super::{Neighbours, ranking};

/// Vote top-k accuracy for several k.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoteTopK {
    /// Number of voting neighbours.
    pub voters: usize,
    /// One value per k, in the order of the settings.
    pub at: Vec<TopKAccuracy>,
}

/// Vote top-k accuracy at one k.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TopKAccuracy {
    /// Number of top-ranked classes.
    pub k: usize,
    /// Share of queries whose true class is among them, in 0..=1; `None` if no query has a reference
    /// of its class.
    #[serde(alias = "recall")]
    pub accuracy: Option<f64>,
}

impl VoteTopK {
    /// The same with undefined accuracies.
    pub(super) fn undefined(mut self) -> VoteTopK {
        self.at.iter_mut().for_each(|at| at.accuracy = None);
        self
    }
}

/// Share of queries whose true class is among the k that their neighbours rank highest.
///
/// All given neighbours vote; ties are broken as in [`ranking`].
///
/// # Shapes
/// neighbours `[Q, K]`; labels `[N]` of the references; truth `[Q]`; values in 0..classes
///
/// # Panics
/// If lengths do not match or a label is out of range: a bug.
pub fn vote_top_k(
    neighbours: &Neighbours,
    labels: &[i64],
    truth: &[i64],
    classes: usize,
    ks: &[usize],
) -> VoteTopK {
    assert_eq!(neighbours.len(), truth.len(), "one true label per query");
    let ranks: Vec<usize> = neighbours
        .indices
        .rows()
        .into_iter()
        .zip(truth)
        .filter_map(|(voters, &truth)| {
            ranking(voters, labels, classes).iter().position(|&class| class == truth)
        })
        .collect();
    let accuracy = |k: usize| {
        let found = ranks.iter().filter(|&&rank| rank < k).count();
        (!truth.is_empty()).then(|| found as f64 / truth.len() as f64)
    };
    let at = ks.iter().map(|&k| TopKAccuracy { k, accuracy: accuracy(k) }).collect();
    VoteTopK { voters: neighbours.k(), at }
}

#[cfg(test)]
mod tests {
    use super::super::knn::nearest;
    use super::*;
    use crate::random::{Purpose, generator};
    use ndarray::Array2;
    use rand::RngExt;

    #[derive(Deserialize)]
    struct Reference {
        recall: Case,
    }

    #[derive(Deserialize)]
    struct Case {
        references: Vec<[f32; 2]>,
        labels: Vec<i64>,
        queries: Vec<[f32; 2]>,
        truth: Vec<i64>,
        voters: usize,
        recall_at: Vec<f64>,
    }

    fn case() -> Case {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/metrics.json");
        let text = std::fs::read_to_string(path).unwrap();
        serde_json::from_str::<Reference>(&text).unwrap().recall
    }

    /// Neighbours 0..K of a single query, K the number of labels.
    fn all_vote(labels: &[i64], truth: i64, ks: &[usize]) -> Vec<f64> {
        let references = Array2::from_shape_fn((labels.len(), 1), |(row, _)| row as f32);
        let query = Array2::zeros((1, 1));
        let neighbours = nearest(references.view(), query.view(), labels.len()).unwrap();
        let found = vote_top_k(&neighbours, labels, &[truth], 5, ks);
        found.at.iter().map(|at| at.accuracy.unwrap()).collect()
    }

    #[test]
    fn without_ties_it_is_scikit_learns_ranking_by_probability() {
        let case = case();
        let (references, queries) = (Array2::from(case.references), Array2::from(case.queries));
        let neighbours = nearest(references.view(), queries.view(), case.voters).unwrap();
        let ours = vote_top_k(&neighbours, &case.labels, &case.truth, 4, &[1, 2, 3, 4]);
        assert_eq!(ours.voters, 10);
        for (at, theirs) in ours.at.iter().zip(&case.recall_at) {
            assert!((at.accuracy.unwrap() - theirs).abs() < 1e-12, "{at:?} against {theirs}");
        }
    }

    #[test]
    fn more_votes_come_first() {
        assert_eq!(all_vote(&[0, 1, 1, 2, 2, 2], 2, &[1, 2, 3]), [1.0, 1.0, 1.0]);
        assert_eq!(all_vote(&[0, 1, 1, 2, 2, 2], 1, &[1, 2, 3]), [0.0, 1.0, 1.0]);
        assert_eq!(all_vote(&[0, 1, 1, 2, 2, 2], 0, &[1, 2, 3]), [0.0, 0.0, 1.0]);
    }

    #[test]
    fn equal_votes_go_to_the_class_with_the_nearer_voter() {
        assert_eq!(all_vote(&[3, 1, 1, 3], 3, &[1, 2]), [1.0, 1.0]);
        assert_eq!(all_vote(&[3, 1, 1, 3], 1, &[1, 2]), [0.0, 1.0]);
    }

    #[test]
    fn a_class_without_a_vote_never_counts_however_large_k_is() {
        assert_eq!(all_vote(&[0, 0, 1], 4, &[1, 5, 100]), [0.0, 0.0, 0.0]);
    }

    #[test]
    fn accuracy_grows_with_k_and_shuffled_labels_give_chance() {
        let mut random = generator(2, Purpose::Sample, 0);
        let mut draw = |n: usize| Array2::from_shape_simple_fn((n, 3), || random.random::<f32>());
        let (references, queries) = (draw(2_000), draw(2_000));
        let labels: Vec<i64> = (0..2_000).map(|row| row % 10).collect();
        let neighbours = nearest(references.view(), queries.view(), 10).unwrap();
        let found = vote_top_k(&neighbours, &labels, &labels, 10, &[1, 2, 3, 4, 5]);
        assert!(found.at.windows(2).all(|pair| pair[0].accuracy <= pair[1].accuracy), "{found:?}");
        assert!((found.at[0].accuracy.unwrap() - 0.1).abs() < 0.03, "{found:?}");
        assert!((found.at[4].accuracy.unwrap() - 0.5).abs() < 0.08, "{found:?}");
    }
}
