//! BatchNorm over a batch, combined with the ReLU before it.
//!
//! ```text
//! forward    y = γ·(r − μ)/√(σ² + ε) + β                 = scale·r + shift
//! backward   ∂r = γ/√(σ² + ε) · (g − Σg/n − x̂·Σ(g·x̂)/n)  = A·g + B·r + C
//!            ∂γ = Σ g·x̂,  ∂β = Σ g                       with x̂ = (r − μ)/√(σ² + ε)
//! ```
//!
//! r is the output of the ReLU, g the gradient of y, and n the number of values of a channel in the
//! batch, over which the sums run (Ioffe, Szegedy: Batch Normalization, ICML 2015, section 3). The
//! backward step of the ReLU needs only r, too: ∂conv = ∂r where r > 0, else 0.

use super::epilogue::Sums;
use super::lanes::Lanes;
use super::plane::Plane;
use crate::runtime::Kernel;

/// Two sums per channel over a whole batch, as [`Sums`] but over all images.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Moments {
    pub first: Vec<f64>,
    pub second: Vec<f64>,
}

impl Moments {
    pub fn new(channels: usize) -> Moments {
        Moments { first: vec![0.0; channels], second: vec![0.0; channels] }
    }

    /// Adds the sums of eight images.
    pub fn add(&mut self, sums: &Sums) {
        let add = |to: &mut [f64], from: &[Lanes]| {
            for (to, from) in to.iter_mut().zip(from) {
                *to += from.0.iter().map(|&value| f64::from(value)).sum::<f64>();
            }
        };
        add(&mut self.first, &sums.first);
        add(&mut self.second, &sums.second);
    }

    /// Adds the sums of other images.
    pub fn merge(&mut self, other: &Moments) {
        self.first.iter_mut().zip(&other.first).for_each(|(to, from)| *to += from);
        self.second.iter_mut().zip(&other.second).for_each(|(to, from)| *to += from);
    }
}

/// One BatchNorm with the statistics of a batch, or with running statistics.
#[derive(Debug, Clone, Default)]
pub struct Norm {
    /// γ/√(σ² + ε) of each channel.
    pub scale: Vec<f32>,
    /// β − μ·scale of each channel.
    pub shift: Vec<f32>,
    mean: Vec<f64>,
    variance: Vec<f64>,
    epsilon: f64,
    /// Values of a channel, n.
    count: f64,
}

impl Norm {
    /// With the mean and the biased variance of `count` values per channel, from Σr and Σr².
    pub fn from_batch(
        moments: &Moments,
        count: usize,
        gamma: &[f32],
        beta: &[f32],
        epsilon: f64,
    ) -> Norm {
        let count = count as f64;
        let mean: Vec<f64> = moments.first.iter().map(|sum| sum / count).collect();
        let variance = moments.second.iter().zip(&mean);
        let variance = variance.map(|(square, mean)| {
            let variance = square / count - mean * mean;
            // Rounding can make the variance of a constant channel negative; `max` would hide NaN.
            if variance < 0.0 { 0.0 } else { variance }
        });
        Norm::new(mean.clone(), variance.collect(), count, gamma, beta, epsilon)
    }

    /// With running statistics.
    pub fn from_running(
        mean: &[f32],
        variance: &[f32],
        gamma: &[f32],
        beta: &[f32],
        epsilon: f64,
    ) -> Norm {
        let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect();
        Norm::new(wide(mean), wide(variance), 0.0, gamma, beta, epsilon)
    }

    fn new(
        mean: Vec<f64>,
        variance: Vec<f64>,
        count: f64,
        gamma: &[f32],
        beta: &[f32],
        epsilon: f64,
    ) -> Norm {
        let slopes = variance.iter().zip(gamma);
        let slopes: Vec<f64> =
            slopes.map(|(v, &gamma)| f64::from(gamma) / (v + epsilon).sqrt()).collect();
        let offsets = slopes.iter().zip(&mean).zip(beta);
        let shift =
            offsets.map(|((slope, mean), &beta)| (f64::from(beta) - slope * mean) as f32).collect();
        let scale = slopes.iter().map(|&slope| slope as f32).collect();
        Norm { scale, shift, mean, variance, epsilon, count }
    }

