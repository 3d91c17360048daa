//! The 2×2 maximum pooling of normalised activations, forward and backward.
//!
//! What is pooled is `scale·r + shift` of a BatchNorm (see [`norm`](super::norm)), normalised here
//! and again on the way back, which is cheaper than to keep it. The gradient goes to the largest of
//! four, the first of equals, as in PyTorch. A last row or column of an odd side is left out.

use super::convolution::Sums;
use super::lanes::Lanes;
use super::norm::{Norm, NormGradient};
use super::plane::Plane;
use crate::runtime::Kernel;

/// The four activations of a window, row by row, and which of them is the largest when normalised.
#[derive(Clone, Copy)]
struct Window {
    relu: [Lanes; 4],
    /// 0.0 to 3.0 for each image.
    winner: Lanes,
    /// The largest, normalised.
    maximum: Lanes,
}

impl Window {
    /// Of channel `c` of the window whose first pixel is `(2y, 2x)`.
    #[inline(always)]
    fn look<const FMA: bool, const C: usize>(
        relu: &[Lanes],
        side: usize,
        (y, x): (usize, usize),
        c: usize,
        norm: &Norm,
    ) -> Window {
        let first = (2 * y * side + 2 * x) * C + c;
        let below = first + side * C;
        let relu = [relu[first], relu[first + C], relu[below], relu[below + C]];
        let (scale, shift) = (Lanes::splat(norm.scale[c]), Lanes::splat(norm.shift[c]));
        let mut maximum = shift.plus_product::<FMA>(relu[0], scale);
        let mut winner = Lanes::ZERO;
        for place in 1..4 {
            let value = shift.plus_product::<FMA>(relu[place], scale);
            for lane in 0..winner.0.len() {
                // What is not a number wins and stays, so that it is seen.
                let stays = !(value.0[lane] > maximum.0[lane] || value.0[lane].is_nan());
                winner.0[lane] = if stays { winner.0[lane] } else { place as f32 };
                maximum.0[lane] = if stays { maximum.0[lane] } else { value.0[lane] };
            }
        }
        Window { relu, winner, maximum }
    }

    /// `value` where the pixel `place` of the window won, else 0.
    #[inline(always)]
    fn where_won(&self, place: usize, value: Lanes) -> Lanes {
        value.with(self.winner, |value, winner| if winner == place as f32 { value } else { 0.0 })
    }

    /// The activation that won.
    #[inline(always)]
    fn won(&self) -> Lanes {
        let mut won = self.relu[0];
        for place in 1..4 {
            for lane in 0..won.0.len() {
                let wins = self.winner.0[lane] == place as f32;
                won.0[lane] = if wins { self.relu[place].0[lane] } else { won.0[lane] };
            }
        }
        won
    }
}

/// Normalises and pools activations into a plane.
pub struct Pool<'a, const C: usize> {
    /// `[S][S][C]`.
    pub relu: &'a [Lanes],
    pub side: usize,
    pub norm: &'a Norm,
    /// Of side S/2.
    pub plane: &'a mut Plane<C>,
}

impl<const C: usize> Kernel for Pool<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for y in 0..self.plane.side() {
            for (x, output) in self.plane.image_row(y).chunks_exact_mut(C).enumerate() {
                for c in 0..C {
                    let window = Window::look::<FMA, C>(self.relu, self.side, (y, x), c, self.norm);
                    output[c] = window.maximum;
                }
            }
        }
    }
}

/// Σg and Σg·r of a BatchNorm whose outputs were pooled: only winners have a gradient.
pub struct PoolSums<'a, const C: usize> {
    /// `[S][S][C]`.
    pub relu: &'a [Lanes],
    pub side: usize,
    pub norm: &'a Norm,
    /// Gradient of the pooled values `[S/2][S/2][C]`.
    pub gradient: &'a [Lanes],
}

impl<const C: usize> Kernel for PoolSums<'_, C> {
    type Output = Sums;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> Sums {
        let mut sums = Sums::new(C);
        let half = self.side / 2;
        for (pixel, gradient) in self.gradient.chunks_exact(C).enumerate() {
            let place = (pixel / half, pixel % half);
            for c in 0..C {
                let window = Window::look::<FMA, C>(self.relu, self.side, place, c, self.norm);
                sums.first[c] = sums.first[c].plus(gradient[c]);
                sums.second[c] = sums.second[c].plus_product::<FMA>(gradient[c], window.won());
            }
        }
        sums
    }
}

