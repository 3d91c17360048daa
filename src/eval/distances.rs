//! Distances between embeddings within and between classes, and whether the embeddings have
//! collapsed.

use ndarray::{Array1, ArrayView1, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::LabelledEmbeddings;
use super::knn::Euclidean;
use super::sample::sample;

/// Maximum number of embeddings whose pairs are measured.
const MOST: usize = 3000;

/// Bins of the histogram.
const BINS: usize = 80;

/// Euclidean distances between embeddings, and their spread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Distances {
    /// Embeddings whose pairs were measured: all queries, or a sample of 3,000.
    pub embeddings: usize,
    /// Mean distance between two of the same class; `None` without such a pair.
    pub same_class: Option<f64>,
    /// Mean distance between two of different classes; `None` without such a pair.
    pub other_class: Option<f64>,
    /// The largest distance, which is the end of the last bin; the first begins at 0.
    pub largest: f64,
    /// Pairs of the same class in each of 80 bins of equal width.
    pub same_class_pairs: Vec<u64>,
    /// Pairs of different classes in each bin.
    pub other_class_pairs: Vec<u64>,
    /// Mean squared distance of all queries to their mean.
    pub total_variance: f64,
    /// Mean squared norm of all queries.
    pub mean_squared_norm: f64,
    /// Total variance over mean squared norm, in 0..=1: 0 if all embeddings are equal (the network
    /// has collapsed), 1 if their mean is the origin. `None` for a single embedding.
    pub relative_spread: Option<f64>,
}

impl Distances {
    /// The same for embeddings that were translated before they were measured: the relative spread uses
    /// their original mean squared norm.
    pub fn about_origin(self, mean_squared_norm: f64) -> Distances {
        let relative_spread =
            self.relative_spread.map(|_| relative(self.total_variance, mean_squared_norm));
        Distances { mean_squared_norm, relative_spread, ..self }
    }
}

/// Measures all pairs of the embeddings, and their variance.
///
/// # Panics
/// If a value is NaN or its square overflows: a bug, as [`nearest`](super::nearest) refuses such
/// embeddings.
pub fn distances(queries: &LabelledEmbeddings, seed: u64) -> Distances {
    let rows = sample(queries.labels.len(), MOST, seed);
    let points = queries.embeddings.select(Axis(0), &rows);
    let points = points.as_standard_layout();
    let labels: Vec<i64> = rows.iter().map(|&row| queries.labels[row]).collect();
    let pairs = Pairs {
        points: points.rows().into_iter().map(|row| row.to_slice().expect("in rows")).collect(),
        labels,
    };
    let (means, largest) = pairs.means();
    let [other_class_pairs, same_class_pairs] = pairs.histogram(largest);
    let (total_variance, mean_squared_norm) = variance(queries);
    Distances {
        embeddings: rows.len(),
        same_class: means[1],
        other_class: means[0],
        largest,
        same_class_pairs,
        other_class_pairs,
        total_variance,
        mean_squared_norm,
        relative_spread: (queries.labels.len() > 1)
            .then(|| relative(total_variance, mean_squared_norm)),
    }
}

/// Variance over mean squared norm, in 0..=1; 0 if both are 0.
fn relative(total_variance: f64, mean_squared_norm: f64) -> f64 {
    let spread = total_variance / mean_squared_norm;
    if mean_squared_norm > 0.0 { spread.min(1.0) } else { 0.0 }
}

/// All pairs of points.
struct Pairs<'a> {
    points: Vec<&'a [f32]>,
    labels: Vec<i64>,
}

impl Pairs<'_> {
    /// Distances from a point to those after it, and whether both have the same class.
    fn after(&self, first: usize) -> impl Iterator<Item = (f64, bool)> + '_ {
        (first + 1..self.points.len()).map(move |second| {
            let squared = Euclidean::squared(self.points[first], self.points[second]);
            (f64::from(squared).sqrt(), self.labels[first] == self.labels[second])
        })
    }

    /// Mean distances between two of different classes and of the same class, and the largest distance.
    fn means(&self) -> ([Option<f64>; 2], f64) {
        let of_row = |first: usize| {
            let (mut sums, mut counts, mut largest) = ([0.0; 2], [0_u64; 2], 0.0_f64);
            for (distance, same) in self.after(first) {
                sums[usize::from(same)] += distance;
                counts[usize::from(same)] += 1;
                largest = largest.max(distance);
            }
            (sums, counts, largest)
        };
        // Summed in the order of rows, for the same bits on any number of threads.
        let rows: Vec<_> = (0..self.points.len()).into_par_iter().map(of_row).collect();
        let mean = |same: usize| {
            let count: u64 = rows.iter().map(|(_, counts, _)| counts[same]).sum();
            let sum: f64 = rows.iter().map(|(sums, ..)| sums[same]).sum();
            (count > 0).then(|| sum / count as f64)
        };
        let largest = rows.iter().fold(0.0, |largest: f64, row| largest.max(row.2));
        ([mean(0), mean(1)], largest)
    }

    /// Pairs of different classes and of the same class in each bin from 0 to the largest distance.
    fn histogram(&self, largest: f64) -> [Vec<u64>; 2] {
        let width = if largest > 0.0 { largest / BINS as f64 } else { 1.0 };
        let empty = || [vec![0_u64; BINS], vec![0; BINS]];
        let add_row = |mut bins: [Vec<u64>; 2], first: usize| {
            for (distance, same) in self.after(first) {
                bins[usize::from(same)][((distance / width) as usize).min(BINS - 1)] += 1;
            }
            bins
        };
        let add = |mut sum: [Vec<u64>; 2], bins: [Vec<u64>; 2]| {
            let counts = sum.iter_mut().flatten().zip(bins.iter().flatten());
            counts.for_each(|(sum, count)| *sum += count);
            sum
        };
        (0..self.points.len()).into_par_iter().fold(empty, add_row).reduce(empty, add)
    }
}

