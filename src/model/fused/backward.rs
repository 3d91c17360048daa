//! The five backward passes, each over all images of a shard. Between two passes lies a BatchNorm,
//! whose gradient needs two sums over the whole batch.

use super::convolve::convolve;
use super::epilogue::{Gradient, Store, Sums};
use super::lanes::{LANES, Lanes};
use super::linear::LinearBackward;
use super::norm::{Moments, Norm, NormBackward, NormGradient, Normalise};
use super::plane::Plane;
use super::pool::PoolBackward;
use super::shard::{Scratch, Shard};
use super::weight_gradient::WeightGradient;
use super::weights::{Layer, Weights};
use crate::runtime::Simd;

/// The convolutions of the backward pass have no bias.
const NO_BIAS: [f32; 16] = [0.0; 16];

/// From the embeddings back through the linear layers, ReLU and convolution 16→1 to the pooling;
/// `gradient` is ∂loss/∂embeddings of the whole branch `[B][E]`.
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
        load_gradient(&mut scratch.embedding, gradient, first..last.min(first + LANES));
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
        let epilogue = Gradient { store, relu: pooled, sums: Sums::new(16) };
        let back = input_gradient::<1, 16, _>(simd, &scratch.quarter, weights.flipped(4), epilogue);
        moments.add(&back.sums);
    }
    let mut sums = scratch.sums.as_slice();
    for layer in [&layout.linears[1], &layout.linears[0], &layout.convolutions[4]] {
        sums = store_gradient(&mut shard.gradient, layer, sums);
    }
    shard.moments = moments;
}

/// Back through pooling, BatchNorm and convolution 16→16.
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
    for group in shard.non_empty() {
        let (sums, bias) = scratch.sums[..layer.all().len()].split_at_mut(layer.weights.len());
        simd.run(PoolBackward {
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
        let epilogue = Gradient { store, relu, sums: Sums::new(16) };
        let back = input_gradient::<16, 16, _>(simd, &scratch.half, weights.flipped(3), epilogue);
        moments.add(&back.sums);
    }
    store_gradient(&mut shard.gradient, layer, &scratch.sums);
    shard.moments = moments;
}

/// Back through BatchNorm and convolution 8→16 to the pooling.
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
    for group in shard.non_empty() {
        let (sums, bias) = scratch.sums[..layer.all().len()].split_at_mut(layer.weights.len());
        let (relu, gradient) = (&group.relu[2], &group.relu[3]);
        simd.run(NormBackward { relu, gradient, step, plane: &mut scratch.half, bias });
        let pooled = &group.pooled.0;
        simd.run(Normalise { relu: pooled, norm: before, plane: &mut scratch.input3 });
        weight_gradient(simd, &scratch.input3, &scratch.half, sums);
        let output = &mut group.pooled_gradient.0;
        let store = Store { output, side: scratch.sizes.half, channels: 8 };
        let epilogue = Gradient { store, relu: pooled, sums: Sums::new(8) };
        let back = input_gradient::<16, 8, _>(simd, &scratch.half, weights.flipped(2), epilogue);
        moments.add(&back.sums);
    }
    store_gradient(&mut shard.gradient, layer, &scratch.sums);
    shard.moments = moments;
}

/// Back through pooling, BatchNorm and convolution 8→8.
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
    for group in shard.non_empty() {
        let (sums, bias) = scratch.sums[..layer.all().len()].split_at_mut(layer.weights.len());
        simd.run(PoolBackward {
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
        let epilogue = Gradient { store, relu, sums: Sums::new(8) };
        let back = input_gradient::<8, 8, _>(simd, &scratch.full, weights.flipped(1), epilogue);
        moments.add(&back.sums);
    }
    store_gradient(&mut shard.gradient, layer, &scratch.sums);
    shard.moments = moments;
}

/// Back through BatchNorm and convolution 1→8; pixels need no gradient.
pub fn convolution1(
    shard: &mut Shard,
    scratch: &mut Scratch,
    weights: &Weights,
    step: &NormGradient,
    simd: Simd,
) {
    let layer = &weights.layout.convolutions[0];
    scratch.sums[..layer.all().len()].fill(Lanes::ZERO);
    for group in shard.non_empty() {
        let (sums, bias) = scratch.sums[..layer.all().len()].split_at_mut(layer.weights.len());
        let (relu, gradient) = (&group.relu[0], &group.relu[1]);
        simd.run(NormBackward { relu, gradient, step, plane: &mut scratch.full, bias });
        weight_gradient(simd, &group.pixels, &scratch.full, sums);
    }
    store_gradient(&mut shard.gradient, layer, &scratch.sums);
}

/// Loads rows of `[B][E]` into lanes; lanes without an image get a zero gradient.
fn load_gradient(lanes: &mut [Lanes], gradient: &[f32], rows: std::ops::Range<usize>) {
    let width = lanes.len();
    lanes.fill(Lanes::ZERO);
    for (lane, row) in rows.enumerate() {
        let values = &gradient[row * width..][..width];
        lanes.iter_mut().zip(values).for_each(|(to, &value)| to.0[lane] = value);
    }
}

/// Back through the last ReLU into a plane; adds to the bias gradient.
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

/// Gradients of a linear layer; `sums` holds those of the weights, then those of the bias.
fn linear(
    simd: Simd,
    input: &[Lanes],
    weights: &[f32],
    gradient: &[Lanes],
    back: &mut [Lanes],
    sums: &mut [Lanes],
) {
    let (weight_sums, bias_sums) = sums.split_at_mut(weights.len());
    simd.run(LinearBackward { input, weights, gradient, back, weight_sums, bias_sums });
}

fn weight_gradient<const IN: usize, const OUT: usize>(
    simd: Simd,
    input: &Plane<IN>,
    gradient: &Plane<OUT>,
    sums: &mut [Lanes],
) {
    simd.run(WeightGradient::<IN, OUT> { input, gradient, sums });
}

/// The gradient of a convolution's input: a convolution with the flipped weights.
fn input_gradient<const FROM: usize, const TO: usize, F: super::epilogue::Epilogue>(
    simd: Simd,
    input: &Plane<FROM>,
    weights: &[f32],
    epilogue: F,
) -> F {
    convolve::<FROM, TO, F>(simd, input, (weights, &NO_BIAS[..TO]), epilogue)
}

/// Stores the gradient of a layer, summed over the images of its shard; returns the remaining sums.
fn store_gradient<'a>(gradient: &mut [f32], layer: &Layer, sums: &'a [Lanes]) -> &'a [Lanes] {
    let (sums, rest) = sums.split_at(layer.all().len());
    gradient[layer.all()].iter_mut().zip(sums).for_each(|(to, sum)| *to = sum.sum());
    rest
}
