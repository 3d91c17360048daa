//! 2×2 max pooling after a BatchNorm, forward and backward.
//!
//! BatchNorm is `scale·r + shift` with the sign of γ, so the maximum of four normalised activations
//! is known before the statistics are: it is the largest r, or the smallest if γ is negative. So
//! pooling happens right after the convolution, and only the maxima are normalised later. The
//! gradient goes to the maximum, the first one if several are equal, as in PyTorch. The last row
//! and column of an odd side are ignored.

use super::lanes::Lanes;
use super::norm::NormGradient;
use super::plane::Plane;
use crate::runtime::Kernel;

/// The four activations of channel `c` in the window that starts at pixel `(2y, 2x)`, row by row.
#[inline(always)]
fn window<const C: usize>(
    relu: &[Lanes],
    side: usize,
    (y, x): (usize, usize),
    c: usize,
) -> [Lanes; 4] {
    let first = (2 * y * side + 2 * x) * C + c;
    let below = first + side * C;
    [relu[first], relu[first + C], relu[below], relu[below + C]]
}

/// Pools activations before they are normalised.
pub struct Pool<'a, const C: usize> {
    /// `[S][S][C]`.
    pub relu: &'a [Lanes],
    pub side: usize,
    /// γ of the BatchNorm between the activations and the pooling.
    pub gamma: &'a [f32],
    /// `[S/2][S/2][C]`.
    pub output: &'a mut [Lanes],
}

impl<const C: usize> Kernel for Pool<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let half = self.side / 2;
        let mut sign = [Lanes::ZERO; C];
        for c in 0..C {
            sign[c] = Lanes::splat(if self.gamma[c] < 0.0 { -1.0 } else { 1.0 });
        }
        for (pixel, output) in self.output.chunks_exact_mut(C).enumerate() {
            let index = (pixel / half, pixel % half);
            for c in 0..C {
                let four = window::<C>(self.relu, self.side, index, c);
                let mut max = four[0].times(sign[c]);
                for r in &four[1..] {
                    max = max.larger(r.times(sign[c]));
                }
                output[c] = max.times(sign[c]);
            }
        }
    }
}

/// Backpropagates the gradient of pooled values to the convolution before the BatchNorm.
pub struct PoolBackward<'a, const C: usize> {
    /// `[S][S][C]`.
    pub relu: &'a [Lanes],
    /// The pooled values `[S/2][S/2][C]`.
    pub pooled: &'a [Lanes],
    /// Gradient of the pooled values `[S/2][S/2][C]`.
    pub gradient: &'a [Lanes],
    pub step: &'a NormGradient,
    /// Gradient of the convolution's outputs, of side S.
    pub plane: &'a mut Plane<C>,
    /// Accumulates the sum of that gradient, which is the gradient of the bias `[C]`.
    pub bias: &'a mut [Lanes],
}

impl<const C: usize> Kernel for PoolBackward<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        let (side, half) = (self.plane.side(), self.plane.side() / 2);
        let pooled = self.pooled.chunks_exact(C).zip(self.gradient.chunks_exact(C));
        for (pixel, (pooled, gradient)) in pooled.enumerate() {
            let (y, x) = (pixel / half, pixel % half);
            for c in 0..C {
                let four = window::<C>(self.relu, side, (y, x), c);
                // The gradient, until the first maximum has received it.
                let mut rest = gradient[c];
                for index in 0..4 {
                    let mut received = Lanes::ZERO;
                    for lane in 0..received.0.len() {
                        let is_max = four[index].0[lane] == pooled[c].0[lane];
                        received.0[lane] = if is_max { rest.0[lane] } else { 0.0 };
                        rest.0[lane] = if is_max { 0.0 } else { rest.0[lane] };
                    }
                    let pixel = (2 * y + index / 2, 2 * x + index % 2);
                    self.set::<FMA>(pixel, c, received, four[index]);
                }
            }
        }
        // No window covers the last row and column of an odd side.
        for y in 0..side {
            for x in (if y < 2 * half { 2 * half } else { 0 })..side {
                for c in 0..C {
                    let relu = self.relu[(y * side + x) * C + c];
                    self.set::<FMA>((y, x), c, Lanes::ZERO, relu);
                }
            }
        }
    }
}

impl<const C: usize> PoolBackward<'_, C> {
    #[inline(always)]
    fn set<const FMA: bool>(
        &mut self,
        (y, x): (usize, usize),
        c: usize,
        gradient: Lanes,
        relu: Lanes,
    ) {
        let value = self.step.through_relu::<FMA>(c, gradient, relu);
        self.plane.image_row(y)[x * C + c] = value;
        self.bias[c] = self.bias[c].plus(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fused::testing::simds;

    /// A backward step that passes the gradient through unchanged.
    fn identity_step() -> NormGradient {
        let zero = vec![0.0];
        let (relu_factor, constant) = (zero.clone(), zero.clone());
        NormGradient {
            gradient_factor: vec![1.0],
            relu_factor,
            constant,
            ..NormGradient::default()
        }
    }

    /// Pools one channel and backpropagates a gradient of ones.
    fn pool_and_backprop(relu: &[f32], side: usize, gamma: f32) -> (Vec<f32>, Vec<f32>) {
        let relu: Vec<Lanes> = relu.iter().map(|&value| Lanes::splat(value)).collect();
        let half = (side / 2) * (side / 2);
        let mut pooled = vec![Lanes::ZERO; half];
        let simd = simds()[0];
        simd.run(Pool::<1> { relu: &relu, side, gamma: &[gamma], output: &mut pooled });
        let gradient = vec![Lanes::splat(1.0); half];
        let (mut plane, mut bias) = (Plane::<1>::new(side), [Lanes::ZERO]);
        simd.run(PoolBackward {
            relu: &relu,
            pooled: &pooled,
            gradient: &gradient,
            step: &identity_step(),
            plane: &mut plane,
            bias: &mut bias,
        });
        let first = |values: Vec<Lanes>| values.iter().map(|value| value.0[0]).collect();
        (first(pooled), first(plane.image()))
    }

    #[test]
    fn the_largest_normalised_activation_is_pooled_and_receives_the_gradient() {
        let relu = [1.0, 5.0, 2.0, 3.0];
        assert_eq!(pool_and_backprop(&relu, 2, 2.0), (vec![5.0], vec![0.0, 1.0, 0.0, 0.0]));
        // With negative γ the smallest activation is the largest after normalisation.
        assert_eq!(pool_and_backprop(&relu, 2, -2.0), (vec![1.0], vec![1.0, 0.0, 0.0, 0.0]));
    }

    #[test]
    fn the_first_of_equal_maxima_receives_the_gradient_as_in_pytorch() {
        let (_, back) = pool_and_backprop(&[3.0, 4.0, 4.0, 4.0], 2, 1.0);
        assert_eq!(back, [0.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn the_last_row_and_column_of_an_odd_side_are_ignored() {
        let relu = [1.0, 2.0, 9.0, 3.0, 4.0, 9.0, 9.0, 9.0, 9.0];
        let (pooled, back) = pool_and_backprop(&relu, 3, 1.0);
        assert_eq!(pooled, [4.0]);
        assert_eq!(back, [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn nan_is_propagated() {
        for index in 0..4 {
            let mut relu = [1.0, 4.0, 2.0, 3.0];
            relu[index] = f32::NAN;
            let (pooled, _) = pool_and_backprop(&relu, 2, 1.0);
            assert!(pooled[0].is_nan(), "{index}");
        }
    }
}
