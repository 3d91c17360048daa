//! A linear layer of eight images, forward and backward.
//!
//! ```text
//! out[o] = bias[o] + Σ weight[o][i] · in[i]
//! ∂in[i] = Σ ∂out[o] · weight[o][i],   ∂weight[o][i] = ∂out[o] · in[i],   ∂bias[o] = ∂out[o]
//! ```

use super::lanes::Lanes;
use crate::runtime::Kernel;

/// Sums that are under way at once, enough to hide each other's latency.
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
pub struct LinearBack<'a> {
    /// What the layer was given `[I]`.
    pub input: &'a [Lanes],
    /// `[O][I]`.
    pub weights: &'a [f32],
    /// Gradient of the outputs `[O]`.
    pub gradient: &'a [Lanes],
    /// Becomes the gradient of the inputs `[I]`.
    pub back: &'a mut [Lanes],
    /// The gradient of the weights is added here, image by image `[O][I]`.
    pub weight_sums: &'a mut [Lanes],
    /// The gradient of the bias is added here `[O]`.
    pub bias_sums: &'a mut [Lanes],
}

impl Kernel for LinearBack<'_> {
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
