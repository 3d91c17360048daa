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
pub use epoch::Position;
pub use history::{EpochRecord, History};
pub use observer::{Observer, Unobserved, Verdict};
pub use pace::pace;
pub use progress::{Progress, RunProgress};
pub use schedule::Schedule;
pub use spread::spread;
pub use training::{Task, batches_of, train};

use cadence::Cadence;
use divergence::diverged;
use epoch::{Epoch, Trained};
use own::OwnParameters;
use pass::{Pass, Validated};
use state::State;
