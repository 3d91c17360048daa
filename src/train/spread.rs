//! The spread of embeddings, which shows whether they have collapsed.

use tch::{Kind, Tensor};

/// Total variance of the embeddings divided by their mean squared length:
/// `1 − ‖mean z‖² / mean ‖z‖²`, in 0..=1.
///
/// It does not depend on the scale of the embeddings. It is 0 if the network maps every image to the
/// same point, so that distances mean nothing.
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
    // Summing squared deviations avoids the cancellation of two large numbers.
    let centred = &z - z.mean_dim(dimension, true, Kind::Double);
    centred.square().sum(Kind::Double).double_value(&[]) / z.size()[0] as f64 / length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_points_have_no_spread_and_opposite_points_the_full_one() {
        assert_eq!(spread(&Tensor::from_slice2(&[[3f32, 4.0], [3.0, 4.0]])), 0.0);
        assert_eq!(spread(&Tensor::from_slice2(&[[0f32, 0.0], [0.0, 0.0]])), 0.0);
        assert_eq!(spread(&Tensor::from_slice2(&[[3f32, 4.0], [-3.0, -4.0]])), 1.0);
    }

    #[test]
    fn spread_ignores_scale_and_resolves_tiny_differences() {
        let z = Tensor::from_slice2(&[[1f32, 0.0], [1.0, 0.001]]);
        let (small, large) = (spread(&z), spread(&(&z * 1e4)));
        assert!((small / 2.5e-7 - 1.0).abs() < 1e-5, "{small}");
        assert!((small / large - 1.0).abs() < 1e-5, "{small} {large}");
    }
}
