//! Do the classes come out as clusters, without being told?
//!
//! linfa-clustering's k-means puts the query embeddings into as many clusters as there are classes
//! among them, and NMI and AMI tell how far clusters and classes agree. k-means starts by k-means++
//! (D. Arthur, S. Vassilvitskii, 2007) from the seed, several times, and the start that ends with
//! the smallest squared distances counts. The result does not depend on the number of threads.

use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_clustering::KMeans;
use ndarray::{Array1, Array2};
use rand::Rng;
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use super::Labelled;
use super::agreement::Agreement;
use super::knn::Euclidean;
use super::sample::sample;
use crate::error::{Error, Result};
use crate::random::{Purpose, generator};

/// Embeddings that are clustered at most: more change the third decimal and take long.
const MOST: usize = 10_000;

/// How the clusters of k-means agree with the classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clusters {
    /// Embeddings that were clustered: all queries, or a sample of 10,000.
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

/// Clusters the embeddings and compares with their labels.
///
/// Up to 100 classes k-means has 10 starts of at most 100 rounds; with more, one start of 20
/// rounds, as is usual in the field, as each takes long.
///
/// # Errors
/// An embedding that is no number.
///
/// # Panics
/// Without an embedding: a bug.
pub fn cluster(queries: &Labelled, seed: u64) -> Result<Clusters> {
    let rows = sample(queries.labels.len(), MOST, seed);
    let labels: Vec<i64> = rows.iter().map(|&row| queries.labels[row]).collect();
    let points = scaled(queries, &rows);
    let mut classes = labels.clone();
    classes.sort_unstable();
    classes.dedup();
    let (starts, rounds) = if classes.len() <= 100 { (10, 100) } else { (1, 20) };
    let mut start = <Xoshiro256Plus as SeedableRng>::Seed::default();
    generator(seed, Purpose::Clusters, 0).fill_bytes(&mut start);
    let start = Xoshiro256Plus::from_seed(start);
    let dataset = DatasetBase::from(points);
    let model = KMeans::params_with(classes.len(), start, Euclidean)
        .n_runs(starts)
        .max_n_iterations(rounds)
        .tolerance(1e-4)
        .fit(&dataset)
        .map_err(|e| Error::Other(format!("k-means of the embeddings: {e}")))?;
    let found: Array1<usize> = model.predict(&dataset);
    let found: Vec<i64> = found.iter().map(|&cluster| cluster as i64).collect();
    let agreement = Agreement::new(&labels, &found);
    Ok(Clusters {
        embeddings: labels.len(),
        clusters: classes.len(),
        starts,
        nmi: agreement.nmi(),
        ami: agreement.ami(),
    })
}

/// The embeddings in these rows, divided by the largest value: what counts as near enough to stop
/// is then the same for embeddings of any size.
fn scaled(queries: &Labelled, rows: &[usize]) -> Array2<f32> {
    let points = queries.embeddings.select(ndarray::Axis(0), rows);
    let largest = points.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let points = points.as_standard_layout().into_owned();
    if largest > 0.0 { points / largest } else { points }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        cluster(&Labelled { embeddings: points.view(), labels }, seed).unwrap()
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
