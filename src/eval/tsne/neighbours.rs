//! The nearest neighbours from which affinities are computed.

use ndarray::{Array2, ArrayView2};

use crate::error::Result;
use crate::eval::nearest;

/// The nearest neighbours of every point without itself, nearest first, ties by row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Neighbourhoods {
    /// Number of neighbours per point.
    pub k: usize,
    /// Rows of the neighbours, row-major `[N * k]`.
    pub indices: Vec<u32>,
    /// Their Euclidean distances `[N * k]`, divided by the mean distance of the point's neighbours.
    pub distances: Vec<f32>,
}

/// Finds the `k` nearest neighbours of every point by [`nearest`], without the point itself.
///
/// Dividing each point's distances by their mean makes P independent of scale.
///
/// # Errors
/// As [`nearest`].
pub(super) fn neighbourhoods(points: ArrayView2<f32>, k: usize) -> Result<Neighbourhoods> {
    let points = scaled(points);
    let found = nearest(points.view(), points.view(), k + 1)?;
    let mut indices = Vec::with_capacity(points.nrows() * k);
    let mut distances = Vec::with_capacity(points.nrows() * k);
    for (i, (row, far)) in found.indices.rows().into_iter().zip(found.distances.rows()).enumerate()
    {
        // Equal points with lower rows come before the point itself; with more than k of them, it is
        // not among its own neighbours.
        let own = row.iter().position(|&j| j as usize == i).unwrap_or(k);
        let others = || (0..=k).filter(move |&rank| rank != own);
        let mean = others().map(|rank| f64::from(far[rank])).sum::<f64>() / k as f64;
        let unit = if mean > 0.0 { mean } else { 1.0 };
        indices.extend(others().map(|rank| row[rank]));
        distances.extend(others().map(|rank| (f64::from(far[rank]) / unit) as f32));
    }
    Ok(Neighbourhoods { k, indices, distances })
}

/// The largest scaled value lies between this power of two and the next.
const LARGEST: i32 = 48;

/// The points times a power of two, which is exact: squares of the largest differences stay far from
/// overflow, and those of differences 10³⁰ times smaller far from underflow.
fn scaled(points: ArrayView2<f32>) -> Array2<f32> {
    let largest = points.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let exponent = if largest > 0.0 { LARGEST - largest.log2().floor() as i32 } else { 0 };
    let scale = 2.0_f64.powi(exponent);
    points.mapv(|value| (f64::from(value) * scale) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn rows(found: &Neighbourhoods) -> Vec<&[u32]> {
        found.indices.chunks(found.k).collect()
    }

    #[test]
    fn neighbours_come_nearest_first_with_ties_by_row() {
        let points = array![[0.0_f32], [3.0], [1.0], [-1.0], [9.0]];
        let found = neighbourhoods(points.view(), 3).unwrap();
        assert_eq!(rows(&found)[0], [2, 3, 1]);
        assert_eq!(rows(&found)[4], [1, 2, 0]);
        assert!((found.distances[2] / found.distances[0] - 3.0).abs() < 1e-6);
        let mean = found.distances[..3].iter().sum::<f32>() / 3.0;
        assert!((mean - 1.0).abs() < 1e-6);
    }

    #[test]
    fn no_point_is_its_own_neighbour_even_among_equal_points() {
        for copies in [2, 3, 4, 9] {
            let points =
                Array2::from_shape_fn(
                    (copies + 3, 2),
                    |(i, _)| {
                        if i < copies { 0.5 } else { i as f32 }
                    },
                );
            let found = neighbourhoods(points.view(), 3).unwrap();
            for (i, row) in rows(&found).into_iter().enumerate() {
                assert!(!row.contains(&(i as u32)), "{i} of {copies}: {row:?}");
                let others = (0..copies as u32).filter(|&j| j != i as u32).take(3);
                if i < copies {
                    assert!(row.iter().copied().zip(others).all(|(found, j)| found == j));
                }
            }
        }
    }

    #[test]
    fn the_scale_of_the_points_changes_no_bit() {
        let points = Array2::from_shape_fn((40, 3), |(i, j)| ((7 * i + 3 * j) as f32).sin());
        let here = neighbourhoods(points.view(), 10).unwrap();
        for exponent in [-120, -40, 40, 126] {
            let there = points.mapv(|value| value * 2.0_f32.powi(exponent));
            assert_eq!(neighbourhoods(there.view(), 10).unwrap(), here, "2^{exponent}");
        }
    }

    #[test]
    fn an_outlier_does_not_affect_the_precision_of_others() {
        let mut points = Array2::from_shape_fn((30, 2), |(i, j)| ((5 * i + 2 * j) as f32).cos());
        let alone = neighbourhoods(points.view(), 5).unwrap();
        points.push_row(array![1e30_f32, -1e30].view()).unwrap();
        let beside = neighbourhoods(points.view(), 5).unwrap();
        assert_eq!(beside.indices[..30 * 5], alone.indices);
        assert_eq!(beside.distances[..30 * 5], alone.distances);
    }
}
