//! One pass over the training images, and the loss on the validation images.

use tch::{Kind, Tensor};

use super::{Adam, OwnParameters, RunProgress, Task, spread};
use crate::data::{Batch, Batches, Part};
use crate::error::{Error, Result};
use crate::loss::{Embedded, Targets, Value, normalised};
use crate::model::Network;
use crate::random::{Generator, Purpose, generator};

/// Steps between two looks at the loss. Each look waits for the device.
const LOOK_EVERY: usize = 16;

/// Images that are embedded at once for the validation loss.
const EVALUATION_BATCH: usize = 500;

/// What an epoch works on.
pub(super) struct Pass<'a> {
    pub task: &'a Task<'a>,
    pub network: &'a mut dyn Network,
    pub adam: &'a mut Adam,
    /// The loss's own parameters, where it has any.
    pub own: Option<&'a mut OwnParameters>,
}

/// What a pass over the training images gave on average.
pub(super) struct Trained {
    pub loss: f64,
    /// Share of the pairs or triplets that cost something.
    pub active: Option<f64>,
}

/// What the validation images gave.
pub(super) struct Validated {
    pub loss: f64,
    pub spread: f64,
}

impl Pass<'_> {
    /// Trains on as many images as there are.
    pub fn train(
        &mut self,
        batches: &Batches,
        epoch: usize,
        progress: &RunProgress,
    ) -> Result<Trained> {
        let mut seen = Losses::new(epoch, batches.count());
        let before = (epoch - 1) * batches.images();
        let show = |seen: &Losses| {
            let images = seen.images.min(batches.images());
            progress.seen((before + images) as u64, seen.mean());
        };
        let mut random = generator(self.task.config.seed, Purpose::TrainLoss, epoch as u64);
        for batch in batches.training(epoch) {
            seen.pending.push((self.step(&batch, &mut random), batch.labels.len()));
            if seen.pending.len() == LOOK_EVERY {
                seen.look(self.task)?;
                show(&seen);
            }
        }
        seen.look(self.task)?;
        show(&seen);
        Ok(Trained { loss: seen.mean(), active: seen.active() })
    }

    /// One step: embed, differentiate the loss on the embeddings and on its own parameters, follow
    /// the chain rule through the network, move.
    fn step(&mut self, batch: &Batch, random: &mut Generator) -> Value {
        let task = self.task;
        let images = batch.branches.iter().map(|places| {
            let rows: Vec<i64> = places.iter().map(|&place| task.train.rows[place]).collect();
            task.images.select(&rows)
        });
        let embeddings: Vec<Tensor> = self
            .network
            .forward(images.collect())
            .into_iter()
            .map(|embedding| embedding.set_requires_grad(true))
            .collect();
        let targets = Targets::new(batch, task.classes.len(), task.images.device());
        let own = self.own.as_ref().map(|own| &own.values);
        let value =
            task.loss.value(Embedded { branches: &embeddings, targets: &targets, own, random });
        let leaves: Vec<&Tensor> = embeddings.iter().chain(own).collect();
        let mut gradients = Tensor::run_backward(&[&value.loss], &leaves, false, false);
        let own_gradients = gradients.split_off(embeddings.len());
        let gradient = self.network.backward(gradients);
        self.adam.step(self.network.parameters(), &gradient);
        if let (Some(own), Some(gradient)) = (&mut self.own, own_gradients.first()) {
            own.step(gradient);
        }
        Value { loss: value.loss.detach(), active: value.active }
    }

    /// The mean loss over the validation images, in evaluation mode, and how far they spread.
    ///
    /// Every image is embedded once, however many batches it stands in.
    pub fn validate(&mut self, batches: &Batches, epoch: usize) -> Validated {
        let task = self.task;
        let embeddings = embed_part(task, task.validation, self.network);
        let device = embeddings.device();
        let mut random = generator(task.config.seed, Purpose::ValidationLoss, epoch as u64);
        let own = self.own.as_ref().map(|own| own.values.detach());
        let (mut sum, mut count) = (0.0, 0);
        for batch in batches.validation(epoch) {
            let pick = |places: &Vec<usize>| {
                let places: Vec<i64> = places.iter().map(|&place| place as i64).collect();
                embeddings.index_select(0, &Tensor::from_slice(&places).to_device(device))
            };
            let branches: Vec<Tensor> = batch.branches.iter().map(pick).collect();
            let targets = Targets::new(&batch, task.classes.len(), device);
            let (own, random) = (own.as_ref(), &mut random);
            let value =
                task.loss.value(Embedded { branches: &branches, targets: &targets, own, random });
            sum += value.loss.double_value(&[]) * batch.labels.len() as f64;
            count += batch.labels.len();
        }
        let compared = if task.loss.normalises() { normalised(&embeddings) } else { embeddings };
        Validated { loss: sum / count as f64, spread: spread(&compared) }
    }
}

