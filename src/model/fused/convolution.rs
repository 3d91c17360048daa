//! The 3×3 convolution of eight images, forward and backward with respect to its input.
//!
//! ```text
//! out[y][x][o] = bias[o] + Σ weight[o][ky][kx][i] · in[y + ky][x + kx][i]
//! ```
//!
//! `in` has a border of one pixel. The three pixels of a window row and their channels are
//! contiguous, so a window is three runs of 3·IN numbers, and so are the weights of an output
//! channel.

use super::epilogue::{Epilogue, TilePosition};
use super::lanes::Lanes;
use super::plane::Plane;
use crate::runtime::Kernel;

/// A convolution from IN to OUT channels; see the module for the formula.
pub struct Convolve<'a, const IN: usize, const OUT: usize, F> {
    pub input: &'a Plane<IN>,
    /// `[OUT][3][3][IN]`.
    pub weights: &'a [f32],
    /// `[OUT]`.
    pub bias: &'a [f32],
    /// What happens to the outputs.
    pub epilogue: F,
}

impl<const IN: usize, const OUT: usize, F: Epilogue> Kernel for Convolve<'_, IN, OUT, F> {
    /// The epilogue with its sums.
    type Output = F;

    #[inline(always)]
    fn run<const FMA: bool>(mut self) -> F {
        assert_eq!((self.weights.len(), self.bias.len()), (OUT * 9 * IN, OUT));
        for y in 0..self.input.side() {
            // Tiles as large as fit in registers; with a single channel they can be longer.
            match (OUT, FMA) {
                (1, _) => self.row::<FMA, 1, 8>(y),
                (_, true) => self.row::<FMA, 2, 6>(y),
                (_, false) => self.row::<FMA, 2, 3>(y),
            }
        }
        self.epilogue
    }
}

impl<const IN: usize, const OUT: usize, F: Epilogue> Convolve<'_, IN, OUT, F> {
    /// One row of outputs, in tiles of T channels and at most P pixels, as equal as possible.
    #[inline(always)]
    fn row<const FMA: bool, const T: usize, const P: usize>(&mut self, y: usize) {
        let side = self.input.side();
        let tiles = side.div_ceil(P);
        let (width, wider) = (side / tiles, side % tiles);
        let mut x = 0;
        for tile in 0..tiles {
            let width = width + usize::from(tile < wider);
            for channel in (0..OUT).step_by(T) {
                let at = TilePosition { y, x, step: 1, channel };
                match width {
                    1 => self.tile::<FMA, T, 1>(at),
                    2 => self.tile::<FMA, T, 2>(at),
                    3 => self.tile::<FMA, T, 3>(at),
                    4 if P >= 4 => self.tile::<FMA, T, 4>(at),
                    5 if P >= 5 => self.tile::<FMA, T, 5>(at),
                    6 if P >= 6 => self.tile::<FMA, T, 6>(at),
                    7 if P >= 7 => self.tile::<FMA, T, 7>(at),
                    8 if P >= 8 => self.tile::<FMA, T, 8>(at),
                    _ => unreachable!("a tile has at most P pixels"),
                }
            }
            x += width;
        }
    }

    #[inline(always)]
    fn tile<const FMA: bool, const T: usize, const P: usize>(&mut self, at: TilePosition) {
        let TilePosition { y, x, channel, .. } = at;
        let weights = &self.weights[channel * 9 * IN..][..T * 9 * IN];
        let bias = &self.bias[channel..][..T];
        let mut sums = [[Lanes::ZERO; P]; T];
        for t in 0..T {
            sums[t] = [Lanes::splat(bias[t]); P];
        }
        for ky in 0..3 {
            let window = &self.input.row(y + ky)[x * IN..][..(P + 2) * IN];
            for j in 0..3 * IN {
                // The few weights stay in registers and each pixel is loaded once; other loop
                // orders make the compiler spill.
                let mut weight = [Lanes::ZERO; T];
                for t in 0..T {
                    weight[t] = Lanes::splat(weights[(t * 3 + ky) * 3 * IN + j]);
                }
                for p in 0..P {
                    let pixel = window[p * IN + j];
                    for t in 0..T {
                        sums[t][p] = sums[t][p].plus_product::<FMA>(pixel, weight[t]);
                    }
                }
            }
        }
        self.epilogue.take::<FMA, T, P>(&sums, at);
    }
}