/// Takes the gradient of pooled values back to the convolution before the BatchNorm.
pub struct PoolBackToConvolution<'a, const C: usize> {
    /// `[S][S][C]`.
    pub relu: &'a [Lanes],
    pub norm: &'a Norm,
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
        for (pixel, gradient) in self.gradient.chunks_exact(C).enumerate() {
            let (y, x) = (pixel / half, pixel % half);
            for c in 0..C {
                let window = Window::look::<FMA, C>(self.relu, side, (y, x), c, self.norm);
                for place in 0..4 {
                    let pixel = (2 * y + place / 2, 2 * x + place % 2);
                    let gradient = window.where_won(place, gradient[c]);
                    self.set::<FMA>(pixel, c, gradient, window.relu[place]);
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
    use crate::model::fused::testing::{lanes, simds};

    /// A BatchNorm of one channel that gives `scale·r`.
    fn norm(scale: f32) -> Norm {
        Norm::of_running(&[0.0], &[1.0], &[scale], &[0.0], 0.0)
    }

    /// A backward step that hands the gradient on as it is.
    fn as_it_is() -> NormGradient {
        let zero = vec![0.0];
        let (of_relu, constant) = (zero.clone(), zero.clone());
        NormGradient { of_gradient: vec![1.0], of_relu, constant, ..NormGradient::default() }
    }

    /// Pools one channel and takes a gradient of ones back.
    fn there_and_back(relu: &[f32], side: usize, scale: f32) -> (Vec<f32>, Vec<f32>) {
        let relu: Vec<Lanes> = relu.iter().map(|&value| Lanes::splat(value)).collect();
        let (norm, step) = (norm(scale), as_it_is());
        let mut pooled = Plane::<1>::new(side / 2);
        let simd = simds()[0];
        simd.run(Pool { relu: &relu, side, norm: &norm, plane: &mut pooled });
        let gradient = vec![Lanes::splat(1.0); (side / 2) * (side / 2)];
        let (mut plane, mut bias) = (Plane::<1>::new(side), [Lanes::ZERO]);
        let back = PoolBackToConvolution {
            relu: &relu,
            norm: &norm,
            gradient: &gradient,
            step: &step,
            plane: &mut plane,
            bias: &mut bias,
        };
        simd.run(back);
        let first = |values: Vec<Lanes>| values.iter().map(|value| value.0[0]).collect();
        (first(pooled.image()), first(plane.image()))
    }

    #[test]
    fn the_largest_normalised_value_wins_and_takes_the_gradient() {
        let relu = [1.0, 5.0, 2.0, 3.0];
        assert_eq!(there_and_back(&relu, 2, 2.0), (vec![10.0], vec![0.0, 1.0, 0.0, 0.0]));
        // Under a negative γ the smallest activation is the largest when normalised.
        assert_eq!(there_and_back(&relu, 2, -2.0), (vec![-2.0], vec![1.0, 0.0, 0.0, 0.0]));
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
        let (pooled, _) = there_and_back(&[1.0, f32::NAN, 2.0, 3.0], 2, 1.0);
        assert!(pooled[0].is_nan());
    }

    #[test]
    fn the_sums_are_those_of_the_winners() {
        let relu = lanes(16, 1);
        let gradient = lanes(4, 2);
        for scale in [1.0, -1.0] {
            let norm = norm(scale);
            let sums = simds()[0].run(PoolSums::<1> {
                relu: &relu,
                side: 4,
                norm: &norm,
                gradient: &gradient,
            });
            for lane in 0..8 {
                let winner = |window: usize| {
                    let first = window / 2 * 8 + window % 2 * 2;
                    let four = [0, 1, 4, 5].map(|offset| scale * relu[first + offset].0[lane]);
                    scale * four.into_iter().fold(f32::NEG_INFINITY, f32::max)
                };
                let expected: f32 =
                    (0..4).map(|window| gradient[window].0[lane] * winner(window)).sum();
                assert!((sums.second[0].0[lane] - expected).abs() < 1e-6);
            }
        }
    }
}