fn embed_part(task: &Task, part: &Part, network: &mut dyn Network) -> Tensor {
    let batches = part.rows.chunks(EVALUATION_BATCH).map(|rows| task.images.select(rows));
    Tensor::cat(&network.embed(batches.collect()), 0)
}

/// The losses of an epoch, looked at now and then rather than after each step.
struct Losses {
    epoch: usize,
    steps: usize,
    /// Losses not looked at yet, with their numbers of images.
    pending: Vec<(Value, usize)>,
    steps_seen: usize,
    images: usize,
    sum: f64,
    /// Sum of the steps' shares of active pairs, and how many steps had one.
    active: (f64, usize),
}

impl Losses {
    fn new(epoch: usize, steps: usize) -> Losses {
        let (pending, active) = (Vec::new(), (0.0, 0));
        Losses { epoch, steps, pending, steps_seen: 0, images: 0, sum: 0.0, active }
    }

    fn mean(&self) -> f64 {
        self.sum / self.images as f64
    }

    fn active(&self) -> Option<f64> {
        let (sum, steps) = self.active;
        (steps > 0).then(|| sum / steps as f64)
    }

    /// Takes the pending losses in; the first that is no number ends the training.
    fn look(&mut self, task: &Task) -> Result<()> {
        let (values, counts): (Vec<Value>, Vec<usize>) = self.pending.drain(..).unzip();
        let losses = numbers(values.iter().map(|value| &value.loss));
        let active = numbers(values.iter().filter_map(|value| value.active.as_ref()));
        self.active.0 += active.iter().sum::<f64>();
        self.active.1 += active.len();
        for (loss, images) in losses.into_iter().zip(counts) {
            self.steps_seen += 1;
            if !loss.is_finite() {
                let place = format!("step {} of {}", self.steps_seen, self.steps);
                return Err(diverged(task, "training", loss, self.epoch, &place));
            }
            self.sum += loss * images as f64;
            self.images += images;
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

/// The error for a loss that is no number, with the way back and the way out.
pub(super) fn diverged(task: &Task, kind: &str, loss: f64, epoch: usize, place: &str) -> Error {
    let checkpoint = task.folder.join(super::files::CHECKPOINT);
    let last_good = if checkpoint.exists() {
        format!("the last good checkpoint is {}, after epoch {}", checkpoint.display(), epoch - 1)
    } else {
        "no epoch was finished, so there is no checkpoint".to_owned()
    };
    let own = task.loss.own(task.classes.len(), task.embedding, task.config.seed);
    let own = own.map_or(String::new(), |own| {
        format!(
            ", or a smaller loss.learning_rate (of its {}) than {:?}",
            own.name, own.learning_rate
        )
    });
    Error::Diverged(format!(
        "the {kind} loss became {loss} in epoch {epoch}, {place}, at train.learning_rate = {:?}: \
         try a smaller one{own}; {last_good}",
        task.config.learning_rate
    ))
}
