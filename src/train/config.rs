//! Settings of training.

use serde::{Deserialize, Serialize};

use super::{CheckpointEvery, Schedule};
use crate::data::Amount;
use crate::error::{Error, Result};
use crate::model::EngineChoice;
use crate::runtime::DeviceChoice;

/// What stands under `[train]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainConfig {
    /// Passes over the training images; at least 1.
    pub epochs: usize,
    /// Images in a step (pairs, for a loss on pairs); at least 2.
    pub batch: usize,
    /// Images of each class in a batch, for a loss on batches of classes; more where there are
    /// fewer classes than fit. At least 1, and for such a loss at most half of `batch`.
    pub images_per_class: usize,
    /// Steps of an epoch: `"all"` for as many as the images give, or so many, for which a small
    /// training set is gone through again and again.
    pub steps: Amount,
    /// Adam's step size; above 0.
    pub learning_rate: f64,
    /// How it goes over the training.
    pub schedule: Schedule,
    /// Share of the learning rate by which the network's weights shrink in each step, as in
    /// AdamW; from 0 on.
    pub weight_decay: f64,
    /// Decides split, initial weights of network and loss, order, pairs, classes and triplets of
    /// batches, the start of k-means and t-SNE, and what pictures show.
    pub seed: u64,
    /// Where the network is computed.
    pub device: DeviceChoice,
    /// What computes it.
    pub engine: EngineChoice,
    /// How often training is saved within an epoch.
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

/// More epochs or images in a step than anybody waits for.
const LARGEST_COUNT: usize = 1_000_000_000;

/// TOML's whole numbers end here.
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
            let shown = format!("{:?}", self.learning_rate);
            return Err(Error::setting("train.learning_rate", shown, problem));
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            let shown = format!("{:?}", self.weight_decay);
            return Err(Error::setting("train.weight_decay", shown, "must be a number from 0 on"));
        }
        self.check_steps()?;
        if self.seed > LARGEST_SEED {
            let problem = format!("must be at most {LARGEST_SEED}");
            return Err(Error::setting("train.seed", self.seed, problem));
        }
        Ok(())
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

    /// Checks what only a loss on batches of classes asks for.
    ///
    /// # Errors
    /// Fewer than two classes fit into a batch.
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
    fn values_that_cannot_be_are_told_with_their_key() {
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
    fn batches_of_classes_hold_a_pair_of_each_of_two_classes() {
        let told = |batch, images_per_class| {
            let config = TrainConfig { batch, images_per_class, ..TrainConfig::default() };
            config.check_classes().err().map(|error| error.to_string())
        };
        assert_eq!([told(4, 2), told(128, 64)], [None, None]);
        let pair = "train.images_per_class = 1: must be at least 2, so that a class has a pair";
        assert_eq!(told(128, 1).unwrap(), pair);
        assert!(told(16, 16).unwrap().contains("must be at most 8, half of train.batch = 16"));
        assert!(told(2, 1).unwrap().starts_with("train.batch = 2: must be at least 4"));
    }
}
