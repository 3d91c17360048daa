//! Clusters of embeddings by k-means, found without labels: do they agree with the classes?
//!
//! k-means finds as many clusters in the query embeddings as they have classes; NMI and AMI measure the
//! agreement. The result does not depend on the number of threads.

use serde::{Deserialize, Serialize};

use super::agreement::Agreement;
use super::kmeans::{Kmeans, kmeans};
use super::knn::check;
use super::{LabelledEmbeddings, Watch};
use crate::error::Result;

/// Agreement of k-means clusters with the classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clusters {
    /// Number of clustered embeddings: all queries.
    pub embeddings: usize,
    /// Number of clusters, equal to the number of their classes.
    pub clusters: usize,
    /// Initialisations of k-means, of which the best is used.
    pub starts: usize,
    /// Normalised mutual information (arithmetic mean) in 0..=1.
    pub nmi: f64,
    /// Adjusted mutual information (arithmetic mean), at most 1; about 0 for chance.
    pub ami: f64,
}

/// Up to this many classes k-means is initialised ten times. With more, initialisations differ little,
/// as luck averages out over many centres.
const FEW_CLASSES: usize = 100;

/// Maximum iterations, as in scikit-learn.
const ITERATIONS: usize = 300;

/// Clusters the embeddings and compares the clusters with the labels; `watch` shows the progress.
///
/// # Errors
/// An embedding value is NaN, infinite or too large to square: with its row. The user pressed Ctrl-C.
///
/// # Panics
/// Without an embedding: a bug.
pub fn cluster(queries: &LabelledEmbeddings, seed: u64, watch: &Watch) -> Result<Clusters> {
    check(queries.embeddings, "query")?;
    let mut classes = queries.labels.to_vec();
    classes.sort_unstable();
    classes.dedup();
    let starts = if classes.len() <= FEW_CLASSES { 10 } else { 1 };
    let task = Kmeans { clusters: classes.len(), starts, iterations: ITERATIONS, seed };
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
    fn blobs(count: usize, apart: f32) -> (Array2<f32>, Vec<i64>) {
        let mut random = generator(9, Purpose::Sample, 0);
        let labels: Vec<i64> = (0..count).map(|row| (row % 7) as i64).collect();
        let points = Array2::from_shape_fn((count, 8), |(row, column)| {
            let centre = if labels[row] == column as i64 { apart } else { 0.0 };
            centre + random.random::<f32>()
        });
        (points, labels)
    }

    fn of(points: &Array2<f32>, labels: &[i64], seed: u64) -> Clusters {
        cluster(&LabelledEmbeddings { embeddings: points.view(), labels }, seed, &Watch::default())
            .unwrap()
    }

    #[test]
    fn separate_clusters_are_found_at_any_scale_and_shuffled_labels_score_zero() {
        let (points, mut labels) = blobs(700, 5.0);
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
    fn the_result_depends_on_the_seed_but_not_on_threads() {
        let (points, labels) = blobs(600, 0.6);
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
    fn nan_is_refused_with_its_row_and_an_interrupt_stops_clustering() {
        let (mut points, labels) = blobs(70, 5.0);
        let interrupt = Interrupt::default();
        interrupt.request();
        let watch = Watch::new(&interrupt, &|_| ());
        let stopped = cluster(&LabelledEmbeddings::new(&points, &labels), 1, &watch).unwrap_err();
        assert_eq!(stopped.to_string(), "stopped while evaluating");
        for value in [f32::NAN, f32::INFINITY] {
            points[[31, 2]] = value;
            let refused = cluster(&LabelledEmbeddings::new(&points, &labels), 1, &Watch::default());
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains("query image 31 (from 0)"), "{refused}");
        }
    }

    #[test]
    fn collapsed_embeddings_and_a_single_class_are_clustered() {
        let (points, labels) = blobs(70, 5.0);
        let collapsed = of(&Array2::from_elem((70, 8), 2.5), &labels, 1);
        assert_eq!((collapsed.nmi, collapsed.ami), (0.0, 0.0));
        let one = of(&points, &[4; 70], 1);
        assert_eq!((one.clusters, one.nmi, one.ami), (1, 1.0, 1.0));
        let single = of(&points.slice_move(ndarray::s![..1, ..]), &[3], 1);
        assert_eq!((single.embeddings, single.clusters), (1, 1));
    }
}
