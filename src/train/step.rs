//! One training step, and the loss on the validation images.

use tch::Tensor;

use super::{Task, TrainState, spread};
use crate::data::{Batch, Batches, Subset};
use crate::loss::{LossInput, LossOutput, Targets, normalised};
use crate::model::Network;
use crate::random::{Generator, Purpose, generator};

/// Images per forward pass of the validation loss.
const EVALUATION_BATCH: usize = 500;

impl TrainState<'_> {
    /// Embeds a batch, backpropagates the loss through the embeddings, its own parameters and the
    /// network, and takes an optimiser step.
    pub fn step(
        &mut self,
        network: &mut dyn Network,
        batch: &Batch,
        random: &mut Generator,
    ) -> LossOutput {
        let task = self.task;
        let factor = task.config.schedule.factor(self.adam.steps as usize, self.total_steps);
        let images = batch.branches.iter().map(|branch| {
            let rows: Vec<i64> = branch.iter().map(|&image| task.train.rows[image]).collect();
            task.images.select(&rows)
        });
        let embeddings: Vec<Tensor> = network
            .forward(images.collect())
            .into_iter()
            .map(|embedding| embedding.set_requires_grad(true))
            .collect();
        let targets = Targets::new(batch, task.classes.len(), task.images.device());
        let own = self.loss_parameters.as_ref().map(|parameters| &parameters.values);
        let value = task.loss.value(LossInput {
            branches: &embeddings,
            targets: &targets,
            parameters: own,
            random,
        });
        let leaves: Vec<&Tensor> = embeddings.iter().chain(own).collect();
        let mut gradients = Tensor::run_backward(&[&value.loss], &leaves, false, false);
        let loss_gradients = gradients.split_off(embeddings.len());
        let gradient = network.backward(gradients);
        self.adam.step(network.parameters(), &gradient, factor);
        if let (Some(parameters), Some(gradient)) =
            (&mut self.loss_parameters, loss_gradients.first())
        {
            parameters.step(gradient, factor);
        }
        LossOutput { loss: value.loss.detach(), active: value.active }
    }

    /// The mean loss over the validation images in evaluation mode, and the spread of their
    /// embeddings.
    ///
    /// Each image is embedded once, no matter how many batches contain it.
    pub fn validate(
        &self,
        network: &mut dyn Network,
        batches: &Batches,
        epoch: usize,
    ) -> (f64, f64) {
        let task = self.task;
        let embeddings = embed_part(task, task.validation, network);
        let device = embeddings.device();
        let mut random = generator(task.config.seed, Purpose::ValidationLoss, epoch as u64);
        let own = self.loss_parameters.as_ref().map(|parameters| parameters.values.detach());
        let (mut sum, mut count) = (0.0, 0);
        for batch in batches.validation(epoch) {
            let select = |branch: &Vec<usize>| {
                let rows: Vec<i64> = branch.iter().map(|&image| image as i64).collect();
                embeddings.index_select(0, &Tensor::from_slice(&rows).to_device(device))
            };
            let branches: Vec<Tensor> = batch.branches.iter().map(select).collect();
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
        (sum / count as f64, spread(&compared))
    }
}

fn embed_part(task: &Task, part: &Subset, network: &mut dyn Network) -> Tensor {
    let batches = part.rows.chunks(EVALUATION_BATCH).map(|rows| task.images.select(rows));
    Tensor::cat(&network.embed(batches.collect()), 0)
}
