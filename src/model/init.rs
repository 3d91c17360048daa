//! Initial weights: PyTorch's default initialisation, drawn from our own generator, or a file.

use std::path::Path;

use rand::RngExt;
use tch::Tensor;

use super::architecture::Architecture;
use super::config::{FROM_SEED, ModelConfig};
use super::init_file::read_init;
use super::network::NamedTensors;
use super::tensors::Init;
use crate::error::{Error, Result};
use crate::files::is_stream;
use crate::random::{Purpose, generator};

/// Initial weights under a seed: convolutions and linear layers uniform in ±1/√fan_in, both weight
/// and bias; BatchNorm's weight 1, bias 0, running mean 0, running variance 1.
///
/// This is what `torch.nn` does by default. tch's own defaults are wider and learn worse.
pub fn initial_weights(architecture: &dyn Architecture, seed: u64) -> NamedTensors {
    let mut random = generator(seed, Purpose::Weights, 0);
    let mut state = NamedTensors::new();
    for tensor in architecture.tensors() {
        let count = tensor.shape.iter().product::<i64>() as usize;
        let values: Vec<f32> = match tensor.init {
            Init::Constant(value) => vec![value; count],
            Init::Uniform { fan_in } => {
                let bound = 1.0 / (fan_in as f32).sqrt();
                (0..count).map(|_| random.random_range(-bound..bound)).collect()
            }
        };
        state
            .insert(tensor.name.clone(), Tensor::from_slice(&values).view(tensor.shape.as_slice()));
    }
    state
}

impl ModelConfig {
    /// The initial weights.
    ///
    /// # Errors
    /// As [`read_init`].
    pub fn initial_weights(
        &self,
        architecture: &dyn Architecture,
        seed: u64,
    ) -> Result<NamedTensors> {
        match self.init.as_str() {
            FROM_SEED => Ok(initial_weights(architecture, seed)),
            file => Ok(read_init(Path::new(file), architecture)?.0),
        }
    }

    /// Checks the file of the initial weights, if there is one, before any work, and returns a note
    /// on how they have to be converted.
    ///
    /// # Errors
    /// As [`ModelConfig::initial_weights`].
    pub fn check_init(&self, architecture: &dyn Architecture) -> Result<Option<String>> {
        if is_stream(Path::new(&self.init)) {
            let problem = "is a pipe, which can be read only once: name a file, or let dml \
                           train --init keep a copy";
            return Err(Error::setting("model.init", &self.init, problem));
        }
        match self.init.as_str() {
            FROM_SEED => Ok(None),
            file => Ok(read_init(Path::new(file), architecture)?.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ImageShape;
    use crate::model::Tutorial;

    #[test]
    fn weights_fill_pytorchs_range() {
        let state = initial_weights(&Tutorial::new(ImageShape::square(28), 10), 1);
        for (name, fan_in) in [("feature_net.10", 144.0), ("linear1", 49.0), ("linear2", 49.0)] {
            let bound = 1.0 / f64::sqrt(fan_in);
            for part in ["weight", "bias"] {
                let largest = state[&format!("{name}.{part}")].abs().max().double_value(&[]);
                assert!(largest < bound, "{name}.{part}: {largest} over {bound}");
                assert!(largest > 0.6 * bound, "{name}.{part}: {largest} far below {bound}");
            }
            // A uniform distribution over ±bound has the standard deviation bound/√3.
            let spread = state[&format!("{name}.weight")].std(true).double_value(&[]);
            assert!((spread * 3f64.sqrt() / bound - 1.0).abs() < 0.08, "{name}: {spread}");
        }
        assert_eq!(state["feature_net.2.weight"].min().double_value(&[]), 1.0);
        assert_eq!(state["feature_net.2.running_var"].min().double_value(&[]), 1.0);
        assert_eq!(state["feature_net.2.bias"].abs().max().double_value(&[]), 0.0);
    }

    #[test]
    fn the_weights_depend_on_the_seed() {
        let weight = |seed| {
            initial_weights(&Tutorial::new(ImageShape::square(28), 10), seed)
                .remove("linear1.weight")
                .unwrap()
        };
        assert!(weight(1).equal(&weight(1)));
        assert!(!weight(1).equal(&weight(2)));
    }
}
