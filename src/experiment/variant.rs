//! What is held against each other: losses with their settings.

use std::path::Path;

use crate::config::{Config, Layers, Setting};
use crate::data::{Amount, DataConfig};
use crate::error::{Error, Result};
use crate::files::layout::BEST;
use crate::loss::Loss;
use crate::session::Session;
use crate::train::batches_of;

/// One of the things compared: a name and the settings of its runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// How tables and pictures call it.
    pub name: String,
    /// All settings of its runs but the seed.
    pub config: Config,
    /// What its runs have in common with those of other training-set sizes.
    pub level: Level,
    /// The seed whose validation images its settings were chosen by, where they were.
    pub tuned: Option<u64>,
}

/// What runs on training sets of different sizes have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Nothing but what their settings say.
    Settings,
    /// Epochs.
    Epochs,
    /// Steps: as many in an epoch as the whole set has.
    Steps,
}

impl Level {
    /// Settings of one run brought to this level. The whole set is trained on as ever, so that its
    /// runs are those of a comparison.
    ///
    /// # Errors
    /// Settings that do not fit the data.
    pub fn settle(self, session: &Session, config: &mut Config) -> Result<()> {
        let Amount::Of(size) = config.data.train_size else { return Ok(()) };
        if self == Level::Settings {
            return Ok(());
        }
        let mut whole = config.clone();
        whole.data.train_size = Amount::All;
        let whole = session.parts(&whole)?.train;
        if size == whole.rows.len() {
            config.data.train_size = Amount::All;
        } else if self == Level::Steps && config.train.steps == Amount::All {
            let steps = batches_of(&config.train, &config.loss, &whole).count();
            config.train.steps = Amount::Of(steps);
        }
        Ok(())
    }
}

impl Arm {
    /// An arm whose runs have just these settings.
    pub fn new(name: impl Into<String>, config: Config) -> Arm {
        Arm { name: name.into(), config, level: Level::Settings, tuned: None }
    }

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
                let layers = layers.clone().over(path)?;
                let config = layers.config()?;
                let tuned = path.ends_with(BEST).then_some(config.train.seed);
                let name = file_name(&config, path);
                let config = flags(config).map_err(|error| layers.with_file(error))?;
                Ok(Arm { tuned, ..Arm::new(name, config) })
            }
            false => {
                let named = Loss::by_name(word)?;
                let loss = if named.name() == base.loss.name() { base.loss.clone() } else { named };
                let config = flags(Config { loss, ..base.clone() });
                let config = config.map_err(|error| layers.with_file(error))?;
                Ok(Arm::new(word, config))
            }
        };
        let arms = words.iter().map(arm).collect::<Result<Vec<Arm>>>()?;
        with_settings(told_apart(arms, words), settings)
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
        let elsewhere = [("train.seed", "--seeds"), ("loss.name", "--losses")];
        if let Some((key, flag)) = elsewhere.iter().find(|(key, _)| *key == setting.key) {
            let problem = format!("cannot be set for all runs: name what is wanted with {flag}");
            return Err(Error::setting(key, setting.shown(), problem));
        }
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

/// The arms of these words, those of different files with their folders where they would be called
/// the same.
fn told_apart(arms: Vec<Arm>, words: &[String]) -> Vec<Arm> {
    let names: Vec<String> = arms.iter().map(|arm| arm.name.clone()).collect();
    let named = |(mut arm, word): (Arm, &String)| {
        let others = || names.iter().zip(words).filter(|(_, other)| *other != word);
        if word.ends_with(".toml") && others().any(|(name, _)| *name == arm.name) {
            let folder = Path::new(word).parent().unwrap_or(Path::new("")).display();
            let open = arm.name.strip_suffix(')').unwrap_or(&arm.name);
            arm.name = format!("{open}, {folder})");
        }
        arm
    };
    arms.into_iter().zip(words).map(named).collect()
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
        let (engine, _) = arm.config.train.engine.resolve(&architecture, session.device)?;
        if engine != session.engine {
            return Err(Error::Other(format!(
                "{} takes the engine {engine}, {} takes {}: name one for all with --engine libtorch",
                arm.name, first.name, session.engine
            )));
        }
    }
    Ok(())
}
