//! The layers that networks are made of, with tensors as PyTorch names, orders and initialises
//! them.

mod batch_norm;
mod convolution;
mod linear;

pub use batch_norm::{BATCH_COUNTER, BatchNorm, EPSILON, MOMENTUM};
pub use convolution::Convolution;
pub use linear::Linear;

use tch::Tensor;

/// The maximum of each square of `size`×`size` pixels; rows and columns that fill none are dropped.
///
/// # Shapes
/// `[N, C, H, W]` → `[N, C, H / size, W / size]`
pub fn max_pool(x: &Tensor, size: i64) -> Tensor {
    x.max_pool2d([size, size], [size, size], [0, 0], [1, 1], false)
}
