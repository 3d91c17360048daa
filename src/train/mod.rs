//! Training: one loop for every loss and every network.

mod adam;
mod cadence;
mod checkpoint;
mod config;
mod divergence;
mod epoch;
mod history;
mod observer;
mod own;
mod pace;
mod pass;
mod progress;
mod schedule;
mod spread;
mod state;
#[cfg(test)]
mod tests;
mod training;

pub use adam::Adam;
pub use cadence::CheckpointEvery;
pub use checkpoint::{Checkpoint, Newest};
pub use config::TrainConfig;
pub use divergence::remedy;
pub use epoch::EpochPosition;
pub use history::{EpochRecord, History};
pub use observer::{EpochDecision, NoObserver, Observer};
pub use pace::pace;
pub use progress::{Progress, RunProgress};
pub use schedule::Schedule;
pub use spread::spread;
pub use training::{Task, batches_of, train};

use cadence::CheckpointTimer;
use divergence::diverged;
use epoch::{Epoch, Trained};
use own::OptimisedLossParameters;
use pass::{Pass, Validated};
use state::State;

/// Names of the files that training writes into a run folder.
pub mod files {
    /// Losses and speed of each epoch.
    pub const HISTORY: &str = "history.csv";
    /// All that training needs to go on at the step after it.
    pub const CHECKPOINT: &str = "checkpoint.safetensors";
    /// The checkpoint before it, should that one be damaged.
    pub const OLDER_CHECKPOINT: &str = "checkpoint_before.safetensors";
    /// The network after the last epoch.
    pub const LAST_MODEL: &str = "model.safetensors";
    /// The network after the epoch with the lowest validation loss.
    pub const BEST_MODEL: &str = "model_best.safetensors";
    /// The loss's own parameters after the last epoch, where it has any.
    pub const LAST_LOSS: &str = "loss.safetensors";
    /// The loss's own parameters after the epoch with the lowest validation loss.
    pub const BEST_LOSS: &str = "loss_best.safetensors";
}