/// Total variance and mean squared norm.
fn variance(queries: &LabelledEmbeddings) -> (f64, f64) {
    let count = queries.labels.len().max(1) as f64;
    let double = |row: ArrayView1<f32>| row.mapv(f64::from);
    let rows = || queries.embeddings.rows().into_iter().map(double);
    let sum = rows().fold(Array1::zeros(queries.embeddings.ncols()), |sum, row| sum + row);
    let mean: Array1<f64> = sum / count;
    let squared = |row: &Array1<f64>| row.dot(row);
    let variance: f64 = rows().map(|row| squared(&(row - &mean))).sum();
    let norms: f64 = rows().map(|row| squared(&row)).sum();
    (variance / count, norms / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, generator};
    use ndarray::{Array2, array};
    use rand::RngExt;

    fn of(points: &Array2<f32>, labels: &[i64]) -> Distances {
        distances(&LabelledEmbeddings { embeddings: points.view(), labels }, 1)
    }

    fn random(count: usize) -> (Array2<f32>, Vec<i64>) {
        let mut random = generator(3, Purpose::Sample, 0);
        let points = Array2::from_shape_simple_fn((count, 3), || random.random::<f32>());
        (points, (0..count).map(|row| (row % 4) as i64).collect())
    }

    #[test]
    fn means_and_histogram_count_every_pair() {
        let found = of(&array![[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]], &[0, 0, 1]);
        // Distances 5 within class 0; 10 and 5 to the point of class 1.
        assert_eq!((found.same_class, found.other_class), (Some(5.0), Some(7.5)));
        assert_eq!((found.embeddings, found.largest), (3, 10.0));
        let filled =
            |bins: &[u64]| -> Vec<usize> { (0..BINS).filter(|&bin| bins[bin] > 0).collect() };
        assert_eq!(filled(&found.same_class_pairs), [BINS / 2]);
        assert_eq!(filled(&found.other_class_pairs), [BINS / 2, BINS - 1]);
    }

    #[test]
    fn variance_is_the_mean_square_minus_the_squared_mean() {
        let found = of(&array![[1.0, 0.0], [3.0, 0.0]], &[0, 1]);
        assert_eq!((found.total_variance, found.mean_squared_norm), (1.0, 5.0));
        assert_eq!((found.relative_spread, found.same_class), (Some(0.2), None));
        let centred = of(&array![[1.0, 2.0], [-1.0, -2.0]], &[0, 0]);
        assert_eq!((centred.relative_spread, centred.other_class), (Some(1.0), None));
        // The same points translated by 1,000 along the first axis.
        let moved = centred.about_origin(5.0 + 1000.0 * 1000.0);
        assert_eq!(moved.relative_spread, Some(5.0 / 1_000_005.0));
    }

    #[test]
    fn collapsed_embeddings_have_no_spread_and_fill_the_first_bin() {
        for value in [0.0, 2.5] {
            let found = of(&Array2::from_elem((20, 4), value), &[1; 20]);
            assert_eq!((found.relative_spread, found.largest), (Some(0.0), 0.0));
            assert_eq!(found.same_class_pairs[0], 190);
        }
    }

    #[test]
    fn a_single_embedding_has_no_distances_and_no_spread() {
        let found = of(&array![[3.0, 4.0]], &[0]);
        assert_eq!(
            (found.same_class, found.other_class, found.relative_spread),
            (None, None, None)
        );
        assert_eq!(found.about_origin(9.0).relative_spread, None);
    }

    #[test]
    fn random_labels_give_equal_mean_distances() {
        let (points, labels) = random(800);
        let found = of(&points, &labels);
        let (same, other) = (found.same_class.unwrap(), found.other_class.unwrap());
        assert!((same / other - 1.0).abs() < 0.01, "{same} {other}");
    }

    #[test]
    fn many_embeddings_are_sampled_and_threads_change_no_bit() {
        let (points, labels) = random(3500);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| of(&points, &labels))
        };
        let one = with(1);
        let pairs: u64 = one.same_class_pairs.iter().chain(&one.other_class_pairs).sum();
        assert_eq!((one.embeddings, pairs), (3000, 3000 * 2999 / 2));
        assert!([2, 5].into_iter().all(|threads| with(threads) == one));
    }
}
