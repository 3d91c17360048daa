//! An epoch in progress: its batches, the position in it and its mean loss so far.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::{Task, diverged};
use crate::data::{Batch, Batches};
use crate::error::Result;
use crate::loss::LossOutput;
use crate::random::{Generator, Purpose, generator};

/// Steps between two reads of the loss, each of which waits for the device.
const READ_EVERY: usize = 16;

/// A position in an epoch, as stored in checkpoints.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochPosition {
    /// Steps done in this epoch.
    pub steps: usize,
    /// Images (or pairs) of these steps.
    pub images: usize,
    /// Sum of the steps' losses, each weighted by its number of images.
    loss_sum: f64,
    /// Sum of the steps' shares of active pairs or triplets.
    active_sum: f64,
    /// Steps that reported such a share.
    active_steps: usize,
    /// Seconds that the steps took.
    seconds: f64,
    /// Words that the loss has drawn from the epoch's random generator.
    drawn: u64,
}

/// Means over the training batches of a finished epoch.
pub(super) struct EpochMeans {
    pub loss: f64,
    /// Share of pairs or triplets with a non-zero loss.
    pub active: Option<f64>,
    pub seconds: f64,
}

/// An epoch in progress. Losses are read from the device every few steps rather than after each.
pub(super) struct RunningEpoch<'a> {
    pub task: &'a Task<'a>,
    /// Produces the batches.
    pub training: &'a Batches,
    /// Counted from 1.
    pub number: usize,
    /// Steps in the epoch.
    pub steps: usize,
    /// Random generator of the loss.
    pub random: Generator,
    batches: Box<dyn Iterator<Item = Batch> + 'a>,
    position: EpochPosition,
    /// Losses not yet read, with their numbers of images.
    pending: Vec<(LossOutput, usize)>,
    start: Instant,
}

impl<'a> RunningEpoch<'a> {
    /// Starts or resumes an epoch at a position, skipping the batches and random numbers before it.
    pub fn from(
        position: EpochPosition,
        number: usize,
        task: &'a Task<'a>,
        training: &'a Batches,
    ) -> RunningEpoch<'a> {
        let mut random = generator(task.config.seed, Purpose::TrainLoss, number as u64);
        random.set_word_pos(position.drawn.into());
        RunningEpoch {
            task,
            training,
            number,
            steps: training.count(),
            random,
            batches: Box::new(training.training(number).skip(position.steps)),
            position,
            pending: Vec::new(),
            start: Instant::now(),
        }
    }

    /// The batch of the next step.
    pub fn next_batch(&mut self) -> Option<Batch> {
        self.batches.next()
    }

    /// Adds the loss of a step on so many images. Returns whether the mean loss was updated.
    ///
    /// # Errors
    /// The loss of this step, or of one of the last few, is NaN or infinite.
    pub fn add(&mut self, value: LossOutput, images: usize) -> Result<bool> {
        self.pending.push((value, images));
        let reads = self.pending.len() == READ_EVERY || self.steps_done() == self.steps;
        if reads {
            self.read_pending()?;
        }
        Ok(reads)
    }

    /// Steps done so far.
    pub fn steps_done(&self) -> usize {
        self.position.steps + self.pending.len()
    }

    /// Images whose loss has been read.
    pub fn images_seen(&self) -> usize {
        self.position.images
    }

    /// Mean loss of these images.
    pub fn mean_loss(&self) -> f64 {
        self.position.loss_sum / self.position.images as f64
    }

    /// The position after the last step.
    ///
    /// # Errors
    /// A loss is NaN or infinite.
    pub fn position(&mut self) -> Result<EpochPosition> {
        self.read_pending()?;
        let seconds = self.position.seconds + self.start.elapsed().as_secs_f64();
        let drawn = self.random.get_word_pos().try_into().expect("fewer than 2^64 words drawn");
        Ok(EpochPosition { seconds, drawn, ..self.position.clone() })
    }

    /// Ends the epoch and returns its means.
    ///
    /// # Errors
    /// A loss is NaN or infinite.
    pub fn end(mut self) -> Result<EpochMeans> {
        let EpochPosition { active_sum, active_steps, seconds, .. } = self.position()?;
        let active = (active_steps > 0).then(|| active_sum / active_steps as f64);
        Ok(EpochMeans { loss: self.mean_loss(), active, seconds })
    }

    /// Adds the pending losses in the order of their steps, so that the sums do not depend on when
    /// they are read. The first NaN or infinite loss ends training.
    fn read_pending(&mut self) -> Result<()> {
        let (values, counts): (Vec<LossOutput>, Vec<usize>) = self.pending.drain(..).unzip();
        let losses = read_scalars(values.iter().map(|value| &value.loss));
        for share in read_scalars(values.iter().filter_map(|value| value.active.as_ref())) {
            self.position.active_sum += share;
            self.position.active_steps += 1;
        }
        for (loss, images) in losses.into_iter().zip(counts) {
            self.position.steps += 1;
            if !loss.is_finite() {
                let step = format!("step {} of {}", self.position.steps, self.steps);
                let updated = self.number > 1 || self.position.steps > 1;
                return Err(diverged(self.task, ("training", loss), (self.number, &step), updated));
            }
            self.position.loss_sum += loss * images as f64;
            self.position.images += images;
        }
        Ok(())
    }
}

/// Copies scalar tensors from the device in one transfer.
fn read_scalars<'a>(scalars: impl Iterator<Item = &'a Tensor>) -> Vec<f64> {
    let scalars: Vec<&Tensor> = scalars.collect();
    if scalars.is_empty() {
        return Vec::new();
    }
    let stacked = Tensor::stack(&scalars, 0).to_kind(Kind::Double);
    Vec::<f64>::try_from(&stacked).expect("a vector of numbers")
}
