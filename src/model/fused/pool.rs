//! The 2×2 maximum pooling of what a BatchNorm normalised, forward and backward.
//!
//! A BatchNorm is `scale·r + shift` with the sign of γ, so which of four activations is the largest
//! when normalised is known before the statistics are: the largest r, or the smallest where γ is
//! negative. The winners are taken out right after the convolution and normalised later. The
//! gradient goes to the winner, the first of equals, as in PyTorch. A last row or column of an odd
//! side is left out.

use super::lanes::Lanes;
use super::norm::NormGradient;
use super::plane::Plane;
use crate::runtime::Kernel;

/// The four activations of channel `c` in the window whose first pixel is `(2y, 2x)`, row by row.
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

/// Takes the winners out of activations.
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
            let place = (pixel / half, pixel % half);
            for c in 0..C {
                let four = window::<C>(self.relu, self.side, place, c);
                let mut winner = four[0].times(sign[c]);
                for r in &four[1..] {
                    winner = winner.larger(r.times(sign[c]));
                }
                output[c] = winner.times(sign[c]);
            }
        }
    }
}

/// Takes the gradient of pooled values back to the convolution before the BatchNorm.
pub struct PoolBackToConvolution<'a, const C: usize> {
    /// `[S][S][C]`.
    pub relu: &'a [Lanes],
    /// The winners `[S/2][S/2][C]`.
    pub pooled: &'a [Lanes],
    /// Gradient of the pooled values `[S/2][S/2][C]`.
    pub gradient: &'a [Lanes],
    pub step: &'a NormGradient,
    /// Gradient of the convolution's outputs, of side S.
    pub plane: &'a mut Plane<C>,
    /// The sum of that gradient, which is the bias's `[C]`, is added here.
    pub bias: &'a mut [Lanes],
}

impl<const C: usize> Kernel for PoolBackToConvolution<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        let (side, half) = (self.plane.side(), self.plane.side() / 2);
        let pooled = self.pooled.chunks_exact(C).zip(self.gradient.chunks_exact(C));
        for (pixel, (pooled, gradient)) in pooled.enumerate() {
            let (y, x) = (pixel / half, pixel % half);
            for c in 0..C {
                let four = window::<C>(self.relu, side, (y, x), c);
                // What is left of the gradient once a winner was found.
                let mut rest = gradient[c];
                for place in 0..4 {
                    let mut won = Lanes::ZERO;
                    for lane in 0..won.0.len() {
                        let wins = four[place].0[lane] == pooled[c].0[lane];
                        won.0[lane] = if wins { rest.0[lane] } else { 0.0 };
                        rest.0[lane] = if wins { 0.0 } else { rest.0[lane] };
                    }
                    let pixel = (2 * y + place / 2, 2 * x + place % 2);
                    self.set::<FMA>(pixel, c, won, four[place]);
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

impl<const C: usize> PoolBackToConvolution<'_, C> {
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

    /// A backward step that hands the gradient on as it is.
    fn as_it_is() -> NormGradient {
        let zero = vec![0.0];
        let (of_relu, constant) = (zero.clone(), zero.clone());
        NormGradient { of_gradient: vec![1.0], of_relu, constant, ..NormGradient::default() }
    }

    /// Pools one channel and takes a gradient of ones back.
    fn there_and_back(relu: &[f32], side: usize, gamma: f32) -> (Vec<f32>, Vec<f32>) {
        let relu: Vec<Lanes> = relu.iter().map(|&value| Lanes::splat(value)).collect();
        let half = (side / 2) * (side / 2);
        let mut pooled = vec![Lanes::ZERO; half];
        let simd = simds()[0];
        simd.run(Pool::<1> { relu: &relu, side, gamma: &[gamma], output: &mut pooled });
        let gradient = vec![Lanes::splat(1.0); half];
        let (mut plane, mut bias) = (Plane::<1>::new(side), [Lanes::ZERO]);
        simd.run(PoolBackToConvolution {
            relu: &relu,
            pooled: &pooled,
            gradient: &gradient,
            step: &as_it_is(),
            plane: &mut plane,
            bias: &mut bias,
        });
        let first = |values: Vec<Lanes>| values.iter().map(|value| value.0[0]).collect();
        (first(pooled), first(plane.image()))
    }

    #[test]
    fn what_is_largest_when_normalised_wins_and_takes_the_gradient() {
        let relu = [1.0, 5.0, 2.0, 3.0];
        assert_eq!(there_and_back(&relu, 2, 2.0), (vec![5.0], vec![0.0, 1.0, 0.0, 0.0]));
        // Under a negative γ the smallest activation is the largest when normalised.
        assert_eq!(there_and_back(&relu, 2, -2.0), (vec![1.0], vec![1.0, 0.0, 0.0, 0.0]));
    }

    #[test]
    fn of_equals_the_first_takes_the_gradient_as_in_pytorch() {
        let (_, back) = there_and_back(&[3.0, 4.0, 4.0, 4.0], 2, 1.0);
        assert_eq!(back, [0.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn the_last_row_and_column_of_an_odd_side_are_left_out() {
        let relu = [1.0, 2.0, 9.0, 3.0, 4.0, 9.0, 9.0, 9.0, 9.0];
        let (pooled, back) = there_and_back(&relu, 3, 1.0);
        assert_eq!(pooled, [4.0]);
        assert_eq!(back, [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn what_is_not_a_number_is_not_hidden() {
        for place in 0..4 {
            let mut relu = [1.0, 4.0, 2.0, 3.0];
            relu[place] = f32::NAN;
            let (pooled, _) = there_and_back(&relu, 2, 1.0);
            assert!(pooled[0].is_nan(), "{place}");
        }
    }
}
