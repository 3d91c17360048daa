//! What is held against each other: losses with their settings.

use std::path::Path;

use super::Session;
use crate::config::{Config, Layers, Setting};
use crate::data::DataConfig;
use crate::error::{Error, Result};
use crate::loss::Loss;

/// One of the things compared: a name and the settings of its runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// How tables and pictures call it.
    pub name: String,
    /// All settings of its runs but the seed.
    pub config: Config,
}

/// What a tuned configuration is written to, and called by.
pub const BEST: &str = "best.toml";

impl Arm {
    /// Arms of words that are each the name of a loss or a configuration file.
    ///
    /// A loss has its defaults, or the settings of `base` where those are of this loss. A file lies
    /// over the file of `base`, and `flags` over both.
    ///
    /// # Errors
    /// A loss that there is not; a file that cannot be read; a setting that no arm has.
    pub fn of_words(
        words: &[String],
        base_file: Option<&Path>,
        flags: impl Fn(Config) -> Result<Config>,
        settings: &[Setting],
    ) -> Result<Vec<Arm>> {
        let layers = Layers::default();
        let layers = base_file.map_or(Ok(layers.clone()), |path| layers.over(path))?;
        let base = layers.config()?;
        let arm = |word: &String| match word.ends_with(".toml") {
            true => {
                let path = Path::new(word);
                let config = layers.clone().over(path)?.config()?;
                Ok(Arm { name: file_name(&config, path), config: flags(config)? })
            }
            false => {
                let named = Loss::by_name(word)?;
                let loss = if named.name() == base.loss.name() { base.loss.clone() } else { named };
                let config = flags(Config { loss, ..base.clone() })?;
                Ok(Arm { name: word.clone(), config })
            }
        };
        let arms = words.iter().map(arm).collect::<Result<Vec<Arm>>>()?;
        with_settings(arms, settings)
    }

    /// What decides how long it trains.
    pub fn budget(&self) -> impl PartialEq + use<> {
        let train = &self.config.train;
        (train.epochs, train.batch, train.steps, self.config.data.train_size)
    }
}

/// A setting of a loss holds for the arms that have it; any other for all.
fn with_settings(arms: Vec<Arm>, settings: &[Setting]) -> Result<Vec<Arm>> {
    for setting in settings {
        let of_loss = setting.key.starts_with("loss.");
        if of_loss && !arms.iter().any(|arm| arm.config.has(&setting.key)) {
            // The message names the nearest key of the first.
            arms[0].config.with(std::slice::from_ref(setting))?;
        }
    }
    let lay = |arm: Arm| {
        let held: Vec<Setting> = settings
            .iter()
            .filter(|s| !s.key.starts_with("loss.") || arm.config.has(&s.key))
            .cloned()
            .collect();
        Ok(Arm { config: arm.config.with(&held)?, ..arm })
    };
    arms.into_iter().map(lay).collect()
}

/// `cross-entropy (tuned)` of a tuned configuration, else `cross-entropy (FILE)`.
fn file_name(config: &Config, path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem = if path.ends_with(BEST) { "tuned".into() } else { stem };
    format!("{} ({stem})", config.loss.name())
}

/// Refuses arms that cannot stand in one comparison: they share the loaded data, the device and the
/// engine of the session, and what they are judged on.
///
/// # Errors
/// The setting that differs, and between which.
pub fn refuse_unlike(session: &Session, arms: &[Arm]) -> Result<()> {
    let first = &arms[0];
    for arm in arms {
        let same_images = |data: &DataConfig| {
            let DataConfig { path, label, header, names, validation, unseen_classes, .. } = data;
            (path.clone(), label.clone(), *header, *names, *validation, unseen_classes.clone())
        };
        let differs = if same_images(&arm.config.data) != same_images(&first.config.data) {
            Some("[data]")
        } else if arm.config.eval != first.config.eval {
            Some("[eval]")
        } else if arm.config.tsne != first.config.tsne {
            Some("[tsne]")
        } else {
            None
        };
        if let Some(section) = differs {
            let (a, b) = (&first.name, &arm.name);
            return Err(Error::Other(format!(
                "{a} and {b} differ in {section}, so their figures could not be held against each \
                 other: give both the same, with --config or --set"
            )));
        }
        let classes = session.dataset.classes.len();
        let architecture = arm.config.model.architecture(session.dataset.side, classes)?;
        let (engine, _) = arm.config.train.engine.settle(&architecture, session.device)?;
        if engine != session.engine {
            return Err(Error::Other(format!(
                "{} takes the engine {engine}, {} takes {}: name one for all with --engine libtorch",
                arm.name, first.name, session.engine
            )));
        }
    }
    Ok(())
}
