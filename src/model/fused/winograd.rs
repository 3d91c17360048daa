//! The 3×3 convolution of eight images with two thirds of the multiplications: Winograd's minimal
//! filtering F(2, 3) along a row (Lavin & Gray 2016, Fast algorithms for convolutional neural
//! networks, section 4.1).
//!
//! Two adjacent outputs with three taps g take four products instead of six, from four inputs d:
//!
//! ```text
//! m₀ = (d₀ − d₂)·g₀                     out₀ = m₀ + m₁ + m₂
//! m₁ = (d₁ + d₂)·(g₀ + g₁ + g₂)/2       out₁ = m₁ − m₂ + m₃
//! m₂ = (d₂ − d₁)·(g₀ − g₁ + g₂)/2
//! m₃ = (d₃ − d₁)·g₂
//! ```
//!
//! Kernel rows and input channels are summed in m. The input transform is computed once for all
//! output channels, the weight transform once for all images.

use std::hint::black_box;

use super::epilogue::{Epilogue, TilePosition};
use super::lanes::Lanes;
use super::plane::Plane;
use crate::runtime::Kernel;

/// A convolution from IN to OUT channels, two columns at a time.
pub struct Winograd<'a, const IN: usize, const OUT: usize, F> {
    pub input: &'a Plane<IN>,
    /// `[OUT][4][3][IN]`, from [`transform_weights`].
    pub weights: &'a [f32],
    /// `[OUT]`.
    pub bias: &'a [f32],
    /// What happens to the outputs.
    pub epilogue: F,
}

/// The input transform of a row of Q pairs of columns `[4][Q][IN]`.
type Row<const IN: usize, const Q: usize> = [[[Lanes; IN]; Q]; 4];

impl<const IN: usize, const OUT: usize, F: Epilogue> Kernel for Winograd<'_, IN, OUT, F> {
    /// The epilogue with its sums.
    type Output = F;

    #[inline(always)]
    fn run<const FMA: bool>(mut self) -> F {
        assert_eq!((self.weights.len(), self.bias.len()), (OUT * 12 * IN, OUT));
        let side = self.input.side();
        let mut x = 0;
        while x < side {
            // Strip widths that fill the registers and leave no remainder that fills them badly.
            x += match (FMA, (side - x) / 2) {
                (_, 0 | 1) => self.strip::<FMA, 8, 1>(x),
                (false, 2 | 4) => self.strip::<FMA, 2, 2>(x),
                (false, _) => self.strip::<FMA, 2, 3>(x),
                (true, 2 | 3) => self.strip::<FMA, 4, 2>(x),
                (true, 4 | 6 | 8) => self.strip::<FMA, 2, 4>(x),
                (true, _) => self.strip::<FMA, 2, 5>(x),
            };
        }
        self.epilogue
    }
}

