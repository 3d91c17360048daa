//! The five passes backward, each over all images of a shard. Between two of them stands the
//! BatchNorm whose gradient needs two sums over the whole batch.

use super::convolve::convolve;
use super::finish::{Gradient, Store, Sums};
use super::lanes::{LANES, Lanes};
use super::linear::LinearBack;
use super::norm::{BackToConvolution, Moments, Norm, NormGradient, Normalise};
use super::plane::Plane;
use super::pool::PoolBackToConvolution;
use super::shard::{Scratch, Shard};
use super::weight_gradient::WeightGradient;
use super::weights::{Layer, Weights};
use crate::runtime::Simd;

/// No convolution on the way back has a bias.
const NO_BIAS: [f32; 16] = [0.0; 16];

/// Linear layers ← embeddings, then ReLU, convolution 16→1 and pooling; `gradient` is that of the
/// whole branch's embeddings `[B][E]`.
pub fn head(
    shard: &mut Shard,
    scratch: &mut Scratch,
    weights: &Weights,
    norm: &Norm,
    gradient: &[f32],
    simd: Simd,
) {
    let layout = &weights.layout;
    let mut moments = Moments::new(16);
    let (mut first, last) = (shard.first, gradient.len() / scratch.sizes.embedding);
    scratch.sums.fill(Lanes::ZERO);
    for group in shard.groups.iter_mut().filter(|group| group.images > 0) {
        take_gradient(&mut scratch.embedding, gradient, first..last.min(first + LANES));
        first += LANES;
        let (sums, rest) = scratch.sums.split_at_mut(layout.linears[1].all().len());
        let (hidden, out) = (&mut scratch.hidden, &scratch.embedding);
        linear(simd, &group.hidden, weights.linear(1).0, out, hidden, sums);
        let (sums, rest) = rest.split_at_mut(layout.linears[0].all().len());
        let back = &mut scratch.features;
        linear(simd, &group.relu[4], weights.linear(0).0, &scratch.hidden, back, sums);
        let sums = &mut rest[..layout.convolutions[4].all().len()];
        let (weight_sums, bias) = sums.split_at_mut(layout.convolutions[4].weights.len());
        relu(&group.relu[4], &scratch.features, &mut scratch.quarter, &mut bias[0]);
        let pooled = &group.pooled.1;
        simd.run(Normalise { relu: pooled, norm, plane: &mut scratch.input5 });
        weight_gradient(simd, &scratch.input5, &scratch.quarter, weight_sums);
        let output = &mut group.pooled_gradient.1;
        let store = Store { output, side: scratch.sizes.quarter, channels: 16 };
        let finish = Gradient { store, relu: pooled, sums: Sums::new(16) };
        let back = back_to_input::<1, 16, _>(simd, &scratch.quarter, weights.turned(4), finish);
        moments.add(&back.sums);
    }
    let mut sums = scratch.sums.as_slice();
    for layer in [&layout.linears[1], &layout.linears[0], &layout.convolutions[4]] {
        sums = keep(&mut shard.gradient, layer, sums);
    }
    shard.moments = moments;
}

/// Pooling and BatchNorm ← convolution 16→16.
pub fn convolution4(
    shard: &mut Shard,
    scratch: &mut Scratch,
    weights: &Weights,
    before: &Norm,
    step: &NormGradient,
    simd: Simd,
) {
    let mut moments = Moments::new(16);
    let layer = &weights.layout.convolutions[3];
    scratch.sums[..layer.all().len()].fill(Lanes::ZERO);
    for group in shard.filled() {
        let (sums, bias) = scratch.sums[..layer.all().len()].split_at_mut(layer.weights.len());
        simd.run(PoolBackToConvolution {
            relu: &group.relu[3],
            pooled: &group.pooled.1,
            gradient: &group.pooled_gradient.1,
            step,
            plane: &mut scratch.half,
            bias,
        });
        simd.run(Normalise { relu: &group.relu[2], norm: before, plane: &mut scratch.input4 });
        weight_gradient(simd, &scratch.input4, &scratch.half, sums);
        let [_, _, relu, output, _] = &mut group.relu;
        let store = Store { output, side: scratch.sizes.half, channels: 16 };
        let finish = Gradient { store, relu, sums: Sums::new(16) };
        let back = back_to_input::<16, 16, _>(simd, &scratch.half, weights.turned(3), finish);
        moments.add(&back.sums);
    }
    keep(&mut shard.gradient, layer, &scratch.sums);
    shard.moments = moments;
}

/// BatchNorm ← convolution 8→16, then pooling.
pub fn convolution3(
    shard: &mut Shard,
    scratch: &mut Scratch,
    weights: &Weights,
    before: &Norm,
    step: &NormGradient,
    simd: Simd,
) {
    let mut moments = Moments::new(8);
    let layer = &weights.layout.convolutions[2];
    scratch.sums[..layer.all().len()].fill(Lanes::ZERO);
    for group in shard.filled() {
        let (sums, bias) = scratch.sums[..layer.all().len()].split_at_mut(layer.weights.len());
        let (relu, gradient) = (&group.relu[2], &group.relu[3]);
        simd.run(BackToConvolution { relu, gradient, step, plane: &mut scratch.half, bias });
        let pooled = &group.pooled.0;
        simd.run(Normalise { relu: pooled, norm: before, plane: &mut scratch.input3 });
        weight_gradient(simd, &scratch.input3, &scratch.half, sums);
        let output = &mut group.pooled_gradient.0;
        let store = Store { output, side: scratch.sizes.half, channels: 8 };
        let finish = Gradient { store, relu: pooled, sums: Sums::new(8) };
        let back = back_to_input::<16, 8, _>(simd, &scratch.half, weights.turned(2), finish);
        moments.add(&back.sums);
    }
    keep(&mut shard.gradient, layer, &scratch.sums);
    shard.moments = moments;
}

