//! Learning-rate schedules.

use serde::{Deserialize, Serialize};

/// The learning rate over the steps of a training run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Constant, as in the tutorial.
    #[default]
    Constant,
    /// Linear decay to 0.
    Linear,
    /// Cosine decay to 0 (Loshchilov, Hutter: SGDR, ICLR 2017, without restarts).
    Cosine,
}

impl Schedule {
    /// The factor on the learning rate at a step (from 0) of `steps`, in 0..=1.
    pub fn factor(self, step: usize, steps: usize) -> f64 {
        let progress = step as f64 / steps.max(1) as f64;
        match self {
            Schedule::Constant => 1.0,
            Schedule::Linear => 1.0 - progress,
            Schedule::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decaying_schedules_start_at_the_learning_rate_and_end_near_zero() {
        for schedule in [Schedule::Linear, Schedule::Cosine] {
            let factors: Vec<f64> = (0..100).map(|step| schedule.factor(step, 100)).collect();
            assert_eq!(factors[0], 1.0);
            assert!((factors[50] - 0.5).abs() < 1e-12 && factors[99] < 0.011);
            assert!(factors.windows(2).all(|pair| pair[1] < pair[0]));
        }
        assert!((0..100).all(|step| Schedule::Constant.factor(step, 100) == 1.0));
        // torch.optim.lr_scheduler.CosineAnnealingLR(T_max=8): the factor after 1, 3 and 5 steps.
        let torch = [(1, 0.961939766255643), (3, 0.691341716182545), (5, 0.308658283817455)];
        for (step, factor) in torch {
            assert!((Schedule::Cosine.factor(step, 8) - factor).abs() < 1e-12);
        }
    }
}
