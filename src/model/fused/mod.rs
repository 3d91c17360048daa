//! The tutorial's network in one piece for the processor: each layer's arithmetic written for its
//! number of channels, BatchNorm, ReLU and pooling done while the numbers are at hand.
//!
//! libtorch computes one layer after the other over a whole batch, and with 8 or 16 channels it
//! spends most of the time on moving numbers. Here **eight images go through together**, one in
//! each lane of a register ([`Lanes`](lanes::Lanes)): weights are the same in all lanes, every layer is a loop
//! over pixels and channels, and nothing is ever shuffled. Everything is laid out `[y][x][channel]`.
//!
//! | layer | forward | backward | formula |
//! |---|---|---|---|
//! | convolution, ReLU | [`Convolve`](convolution::Convolve), [`Winograd`](winograd::Winograd) | the same by turned weights; [`WeightGradient`](weight_gradient::WeightGradient) | [`convolution`], [`winograd`], [`weight_gradient`] |
//! | BatchNorm | [`Normalise`](norm::Normalise) | [`BackToConvolution`](norm::BackToConvolution) | [`norm`] |
//! | BatchNorm, pooling | [`Pool`](pool::Pool), [`Normalise`](norm::Normalise) | [`PoolBackToConvolution`](pool::PoolBackToConvolution) | [`pool`] |
//! | linear | [`Linear`](linear::Linear) | [`LinearBack`](linear::LinearBack) | [`linear`] |
//!
//! BatchNorm needs sums over the whole batch, so a step is five passes [`forward`] and five
//! [`backward`], each over all images, with a BatchNorm between two of them ([`engine`]). Each
//! branch of a pair has its own statistics, as in a siamese network that calls one tower twice, and
//! goes all its way before the next.
//!
//! **Bits.** A batch is cut into shards of 32 images. What is summed over images is summed
//! within a shard first and then shard by shard, so any number of threads gives the same bits. The
//! last group of eight may have lanes without an image: their activations are held at 0, which
//! adds nothing to a sum and lets no gradient through.

#![expect(clippy::needless_range_loop, reason = "kernels are written as their formulas, by index")]

mod backward;
mod convolution;
mod convolve;
mod engine;
mod evaluate;
mod finish;
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

use super::EPSILON;
