//! Hashes of settings: of those that determine the trained model, and of those of the evaluation.

use super::Config;
use super::hashed::Hashed;
use crate::data::BatchKind;
use crate::error::Result;
use crate::eval::EvalConfig;
use crate::eval::tsne::TsneConfig;
use crate::files::sha256_hex;
use crate::model::Engine;
use crate::report::PlotsConfig;
use crate::train::TrainConfig;

impl Config {
    /// A hash of all that determines the trained model: settings, data, initial weights and versions.
    ///
    /// It does not include paths, the number of cores and what happens after training.
    ///
    /// # Errors
    /// The file of initial weights cannot be read.
    pub fn training_fingerprint(
        &self,
        data_sha256: &str,
        device: &str,
        engine: Engine,
    ) -> Result<String> {
        let parts = [
            self.training_settings()?.as_str(),
            data_sha256,
            device,
            &engine.to_string(),
            env!("CARGO_PKG_VERSION"),
            crate::runtime::LIBTORCH_VERSION,
        ]
        .join("\n");
        Ok(sha256_hex(parts.as_bytes()))
    }

    /// The text that stands for the settings that determine the trained model; all others are at their
    /// defaults.
    pub(super) fn training_settings(&self) -> Result<String> {
        let mut relevant = self.clone();
        relevant.model.init = self.model.init_digest()?;
        relevant.data.path = String::new();
        relevant.train.device = Default::default();
        relevant.train.engine = Default::default();
        relevant.train.checkpoint_every = Default::default();
        if self.loss.batches() != BatchKind::PkSampling {
            relevant.train.images_per_class = TrainConfig::default().images_per_class;
        }
        relevant.eval = EvalConfig::default();
        relevant.tsne = TsneConfig::default();
        relevant.plots = PlotsConfig::default();
        Ok(Hashed::of(&relevant).text())
    }

    /// A hash of the evaluation's settings, its engine and the version of its metrics.
    pub fn evaluation_fingerprint(&self, engine: Engine) -> String {
        sha256_hex([&self.evaluation_settings(engine), FIGURES].join("\n").as_bytes())
    }

    /// A hash of the evaluation's settings and its engine only, after which folders are named: it stays the
    /// same if a later version computes a metric differently.
    pub fn evaluation_settings(&self, engine: Engine) -> String {
        let settings = Hashed::of(self);
        let [eval, tsne] = ["eval", "tsne"].map(|section| settings.section(section));
        sha256_hex([eval, tsne, engine.to_string()].join("\n").as_bytes())
    }
}

/// Version of the metrics. Raise it whenever one of them is computed differently: runs evaluated by an
/// earlier version are then evaluated again, without training, before they are compared. 2: our own
/// k-means. 3: with swaps of its centres.
const FIGURES: &str = "figures 3";
