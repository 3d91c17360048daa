//! How far embeddings spread: the sign of a collapse.

use tch::{Kind, Tensor};

/// Variance of the embeddings over all their numbers, as a share of their mean squared length:
/// `1 − ‖mean z‖² / mean ‖z‖²`, in 0..=1.
///
/// It does not depend on the embeddings' scale. Where a network maps every image to one point it
/// is 0, and distances tell nothing any more.
///
/// # Shapes
/// z `[N, E]`, N ≥ 1
pub fn spread(z: &Tensor) -> f64 {
    let z = z.detach().to_kind(Kind::Double);
    let dimension = [0i64].as_slice();
    let length = z.square().sum(Kind::Double).double_value(&[]) / z.size()[0] as f64;
    if length == 0.0 {
        return 0.0;
    }
    // From the differences, not as the difference of two large numbers.
    let apart = &z - z.mean_dim(dimension, true, Kind::Double);
    apart.square().sum(Kind::Double).double_value(&[]) / z.size()[0] as f64 / length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_point_has_no_spread_and_opposite_points_have_all() {
        assert_eq!(spread(&Tensor::from_slice2(&[[3f32, 4.0], [3.0, 4.0]])), 0.0);
        assert_eq!(spread(&Tensor::from_slice2(&[[0f32, 0.0], [0.0, 0.0]])), 0.0);
        assert_eq!(spread(&Tensor::from_slice2(&[[3f32, 4.0], [-3.0, -4.0]])), 1.0);
    }

    #[test]
    fn the_scale_does_not_matter_and_tiny_differences_are_seen() {
        let z = Tensor::from_slice2(&[[1f32, 0.0], [1.0, 0.001]]);
        let (small, large) = (spread(&z), spread(&(&z * 1e4)));
        assert!((small / 2.5e-7 - 1.0).abs() < 1e-5, "{small}");
        assert!((small / large - 1.0).abs() < 1e-5, "{small} {large}");
    }
}
