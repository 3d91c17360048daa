//! The Adam optimiser on one flat vector of parameters.

use tch::{Tensor, no_grad_guard};

/// Decay of the mean of gradients.
const BETA_MEAN: f64 = 0.9;
/// Decay of the mean of squared gradients.
const BETA_SQUARE: f64 = 0.999;
/// Keeps the step finite where the gradient has always been 0.
const EPSILON: f64 = 1e-8;

/// Adam with PyTorch's defaults: β = (0.9, 0.999), ε = 1e-8; with a weight decay it is AdamW.
///
/// # Source
/// Kingma, Ba: Adam, ICLR 2015, algorithm 1, in the order of operations of `torch.optim.Adam`;
/// Loshchilov, Hutter: Decoupled weight decay regularization, ICLR 2019, as `torch.optim.AdamW`.
/// libtorch's own optimiser does not expose its state, which checkpoints need.
pub struct Adam {
    /// Moving mean of the gradient `[P]`.
    pub mean: Tensor,
    /// Moving mean of the squared gradient `[P]`.
    pub square: Tensor,
    /// Steps taken.
    pub steps: i64,
    learning_rate: f64,
    weight_decay: f64,
}

impl Adam {
    /// A new optimiser for `parameters`.
    pub fn new(parameters: &Tensor, learning_rate: f64) -> Adam {
        let _guard = no_grad_guard();
        let (mean, square) = (parameters.zeros_like(), parameters.zeros_like());
        Adam { mean, square, steps: 0, learning_rate, weight_decay: 0.0 }
    }

    /// The same optimiser with a weight decay.
    pub fn with_decay(self, weight_decay: f64) -> Adam {
        Adam { weight_decay, ..self }
    }

    /// Takes one step at `factor` times the learning rate.
    ///
    /// # Shapes
    /// parameters, gradient `[P]` f32
    pub fn step(&mut self, parameters: &mut Tensor, gradient: &Tensor, factor: f64) {
        let _guard = no_grad_guard();
        self.steps += 1;
        let learning_rate = self.learning_rate * factor;
        if self.weight_decay > 0.0 {
            *parameters *= 1.0 - learning_rate * self.weight_decay;
        }
        let _ = self.mean.lerp_(gradient, 1.0 - BETA_MEAN);
        self.square *= BETA_SQUARE;
        self.square += gradient.square() * (1.0 - BETA_SQUARE);
        let steps = self.steps as i32;
        let mean_bias = 1.0 - BETA_MEAN.powi(steps);
        let square_bias = 1.0 - BETA_SQUARE.powi(steps);
        let denominator = self.square.sqrt() / square_bias.sqrt() + EPSILON;
        *parameters -= &self.mean / denominator * (learning_rate / mean_bias);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Schedule;
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Reference {
        cases: Vec<Case>,
    }

    /// Six steps of AdamW under a schedule.
    #[derive(Deserialize)]
    struct Case {
        schedule: Schedule,
        rate: f64,
        decay: f64,
        start: Vec<f64>,
        gradients: Vec<Vec<f64>>,
        after: Vec<Vec<f64>>,
    }

    #[test]
    fn steps_with_weight_decay_and_schedule_match_pytorchs_adamw() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/adamw.json");
        let text = std::fs::read_to_string(path).unwrap();
        let cases = serde_json::from_str::<Reference>(&text).unwrap().cases;
        assert_eq!(cases.len(), 6);
        for case in cases {
            let mut parameters = Tensor::from_slice(&case.start);
            let mut adam = Adam::new(&parameters, case.rate).with_decay(case.decay);
            for (step, (gradient, after)) in case.gradients.iter().zip(&case.after).enumerate() {
                let factor = case.schedule.factor(step, case.gradients.len());
                adam.step(&mut parameters, &Tensor::from_slice(gradient), factor);
                let ours = Vec::<f64>::try_from(&parameters).unwrap();
                for (ours, theirs) in ours.iter().zip(after) {
                    assert!((ours - theirs).abs() < 1e-12, "{ours} against {theirs}");
                }
            }
        }
    }

    #[test]
    fn the_first_step_has_the_size_of_the_learning_rate() {
        let mut parameters = Tensor::from_slice(&[1f32, 1.0, 1.0]);
        let mut adam = Adam::new(&parameters, 0.1);
        adam.step(&mut parameters, &Tensor::from_slice(&[5f32, -0.01, 0.0]), 1.0);
        let moved = Vec::<f32>::try_from(&parameters).unwrap();
        for (value, wanted) in moved.iter().zip([0.9, 1.1, 1.0]) {
            assert!((value - wanted).abs() < 1e-6, "{moved:?}");
        }
    }
}
