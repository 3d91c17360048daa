//! One pass over the training images, and the loss on the validation images.

use tch::{Kind, Tensor};

use super::{Adam, RunProgress, Task};
use crate::data::{Batch, Batches, Part};
use crate::error::{Error, Result};
use crate::loss::Targets;
use crate::model::Network;

/// Steps between two looks at the loss. Each look waits for the device.
const LOOK_EVERY: usize = 16;

/// Images that are embedded at once for the validation loss.
const EVALUATION_BATCH: usize = 500;

/// Trains on every image once and gives the mean loss.
pub(super) fn train_epoch(
    task: &Task,
    batches: &Batches,
    epoch: usize,
    network: &mut dyn Network,
    adam: &mut Adam,
    progress: &RunProgress,
) -> Result<f64> {
    let mut seen = Losses::new(epoch, batches.count());
    let before = (epoch - 1) * batches.images();
    for batch in batches.training(epoch) {
        let loss = step(task, &batch, network, adam);
        seen.add(loss, batch.labels.len());
        if seen.pending.len() == LOOK_EVERY {
            seen.look(task)?;
            progress.seen((before + seen.images) as u64, seen.mean());
        }
    }
    seen.look(task)?;
    progress.seen((before + seen.images) as u64, seen.mean());
    Ok(seen.mean())
}

/// One step: embed, differentiate the loss on the embeddings, follow the chain rule, move.
fn step(task: &Task, batch: &Batch, network: &mut dyn Network, adam: &mut Adam) -> Tensor {
    let images = batch.branches.iter().map(|places| {
        let rows: Vec<i64> = places.iter().map(|&place| task.train.rows[place]).collect();
        task.images.select(&rows)
    });
    let embeddings: Vec<Tensor> = network
        .forward(images.collect())
        .into_iter()
        .map(|embedding| embedding.set_requires_grad(true))
        .collect();
    let targets = Targets::new(batch, task.images.device());
    let loss = task.loss.value(&embeddings, &targets);
    let gradients = Tensor::run_backward(&[&loss], &embeddings, false, false);
    let gradient = network.backward(gradients);
    adam.step(network.parameters(), &gradient);
    loss.detach()
}

/// The mean loss over the validation images, in evaluation mode.
///
/// Every image is embedded once, however many batches it stands in.
pub(super) fn validation_loss(
    task: &Task,
    batches: &Batches,
    epoch: usize,
    network: &mut dyn Network,
) -> f64 {
    let embeddings = embed_part(task, task.validation, network);
    let mut sum = 0.0;
    for batch in batches.validation(epoch) {
        let pick = |places: &Vec<usize>| {
            let places: Vec<i64> = places.iter().map(|&place| place as i64).collect();
            embeddings.index_select(0, &Tensor::from_slice(&places).to_device(embeddings.device()))
        };
        let branches: Vec<Tensor> = batch.branches.iter().map(pick).collect();
        let targets = Targets::new(&batch, embeddings.device());
        let loss = task.loss.value(&branches, &targets).double_value(&[]);
        sum += loss * batch.labels.len() as f64;
    }
    sum / batches.images() as f64
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
    pending: Vec<(Tensor, usize)>,
    steps_seen: usize,
    images: usize,
    sum: f64,
}

impl Losses {
    fn new(epoch: usize, steps: usize) -> Losses {
        Losses { epoch, steps, pending: Vec::new(), steps_seen: 0, images: 0, sum: 0.0 }
    }

    fn add(&mut self, loss: Tensor, images: usize) {
        self.pending.push((loss, images));
    }

    fn mean(&self) -> f64 {
        self.sum / self.images as f64
    }

    /// Takes the pending losses in; the first that is no number ends the training.
    fn look(&mut self, task: &Task) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let (losses, counts): (Vec<Tensor>, Vec<usize>) = self.pending.drain(..).unzip();
        let losses = Tensor::stack(&losses, 0).to_kind(Kind::Double);
        let losses = Vec::<f64>::try_from(&losses).expect("a vector of numbers");
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

/// The error for a loss that is no number, with the way back and the way out.
pub(super) fn diverged(task: &Task, kind: &str, loss: f64, epoch: usize, place: &str) -> Error {
    let checkpoint = task.folder.join(super::files::CHECKPOINT);
    let last_good = if checkpoint.exists() {
        format!("the last good checkpoint is {}, after epoch {}", checkpoint.display(), epoch - 1)
    } else {
        "no epoch was finished, so there is no checkpoint".to_owned()
    };
    Error::Diverged(format!(
        "the {kind} loss became {loss} in epoch {epoch}, {place}, at train.learning_rate = {:?}: \
         try a smaller one; {last_good}",
        task.config.learning_rate
    ))
}
