//! One training step, and the loss on the validation images.

use tch::Tensor;

use super::{Task, TrainState, mean_loss, spread};
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
        let mut random = generator(task.config.seed, Purpose::ValidationLoss, epoch as u64);
        let own = self.loss_parameters.as_ref().map(|parameters| parameters.values.detach());
        let found = mean_loss(
            task.loss,
            own.as_ref(),
            (&embeddings, task.classes.len()),
            batches.validation(epoch),
            &mut random,
        );
        let compared = if task.loss.normalises() { normalised(&embeddings) } else { embeddings };
        (found.loss, spread(&compared))
    }
}

fn embed_part(task: &Task, part: &Subset, network: &mut dyn Network) -> Tensor {
    let batches = part.rows.chunks(EVALUATION_BATCH).map(|rows| task.images.select(rows));
    Tensor::cat(&network.embed(batches.collect()), 0)
}
