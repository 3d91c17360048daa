//! The state of training between two steps, and how it is checkpointed and restored.

use tch::{Device, Tensor};

use super::checkpoint::Notes;
use super::{
    Adam, Checkpoint, EpochPosition, EpochRecord, History, OptimisedLossParameters, Task, diverged,
};
use crate::error::{Error, Fault, Result};
use crate::files::layout::{BEST_LOSS, BEST_MODEL, HISTORY, LAST_LOSS, LAST_MODEL};
use crate::model::{NamedTensors, Network, write_tensors};

/// The state of training between two steps, without the network.
pub(super) struct TrainState<'a> {
    pub task: &'a Task<'a>,
    /// Steps of the whole training, which the learning-rate schedule spans.
    pub total_steps: usize,
    pub adam: Adam,
    /// The loss's own parameters, if it has any.
    pub loss_parameters: Option<OptimisedLossParameters>,
    /// The finished epochs.
    pub history: History,
    /// The position in the epoch after them.
    pub position: EpochPosition,
    best: NamedTensors,
    best_loss_parameters: NamedTensors,
    /// Epochs already written to the history file.
    written_epochs: usize,
}

impl<'a> TrainState<'a> {
    /// Starts training, or resumes it from a checkpoint.
    ///
    /// # Errors
    /// The checkpoint does not fit the network.
    pub fn new(
        task: &'a Task,
        network: &mut dyn Network,
        total_steps: usize,
        checkpoint: Option<Checkpoint>,
    ) -> Result<TrainState<'a>> {
        let own = task.loss.parameters(task.classes.len(), task.embedding, task.config.seed);
        let mut state = TrainState {
            task,
            total_steps,
            adam: Adam::new(network.parameters(), task.config.learning_rate)
                .with_decay(task.config.weight_decay),
            loss_parameters: own.map(|own| OptimisedLossParameters::new(own, task.images.device())),
            history: History::default(),
            position: EpochPosition::default(),
            best: NamedTensors::new(),
            best_loss_parameters: NamedTensors::new(),
            written_epochs: 0,
        };
        if let Some(checkpoint) = checkpoint {
            state.restore(network, checkpoint)?;
        }
        Ok(state)
    }

    fn restore(&mut self, network: &mut dyn Network, checkpoint: Checkpoint) -> Result<()> {
        let folder = self.task.folder;
        let mismatch = |why: String| {
            Fault::new(folder, format!("has a checkpoint of another network ({why})"))
                .remedy("train the run again with --force")
        };
        network.load_state(&checkpoint.network).map_err(|error| mismatch(error.to_string()))?;
        let size = self.adam.mean.size();
        if checkpoint.mean.size() != size || checkpoint.square.size() != size {
            return Err(mismatch("the optimiser's state has another size".to_owned()).into());
        }
        self.adam.mean.copy_(&checkpoint.mean);
        self.adam.square.copy_(&checkpoint.square);
        self.adam.steps = checkpoint.notes.steps;
        if let Some(parameters) = &mut self.loss_parameters {
            let state = &checkpoint.loss_parameters;
            parameters.load_state(state, checkpoint.notes.steps, folder)?;
        }
        self.history = checkpoint.notes.history;
        self.position = checkpoint.notes.within;
        self.best = checkpoint.best;
        self.best_loss_parameters = checkpoint.best_loss_parameters;
        Ok(())
    }

    /// Records a finished epoch, and keeps the network if it is the best so far.
    pub fn finish_epoch(&mut self, network: &mut dyn Network, record: EpochRecord) {
        let epoch = record.epoch;
        self.history.epochs.push(record);
        if self.history.best_epoch() == Some(epoch) {
            self.best = network.state();
            self.best_loss_parameters = self.loss_parameter_values();
        }
        self.position = EpochPosition::default();
    }

    /// Writes a checkpoint, and the history if it has grown since the last one.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn save(&mut self, network: &mut dyn Network) -> Result<()> {
        self.write_history()?;
        self.checkpoint(network).write_newest(self.task.folder)
    }

    fn write_history(&mut self) -> Result<()> {
        if self.written_epochs < self.history.epochs.len() {
            self.history.write(&self.task.folder.join(HISTORY))?;
            self.written_epochs = self.history.epochs.len();
        }
        Ok(())
    }

    /// Writes the history up to the point of divergence; does nothing for any other error.
    pub fn write_diverged_history(&mut self, error: &Error) {
        if matches!(error, Error::Diverged(_)) {
            // The divergence is the error to report, even if the disk fails too.
            let _ = self.write_history();
        }
    }

    /// Writes a checkpoint in the middle of an epoch.
    ///
    /// # Errors
    /// A weight is NaN or infinite, which the next step's loss would show; a file cannot be written.
    pub fn save_at(&mut self, network: &mut dyn Network, position: EpochPosition) -> Result<()> {
        let all_finite = network.parameters().isfinite().all();
        if !bool::try_from(all_finite).expect("all() returns one bool") {
            let step = format!("after step {}", position.steps);
            let epoch = self.history.epochs.len() + 1;
            return Err(diverged(self.task, ("training", f64::NAN), (epoch, &step), true));
        }
        self.position = position;
        self.save(network)
    }

    fn loss_parameter_values(&self) -> NamedTensors {
        self.loss_parameters.as_ref().map(OptimisedLossParameters::values).unwrap_or_default()
    }

    fn checkpoint(&self, network: &dyn Network) -> Checkpoint {
        let copy = |t: &Tensor| t.to_device(Device::Cpu).copy();
        let share = |group: &NamedTensors| -> NamedTensors {
            group.iter().map(|(name, t)| (name.clone(), t.shallow_clone())).collect()
        };
        let loss_parameters = self.loss_parameters.as_ref();
        Checkpoint {
            network: network.state(),
            best: share(&self.best),
            loss_parameters: loss_parameters
                .map(OptimisedLossParameters::state)
                .unwrap_or_default(),
            best_loss_parameters: share(&self.best_loss_parameters),
            mean: copy(&self.adam.mean),
            square: copy(&self.adam.square),
            notes: Notes {
                steps: self.adam.steps,
                history: self.history.clone(),
                within: self.position.clone(),
            },
        }
    }

    /// Writes the last and the best model, each with the loss's own parameters.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write_models(&self, network: &dyn Network) -> Result<()> {
        let task = self.task;
        let (best, last) =
            (self.history.best_epoch().unwrap_or_default(), self.history.epochs.len());
        let files = [
            (BEST_MODEL, &self.best, best),
            (LAST_MODEL, &network.state(), last),
            (BEST_LOSS, &self.best_loss_parameters, best),
            (LAST_LOSS, &self.loss_parameter_values(), last),
        ];
        for (name, tensors, epoch) in files.into_iter().filter(|(_, group, _)| !group.is_empty()) {
            let notes = [("loss", task.loss.name().to_owned()), ("epoch", epoch.to_string())];
            write_tensors(&task.folder.join(name), tensors, &notes)?;
        }
        Ok(())
    }
}
