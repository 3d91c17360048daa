//! Training: one loop for every loss and every network.

mod adam;
mod checkpoint;
mod checkpoint_timer;
mod config;
mod divergence;
mod epoch;
mod history;
mod loss_parameters;
mod observer;
mod progress;
mod schedule;
mod spread;
mod state;
mod step;
#[cfg(test)]
mod tests;
mod time_steps;
mod training;

pub use adam::Adam;
pub use checkpoint::{Checkpoint, Newest};
pub use checkpoint_timer::CheckpointEvery;
pub use config::TrainConfig;
pub use divergence::remedy;
pub use epoch::EpochPosition;
pub use history::{EpochRecord, History};
pub use observer::{EpochDecision, NoObserver, Observer};
pub use progress::{Progress, RunProgress};
pub use schedule::Schedule;
pub use spread::spread;
pub use time_steps::time_steps;
pub use training::{Task, batches_of, train};

use checkpoint_timer::CheckpointTimer;
use divergence::diverged;
use epoch::{EpochMeans, RunningEpoch};
use loss_parameters::OptimisedLossParameters;
use state::TrainState;

/// Names of the files that training writes into a run folder.
pub mod files {
    /// Losses and speed of each epoch.
    pub const HISTORY: &str = "history.csv";
    /// The complete training state; training resumes at the next step.
    pub const CHECKPOINT: &str = "checkpoint.safetensors";
    /// The previous checkpoint, in case the newest is damaged.
    pub const OLDER_CHECKPOINT: &str = "checkpoint_before.safetensors";
    /// The network after the last epoch.
    pub const LAST_MODEL: &str = "model.safetensors";
    /// The network after the epoch with the lowest validation loss.
    pub const BEST_MODEL: &str = "model_best.safetensors";
    /// The loss's own parameters after the last epoch, if it has any.
    pub const LAST_LOSS: &str = "loss.safetensors";
    /// The loss's own parameters after the epoch with the lowest validation loss.
    pub const BEST_LOSS: &str = "loss_best.safetensors";
}
