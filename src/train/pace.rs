//! How long a step takes, from a few of them.

use std::time::Instant;

use super::{State, Task, batches_of};
use crate::error::Result;
use crate::model::Network;
use crate::random::{Purpose, generator};

/// Steps before the clock starts: the first ones fill caches and allocate.
const WARM: usize = 3;
/// Steps that are timed.
const TIMED: usize = 12;

/// Times a few steps of a training that is then thrown away; nothing is written.
///
/// Gives seconds of a step.
///
/// # Errors
/// As a training's beginning.
pub fn pace(task: &Task, network: &mut dyn Network) -> Result<f64> {
    let training = batches_of(task.config, task.loss, task.train);
    let mut state = State::new(task, network, None)?;
    let mut random = generator(task.config.seed, Purpose::TrainLoss, 1);
    let mut start = Instant::now();
    let mut timed = 0_u32;
    for (place, batch) in training.training(1).take(WARM + TIMED).enumerate() {
        if place == WARM {
            start = Instant::now();
            timed = 0;
        }
        let value = state.pass(task, network, training.count()).step(&batch, &mut random);
        // Reading the loss waits for the device.
        let _ = value.loss.double_value(&[]);
        timed += 1;
    }
    Ok(start.elapsed().as_secs_f64() / f64::from(timed.max(1)))
}
