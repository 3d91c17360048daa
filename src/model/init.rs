//! How a network begins: PyTorch's default initialisation, drawn from our own generator.

use rand::RngExt;
use tch::Tensor;

use super::{Architecture, NamedTensors, Start};
use crate::random::{Purpose, generator};

/// Initial weights under a seed: convolutions and linear layers uniform in ±1/√fan_in, weight and
/// bias alike; BatchNorm's weight 1, bias 0, running mean 0, running variance 1.
///
/// This is what `torch.nn` does by default. tch's own defaults are wider and learn worse.
pub fn initial_weights(architecture: &Architecture, seed: u64) -> NamedTensors {
    let mut random = generator(seed, Purpose::Weights, 0);
    let mut state = NamedTensors::new();
    for parameter in architecture.parameters() {
        let count = parameter.shape.iter().product::<i64>() as usize;
        let values: Vec<f32> = match parameter.start {
            Start::Constant(value) => vec![value; count],
            Start::Uniform { fan_in } => {
                let bound = 1.0 / (fan_in as f32).sqrt();
                (0..count).map(|_| random.random_range(-bound..bound)).collect()
            }
        };
        let tensor = Tensor::from_slice(&values).view(parameter.shape.as_slice());
        state.insert(parameter.name, tensor);
    }
    for (norm, channels) in architecture.norms() {
        let vector = |value: f32| Tensor::from_slice(&vec![value; channels as usize]);
        state.insert(format!("feature_net.{norm}.running_mean"), vector(0.0));
        state.insert(format!("feature_net.{norm}.running_var"), vector(1.0));
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    const TUTORIAL: Architecture = Architecture { side: 28, embedding: 10 };

    #[test]
    fn weights_fill_pytorchs_range_and_no_more() {
        let state = initial_weights(&TUTORIAL, 1);
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
    fn the_seed_decides_the_weights() {
        let weight = |seed| initial_weights(&TUTORIAL, seed).remove("linear1.weight").unwrap();
        assert!(weight(1).equal(&weight(1)));
        assert!(!weight(1).equal(&weight(2)));
    }
}