impl<const IN: usize, const OUT: usize, F: Epilogue> Winograd<'_, IN, OUT, F> {
    /// All rows of Q pairs of columns, in tiles of T channels; returns the number of columns. The
    /// last pair of an odd side has one column.
    ///
    /// A strip is narrow enough for its three rows to stay in the L1 cache.
    #[inline(always)]
    fn strip<const FMA: bool, const T: usize, const Q: usize>(&mut self, x: usize) -> usize {
        let mut rows = [[[[Lanes::ZERO; IN]; Q]; 4]; 3];
        self.transform(0, x, &mut rows[0]);
        self.transform(1, x, &mut rows[1]);
        for y in 0..self.input.side() {
            self.transform(y + 2, x, &mut rows[(y + 2) % 3]);
            let window = [&rows[y % 3], &rows[(y + 1) % 3], &rows[(y + 2) % 3]];
            for channel in (0..OUT).step_by(T) {
                self.tile::<FMA, T, Q>(window, TilePosition { y, x, step: 2, channel });
            }
        }
        2 * Q
    }

    /// The input transform of a row.
    #[inline(always)]
    fn transform<const Q: usize>(&self, row: usize, x: usize, to: &mut Row<IN, Q>) {
        let pixels = self.input.row(row);
        for q in 0..Q {
            let first = (x + 2 * q) * IN;
            let three = &pixels[first..][..3 * IN];
            // With an odd side, the last pixel lies beyond the border; no output uses it.
            let last = if first + 4 * IN <= pixels.len() { first + 3 * IN } else { first };
            let last = &pixels[last..][..IN];
            for i in 0..IN {
                let (d0, d1, d2, d3) = (three[i], three[IN + i], three[2 * IN + i], last[i]);
                to[0][q][i] = d0.minus(d2);
                to[1][q][i] = d1.plus(d2);
                to[2][q][i] = d2.minus(d1);
                to[3][q][i] = d3.minus(d1);
            }
        }
    }

    /// m₁ and m₂ contribute to both outputs, so their sum and difference initialise the
    /// accumulators of m₀ and m₃.
    #[inline(always)]
    fn tile<const FMA: bool, const T: usize, const Q: usize>(
        &mut self,
        rows: [&Row<IN, Q>; 3],
        at: TilePosition,
    ) {
        let mut plus = [[Lanes::ZERO; Q]; T];
        for t in 0..T {
            plus[t] = [Lanes::splat(self.bias[at.channel + t]); Q];
        }
        self.add_products::<FMA, T, Q>(rows, 1, at.channel, &mut plus);
        spill(&mut plus);
        let mut minus = [[Lanes::ZERO; Q]; T];
        self.add_products::<FMA, T, Q>(rows, 2, at.channel, &mut minus);
        let (mut even, mut odd) = ([[Lanes::ZERO; Q]; T], [[Lanes::ZERO; Q]; T]);
        for t in 0..T {
            for q in 0..Q {
                even[t][q] = plus[t][q].plus(minus[t][q]);
                odd[t][q] = plus[t][q].minus(minus[t][q]);
            }
        }
        spill(&mut odd);
        self.add_products::<FMA, T, Q>(rows, 0, at.channel, &mut even);
        self.epilogue.take::<FMA, T, Q>(&even, at);
        if at.x + 1 < self.input.side() {
            self.add_products::<FMA, T, Q>(rows, 3, at.channel, &mut odd);
            self.epilogue.take::<FMA, T, Q>(&odd, TilePosition { x: at.x + 1, ..at });
        }
    }

    /// Adds m at one of the four positions, summed over kernel rows and input channels.
    #[inline(always)]
    fn add_products<const FMA: bool, const T: usize, const Q: usize>(
        &self,
        rows: [&Row<IN, Q>; 3],
        position: usize,
        channel: usize,
        to: &mut [[Lanes; Q]; T],
    ) {
        let weights = &self.weights[channel * 12 * IN..][..T * 12 * IN];
        let mut sums = *to;
        // If the compiler knew that there are three, it would unroll all products and reorder them
        // until no register is left for the sums.
        for ky in 0..black_box(3) {
            let pixels = &rows[ky][position];
            for i in 0..IN {
                let mut weight = [Lanes::ZERO; T];
                for t in 0..T {
                    weight[t] = Lanes::splat(weights[((t * 4 + position) * 3 + ky) * IN + i]);
                }
                for q in 0..Q {
                    let pixel = pixels[q][i];
                    for t in 0..T {
                        sums[t][q] = sums[t][q].plus_product::<FMA>(pixel, weight[t]);
                    }
                }
            }
        }
        *to = sums;
    }
}

/// Forces sums into memory until they are used; otherwise the compiler keeps them in registers that
/// the products in between need.
#[inline(always)]
fn spill<const T: usize, const Q: usize>(sums: &mut [[Lanes; Q]; T]) {
    black_box(sums);
}

/// The weight transform: `[OUT][3][3][IN]` → `[OUT][4][3][IN]`.
pub fn transform_weights(weights: &[f32], inputs: usize) -> Vec<f32> {
    let mut transformed = Vec::with_capacity(weights.len() / 3 * 4);
    for kernel in weights.chunks_exact(9 * inputs) {
        for position in 0..4 {
            for row in kernel.chunks_exact(3 * inputs) {
                for i in 0..inputs {
                    let (g0, g1, g2) = (row[i], row[inputs + i], row[2 * inputs + i]);
                    transformed.push(match position {
                        0 => g0,
                        1 => 0.5 * (g0 + g1 + g2),
                        2 => 0.5 * (g0 - g1 + g2),
                        _ => g2,
                    });
                }
            }
        }
    }
    transformed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fused::epilogue::Store;
    use crate::model::fused::testing::{assert_within, convolved, numbers, plane, simds};

    fn check<const IN: usize, const OUT: usize>(side: usize) {
        let (weights, bias) = (numbers(OUT * 9 * IN, 1), numbers(OUT, 2));
        let (input, for_kernel) = (plane::<IN>(side, 3), transform_weights(&weights, IN));
        for simd in simds() {
            let mut output = vec![Lanes::ZERO; side * side * OUT];
            let epilogue = Store { output: &mut output, side, channels: OUT };
            let (input, bias) = (&input, &bias);
            simd.run(Winograd::<IN, OUT, _> { input, weights: &for_kernel, bias, epilogue });
            for (index, value) in output.iter().enumerate() {
                let (pixel, o) = (index / OUT, index % OUT);
                let at = (pixel / side, pixel % side, o);
                // Twice the usual tolerance: the factors are rounded sums.
                assert_within(2e-6, value, &convolved(input, &weights, bias, at));
            }
        }
    }

    #[test]
    fn convolutions_match_their_formula_at_every_size() {
        for side in (1..=24).chain([28]) {
            check::<8, 8>(side);
            check::<8, 16>(side);
            check::<16, 8>(side);
            check::<16, 16>(side);
        }
    }
}
