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
mod task;
#[cfg(test)]
mod tests;
mod time_steps;
mod training;
mod validation;

pub use adam::Adam;
pub use checkpoint::{Checkpoint, Newest};
pub use checkpoint_timer::CheckpointEvery;
pub use config::TrainConfig;
pub use divergence::remedy;
pub use epoch::EpochPosition;
pub use history::{EpochRecord, History, collapsed_early};
pub use observer::{EpochDecision, NoObserver, Observer};
pub use progress::{Progress, RunProgress};
pub use schedule::Schedule;
pub use spread::spread;
pub use task::{Task, batches_of};
pub use time_steps::time_steps;
pub use training::train;
pub use validation::{LossMeans, mean_loss};

use checkpoint_timer::CheckpointTimer;
use divergence::diverged;
use epoch::{EpochMeans, RunningEpoch};
use loss_parameters::OptimisedLossParameters;
use state::TrainState;
