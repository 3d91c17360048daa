//! Do the classes come out as clusters, without being told?
//!
//! k-means puts the query embeddings into as many clusters as there are classes among them, and
//! NMI and AMI tell how far clusters and classes agree. The result does not depend on the number
//! of threads.

use serde::{Deserialize, Serialize};

use super::agreement::Agreement;
use super::kmeans::{Kmeans, kmeans};
use super::knn::check;
use super::{Labelled, Watch};
use crate::error::Result;

/// How the clusters of k-means agree with the classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clusters {
    /// Embeddings that were clustered: all queries.
    pub embeddings: usize,
    /// Clusters that were looked for, the number of classes among them.
    pub clusters: usize,
    /// Starts of k-means, of which the best counts.
    pub starts: usize,
    /// Normalised mutual information (arithmetic mean) in 0..=1.
    pub nmi: f64,
    /// Adjusted mutual information (arithmetic mean), at most 1; about 0 for chance.
    pub ami: f64,
}

/// Up to so many classes k-means has ten starts. With more, one start differs little from
/// another, as the many centres even their luck out.
const FEW_CLASSES: usize = 100;

/// Rounds of a start at most, as many as scikit-learn allows.
const ROUNDS: usize = 300;

/// Clusters the embeddings and compares with their labels; `watch` shows how far it is.
///
/// # Errors
/// An embedding that is not finite or too large to be squared, with its row; the user asked to
/// stop.
///
/// # Panics
/// Without an embedding: a bug.
pub fn cluster(queries: &Labelled, seed: u64, watch: &Watch) -> Result<Clusters> {
    check(queries.embeddings, "query")?;
    let mut classes = queries.labels.to_vec();
    classes.sort_unstable();
    classes.dedup();
    let starts = if classes.len() <= FEW_CLASSES { 10 } else { 1 };
    let task = Kmeans { clusters: classes.len(), starts, rounds: ROUNDS, seed };
    let found = kmeans(queries.embeddings, &task, watch)?;
    let found: Vec<i64> = found.labels.into_iter().map(i64::from).collect();
    let agreement = Agreement::new(queries.labels, &found);
    Ok(Clusters {
        embeddings: queries.labels.len(),
        clusters: classes.len(),
        starts,
        nmi: agreement.nmi(),
        ami: agreement.ami(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator};
    use crate::runtime::Interrupt;
    use ndarray::Array2;
    use rand::RngExt;
    use rand::seq::SliceRandom;

    /// Points around seven centres `apart` from each other, and their classes.
    fn heaps(count: usize, apart: f32) -> (Array2<f32>, Vec<i64>) {
        let mut random = generator(9, Purpose::Sample, 0);
        let labels: Vec<i64> = (0..count).map(|row| (row % 7) as i64).collect();
        let points = Array2::from_shape_fn((count, 8), |(row, column)| {
            let centre = if labels[row] == column as i64 { apart } else { 0.0 };
            centre + random.random::<f32>()
        });
        (points, labels)
    }

    fn of(points: &Array2<f32>, labels: &[i64], seed: u64) -> Clusters {
        cluster(&Labelled { embeddings: points.view(), labels }, seed, &Watch::default()).unwrap()
    }

    #[test]
    fn heaps_apart_are_found_whatever_their_size_and_shuffled_labels_are_not() {
        let (points, mut labels) = heaps(700, 5.0);
        for scale in [1.0, 1e-12, 1e12] {
            let found = of(&(&points * scale), &labels, 1);
            assert_eq!((found.embeddings, found.clusters, found.nmi), (700, 7, 1.0));
            assert!((found.ami - 1.0).abs() < 1e-12, "{found:?}");
        }
        labels.shuffle(&mut generator(2, Purpose::Sample, 0));
        let chance = of(&points, &labels, 1);
        assert!(chance.ami.abs() < 0.02 && chance.nmi < 0.05, "{chance:?}");
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits_and_the_seed_is_heeded() {
        let (points, labels) = heaps(600, 0.6);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| of(&points, &labels, 1))
        };
        let one = with(1);
        assert!(one.nmi > 0.1 && one.nmi < 0.95, "{one:?}");
        assert!([2, 5].into_iter().all(|threads| with(threads) == one));
        let others: Vec<Clusters> = (2..8).map(|seed| of(&points, &labels, seed)).collect();
        assert!(others.iter().any(|other| *other != one), "{one:?}");
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_row_and_a_wish_to_stop_ends_it() {
        let (mut points, labels) = heaps(70, 5.0);
        let interrupt = Interrupt::default();
        interrupt.request();
        let watch = Watch::new(&interrupt, &|_| ());
        let stopped = cluster(&Labelled::new(&points, &labels), 1, &watch).unwrap_err();
        assert_eq!(stopped.to_string(), "stopped while evaluating");
        for value in [f32::NAN, f32::INFINITY] {
            points[[31, 2]] = value;
            let refused = cluster(&Labelled::new(&points, &labels), 1, &Watch::default());
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains("query image 31 (from 0)"), "{refused}");
        }
    }

    #[test]
    fn a_collapsed_network_and_one_class_are_taken() {
        let (points, labels) = heaps(70, 5.0);
        let collapsed = of(&Array2::from_elem((70, 8), 2.5), &labels, 1);
        assert_eq!((collapsed.nmi, collapsed.ami), (0.0, 0.0));
        let one = of(&points, &[4; 70], 1);
        assert_eq!((one.clusters, one.nmi, one.ami), (1, 1.0, 1.0));
        let single = of(&points.slice_move(ndarray::s![..1, ..]), &[3], 1);
        assert_eq!((single.embeddings, single.clusters), (1, 1));
    }
}
