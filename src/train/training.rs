//! The training loop.

use std::path::Path;
use std::time::Instant;

use tch::{Device, Tensor};

use super::checkpoint::Notes;
use super::{
    Adam, Checkpoint, EpochRecord, History, OwnParameters, Pass, RunProgress, TrainConfig,
    diverged, files,
};
use crate::data::{BatchShape, Batches, Class, Images, Part};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::model::{NamedTensors, Network, write_tensors};

/// What to train on and how.
pub struct Task<'a> {
    /// Epochs, batch size, learning rate, seed.
    pub config: &'a TrainConfig,
    /// What to minimise.
    pub loss: &'a Loss,
    /// The classes of the data, in the order of their numbers.
    pub classes: &'a [Class],
    /// Numbers in an embedding.
    pub embedding: usize,
    /// All images.
    pub images: &'a Images,
    /// Those that are trained on.
    pub train: &'a Part,
    /// Those that measure each epoch.
    pub validation: &'a Part,
    /// Where history, checkpoints and models are written.
    pub folder: &'a Path,
}

/// The state that passes from epoch to epoch.
struct State {
    adam: Adam,
    own: Option<OwnParameters>,
    history: History,
    best: NamedTensors,
    best_own: NamedTensors,
}

/// Trains a network until the configured number of epochs is done, and gives what happened in
/// each.
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
) -> Result<History> {
    let config = task.config;
    let [training, validation] = batches(task);
    let mut state = State::new(task, network, checkpoint)?;
    let first = state.history.epochs.len() + 1;
    progress.begin_at(((first - 1) * training.images()) as u64);
    tell_short_classes(task, &training, progress);
    for epoch in first..=config.epochs {
        let start = Instant::now();
        let mut pass = state.pass(task, network);
        let trained = pass.train(&training, epoch, progress)?;
        let seconds = start.elapsed().as_secs_f64();
        let validated = pass.validate(&validation, epoch);
        if !validated.loss.is_finite() {
            let place = "after its last step";
            return Err(diverged(task, "validation", validated.loss, epoch, place));
        }
        let record = EpochRecord {
            epoch,
            train_loss: trained.loss,
            validation_loss: validated.loss,
            seconds,
            images_per_second: training.images() as f64 / seconds,
            spread: Some(validated.spread),
            active: trained.active,
        };
        progress.say(&line(&record, config.epochs));
        state.finish_epoch(task, network, record)?;
    }
    if state.history.collapsed() {
        progress.say(COLLAPSED);
    }
    state.write_models(task, network)?;
    Ok(state.history)
}

/// Names the classes that are drawn from with replacement.
fn tell_short_classes(task: &Task, training: &Batches, progress: &RunProgress) {
    for (class, has, takes) in training.short_classes() {
        let name = &task.classes[class as usize].name;
        progress.say(&format!(
            "class {name} has {has} training images, fewer than the {takes} that a batch takes of \
             each class: they are drawn with replacement"
        ));
    }
}

/// What is said of a collapsed run.
const COLLAPSED: &str = "COLLAPSED: all images are embedded at nearly one point, so distances \
                         tell little; after a handful of steps BatchNorm's statistics may lag, \
                         else try a smaller train.learning_rate or other settings of the loss \
                         (dml losses)";

fn batches(task: &Task) -> [Batches; 2] {
    let TrainConfig { batch: size, images_per_class: per_class, seed, .. } = *task.config;
    let shape = BatchShape { kind: task.loss.batches(), size, per_class };
    [task.train, task.validation].map(|part| Batches::new(&part.labels, shape, seed))
}