    /// Mean and unbiased variance of each channel, for the running statistics.
    pub fn statistics(&self) -> (Vec<f32>, Vec<f32>) {
        let unbiased = self.count / (self.count - 1.0);
        let mean = self.mean.iter().map(|&mean| mean as f32).collect();
        (mean, self.variance.iter().map(|&v| (v * unbiased) as f32).collect())
    }

    /// The backward step from Σg and Σg·r.
    pub fn backward(&self, moments: &Moments, gamma: &[f32]) -> NormGradient {
        let mut step = NormGradient::default();
        for (c, &gamma) in gamma.iter().enumerate() {
            let inverse = (self.variance[c] + self.epsilon).sqrt().recip();
            let sum = moments.first[c];
            let product = (moments.second[c] - self.mean[c] * sum) * inverse;
            let slope = f64::from(gamma) * inverse;
            let relu_factor = -slope * inverse * product / self.count;
            step.gradient_factor.push(slope as f32);
            step.relu_factor.push(relu_factor as f32);
            step.constant.push((-slope * sum / self.count - relu_factor * self.mean[c]) as f32);
            step.gamma.push(product as f32);
            step.beta.push(sum as f32);
        }
        step
    }
}

/// The backward step of one BatchNorm for one batch, per channel.
#[derive(Debug, Clone, Default)]
pub struct NormGradient {
    /// A of the module's formula.
    pub gradient_factor: Vec<f32>,
    /// B.
    pub relu_factor: Vec<f32>,
    /// C.
    pub constant: Vec<f32>,
    /// ∂γ.
    pub gamma: Vec<f32>,
    /// ∂β.
    pub beta: Vec<f32>,
}

impl NormGradient {
    /// ∂conv of one value of channel `c`: `A·g + B·r + C` where r > 0, else 0.
    #[inline(always)]
    pub fn through_relu<const FMA: bool>(&self, c: usize, gradient: Lanes, relu: Lanes) -> Lanes {
        let rest = Lanes::splat(self.constant[c])
            .plus_product::<FMA>(Lanes::splat(self.relu_factor[c]), relu);
        rest.plus_product::<FMA>(Lanes::splat(self.gradient_factor[c]), gradient)
            .where_positive(relu)
    }
}

/// Normalises activations into a plane.
pub struct Normalise<'a, const C: usize> {
    /// `[S][S][C]`.
    pub relu: &'a [Lanes],
    pub norm: &'a Norm,
    pub plane: &'a mut Plane<C>,
}

impl<const C: usize> Kernel for Normalise<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let (scale, shift) = (&self.norm.scale[..C], &self.norm.shift[..C]);
        let side = self.plane.side();
        for y in 0..side {
            let relu = self.relu[y * side * C..][..side * C].chunks_exact(C);
            for (output, relu) in self.plane.image_row(y).chunks_exact_mut(C).zip(relu) {
                for c in 0..C {
                    let shift = Lanes::splat(shift[c]);
                    output[c] = shift.plus_product::<FMA>(relu[c], Lanes::splat(scale[c]));
                }
            }
        }
    }
}

/// Backpropagates the gradient of a BatchNorm's outputs to the convolution before it.
pub struct NormBackward<'a, const C: usize> {
    /// `[S][S][C]`.
    pub relu: &'a [Lanes],
    /// Gradient of the BatchNorm's outputs `[S][S][C]`.
    pub gradient: &'a [Lanes],
    pub step: &'a NormGradient,
    /// Gradient of the convolution's outputs.
    pub plane: &'a mut Plane<C>,
    /// Accumulates the sum of that gradient, which is the gradient of the bias `[C]`.
    pub bias: &'a mut [Lanes],
}

