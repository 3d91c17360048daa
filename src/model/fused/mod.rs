//! The tutorial's network fused for the CPU: the arithmetic of each layer is specialised for its
//! number of channels, and BatchNorm, ReLU and pooling are applied while the numbers are in
//! registers.
//!
//! libtorch computes one layer at a time over the whole batch, and with 8 or 16 channels it spends
//! most of the time moving data. Here **eight images are processed together**, one in each lane of
//! a SIMD register ([`Lanes`](lanes::Lanes)): weights are the same in all lanes, every layer is a
//! loop over pixels and channels, and no lane is ever shuffled. The layout is `[y][x][channel]`
//! throughout.
//!
//! | layer | forward | backward | formula |
//! |---|---|---|---|
//! | convolution, ReLU | [`Convolve`](convolution::Convolve), [`Winograd`](winograd::Winograd) | the same with flipped weights; [`WeightGradient`](weight_gradient::WeightGradient) | [`convolution`], [`winograd`], [`weight_gradient`] |
//! | BatchNorm | [`Normalise`](norm::Normalise) | [`NormBackward`](norm::NormBackward) | [`norm`] |
//! | BatchNorm, pooling | [`Pool`](pool::Pool), [`Normalise`](norm::Normalise) | [`PoolBackward`](pool::PoolBackward) | [`pool`] |
//! | linear | [`Linear`](linear::Linear) | [`LinearBackward`](linear::LinearBackward) | [`linear`] |
//!
//! BatchNorm needs sums over the whole batch, so a step consists of five [`forward`] and five
//! [`backward`] passes over all images, separated by BatchNorms ([`engine`]). Each branch of a pair
//! has its own statistics, as in a siamese network that calls one tower twice, and is finished
//! before the next one starts.
//!
//! **Reproducibility.** A batch is split into shards of 32 images. Sums over images are taken
//! within a shard first and then shard by shard, so the result is bit-identical for any number of
//! threads. The last group of eight may have empty lanes: their activations are kept at 0, which
//! adds nothing to any sum and blocks the gradient.

#![expect(clippy::needless_range_loop, reason = "kernels are written as their formulas, by index")]

mod backward;
mod convolution;
mod convolve;
mod engine;
mod epilogue;
mod evaluate;
mod forward;
mod lanes;
mod linear;
mod network;
mod norm;
mod plane;
mod pool;
mod shard;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod weight_gradient;
mod weights;
mod winograd;

pub use network::FusedNetwork;

use super::layers::EPSILON;
