//! Chooses the kernel for a convolution and prepares its weights.

use super::convolution::Convolve;
use super::epilogue::Epilogue;
use super::plane::Plane;
use super::winograd::{Winograd, transform_weights};
use crate::runtime::Simd;

/// Whether Winograd pays off: the input transform is shared by all output channels and the output
/// transform by all input channels, so both have to be numerous.
const fn by_winograd(inputs: usize, outputs: usize) -> bool {
    inputs >= 8 && outputs >= 8 && outputs.is_multiple_of(8)
}

/// Prepares weights `[OUT][3][3][IN]` for [`convolve`].
pub fn prepare(weights: &[f32], inputs: usize) -> Vec<f32> {
    let outputs = weights.len() / (9 * inputs);
    if by_winograd(inputs, outputs) { transform_weights(weights, inputs) } else { weights.to_vec() }
}

/// Convolves with weights from [`prepare`], or directly with plain weights; returns the epilogue
/// with its sums.
pub fn convolve<const IN: usize, const OUT: usize, F: Epilogue>(
    simd: Simd,
    input: &Plane<IN>,
    (weights, bias): (&[f32], &[f32]),
    epilogue: F,
) -> F {
    if const { by_winograd(IN, OUT) } && weights.len() == OUT * 12 * IN {
        simd.run(Winograd::<IN, OUT, F> { input, weights, bias, epilogue })
    } else {
        simd.run(Convolve::<IN, OUT, F> { input, weights, bias, epilogue })
    }
}
