//! Convolution.

use tch::Tensor;

use crate::model::tensors::{Init, TensorList, Tensors};

/// A convolution with stride 1 that keeps the size of the images, by the indices of its tensors.
#[derive(Debug, Clone, Copy)]
pub struct Convolution {
    weight: usize,
    bias: usize,
    padding: i64,
}

impl Convolution {
    /// PyTorch's `Conv2d(inputs, outputs, kernel, padding=kernel // 2)` under the name `layer`;
    /// `kernel` is odd.
    pub fn new(
        tensors: &mut TensorList,
        layer: &str,
        [inputs, outputs]: [i64; 2],
        kernel: i64,
    ) -> Convolution {
        let init = Init::Uniform { fan_in: inputs * kernel * kernel };
        let shape = vec![outputs, inputs, kernel, kernel];
        let (weight, bias) = tensors.push_weight_and_bias(layer, shape, init);
        Convolution { weight, bias, padding: kernel / 2 }
    }

    /// # Shapes
    /// `[N, I, H, W]` → `[N, O, H, W]`
    pub fn forward(&self, x: &Tensor, tensors: &Tensors) -> Tensor {
        let (weight, bias) = (&tensors.trained[self.weight], &tensors.trained[self.bias]);
        x.conv2d(weight, Some(bias), [1, 1], [self.padding, self.padding], [1, 1], 1)
    }
}
