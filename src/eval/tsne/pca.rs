//! PCA initialisation of a map.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand::RngExt;

use crate::random::{Purpose, generator};

/// Standard deviation of the first component, as in scikit-learn.
const SPREAD: f64 = 1e-4;

/// Jitter relative to [`SPREAD`], which separates equal points.
const JITTER: f64 = 0.01;

/// Principal components scaled as by scikit-learn's `TSNE(init="pca")`, plus jitter.
///
/// # Shapes
/// points `[N, D]` → N starting points
pub(super) fn start(points: ArrayView2<f32>, seed: u64) -> Vec<[f64; 2]> {
    let mut random = generator(seed, Purpose::Tsne, 0);
    let mut jitter = || random.random_range(-JITTER..JITTER) * SPREAD;
    let components = components(points);
    components.into_iter().map(|[x, y]| [x + jitter(), y + jitter()]).collect()
}

/// Coordinates along the two leading principal axes, the first with standard deviation
/// [`SPREAD`]; all 0 if all points are equal.
fn components(points: ArrayView2<f32>) -> Vec<[f64; 2]> {
    let centred = centred(points);
    let covariance = centred.t().dot(&centred);
    let first = leading_axis(&covariance);
    let second = leading_axis(&deflated(&covariance, &first));
    let (x, y) = (centred.dot(&first), centred.dot(&second));
    let deviation = (x.dot(&x) / x.len() as f64).sqrt();
    let scale = if deviation > 0.0 { SPREAD / deviation } else { 0.0 };
    x.iter().zip(&y).map(|(x, y)| [x * scale, y * scale]).collect()
}

/// The centred points, divided by their largest absolute value.
fn centred(points: ArrayView2<f32>) -> Array2<f64> {
    let mut points = points.mapv(f64::from);
    let mean = points.mean_axis(Axis(0)).expect("there are points");
    points -= &mean;
    let largest = points.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if largest > 0.0 {
        points /= largest;
    }
    points
}

/// Eigenvector of the largest eigenvalue, by repeated squaring of the matrix. Its component of largest
/// magnitude is positive. Zero for a zero matrix.
///
/// Squaring 30 times raises the ratio of two eigenvalues to the power 2³⁰, which separates even
/// eigenvalues that differ by a millionth.
fn leading_axis(covariance: &Array2<f64>) -> Array1<f64> {
    let mut power = covariance.clone();
    for _ in 0..30 {
        let size = power.iter().fold(0.0_f64, |size, value| size.max(value.abs()));
        if size == 0.0 {
            return Array1::zeros(covariance.nrows());
        }
        power /= size;
        power = power.dot(&power);
    }
    // Every column is now a multiple of the axis; the longest is the most accurate.
    let column = power.columns().into_iter().max_by(|a, b| a.dot(a).total_cmp(&b.dot(b)));
    let column = column.expect("a column per dimension").to_owned();
    let length = column.dot(&column).sqrt();
    let largest = column.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs()));
    column / length.copysign(largest.expect("a value per dimension"))
}

/// The matrix with its component along an axis removed.
fn deflated(covariance: &Array2<f64>, axis: &Array1<f64>) -> Array2<f64> {
    let across = covariance.dot(axis);
    let variance = axis.dot(&across);
    Array2::from_shape_fn(covariance.dim(), |(i, j)| {
        covariance[[i, j]] - variance * axis[i] * axis[j]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::tsne::reference::Reference;

    #[test]
    fn components_match_scikit_learn() {
        let reference = Reference::read();
        let found = components(reference.points().view());
        for (found, expected) in found.iter().zip(&reference.start) {
            for axis in 0..2 {
                let found = found[axis] / SPREAD;
                assert!((found - expected[axis]).abs() < 1e-7, "{found} for {}", expected[axis]);
            }
        }
    }

    #[test]
    fn jitter_separates_equal_points_and_depends_on_the_seed() {
        let points = Reference::read().points();
        let (start, exact) = (start(points.view(), 1), components(points.view()));
        assert_eq!(points.row(0), points.row(59));
        assert_ne!(start[0], start[59]);
        for (jittered, exact) in start.iter().zip(&exact) {
            assert!((jittered[0] - exact[0]).abs() <= JITTER * SPREAD);
        }
        assert_ne!(start, super::start(points.view(), 2));
    }

    #[test]
    fn missing_dimensions_and_equal_points_give_zero_components() {
        let line = Array2::from_shape_fn((5, 1), |(i, _)| i as f32);
        let found = components(line.view());
        assert!(found.iter().all(|point| point[1] == 0.0) && found[0][0] < found[4][0]);
        let same = Array2::<f32>::from_elem((5, 3), 1e30);
        assert!(components(same.view()).iter().flatten().all(|&value| value == 0.0));
    }

    #[test]
    fn axes_are_found_for_huge_values_in_many_dimensions() {
        let points = Array2::from_shape_fn((40, 64), |(i, j)| {
            let wave = ((i * (j + 1)) as f32).sin();
            1e37 * if j == 5 { 3.0 * wave } else { wave }
        });
        let found = components(points.view());
        let spread = found.iter().map(|point| point[0] * point[0]).sum::<f64>() / 40.0;
        assert!((spread.sqrt() / SPREAD - 1.0).abs() < 1e-9);
        let across = found.iter().map(|point| point[0] * point[1]).sum::<f64>();
        assert!(across.abs() < 1e-9 * spread, "{across}");
    }
}