/// The weights of the convolution that computes the input gradient: `[OUT][3][3][IN]` →
/// `[IN][3][3][OUT]`, each kernel rotated by 180°.
pub fn flipped(weights: &[f32], inputs: usize) -> Vec<f32> {
    let outputs = weights.len() / (9 * inputs);
    let mut flipped = vec![0.0; weights.len()];
    for o in 0..outputs {
        for k in 0..9 {
            for i in 0..inputs {
                flipped[(i * 9 + 8 - k) * outputs + o] = weights[(o * 9 + k) * inputs + i];
            }
        }
    }
    flipped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fused::epilogue::{Activate, Store, Sums};
    use crate::model::fused::testing::{assert_near, convolved, numbers, plane, simds};

    fn check<const IN: usize, const OUT: usize>(side: usize) {
        let (weights, bias) = (numbers(OUT * 9 * IN, 1), numbers(OUT, 2));
        let input = plane::<IN>(side, 3);
        for simd in simds() {
            let mut output = vec![Lanes::ZERO; side * side * OUT];
            let epilogue = Store { output: &mut output, side, channels: OUT };
            let (input, weights, bias) = (&input, &weights, &bias);
            simd.run(Convolve::<IN, OUT, _> { input, weights, bias, epilogue });
            for (index, value) in output.iter().enumerate() {
                let (pixel, o) = (index / OUT, index % OUT);
                let at = (pixel / side, pixel % side, o);
                assert_near(value, &convolved(input, weights, bias, at));
            }
        }
    }

    #[test]
    fn convolutions_match_their_formula_at_every_size() {
        for side in (1..=14).chain([28]) {
            check::<1, 8>(side);
            check::<8, 8>(side);
            check::<16, 1>(side);
            check::<1, 16>(side);
        }
        check::<8, 16>(14);
        check::<16, 16>(7);
        check::<16, 8>(5);
    }

    #[test]
    fn flipped_weights_give_the_adjoint() {
        // ⟨conv(a), b⟩ = ⟨a, flipped conv(b)⟩ for all a and b.
        let (side, weights) = (5, numbers(16 * 9 * 8, 4));
        let (a, b) = (plane::<8>(side, 5), plane::<16>(side, 6));
        let mut forward = vec![Lanes::ZERO; side * side * 16];
        let epilogue = Store { output: &mut forward, side, channels: 16 };
        let simd = simds()[0];
        simd.run(Convolve::<8, 16, _> { input: &a, weights: &weights, bias: &[0.0; 16], epilogue });
        let mut back = vec![Lanes::ZERO; side * side * 8];
        let epilogue = Store { output: &mut back, side, channels: 8 };
        let weights = &flipped(&weights, 8);
        simd.run(Convolve::<16, 8, _> { input: &b, weights, bias: &[0.0; 8], epilogue });
        let dot = |one: &[Lanes], other: Vec<Lanes>| -> f64 {
            one.iter().zip(other).map(|(a, b)| f64::from(a.times(b).sum())).sum()
        };
        let (one, other) = (dot(&forward, b.image()), dot(&back, a.image()));
        assert!((one - other).abs() < 1e-4 * one.abs(), "{one} {other}");
    }

    #[test]
    fn lanes_without_an_image_stay_zero_and_add_nothing() {
        let side = 4;
        let input = plane::<1>(side, 7);
        let (weights, bias) = (numbers(8 * 9, 8), vec![1.0; 8]);
        let present = Lanes(std::array::from_fn(|lane| if lane < 3 { 1.0 } else { 0.0 }));
        let mut output = vec![Lanes::ZERO; side * side * 8];
        let store = Store { output: &mut output, side, channels: 8 };
        let epilogue = Activate { store, present, sums: Sums::new(8) };
        let convolve =
            Convolve::<1, 8, _> { input: &input, weights: &weights, bias: &bias, epilogue };
        let sums = simds()[0].run(convolve).sums;
        for lane in 0..8 {
            let any = output.iter().any(|value| value.0[lane] > 0.0);
            assert_eq!(any, lane < 3);
            assert_eq!(sums.first.iter().any(|sum| sum.0[lane] > 0.0), lane < 3);
            assert_eq!(sums.second.iter().any(|sum| sum.0[lane] > 0.0), lane < 3);
        }
    }

    #[test]
    fn relu_propagates_nan() {
        let value = Lanes([f32::NAN, -1.0, 2.0, 0.0, f32::INFINITY, -0.5, 1.0, 3.0]).relu();
        assert!(value.0[0].is_nan());
        assert_eq!(value.0[1..], [0.0, 2.0, 0.0, f32::INFINITY, 0.0, 1.0, 3.0]);
    }
}
