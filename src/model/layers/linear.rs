//! A linear layer.

use tch::Tensor;

use crate::model::tensors::{Init, TensorList, Tensors};

/// A linear layer, by the indices of its tensors.
#[derive(Debug, Clone, Copy)]
pub struct Linear {
    weight: usize,
    bias: usize,
}

impl Linear {
    /// PyTorch's `Linear(inputs, outputs)` under the name `layer`.
    pub fn new(tensors: &mut TensorList, layer: &str, [inputs, outputs]: [i64; 2]) -> Linear {
        let init = Init::Uniform { fan_in: inputs };
        let (weight, bias) = tensors.push_weight_and_bias(layer, vec![outputs, inputs], init);
        Linear { weight, bias }
    }

    /// # Shapes
    /// `[N, I]` → `[N, O]`
    pub fn forward(&self, x: &Tensor, tensors: &Tensors) -> Tensor {
        x.linear(&tensors.trained[self.weight], Some(&tensors.trained[self.bias]))
    }
}
