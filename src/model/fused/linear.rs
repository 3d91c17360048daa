//! A linear layer of eight images, forward and backward.
//!
//! ```text
//! out[o] = bias[o] + Σ weight[o][i] · in[i]
//! ∂in[i] = Σ ∂out[o] · weight[o][i],   ∂weight[o][i] = ∂out[o] · in[i],   ∂bias[o] = ∂out[o]
//! ```

use super::lanes::Lanes;
use crate::runtime::Kernel;

/// Sums accumulated in parallel, enough to hide the latency of the instructions.
const TILE: usize = 8;

/// `[I]` → `[O]`.
pub struct Linear<'a> {
    pub input: &'a [Lanes],
    /// `[O][I]`.
    pub weights: &'a [f32],
    pub bias: &'a [f32],
    pub output: &'a mut [Lanes],
}

impl Kernel for Linear<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let inputs = self.input.len();
        let tiles = self.output.chunks_mut(TILE).zip(self.bias.chunks(TILE));
        for ((output, bias), weights) in tiles.zip(self.weights.chunks(TILE * inputs)) {
            let mut sums = [Lanes::ZERO; TILE];
            for (sum, &bias) in sums.iter_mut().zip(bias) {
                *sum = Lanes::splat(bias);
            }
            for (i, &input) in self.input.iter().enumerate() {
                for (o, sum) in sums.iter_mut().enumerate().take(output.len()) {
                    let weight = Lanes::splat(weights[o * inputs + i]);
                    *sum = sum.plus_product::<FMA>(input, weight);
                }
            }
            output.copy_from_slice(&sums[..output.len()]);
        }
    }
}

/// The backward pass of a [`Linear`] layer.
pub struct LinearBackward<'a> {
    /// The layer's input `[I]`.
    pub input: &'a [Lanes],
    /// `[O][I]`.
    pub weights: &'a [f32],
    /// Gradient of the outputs `[O]`.
    pub gradient: &'a [Lanes],
    /// Receives the gradient of the inputs `[I]`.
    pub back: &'a mut [Lanes],
    /// Accumulates the gradient of the weights, image by image `[O][I]`.
    pub weight_sums: &'a mut [Lanes],
    /// Accumulates the gradient of the bias `[O]`.
    pub bias_sums: &'a mut [Lanes],
}

impl Kernel for LinearBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let inputs = self.input.len();
        self.back.fill(Lanes::ZERO);
        let rows = self.weights.chunks_exact(inputs).zip(self.weight_sums.chunks_exact_mut(inputs));
        let outputs = self.gradient.iter().zip(self.bias_sums);
        for ((&gradient, bias), (weights, sums)) in outputs.zip(rows) {
            *bias = bias.plus(gradient);
            for i in 0..inputs {
                let weight = Lanes::splat(weights[i]);
                self.back[i] = self.back[i].plus_product::<FMA>(gradient, weight);
                sums[i] = sums[i].plus_product::<FMA>(gradient, self.input[i]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fused::testing::{assert_near, lanes, numbers, simds};

    fn wide(value: &Lanes) -> [f64; 8] {
        value.0.map(f64::from)
    }

    #[test]
    fn forward_and_backward_of_a_linear_layer_match_their_formulas() {
        for (inputs, outputs) in [(1, 1), (49, 49), (49, 10), (7, 19)] {
            let (weights, bias) = (numbers(inputs * outputs, 1), numbers(outputs, 2));
            let (input, gradient) = (lanes(inputs, 3), lanes(outputs, 4));
            for simd in simds() {
                let mut output = lanes(outputs, 5);
                let (input, weights, bias) = (&input[..], &weights[..], &bias[..]);
                simd.run(Linear { input, weights, bias, output: &mut output });
                for o in 0..outputs {
                    let expected = std::array::from_fn(|lane| {
                        let term =
                            |i: usize| wide(&input[i])[lane] * f64::from(weights[o * inputs + i]);
                        f64::from(bias[o]) + (0..inputs).map(term).sum::<f64>()
                    });
                    assert_near(&output[o], &expected);
                }
                check_backward(simd, input, weights, &gradient);
            }
        }
    }

    fn check_backward(
        simd: crate::runtime::Simd,
        input: &[Lanes],
        weights: &[f32],
        gradient: &[Lanes],
    ) {
        let (inputs, outputs) = (input.len(), gradient.len());
        let mut back = lanes(inputs, 6);
        let mut weight_sums = vec![Lanes::splat(1.0); inputs * outputs];
        let mut bias_sums = vec![Lanes::splat(1.0); outputs];
        simd.run(LinearBackward {
            input,
            weights,
            gradient,
            back: &mut back,
            weight_sums: &mut weight_sums,
            bias_sums: &mut bias_sums,
        });
        for i in 0..inputs {
            let expected = std::array::from_fn(|lane| {
                let term = |o: usize| wide(&gradient[o])[lane] * f64::from(weights[o * inputs + i]);
                (0..outputs).map(term).sum::<f64>()
            });
            assert_near(&back[i], &expected);
        }
        for o in 0..outputs {
            assert_near(&bias_sums[o], &wide(&gradient[o]).map(|value| 1.0 + value));
            for i in 0..inputs {
                let (g, x) = (wide(&gradient[o]), wide(&input[i]));
                let expected = std::array::from_fn(|lane| 1.0 + g[lane] * x[lane]);
                assert_near(&weight_sums[o * inputs + i], &expected);
            }
        }
    }
}
