//! Settings of training.

use serde::{Deserialize, Serialize};

use super::{CheckpointEvery, Schedule};
use crate::data::Amount;
use crate::error::{Error, Result};
use crate::model::EngineChoice;
use crate::runtime::DeviceChoice;

/// The settings of `[train]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Passes over the training images; at least 1.
    pub epochs: usize,
    /// Batch size in images (pairs, for a loss on pairs); at least 2.
    pub batch: usize,
    /// Images per class (K) in the P×K batches of a loss that needs them; more if the data have fewer
    /// than P classes. At least 1; for such a loss, from 2 to half of `batch`.
    pub images_per_class: usize,
    /// Steps per epoch: `"all"` for one pass over the images, or a number, for which a small training
    /// set is repeated.
    pub steps: Amount,
    /// Learning rate of Adam; above 0.
    pub learning_rate: f64,
    /// Learning-rate schedule.
    pub schedule: Schedule,
    /// Weight decay of AdamW, on all parameters of the network and none of the loss; at least 0.
    pub weight_decay: f64,
    /// Seed of the split, the initial weights of network and loss, the order, pairs, classes and
    /// triplets of batches, the starts of k-means and t-SNE, and the samples in pictures.
    pub seed: u64,
    /// The device that computes the network.
    pub device: DeviceChoice,
    /// The engine that computes it.
    pub engine: EngineChoice,
    /// How often checkpoints are written within an epoch.
    pub checkpoint_every: CheckpointEvery,
}

impl Default for TrainConfig {
    fn default() -> TrainConfig {
        TrainConfig {
            epochs: 5,
            batch: 128,
            images_per_class: 16,
            steps: Amount::All,
            learning_rate: 1e-3,
            schedule: Schedule::default(),
            weight_decay: 0.0,
            seed: 2022,
            device: DeviceChoice::Auto,
            engine: EngineChoice::Auto,
            checkpoint_every: CheckpointEvery::default(),
        }
    }
}

/// An upper bound on epochs, batch size and steps that no real training reaches.
const LARGEST_COUNT: usize = 1_000_000_000;

/// The largest integer of TOML.
const LARGEST_SEED: u64 = i64::MAX as u64;

impl TrainConfig {
    /// # Errors
    /// [`Error::Setting`] with the key, its value and what it can be.
    pub fn check(&self) -> Result<()> {
        if !(1..=LARGEST_COUNT).contains(&self.epochs) {
            let problem = format!("must be at least 1 and at most {LARGEST_COUNT}");
            return Err(Error::setting("train.epochs", self.epochs, problem));
        }
        if !(2..=LARGEST_COUNT).contains(&self.batch) {
            let problem = format!("must be at least 2 and at most {LARGEST_COUNT}");
            return Err(Error::setting("train.batch", self.batch, problem));
        }
        if self.images_per_class < 1 {
            let problem = "must be at least 1";
            return Err(Error::setting("train.images_per_class", self.images_per_class, problem));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            let problem = "must be a number above 0";
            let value = format!("{:?}", self.learning_rate);
            return Err(Error::setting("train.learning_rate", value, problem));
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            let value = format!("{:?}", self.weight_decay);
            return Err(Error::setting(
                "train.weight_decay",
                value,
                "must be a number of at least 0",
            ));
        }
        self.check_steps()?;
        if self.seed > LARGEST_SEED {
            let problem = format!("must be at most {LARGEST_SEED}");
            return Err(Error::setting("train.seed", self.seed, problem));
        }
        Ok(())
    }

    /// Steps of an epoch over so many images; of batches of P classes × K images, about so many.
    pub fn steps_per_epoch(&self, images: usize) -> usize {
        match self.steps {
            Amount::All => images.div_ceil(self.batch.max(1)),
            Amount::Of(steps) => steps,
        }
    }

    fn check_steps(&self) -> Result<()> {
        match self.steps {
            Amount::Of(steps) if steps > LARGEST_COUNT => {
                let problem = format!("must be \"all\" or at most {LARGEST_COUNT}");
                Err(Error::setting("train.steps", steps, problem))
            }
            _ => Ok(()),
        }
    }

    /// Checks the settings of P×K batches, for a loss that needs them.
    ///
    /// # Errors
    /// A batch is too small for two classes.
    pub fn check_classes(&self) -> Result<()> {
        let (per_class, most) = (self.images_per_class, self.batch / 2);
        if most < 2 {
            let problem = "must be at least 4, so that a batch holds two images of two classes";
            return Err(Error::setting("train.batch", self.batch, problem));
        }
        let refuse = |problem: String| Error::setting("train.images_per_class", per_class, problem);
        match per_class {
            0 | 1 => Err(refuse("must be at least 2, so that a class has a pair".to_owned())),
            few if few <= most => Ok(()),
            _ => Err(refuse(format!(
                "must be at most {most}, half of train.batch = {}, so that a batch holds two classes",
                self.batch
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_values_are_refused_with_their_key() {
        type Spoil = fn(&mut TrainConfig);
        let cases: [(&str, Spoil); 8] = [
            ("train.weight_decay = -0.1:", |c| c.weight_decay = -0.1),
            ("train.steps = 2000000000:", |c| c.steps = Amount::Of(2_000_000_000)),
            ("train.epochs = 0:", |c| c.epochs = 0),
            ("train.batch = 1:", |c| c.batch = 1),
            ("train.images_per_class = 0:", |c| c.images_per_class = 0),
            ("train.learning_rate = NaN:", |c| c.learning_rate = f64::NAN),
            ("train.learning_rate = -1.0:", |c| c.learning_rate = -1.0),
            ("train.seed = 18446744073709551615:", |c| c.seed = u64::MAX),
        ];
        for (start, spoil) in cases {
            let mut config = TrainConfig::default();
            assert!(config.check().is_ok());
            spoil(&mut config);
            let message = config.check().unwrap_err().to_string();
            assert!(message.starts_with(start), "{message}");
        }
    }

    #[test]
    fn a_batch_of_classes_needs_two_images_of_each_of_two_classes() {
        let message = |batch, images_per_class| {
            let config = TrainConfig { batch, images_per_class, ..TrainConfig::default() };
            config.check_classes().err().map(|error| error.to_string())
        };
        assert_eq!([message(4, 2), message(128, 64)], [None, None]);
        let pair = "train.images_per_class = 1: must be at least 2, so that a class has a pair";
        assert_eq!(message(128, 1).unwrap(), pair);
        assert!(message(16, 16).unwrap().contains("must be at most 8, half of train.batch = 16"));
        assert!(message(2, 1).unwrap().starts_with("train.batch = 2: must be at least 4"));
    }
}
