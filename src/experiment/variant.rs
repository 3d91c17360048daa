//! What an experiment compares: losses with their settings.

use std::path::Path;

use crate::config::{Config, Layers, Setting};
use crate::data::{Amount, DataConfig};
use crate::error::{Error, Result};
use crate::files::layout::BEST;
use crate::loss::Loss;
use crate::session::Session;
use crate::train::batches_of;

/// One of the compared variants: a name and the settings of its runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// Its name in tables and pictures.
    pub name: String,
    /// The settings of its runs, except for the seed.
    pub config: Config,
    /// Training budget held fixed across training-set sizes.
    pub equal_budget: EqualBudget,
    /// The seed whose validation images it was tuned on, if it was tuned.
    pub tuned: Option<u64>,
}

/// Training budget held fixed across training-set sizes: epochs or steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EqualBudget {
    /// Nothing beyond the settings.
    Settings,
    /// The number of epochs.
    Epochs,
    /// The number of steps: as many per epoch as the whole set has.
    Steps,
}

impl EqualBudget {
    /// Adjusts the settings of a run to this budget. Runs on the whole set are unchanged, so that they
    /// are shared with comparisons.
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
    /// A variant with exactly these settings.
    pub fn new(name: impl Into<String>, config: Config) -> Variant {
        Variant { name: name.into(), config, equal_budget: EqualBudget::Settings, tuned: None }
    }

    /// Variants from the names of losses or configuration files.
    ///
    /// A loss has its defaults, or the settings of `base_file` if that is for this loss. A configuration
    /// file overrides `base_file`, and `flags` override both.
    ///
    /// # Errors
    /// Unknown loss; a file that cannot be read; a setting that no variant has.
    pub fn from_names(
        names: &[String],
        base_file: Option<&Path>,
        flags: impl Fn(Config) -> Result<Config>,
        settings: &[Setting],
    ) -> Result<Vec<Variant>> {
        let layers = Layers::default();
        let layers = base_file.map_or(Ok(layers.clone()), |path| layers.over(path))?;
        let base = layers.config()?;
        let variant = |name: &String| match name.ends_with(".toml") {
            true => {
                let path = Path::new(name);
                let layers = layers.clone().over(path)?;
                let config = layers.config()?;
                let tuned = path.ends_with(BEST).then_some(config.train.seed);
                let name = file_name(&config, path);
                let config = flags(config).map_err(|error| layers.with_file(error))?;
                Ok(Variant { tuned, ..Variant::new(name, config) })
            }
            false => {
                let named = Loss::by_name(name)?;
                let loss = if named.name() == base.loss.name() { base.loss.clone() } else { named };
                let config = flags(Config { loss, ..base.clone() });
                let config = config.map_err(|error| layers.with_file(error))?;
                Ok(Variant::new(name, config))
            }
        };
        let variants = names.iter().map(variant).collect::<Result<Vec<Variant>>>()?;
        with_settings(with_unique_names(variants, names), settings)
    }

    /// Its training budget.
    pub fn budget(&self) -> impl PartialEq + use<> {
        let train = &self.config.train;
        (train.epochs, train.batch, train.steps, self.config.data.train_size)
    }
}

/// Applies settings: those of losses to the variants that have them, others to all variants.
fn with_settings(variants: Vec<Variant>, settings: &[Setting]) -> Result<Vec<Variant>> {
    for setting in settings {
        let separate = [("train.seed", "--seeds"), ("loss.name", "--losses")];
        if let Some((key, flag)) = separate.iter().find(|(key, _)| *key == setting.key) {
            let problem = format!("cannot be set for all runs: use {flag}");
            return Err(Error::setting(key, setting.shown(), problem));
        }
        let of_loss = setting.key.starts_with("loss.");
        if of_loss && !variants.iter().any(|variant| variant.config.has(&setting.key)) {
            // The error suggests the nearest key of the first variant.
            variants[0].config.with(std::slice::from_ref(setting))?;
        }
    }
    let apply = |variant: Variant| {
        let applicable: Vec<Setting> = settings
            .iter()
            .filter(|s| !s.key.starts_with("loss.") || variant.config.has(&s.key))
            .cloned()
            .collect();
        Ok(Variant { config: variant.config.with(&applicable)?, ..variant })
    };
    variants.into_iter().map(apply).collect()
}

/// Adds the folder to the names of variants from different files that would have the same name.
fn with_unique_names(variants: Vec<Variant>, words: &[String]) -> Vec<Variant> {
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

/// The name of a variant from a file: `cross-entropy (tuned)` if tuned, else `cross-entropy (FILE)`.
fn file_name(config: &Config, path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let stem = if path.ends_with(BEST) { "tuned".into() } else { stem };
    format!("{} ({stem})", config.loss.name())
}

/// Refuses variants that are not comparable: they must share the session's data, device and engine, and
/// the evaluation.
///
/// # Errors
/// Two variants differ in one of these.
pub fn refuse_unlike(session: &Session, variants: &[Variant]) -> Result<()> {
    let first = &variants[0];
    for variant in variants {
        let same_images =
            |data: &DataConfig| DataConfig { train_size: Amount::All, ..data.clone() };
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
                "{a} and {b} differ in {section}, so their results are not comparable: use the same \
                 settings for both, with --config or --set"
            )));
        }
        let classes = session.dataset.classes.len();
        let architecture = variant.config.model.architecture(session.dataset.shape, classes)?;
        let (engine, _) = variant.config.train.engine.resolve(&*architecture, session.device)?;
        if engine != session.engine {
            return Err(Error::Other(format!(
                "{} uses the engine {engine}, but {} uses {}: choose one for all with --engine libtorch",
                variant.name, first.name, session.engine
            )));
        }
    }
    Ok(())
}
