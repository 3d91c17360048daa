//! BatchNorm over batch, rows and columns (Ioffe and Szegedy, ICML 2015), with PyTorch's names and
//! constants.

use tch::Tensor;

use crate::model::tensors::{Init, Mode, TensorList, TensorSpec, Tensors};

/// Added to the variance, PyTorch's default.
pub const EPSILON: f64 = 1e-5;

/// PyTorch's default `momentum`: the weight of a batch in the running statistics.
pub const MOMENTUM: f64 = 0.1;

/// Suffix of the integer batch counter in PyTorch's files, which nothing here needs.
pub const BATCH_COUNTER: &str = ".num_batches_tracked";

/// A BatchNorm, by the indices of its tensors.
#[derive(Debug, Clone, Copy)]
pub struct BatchNorm {
    weight: usize,
    bias: usize,
    running_mean: usize,
    running_var: usize,
}

impl BatchNorm {
    /// PyTorch's `BatchNorm2d(channels)` under the name `layer`.
    pub fn new(tensors: &mut TensorList, layer: &str, channels: i64) -> BatchNorm {
        let mut push = |part: &str, value: f32, is_trained: bool| {
            let (name, init) = (format!("{layer}.{part}"), Init::Constant(value));
            tensors.push(TensorSpec { name, shape: vec![channels], init, is_trained })
        };
        BatchNorm {
            weight: push("weight", 1.0, true),
            bias: push("bias", 0.0, true),
            running_mean: push("running_mean", 0.0, false),
            running_var: push("running_var", 1.0, false),
        }
    }

    /// Normalises each channel.
    ///
    /// In training the momentum is 1, so that the running statistics given become mean and unbiased
    /// variance of the batch; the caller averages with [`MOMENTUM`], branch by branch, in a fixed
    /// order.
    ///
    /// # Shapes
    /// `[N, C, H, W]` → the same
    pub fn forward(&self, x: &Tensor, tensors: &Tensors, mode: Mode) -> Tensor {
        let [weight, bias] = [self.weight, self.bias].map(|index| Some(&tensors.trained[index]));
        let [mean, variance] =
            [self.running_mean, self.running_var].map(|index| Some(&tensors.running[index]));
        let is_training = mode == Mode::Train;
        x.batch_norm(weight, bias, mean, variance, is_training, 1.0, EPSILON, true)
    }
}
