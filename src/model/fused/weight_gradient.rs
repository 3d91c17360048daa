//! The gradient of a convolution's weights.
//!
//! ```text
//! ∂weight[o][ky][kx][i] = Σ ∂out[y][x][o] · in[y + ky][x + kx][i]    over y, x and the images
//! ```

use std::ops::Range;

use super::lanes::Lanes;
use super::plane::Plane;
use crate::runtime::Kernel;

/// Rows processed before moving on to the next weights, few enough to stay in the L1 cache.
const STRIP: usize = 2;

/// Adds the gradient of eight images to `sums`, image by image.
pub struct WeightGradient<'a, const IN: usize, const OUT: usize> {
    pub input: &'a Plane<IN>,
    /// Gradient of the outputs; its border is not used.
    pub gradient: &'a Plane<OUT>,
    /// `[OUT][3][3][IN]`.
    pub sums: &'a mut [Lanes],
}

impl<const IN: usize, const OUT: usize> Kernel for WeightGradient<'_, IN, OUT> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        assert_eq!(self.sums.len(), OUT * 9 * IN);
        let side = self.input.side();
        for y in (0..side).step_by(STRIP) {
            let rows = y..(y + STRIP).min(side);
            match (OUT, FMA) {
                (1, _) => self.strip::<FMA, 1, 8>(rows),
                (_, true) => self.strip::<FMA, 4, 3>(rows),
                (_, false) => self.strip::<FMA, 2, 3>(rows),
            }
        }
    }
}

impl<const IN: usize, const OUT: usize> WeightGradient<'_, IN, OUT> {
    /// All weights over a few rows, in tiles of T output channels and J numbers of a window row.
    #[inline(always)]
    fn strip<const FMA: bool, const T: usize, const J: usize>(&mut self, rows: Range<usize>) {
        for ky in 0..3 {
            for o in (0..OUT).step_by(T) {
                for j in (0..3 * IN).step_by(J) {
                    self.tile::<FMA, T, J>(rows.clone(), ky, o, j);
                }
            }
        }
    }

    #[inline(always)]
    fn tile<const FMA: bool, const T: usize, const J: usize>(
        &mut self,
        rows: Range<usize>,
        ky: usize,
        o: usize,
        j: usize,
    ) {
        let (first, stride) = ((o * 3 + ky) * 3 * IN + j, 9 * IN);
        let side = self.input.side();
        let mut sums = [[Lanes::ZERO; J]; T];
        for t in 0..T {
            sums[t].copy_from_slice(&self.sums[first + t * stride..][..J]);
        }
        for y in rows {
            let inputs = &self.input.row(y + ky)[j..][..(side - 1) * IN + J];
            let gradients = &self.gradient.row(y + 1)[OUT + o..][..(side - 1) * OUT + T];
            for x in 0..side {
                let (input, gradient) = (&inputs[x * IN..][..J], &gradients[x * OUT..][..T]);
                for t in 0..T {
                    for q in 0..J {
                        sums[t][q] = sums[t][q].plus_product::<FMA>(gradient[t], input[q]);
                    }
                }
            }
        }
        for t in 0..T {
            self.sums[first + t * stride..][..J].copy_from_slice(&sums[t]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fused::testing::{assert_near, plane, simds};

    fn check<const IN: usize, const OUT: usize>(side: usize) {
        let (input, gradient) = (plane::<IN>(side, 1), plane::<OUT>(side, 2));
        for simd in simds() {
            let mut sums = vec![Lanes::splat(0.5); OUT * 9 * IN];
            let (input, gradient) = (&input, &gradient);
            simd.run(WeightGradient::<IN, OUT> { input, gradient, sums: &mut sums });
            for (index, sum) in sums.iter().enumerate() {
                let (o, ky, j) = (index / (9 * IN), index / (3 * IN) % 3, index % (3 * IN));
                let expected = std::array::from_fn(|lane| {
                    let pixels = (0..side).flat_map(|y| (0..side).map(move |x| (y, x)));
                    let term = |(y, x): (usize, usize)| {
                        let out = gradient.row(y + 1)[(x + 1) * OUT + o].0[lane];
                        f64::from(out) * f64::from(input.row(y + ky)[x * IN + j].0[lane])
                    };
                    0.5 + pixels.map(term).sum::<f64>()
                });
                assert_near(sum, &expected);
            }
        }
    }

    #[test]
    fn weight_gradients_match_their_formula_and_are_accumulated() {
        for side in [1, 2, 3, 7, 14] {
            check::<1, 8>(side);
            check::<8, 8>(side);
            check::<16, 1>(side);
        }
        check::<8, 16>(6);
        check::<16, 16>(5);
    }
}