/// Pooling and BatchNorm ← convolution 8→8.
pub fn convolution2(
    shard: &mut Shard,
    scratch: &mut Scratch,
    weights: &Weights,
    before: &Norm,
    step: &NormGradient,
    simd: Simd,
) {
    let mut moments = Moments::new(8);
    let layer = &weights.layout.convolutions[1];
    scratch.sums[..layer.all().len()].fill(Lanes::ZERO);
    for group in shard.filled() {
        let (sums, bias) = scratch.sums[..layer.all().len()].split_at_mut(layer.weights.len());
        simd.run(PoolBackToConvolution {
            relu: &group.relu[1],
            pooled: &group.pooled.0,
            gradient: &group.pooled_gradient.0,
            step,
            plane: &mut scratch.full,
            bias,
        });
        simd.run(Normalise { relu: &group.relu[0], norm: before, plane: &mut scratch.input2 });
        weight_gradient(simd, &scratch.input2, &scratch.full, sums);
        let [relu, output, ..] = &mut group.relu;
        let store = Store { output, side: scratch.sizes.full, channels: 8 };
        let finish = Gradient { store, relu, sums: Sums::new(8) };
        let back = back_to_input::<8, 8, _>(simd, &scratch.full, weights.turned(1), finish);
        moments.add(&back.sums);
    }
    keep(&mut shard.gradient, layer, &scratch.sums);
    shard.moments = moments;
}

/// BatchNorm ← convolution 1→8; pixels need no gradient.
pub fn convolution1(
    shard: &mut Shard,
    scratch: &mut Scratch,
    weights: &Weights,
    step: &NormGradient,
    simd: Simd,
) {
    let layer = &weights.layout.convolutions[0];
    scratch.sums[..layer.all().len()].fill(Lanes::ZERO);
    for group in shard.filled() {
        let (sums, bias) = scratch.sums[..layer.all().len()].split_at_mut(layer.weights.len());
        let (relu, gradient) = (&group.relu[0], &group.relu[1]);
        simd.run(BackToConvolution { relu, gradient, step, plane: &mut scratch.full, bias });
        weight_gradient(simd, &group.pixels, &scratch.full, sums);
    }
    keep(&mut shard.gradient, layer, &scratch.sums);
}

/// Rows of `[B][E]` as lanes; a lane without an image has no gradient.
fn take_gradient(lanes: &mut [Lanes], gradient: &[f32], rows: std::ops::Range<usize>) {
    let width = lanes.len();
    lanes.fill(Lanes::ZERO);
    for (lane, row) in rows.enumerate() {
        let values = &gradient[row * width..][..width];
        lanes.iter_mut().zip(values).for_each(|(to, &value)| to.0[lane] = value);
    }
}

/// Through the last ReLU into a plane, and the sum for the bias.
fn relu(relu: &[Lanes], gradient: &[Lanes], plane: &mut Plane<1>, bias: &mut Lanes) {
    let side = plane.side();
    for y in 0..side {
        let row = y * side..(y + 1) * side;
        let values = relu[row.clone()].iter().zip(&gradient[row]);
        for (output, (&relu, gradient)) in plane.image_row(y).iter_mut().zip(values) {
            *output = gradient.where_positive(relu);
            *bias = bias.plus(*output);
        }
    }
}

/// Gradients of a linear layer; `sums` holds its weights' and then its bias's.
fn linear(
    simd: Simd,
    input: &[Lanes],
    weights: &[f32],
    gradient: &[Lanes],
    back: &mut [Lanes],
    sums: &mut [Lanes],
) {
    let (weight_sums, bias_sums) = sums.split_at_mut(weights.len());
    simd.run(LinearBack { input, weights, gradient, back, weight_sums, bias_sums });
}

fn weight_gradient<const IN: usize, const OUT: usize>(
    simd: Simd,
    input: &Plane<IN>,
    gradient: &Plane<OUT>,
    sums: &mut [Lanes],
) {
    simd.run(WeightGradient::<IN, OUT> { input, gradient, sums });
}

/// The gradient of a convolution's inputs: a convolution by the turned weights.
fn back_to_input<const FROM: usize, const TO: usize, F: super::finish::Finish>(
    simd: Simd,
    input: &Plane<FROM>,
    weights: &[f32],
    finish: F,
) -> F {
    convolve::<FROM, TO, F>(simd, input, (weights, &NO_BIAS[..TO]), finish)
}

/// Keeps the gradient of a layer, summed over the images of its shard; gives the sums after it.
fn keep<'a>(gradient: &mut [f32], layer: &Layer, sums: &'a [Lanes]) -> &'a [Lanes] {
    let (sums, rest) = sums.split_at(layer.all().len());
    gradient[layer.all()].iter_mut().zip(sums).for_each(|(to, sum)| *to = sum.sum());
    rest
}
