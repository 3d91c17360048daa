//! What passes from epoch to epoch, into checkpoints and back.

use tch::{Device, Tensor};

use super::checkpoint::Notes;
use super::{
    Adam, Checkpoint, EpochRecord, History, OwnParameters, Pass, Position, Task, diverged, files,
};
use crate::error::{Error, Fault, Result};
use crate::model::{NamedTensors, Network, write_tensors};

/// The state of a training between two steps, but for the network.
pub(super) struct State {
    adam: Adam,
    own: Option<OwnParameters>,
    /// The epochs that are done.
    pub history: History,
    /// Where the epoch after them stands.
    pub position: Position,
    best: NamedTensors,
    best_own: NamedTensors,
    /// Epochs that the file of the history has.
    listed: usize,
}

impl State {
    /// A training that begins, or goes on from a checkpoint.
    ///
    /// # Errors
    /// A checkpoint that does not fit the network.
    pub fn new(
        task: &Task,
        network: &mut dyn Network,
        checkpoint: Option<Checkpoint>,
    ) -> Result<State> {
        let own = task.loss.parameters(task.classes.len(), task.embedding, task.config.seed);
        let mut state = State {
            adam: Adam::new(network.parameters(), task.config.learning_rate)
                .with_decay(task.config.weight_decay),
            own: own.map(|own| OwnParameters::new(own, task.images.device())),
            history: History::default(),
            position: Position::default(),
            best: NamedTensors::new(),
            best_own: NamedTensors::new(),
            listed: 0,
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
        let another = |why: String| {
            Fault::new(task.folder, format!("has a checkpoint of another network ({why})"))
                .remedy("train the run again with --force")
        };
        network.load_state(&checkpoint.network).map_err(|error| another(error.to_string()))?;
        let size = self.adam.mean.size();
        if checkpoint.mean.size() != size || checkpoint.square.size() != size {
            return Err(another("the optimiser's state has another size".to_owned()).into());
        }
        self.adam.mean.copy_(&checkpoint.mean);
        self.adam.square.copy_(&checkpoint.square);
        self.adam.steps = checkpoint.notes.steps;
        if let Some(own) = &mut self.own {
            own.load_state(&checkpoint.own, checkpoint.notes.steps, task.folder)?;
        }
        self.history = checkpoint.notes.history;
        self.position = checkpoint.notes.within;
        (self.best, self.best_own) = (checkpoint.best, checkpoint.best_own);
        Ok(())
    }

    /// What makes a step of a training of so many.
    pub fn pass<'a>(
        &'a mut self,
        task: &'a Task,
        network: &'a mut dyn Network,
        steps: usize,
    ) -> Pass<'a> {
        let factor = task.config.schedule.factor(self.adam.steps as usize, steps);
        Pass { task, network, adam: &mut self.adam, own: self.own.as_mut(), factor }
    }

    /// Takes in an epoch that is done.
    pub fn finish_epoch(&mut self, network: &mut dyn Network, record: EpochRecord) {
        let epoch = record.epoch;
        self.history.epochs.push(record);
        if self.history.best_epoch() == Some(epoch) {
            self.best = network.state();
            self.best_own = self.own_values();
        }
        self.position = Position::default();
    }

    /// Writes a checkpoint, and the history where epochs have come since it was written.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&mut self, task: &Task, network: &mut dyn Network) -> Result<()> {
        self.list(task)?;
        self.checkpoint(network).write_newest(task.folder)
    }

    fn list(&mut self, task: &Task) -> Result<()> {
        if self.listed < self.history.epochs.len() {
            self.history.write(&task.folder.join(files::HISTORY))?;
            self.listed = self.history.epochs.len();
        }
        Ok(())
    }

    /// Writes the history up to where a training diverged; of any other error it does nothing.
    pub fn list_diverged(&mut self, task: &Task, error: &Error) {
        if matches!(error, Error::Diverged(_)) {
            // That it diverged is the error to report, whatever the disk says.
            let _ = self.list(task);
        }
    }

    /// Writes a checkpoint within an epoch.
    ///
    /// # Errors
    /// Weights that are no numbers, which the loss of the next step would show; a file that cannot
    /// be written.
    pub fn save_at(
        &mut self,
        task: &Task,
        network: &mut dyn Network,
        position: Position,
    ) -> Result<()> {
        let parameters = network.parameters();
        if !bool::try_from(parameters.isfinite().all()).expect("one truth") {
            let place = format!("after step {}", position.steps);
            let epoch = self.history.epochs.len() + 1;
            return Err(diverged(task, ("training", f64::NAN), (epoch, &place), true));
        }
        self.position = position;
        self.save(task, network)
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
            notes: Notes {
                steps: self.adam.steps,
                history: self.history.clone(),
                within: self.position.clone(),
            },
        }
    }

    /// Writes the last and the best model, and the loss's own parameters with each.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write_models(&self, task: &Task, network: &dyn Network) -> Result<()> {
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
