//! The five forward passes, each over all images of a shard. Between two passes lies a BatchNorm,
//! whose statistics need the whole batch.

use super::convolve::convolve;
use super::epilogue::{Activate, Store, Sums};
use super::lanes::{LANES, Lanes};
use super::linear::Linear;
use super::norm::{Moments, Norm, Normalise};
use super::plane::Plane;
use super::pool::Pool;
use super::shard::{Scratch, Shard};
use super::weights::Weights;
use crate::runtime::Simd;

/// Pixels → convolution 1→8 → ReLU; `images` are those of the whole branch `[B][S][S]`.
pub fn convolution1(shard: &mut Shard, images: &[f32], weights: &Weights, simd: Simd) {
    let mut moments = Moments::new(8);
    let first = shard.first;
    for (index, group) in shard.groups.iter_mut().enumerate() {
        let pixels = group.pixels.side() * group.pixels.side();
        let start = ((first + index * LANES) * pixels).min(images.len());
        let end = (start + LANES * pixels).min(images.len());
        group.load_pixels(&images[start..end]);
        if group.images > 0 {
            let (present, layer) = (group.present(), weights.convolution(0));
            moments.add(&activate::<1, 8>(simd, &group.pixels, layer, &mut group.relu[0], present));
        }
    }
    shard.moments = moments;
}

/// BatchNorm → convolution 8→8 → ReLU → max pooling.
pub fn convolution2(
    shard: &mut Shard,
    scratch: &mut Scratch,
    weights: &Weights,
    norm: &Norm,
    simd: Simd,
) {
    let mut moments = Moments::new(8);
    for group in shard.non_empty() {
        simd.run(Normalise { relu: &group.relu[0], norm, plane: &mut scratch.input2 });
        let (present, layer) = (group.present(), weights.convolution(1));
        moments.add(&activate::<8, 8>(simd, &scratch.input2, layer, &mut group.relu[1], present));
        let (relu, gamma, output) = (&group.relu[1], weights.norm(1).0, &mut group.pooled.0);
        simd.run(Pool::<8> { relu, side: scratch.sizes.full, gamma, output });
    }
    shard.moments = moments;
}

/// BatchNorm of the pooled values → convolution 8→16 → ReLU.
pub fn convolution3(
    shard: &mut Shard,
    scratch: &mut Scratch,
    weights: &Weights,
    norm: &Norm,
    simd: Simd,
) {
    let mut moments = Moments::new(16);
    for group in shard.non_empty() {
        simd.run(Normalise { relu: &group.pooled.0, norm, plane: &mut scratch.input3 });
        let (present, layer) = (group.present(), weights.convolution(2));
        moments.add(&activate::<8, 16>(simd, &scratch.input3, layer, &mut group.relu[2], present));
    }
    shard.moments = moments;
}

/// BatchNorm → convolution 16→16 → ReLU → max pooling.
pub fn convolution4(
    shard: &mut Shard,
    scratch: &mut Scratch,
    weights: &Weights,
    norm: &Norm,
    simd: Simd,
) {
    let mut moments = Moments::new(16);
    for group in shard.non_empty() {
        simd.run(Normalise { relu: &group.relu[2], norm, plane: &mut scratch.input4 });
        let (present, layer) = (group.present(), weights.convolution(3));
        moments.add(&activate::<16, 16>(simd, &scratch.input4, layer, &mut group.relu[3], present));
        let (relu, gamma, output) = (&group.relu[3], weights.norm(3).0, &mut group.pooled.1);
        simd.run(Pool::<16> { relu, side: scratch.sizes.half, gamma, output });
    }
    shard.moments = moments;
}

/// BatchNorm of the pooled values → convolution 16→1 → ReLU → both linear layers.
pub fn head(shard: &mut Shard, scratch: &mut Scratch, weights: &Weights, norm: &Norm, simd: Simd) {
    for group in shard.non_empty() {
        simd.run(Normalise { relu: &group.pooled.1, norm, plane: &mut scratch.input5 });
        let (present, layer) = (group.present(), weights.convolution(4));
        activate::<16, 1>(simd, &scratch.input5, layer, &mut group.relu[4], present);
        linear(simd, &group.relu[4], weights.linear(0), &mut group.hidden);
        linear(simd, &group.hidden, weights.linear(1), &mut group.embedding);
    }
}

fn activate<const IN: usize, const OUT: usize>(
    simd: Simd,
    input: &Plane<IN>,
    layer: (&[f32], &[f32]),
    output: &mut [Lanes],
    present: Lanes,
) -> Sums {
    let store = Store { output, side: input.side(), channels: OUT };
    let epilogue = Activate { store, present, sums: Sums::new(OUT) };
    convolve::<IN, OUT, _>(simd, input, layer, epilogue).sums
}

fn linear(simd: Simd, input: &[Lanes], (weights, bias): (&[f32], &[f32]), output: &mut [Lanes]) {
    simd.run(Linear { input, weights, bias, output });
}
