//! Seconds that a training step takes, from a few of them.

use std::time::Instant;

use super::{Task, TrainState, batches_of};
use crate::error::Result;
use crate::model::Network;
use crate::random::{Purpose, generator};

/// Untimed steps at the start, which fill caches and allocate memory.
const WARM_UP: usize = 3;
/// Timed steps.
const TIMED: usize = 12;

/// Trains for a few steps, discards the result and returns the seconds per step. Writes no file.
///
/// # Errors
/// Those of starting a training run.
pub fn time_steps(task: &Task, network: &mut dyn Network) -> Result<f64> {
    let training = batches_of(task.config, task.loss, task.train);
    let mut state = TrainState::new(task, network, training.count(), None)?;
    let mut random = generator(task.config.seed, Purpose::TrainLoss, 1);
    let mut start = Instant::now();
    let mut timed = 0_u32;
    for (step, batch) in training.training(1).take(WARM_UP + TIMED).enumerate() {
        if step == WARM_UP {
            start = Instant::now();
            timed = 0;
        }
        let value = state.step(network, &batch, &mut random);
        // Reading the loss waits for the device.
        let _ = value.loss.double_value(&[]);
        timed += 1;
    }
    Ok(start.elapsed().as_secs_f64() / f64::from(timed.max(1)))
}
