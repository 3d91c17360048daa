//! Euclidean distance between contiguous rows, also for linfa-nn's trees.

use linfa_nn::distance::Distance;
use ndarray::{ArrayView, Dimension};

/// Sums in four lanes, which the compiler keeps in one register: faster than linfa-nn's `L2Dist`, where
/// each addition depends on the previous one.
///
/// Rounding is monotonic in every term and sum, so the computed distance to a box of the tree never
/// exceeds that to a point in it, and the tree misses no neighbour.
#[derive(Debug, Clone)]
pub struct Euclidean;

impl Euclidean {
    /// Squared distance of two slices of the same length.
    #[inline]
    pub fn squared(a: &[f32], b: &[f32]) -> f32 {
        let (a, b) = (a.as_chunks::<4>(), b.as_chunks::<4>());
        let mut lanes = [0.0; 4];
        for (a, b) in a.0.iter().zip(b.0) {
            for (lane, sum) in lanes.iter_mut().enumerate() {
                *sum += (a[lane] - b[lane]) * (a[lane] - b[lane]);
            }
        }
        add_lanes(lanes, a.1, b.1)
    }

    /// Squared distances of four pairs of the same length. Their sums are independent, which halves the
    /// time from about 32 dimensions on.
    ///
    /// # Panics
    /// If the lengths differ: a bug.
    pub fn squared_of_four(pairs: [(&[f32], &[f32]); 4]) -> [f32; 4] {
        let lanes = lanes_of_four(&pairs);
        std::array::from_fn(|pair| {
            let (a, b) = pairs[pair];
            add_lanes(lanes[pair], a.as_chunks::<4>().1, b.as_chunks::<4>().1)
        })
    }
}

/// Adds the four lanes and the terms of the remainder: one order of additions for all distances.
#[inline]
fn add_lanes(lanes: [f32; 4], a: &[f32], b: &[f32]) -> f32 {
    let rest: f32 = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum();
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + rest
}

/// The four lanes of each pair. Not inlined: otherwise the compiler packs lanes of different pairs into
/// one register, and spends time on unpacking them.
#[inline(never)]
fn lanes_of_four(pairs: &[(&[f32], &[f32]); 4]) -> [[f32; 4]; 4] {
    let length = pairs[0].0.len();
    assert!(pairs.iter().all(|(a, b)| a.len() == length && b.len() == length));
    let whole = pairs.map(|(a, b)| (a.as_chunks::<4>().0, b.as_chunks::<4>().0));
    let mut lanes = [[0.0; 4]; 4];
    for chunk in 0..length / 4 {
        for ((a, b), sums) in whole.iter().zip(&mut lanes) {
            let (a, b) = (a[chunk], b[chunk]);
            for lane in 0..4 {
                sums[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
            }
        }
    }
    lanes
}

impl Distance<f32> for Euclidean {
    fn distance<D: Dimension>(&self, a: ArrayView<f32, D>, b: ArrayView<f32, D>) -> f32 {
        self.rdistance(a, b).sqrt()
    }

    fn rdistance<D: Dimension>(&self, a: ArrayView<f32, D>, b: ArrayView<f32, D>) -> f32 {
        let expect = "rows are contiguous";
        Euclidean::squared(a.as_slice().expect(expect), b.as_slice().expect(expect))
    }

    fn rdist_to_dist(&self, squared: f32) -> f32 {
        squared.sqrt()
    }

    fn dist_to_rdist(&self, distance: f32) -> f32 {
        distance * distance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::aview1;

    #[test]
    fn every_term_counts_once_at_any_length() {
        for length in 1..=13 {
            let a: Vec<f32> = (0..length).map(|i| i as f32).collect();
            let b: Vec<f32> = (0..length).map(|i| (3 * i + 1) as f32).collect();
            let expected: f32 = (0..length).map(|i| ((2 * i + 1) * (2 * i + 1)) as f32).sum();
            assert_eq!(Euclidean.rdistance(aview1(&a), aview1(&b)), expected, "{length}");
            assert_eq!(Euclidean.distance(aview1(&a), aview1(&b)), expected.sqrt(), "{length}");
        }
    }

    #[test]
    fn four_pairs_at_once_have_the_same_bits_as_each_alone() {
        for length in [1, 3, 4, 7, 64, 65] {
            let row = |number: usize| -> Vec<f32> {
                (0..length).map(|i| ((i * 37 + number * 101) % 89) as f32 / 7.0).collect()
            };
            let rows: Vec<Vec<f32>> = (0..8).map(row).collect();
            let pairs: [(&[f32], &[f32]); 4] =
                std::array::from_fn(|pair| (&*rows[pair], &*rows[pair + 4]));
            let alone = pairs.map(|(a, b)| Euclidean::squared(a, b).to_bits());
            let together = Euclidean::squared_of_four(pairs).map(f32::to_bits);
            assert_eq!(together, alone, "{length}");
        }
    }
}
