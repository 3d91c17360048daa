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
pub struct Variant {
    /// How tables and pictures call it.
    pub name: String,
    /// All settings of its runs but the seed.
    pub config: Config,
    /// What its runs have in common with those of other training-set sizes.
    pub level: EqualBudget,
    /// The seed whose validation images its settings were chosen by, where they were.
    pub tuned: Option<u64>,
}

/// What runs on training sets of different sizes have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EqualBudget {
    /// Nothing but what their settings say.
    Settings,
    /// Epochs.
    Epochs,
    /// Steps: as many in an epoch as the whole set has.
    Steps,
}

impl EqualBudget {
    /// Settings of one run brought to this level. The whole set is trained on as ever, so that its
    /// runs are those of a comparison.
    ///
    /// # Errors
    /// Settings that do not fit the data.
    pub fn apply(self, session: &Session, config: &mut Config) -> Result<()> {
        let Amount::Of(size) = config.data.train_size else { return Ok(()) };
        if self == EqualBudget::Settings {
            return Ok(());
        }
        let mut whole = config.clone();
        whole.data.train_size = Amount::All;
        let whole = session.parts(&whole)?.train;
        if size == whole.rows.len() {
            config.data.train_size = Amount::All;
        } else if self == EqualBudget::Steps && config.train.steps == Amount::All {
            let steps = batches_of(&config.train, &config.loss, &whole).count();
            config.train.steps = Amount::Of(steps);
        }
        Ok(())
    }
}

impl Variant {
    /// A variant whose runs have just these settings.
    pub fn new(name: impl Into<String>, config: Config) -> Variant {
        Variant { name: name.into(), config, level: EqualBudget::Settings, tuned: None }
    }

    /// Variants of words that are each the name of a loss or a configuration file.
    ///
    /// A loss has its defaults, or the settings of `base` where those are of this loss. A file lies
    /// over the file of `base`, and `flags` over both.
    ///
    /// # Errors
    /// A loss that there is not; a file that cannot be read; a setting that no variant has.
    pub fn of_words(
        words: &[String],
        base_file: Option<&Path>,
        flags: impl Fn(Config) -> Result<Config>,
        settings: &[Setting],
    ) -> Result<Vec<Variant>> {
        let layers = Layers::default();
        let layers = base_file.map_or(Ok(layers.clone()), |path| layers.over(path))?;
        let base = layers.config()?;
        let variant = |word: &String| match word.ends_with(".toml") {
            true => {
                let path = Path::new(word);
                let layers = layers.clone().over(path)?;
                let config = layers.config()?;
                let tuned = path.ends_with(BEST).then_some(config.train.seed);
                let name = file_name(&config, path);
                let config = flags(config).map_err(|error| layers.with_file(error))?;
                Ok(Variant { tuned, ..Variant::new(name, config) })
            }
            false => {
                let named = Loss::by_name(word)?;
                let loss = if named.name() == base.loss.name() { base.loss.clone() } else { named };
                let config = flags(Config { loss, ..base.clone() });
                let config = config.map_err(|error| layers.with_file(error))?;
                Ok(Variant::new(word, config))
            }
        };
        let variants = words.iter().map(variant).collect::<Result<Vec<Variant>>>()?;
        with_settings(told_apart(variants, words), settings)
    }

    /// What decides how long it trains.
    pub fn budget(&self) -> impl PartialEq + use<> {
        let train = &self.config.train;
        (train.epochs, train.batch, train.steps, self.config.data.train_size)
    }
}

/// A setting of a loss holds for the variants that have it; any other for all.
fn with_settings(variants: Vec<Variant>, settings: &[Setting]) -> Result<Vec<Variant>> {
    for setting in settings {
        let elsewhere = [("train.seed", "--seeds"), ("loss.name", "--losses")];
        if let Some((key, flag)) = elsewhere.iter().find(|(key, _)| *key == setting.key) {
            let problem = format!("cannot be set for all runs: name what is wanted with {flag}");
            return Err(Error::setting(key, setting.shown(), problem));
        }
        let of_loss = setting.key.starts_with("loss.");
        if of_loss && !variants.iter().any(|variant| variant.config.has(&setting.key)) {
            // The message names the nearest key of the first.
            variants[0].config.with(std::slice::from_ref(setting))?;
        }
    }
    let lay = |variant: Variant| {
        let held: Vec<Setting> = settings
            .iter()
            .filter(|s| !s.key.starts_with("loss.") || variant.config.has(&s.key))
            .cloned()
            .collect();
        Ok(Variant { config: variant.config.with(&held)?, ..variant })
    };
    variants.into_iter().map(lay).collect()
}

/// The variants of these words, those of different files with their folders where they would be called
/// the same.
fn told_apart(variants: Vec<Variant>, words: &[String]) -> Vec<Variant> {
    let names: Vec<String> = variants.iter().map(|variant| variant.name.clone()).collect();
    let named = |(mut variant, word): (Variant, &String)| {
        let others = || names.iter().zip(words).filter(|(_, other)| *other != word);
        if word.ends_with(".toml") && others().any(|(name, _)| *name == variant.name) {
            let folder = Path::new(word).parent().unwrap_or(Path::new("")).display();
            let open = variant.name.strip_suffix(')').unwrap_or(&variant.name);
            variant.name = format!("{open}, {folder})");
        }
        variant
    };
    variants.into_iter().zip(words).map(named).collect()
}

/// `cross-entropy (tuned)` of a tuned configuration, else `cross-entropy (FILE)`.
fn file_name(config: &Config, path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem = if path.ends_with(BEST) { "tuned".into() } else { stem };
    format!("{} ({stem})", config.loss.name())
}

/// Refuses variants that cannot stand in one comparison: they share the loaded data, the device and the
/// engine of the session, and what they are judged on.
///
/// # Errors
/// The setting that differs, and between which.
pub fn refuse_unlike(session: &Session, variants: &[Variant]) -> Result<()> {
    let first = &variants[0];
    for variant in variants {
        let same_images = |data: &DataConfig| {
            let DataConfig { path, label, header, names, validation, unseen_classes, .. } = data;
            (path.clone(), label.clone(), *header, *names, *validation, unseen_classes.clone())
        };
        let differs = if same_images(&variant.config.data) != same_images(&first.config.data) {
            Some("[data]")
        } else if variant.config.eval != first.config.eval {
            Some("[eval]")
        } else if variant.config.tsne != first.config.tsne {
            Some("[tsne]")
        } else {
            None
        };
        if let Some(section) = differs {
            let (a, b) = (&first.name, &variant.name);
            return Err(Error::Other(format!(
                "{a} and {b} differ in {section}, so their figures could not be held against each \
                 other: give both the same, with --config or --set"
            )));
        }
        let classes = session.dataset.classes.len();
        let architecture = variant.config.model.architecture(session.dataset.shape, classes)?;
        let (engine, _) = variant.config.train.engine.resolve(&architecture, session.device)?;
        if engine != session.engine {
            return Err(Error::Other(format!(
                "{} takes the engine {engine}, {} takes {}: name one for all with --engine libtorch",
                variant.name, first.name, session.engine
            )));
        }
    }
    Ok(())
}
