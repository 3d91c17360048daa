//! The training loop.

use std::path::Path;
use std::time::Instant;

use super::{
    Adam, Checkpoint, EpochRecord, History, RunProgress, TrainConfig, diverged, files, train_epoch,
    validation_loss,
};
use crate::data::{Batches, Images, Part};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::model::{NamedTensors, Network, write_tensors};

/// What to train on and how.
pub struct Task<'a> {
    /// Epochs, batch size, learning rate, seed.
    pub config: &'a TrainConfig,
    /// What to minimise.
    pub loss: &'a Loss,
    /// All images.
    pub images: &'a Images,
    /// Those that are trained on.
    pub train: &'a Part,
    /// Those that measure each epoch.
    pub validation: &'a Part,
    /// Where history, checkpoints and models are written.
    pub folder: &'a Path,
}

/// What training leaves, beside its files.
pub struct Trained {
    /// Losses and speed of each epoch.
    pub history: History,
}

/// The state that passes from epoch to epoch.
struct State {
    adam: Adam,
    history: History,
    best: NamedTensors,
}

/// Trains a network until the configured number of epochs is done.
///
/// After each epoch the history and a checkpoint are written, at the end the last and the best
/// model. With a checkpoint, training goes on after its last epoch and gives the same bytes as if
/// it had never stopped.
///
/// # Errors
/// A loss that is no number, with the epoch, the step and the last good checkpoint; a checkpoint
/// that does not fit the network; a file that cannot be written.
pub fn train(
    task: &Task,
    network: &mut dyn Network,
    checkpoint: Option<Checkpoint>,
    progress: &RunProgress,
) -> Result<Trained> {
    let kind = task.loss.batches();
    let config = task.config;
    let training = Batches::new(&task.train.labels, kind, config.batch, config.seed);
    let validation = Batches::new(&task.validation.labels, kind, config.batch, config.seed);
    let mut state = State::new(task, network, checkpoint)?;
    let first = state.history.epochs.len() + 1;
    progress.begin_at(((first - 1) * training.images()) as u64);
    for epoch in first..=config.epochs {
        let start = Instant::now();
        let train_loss = train_epoch(task, &training, epoch, network, &mut state.adam, progress)?;
        let seconds = start.elapsed().as_secs_f64();
        let validation_loss = validation_loss(task, &validation, epoch, network);
        if !validation_loss.is_finite() {
            return Err(diverged(
                task,
                "validation",
                validation_loss,
                epoch,
                "after its last step",
            ));
        }
        let images_per_second = training.images() as f64 / seconds;
        let record = EpochRecord { epoch, train_loss, validation_loss, seconds, images_per_second };
        progress.say(&line(&record, config.epochs));
        state.finish_epoch(task, network, record)?;
    }
    state.write_models(task, network)?;
    Ok(Trained { history: state.history })
}

fn line(record: &EpochRecord, epochs: usize) -> String {
    format!(
        "epoch {}/{epochs}  train loss {:.4}  validation loss {:.4}  {:.0} images/s  {:.1} s",
        record.epoch,
        record.train_loss,
        record.validation_loss,
        record.images_per_second,
        record.seconds
    )
}

impl State {
    fn new(
        task: &Task,
        network: &mut dyn Network,
        checkpoint: Option<Checkpoint>,
    ) -> Result<State> {
        let mut adam = Adam::new(network.parameters(), task.config.learning_rate);
        let Some(checkpoint) = checkpoint else {
            return Ok(State { adam, history: History::default(), best: NamedTensors::new() });
        };
        network.load_state(&checkpoint.network)?;
        if checkpoint.mean.size() != adam.mean.size() {
            let folder = task.folder.display();
            return Err(Error::Other(format!(
                "the checkpoint in {folder} is of another network; train again with --force"
            )));
        }
        adam.mean.copy_(&checkpoint.mean);
        adam.square.copy_(&checkpoint.square);
        adam.steps = checkpoint.notes.steps;
        Ok(State { adam, history: checkpoint.notes.history, best: checkpoint.best })
    }

    fn finish_epoch(
        &mut self,
        task: &Task,
        network: &mut dyn Network,
        record: EpochRecord,
    ) -> Result<()> {
        let epoch = record.epoch;
        self.history.epochs.push(record);
        let now = network.state();
        if self.history.best_epoch() == Some(epoch) {
            self.best = network.state();
        }
        self.history.write(&task.folder.join(files::HISTORY))?;
        let best = self.best.iter().map(|(name, t)| (name.clone(), t.shallow_clone())).collect();
        Checkpoint::new(now, best, &self.adam, &self.history)
            .write(&task.folder.join(files::CHECKPOINT))
    }

    fn write_models(&self, task: &Task, network: &dyn Network) -> Result<()> {
        let best_epoch = self.history.best_epoch().unwrap_or_default();
        let models = [
            (files::BEST_MODEL, &self.best, best_epoch),
            (files::LAST_MODEL, &network.state(), self.history.epochs.len()),
        ];
        for (name, weights, epoch) in models {
            let notes = [("loss", task.loss.name().to_owned()), ("epoch", epoch.to_string())];
            write_tensors(&task.folder.join(name), weights, &notes)?;
        }
        Ok(())
    }
}
