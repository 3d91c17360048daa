//! Where training stands within an epoch, and the mean loss so far.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::{Task, diverged};
use crate::data::{Batch, Batches};
use crate::error::Result;
use crate::loss::LossOutput;
use crate::random::{Generator, Purpose, generator};

/// Steps between two looks at the loss. Each look waits for the device.
const LOOK_EVERY: usize = 16;

/// A place within an epoch, as a checkpoint keeps it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Steps of the epoch that are done.
    pub steps: usize,
    /// Images (or pairs) of these steps.
    pub images: usize,
    /// Sum of the steps' losses, each times its number of images.
    loss_sum: f64,
    /// Sum of the steps' shares of active pairs or triplets.
    active_sum: f64,
    /// Steps that had such a share.
    active_steps: usize,
    /// Seconds that the steps took.
    seconds: f64,
    /// Words that the loss drew from its generator of the epoch.
    drawn: u64,
}

/// What an epoch gave on average.
pub(super) struct Trained {
    pub loss: f64,
    /// Share of the pairs or triplets that cost something.
    pub active: Option<f64>,
    pub seconds: f64,
}

/// An epoch under way: its batches, what its loss draws from, and the losses so far, which are
/// looked at now and then rather than after each step.
pub(super) struct Epoch<'a> {
    pub task: &'a Task<'a>,
    /// What the batches are made from.
    pub training: &'a Batches,
    /// Counted from 1.
    pub number: usize,
    /// Steps in all.
    pub steps: usize,
    /// What the loss draws from.
    pub random: Generator,
    batches: Box<dyn Iterator<Item = Batch> + 'a>,
    position: Position,
    /// Losses not looked at yet, with their numbers of images.
    pending: Vec<(LossOutput, usize)>,
    start: Instant,
}

impl<'a> Epoch<'a> {
    /// The epoch from a position on: the batches and random numbers that follow it.
    pub fn from(
        position: Position,
        number: usize,
        task: &'a Task<'a>,
        training: &'a Batches,
    ) -> Epoch<'a> {
        let mut random = generator(task.config.seed, Purpose::TrainLoss, number as u64);
        random.set_word_pos(position.drawn.into());
        Epoch {
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

    /// Takes in what a step on so many images gave, and tells whether the mean loss is now known
    /// anew.
    ///
    /// # Errors
    /// A loss that is no number, now or some steps ago.
    pub fn took(&mut self, value: LossOutput, images: usize) -> Result<bool> {
        self.pending.push((value, images));
        let looks = self.pending.len() == LOOK_EVERY || self.steps_done() == self.steps;
        if looks {
            self.look()?;
        }
        Ok(looks)
    }

    /// Steps that are done.
    pub fn steps_done(&self) -> usize {
        self.position.steps + self.pending.len()
    }

    /// Images whose loss was looked at.
    pub fn images_seen(&self) -> usize {
        self.position.images
    }

    /// Mean loss of the images whose loss was looked at.
    pub fn mean_loss(&self) -> f64 {
        self.position.loss_sum / self.position.images as f64
    }

    /// Where the epoch stands.
    ///
    /// # Errors
    /// A loss that is no number.
    pub fn position(&mut self) -> Result<Position> {
        self.look()?;
        let seconds = self.position.seconds + self.start.elapsed().as_secs_f64();
        let drawn = self.random.get_word_pos().try_into().expect("nobody draws 2^64 words");
        Ok(Position { seconds, drawn, ..self.position.clone() })
    }

    /// What the epoch gave.
    ///
    /// # Errors
    /// A loss that is no number.
    pub fn end(mut self) -> Result<Trained> {
        let Position { active_sum, active_steps, seconds, .. } = self.position()?;
        let active = (active_steps > 0).then(|| active_sum / active_steps as f64);
        Ok(Trained { loss: self.mean_loss(), active, seconds })
    }

    /// Takes the pending losses in, one after the other, so that sums do not depend on when they
    /// are looked at; the first that is no number ends the training.
    fn look(&mut self) -> Result<()> {
        let (values, counts): (Vec<LossOutput>, Vec<usize>) = self.pending.drain(..).unzip();
        let losses = numbers(values.iter().map(|value| &value.loss));
        for share in numbers(values.iter().filter_map(|value| value.active.as_ref())) {
            self.position.active_sum += share;
            self.position.active_steps += 1;
        }
        for (loss, images) in losses.into_iter().zip(counts) {
            self.position.steps += 1;
            if !loss.is_finite() {
                let place = format!("step {} of {}", self.position.steps, self.steps);
                let updated = self.number > 1 || self.position.steps > 1;
                return Err(diverged(
                    self.task,
                    ("training", loss),
                    (self.number, &place),
                    updated,
                ));
            }
            self.position.loss_sum += loss * images as f64;
            self.position.images += images;
        }
        Ok(())
    }
}

/// Scalars as numbers, fetched from the device at once.
fn numbers<'a>(scalars: impl Iterator<Item = &'a Tensor>) -> Vec<f64> {
    let scalars: Vec<&Tensor> = scalars.collect();
    if scalars.is_empty() {
        return Vec::new();
    }
    let stacked = Tensor::stack(&scalars, 0).to_kind(Kind::Double);
    Vec::<f64>::try_from(&stacked).expect("a vector of numbers")
}