impl<const C: usize> Kernel for NormBackward<'_, C> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let side = self.plane.side();
        for y in 0..side {
            let row = y * side * C..(y + 1) * side * C;
            let relu = self.relu[row.clone()].chunks_exact(C);
            let gradient = self.gradient[row].chunks_exact(C);
            let output = self.plane.image_row(y).chunks_exact_mut(C);
            for ((output, relu), gradient) in output.zip(relu).zip(gradient) {
                for c in 0..C {
                    output[c] = self.step.through_relu::<FMA>(c, gradient[c], relu[c]);
                    self.bias[c] = self.bias[c].plus(output[c]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(values: &[f64]) -> Moments {
        let (first, second) = (values.iter().sum(), values.iter().map(|v| v * v).sum());
        Moments { first: vec![first], second: vec![second] }
    }

    #[test]
    fn a_batch_is_normalised_to_mean_beta_and_standard_deviation_gamma() {
        let values = [1.0, 2.0, 4.0, 9.0];
        let norm = Norm::from_batch(&moments(&values), 4, &[3.0], &[0.5], 0.0);
        let out = values.map(|r| f64::from(norm.scale[0]) * r + f64::from(norm.shift[0]));
        let mean = out.iter().sum::<f64>() / 4.0;
        let deviation = (out.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / 4.0).sqrt();
        assert!((mean - 0.5).abs() < 1e-6 && (deviation - 3.0).abs() < 1e-6, "{mean} {deviation}");
        let (means, variances) = norm.statistics();
        assert_eq!((means[0], variances[0]), (4.0, 38.0 / 3.0));
    }

    #[test]
    fn a_constant_channel_is_normalised_to_beta() {
        let norm = Norm::from_batch(&moments(&[0.1; 1000]), 1000, &[2.0], &[0.25], 1e-5);
        let out = norm.scale[0] * 0.1 + norm.shift[0];
        assert!((out - 0.25).abs() < 1e-4, "{out}");
    }

    #[test]
    fn nan_and_infinity_are_propagated() {
        for sum in [f64::NAN, f64::INFINITY] {
            let moments = Moments { first: vec![sum], second: vec![sum] };
            let norm = Norm::from_batch(&moments, 4, &[1.0], &[0.0], 1e-5);
            assert!(norm.shift[0].is_nan() && norm.statistics().1[0].is_nan());
        }
    }

    #[test]
    fn the_backward_step_matches_finite_differences() {
        // Loss Σ g·y over four values.
        let (values, g) = ([1.0, 2.0, 4.0, 9.0], [0.3, -1.0, 0.7, 0.2]);
        let loss = |values: &[f64]| -> f64 {
            let norm = Norm::from_batch(&moments(values), 4, &[-1.5], &[0.5], 1e-5);
            let inverse = (norm.variance[0] + 1e-5).sqrt().recip();
            values.iter().zip(g).map(|(r, g)| g * -1.5 * (r - norm.mean[0]) * inverse).sum()
        };
        let norm = Norm::from_batch(&moments(&values), 4, &[-1.5], &[0.5], 1e-5);
        let first = g.iter().sum();
        let second = g.iter().zip(values).map(|(g, r)| g * r).sum();
        let step = norm.backward(&Moments { first: vec![first], second: vec![second] }, &[-1.5]);
        for (index, g) in g.into_iter().enumerate() {
            let mut shifted = [values, values];
            shifted[0][index] += 1e-4;
            shifted[1][index] -= 1e-4;
            let expected = (loss(&shifted[0]) - loss(&shifted[1])) / 2e-4;
            let found = f64::from(step.gradient_factor[0]) * g
                + f64::from(step.relu_factor[0]) * values[index]
                + f64::from(step.constant[0]);
            assert!((found - expected).abs() < 1e-5, "{index}: {found} is not {expected}");
        }
        assert!((f64::from(step.beta[0]) - first).abs() < 1e-6);
    }
}