fn line(record: &EpochRecord, epochs: usize) -> String {
    let active = record.active.map(|share| format!("  active {:.0} %", 100.0 * share));
    format!(
        "epoch {}/{epochs}  train loss {:.4}  validation loss {:.4}  spread {:.2}{}  {:.0} images/s  \
         {:.1} s",
        record.epoch,
        record.train_loss,
        record.validation_loss,
        record.spread.unwrap_or_default(),
        active.unwrap_or_default(),
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
        let own = task.loss.own(task.classes.len(), task.embedding, task.config.seed);
        let mut state = State {
            adam: Adam::new(network.parameters(), task.config.learning_rate),
            own: own.map(|own| OwnParameters::new(own, task.images.device())),
            history: History::default(),
            best: NamedTensors::new(),
            best_own: NamedTensors::new(),
        };
        if let Some(checkpoint) = checkpoint {
            state.take_over(task, network, checkpoint)?;
        }
        Ok(state)
    }

    /// Goes on from a checkpoint.
    fn take_over(
        &mut self,
        task: &Task,
        network: &mut dyn Network,
        checkpoint: Checkpoint,
    ) -> Result<()> {
        network.load_state(&checkpoint.network)?;
        if checkpoint.mean.size() != self.adam.mean.size() {
            let folder = task.folder.display();
            return Err(Error::Other(format!(
                "the checkpoint in {folder} is of another network; train again with --force"
            )));
        }
        self.adam.mean.copy_(&checkpoint.mean);
        self.adam.square.copy_(&checkpoint.square);
        self.adam.steps = checkpoint.notes.steps;
        if let Some(own) = &mut self.own {
            own.load_state(&checkpoint.own, checkpoint.notes.steps, task.folder)?;
        }
        self.history = checkpoint.notes.history;
        (self.best, self.best_own) = (checkpoint.best, checkpoint.best_own);
        Ok(())
    }

    fn pass<'a>(&'a mut self, task: &'a Task, network: &'a mut dyn Network) -> Pass<'a> {
        Pass { task, network, adam: &mut self.adam, own: self.own.as_mut() }
    }

    fn finish_epoch(
        &mut self,
        task: &Task,
        network: &mut dyn Network,
        record: EpochRecord,
    ) -> Result<()> {
        let epoch = record.epoch;
        self.history.epochs.push(record);
        if self.history.best_epoch() == Some(epoch) {
            self.best = network.state();
            self.best_own = self.own_values();
        }
        self.history.write(&task.folder.join(files::HISTORY))?;
        self.checkpoint(network).write_newest(task.folder)
    }

    fn own_values(&self) -> NamedTensors {
        self.own.as_ref().map(OwnParameters::values).unwrap_or_default()
    }

    fn checkpoint(&self, network: &dyn Network) -> Checkpoint {
        let copy = |t: &Tensor| t.to_device(Device::Cpu).copy();
        let share = |group: &NamedTensors| -> NamedTensors {
            group.iter().map(|(name, t)| (name.clone(), t.shallow_clone())).collect()
        };
        Checkpoint {
            network: network.state(),
            best: share(&self.best),
            own: self.own.as_ref().map(OwnParameters::state).unwrap_or_default(),
            best_own: share(&self.best_own),
            mean: copy(&self.adam.mean),
            square: copy(&self.adam.square),
            notes: Notes { steps: self.adam.steps, history: self.history.clone() },
        }
    }

    fn write_models(&self, task: &Task, network: &dyn Network) -> Result<()> {
        let (best, last) =
            (self.history.best_epoch().unwrap_or_default(), self.history.epochs.len());
        let files = [
            (files::BEST_MODEL, &self.best, best),
            (files::LAST_MODEL, &network.state(), last),
            (files::BEST_LOSS, &self.best_own, best),
            (files::LAST_LOSS, &self.own_values(), last),
        ];
        for (name, tensors, epoch) in files.into_iter().filter(|(_, group, _)| !group.is_empty()) {
            let notes = [("loss", task.loss.name().to_owned()), ("epoch", epoch.to_string())];
            write_tensors(&task.folder.join(name), tensors, &notes)?;
        }
        Ok(())
    }
}
