//! Which kernel a convolution takes, and its weights as that kernel wants them.

use super::convolution::Convolve;
use super::finish::Finish;
use super::plane::Plane;
use super::winograd::{Winograd, transformed};
use crate::runtime::Simd;

/// Whether a convolution saves more multiplications than its sums for Winograd's products cost:
/// those of an input are shared by all outputs, those of an output by all inputs.
const fn by_winograd(inputs: usize, outputs: usize) -> bool {
    inputs >= 8 && outputs >= 8 && outputs.is_multiple_of(8)
}

/// `[OUT][3][3][IN]` as [`convolve`] wants them.
pub fn prepared(weights: &[f32], inputs: usize) -> Vec<f32> {
    let outputs = weights.len() / (9 * inputs);
    if by_winograd(inputs, outputs) { transformed(weights, inputs) } else { weights.to_vec() }
}

/// Convolves by [`prepared`] weights, or directly by weights as they are, and gives `finish` with
/// what it has gathered.
pub fn convolve<const IN: usize, const OUT: usize, F: Finish>(
    simd: Simd,
    input: &Plane<IN>,
    (weights, bias): (&[f32], &[f32]),
    finish: F,
) -> F {
    if const { by_winograd(IN, OUT) } && weights.len() == OUT * 12 * IN {
        simd.run(Winograd::<IN, OUT, F> { input, weights, bias, finish })
    } else {
        simd.run(Convolve::<IN, OUT, F> { input, weights, bias, finish })
    }
}
