//! One step of training, and the loss on the validation images.

use tch::Tensor;

use super::{Adam, OwnParameters, Task, spread};
use crate::data::{Batch, Batches, Subset};
use crate::loss::{LossInput, LossOutput, Targets, normalised};
use crate::model::Network;
use crate::random::{Generator, Purpose, generator};

/// Images that are embedded at once for the validation loss.
const EVALUATION_BATCH: usize = 500;

/// What is trained.
pub(super) struct Pass<'a> {
    pub task: &'a Task<'a>,
    pub network: &'a mut dyn Network,
    pub adam: &'a mut Adam,
    /// The loss's own parameters, where it has any.
    pub own: Option<&'a mut OwnParameters>,
    /// What the learning rates are multiplied with in this step.
    pub factor: f64,
}

/// What the validation images gave.
pub(super) struct Validated {
    pub loss: f64,
    pub spread: f64,
}

impl Pass<'_> {
    /// One step: embed, differentiate the loss on the embeddings and on its own parameters, follow
    /// the chain rule through the network, move.
    pub fn step(&mut self, batch: &Batch, random: &mut Generator) -> LossOutput {
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
        let value = task.loss.value(LossInput {
            branches: &embeddings,
            targets: &targets,
            parameters: own,
            random,
        });
        let leaves: Vec<&Tensor> = embeddings.iter().chain(own).collect();
        let mut gradients = Tensor::run_backward(&[&value.loss], &leaves, false, false);
        let own_gradients = gradients.split_off(embeddings.len());
        let gradient = self.network.backward(gradients);
        self.adam.step(self.network.parameters(), &gradient, self.factor);
        if let (Some(own), Some(gradient)) = (&mut self.own, own_gradients.first()) {
            own.step(gradient, self.factor);
        }
        LossOutput { loss: value.loss.detach(), active: value.active }
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
            let value = task.loss.value(LossInput {
                branches: &branches,
                targets: &targets,
                parameters: own,
                random,
            });
            sum += value.loss.double_value(&[]) * batch.labels.len() as f64;
            count += batch.labels.len();
        }
        let compared = if task.loss.normalises() { normalised(&embeddings) } else { embeddings };
        Validated { loss: sum / count as f64, spread: spread(&compared) }
    }
}

fn embed_part(task: &Task, part: &Subset, network: &mut dyn Network) -> Tensor {
    let batches = part.rows.chunks(EVALUATION_BATCH).map(|rows| task.images.select(rows));
    Tensor::cat(&network.embed(batches.collect()), 0)
}
