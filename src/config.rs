//! The configuration: defaults in the code, then a TOML file, then flags.
//!
//! Each module defines the type of its own settings; here they are combined, read, checked and
//! written. A resolved configuration contains every key.

#[cfg(test)]
pub(crate) mod committed;
mod faults;
mod fingerprint;
mod hashed;
mod keys;
mod overrides;
mod renamed;
mod setting;
#[cfg(test)]
mod tests;

pub use overrides::{Layers, known_key};
pub use setting::{Setting, number, shown};

use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::data::DataConfig;
use crate::error::{Error, Fault, Result};
use crate::eval::EvalConfig;
use crate::eval::tsne::TsneConfig;
use crate::loss::{Contrastive, Loss};
use crate::model::ModelConfig;
use crate::report::PlotsConfig;
use crate::train::TrainConfig;

/// All settings of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The images and how they are split.
    pub data: DataConfig,
    /// The network.
    pub model: ModelConfig,
    /// The loss and its own settings.
    pub loss: Loss,
    /// Training.
    pub train: TrainConfig,
    /// The evaluation.
    pub eval: EvalConfig,
    /// The t-SNE picture.
    pub tsne: TsneConfig,
    /// The style of pictures.
    pub plots: PlotsConfig,
    /// Warnings about settings under their earlier names.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            data: DataConfig::default(),
            model: ModelConfig::default(),
            loss: Loss::Contrastive(Contrastive::default()),
            train: TrainConfig::default(),
            eval: EvalConfig::default(),
            tsne: TsneConfig::default(),
            plots: PlotsConfig::default(),
            warnings: Vec::new(),
        }
    }
}

impl Config {
    /// Reads a TOML file over the defaults.
    ///
    /// # Errors
    /// The file cannot be read or is not valid TOML; a value has the wrong type; a key is unknown, with
    /// the most similar known key.
    pub fn read(path: &Path) -> Result<Config> {
        Config::parse(&text_of(path)?, path)
    }

    /// Applies flags to a TOML file over the defaults. Errors about the file's own settings name the
    /// file.
    ///
    /// # Errors
    /// Those of [`Config::read`] and of `flags`.
    pub fn read_with(path: &Path, flags: impl FnOnce(Config) -> Result<Config>) -> Result<Config> {
        let text = text_of(path)?;
        let config = Config::parse(&text, path)?;
        let table: Table = text.parse().expect("it was parsed just now");
        faults::refuse_escapes(&table, &text, path)?;
        flags(config).map_err(|error| faults::in_file(error, &table, path))
    }

    /// Reads TOML text over the defaults; messages name `path`.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Config> {
        let mut table: Table = text.parse().map_err(|e| faults::refused(&e, text, path))?;
        let warnings = renamed::migrate(&mut table, path)?;
        let loss = named_loss(&mut table)?;
        let known = Config { loss: loss.clone(), ..Config::default() };
        let known = Table::try_from(&known).expect("settings are plain values");
        keys::refuse_unknown(&table, &known, path)?;
        keys::refuse_wrong_types(&table, &known, path)?;
        refuse_loss_settings(&table, &loss, path)?;
        let read = table
            .try_into()
            .map_err(|e: toml::de::Error| Fault::new(path, message_with_key(&e)))?;
        Ok(Config { warnings, ..read })
    }

    /// Checks all values that do not depend on the data.
    ///
    /// # Errors
    /// [`Error::Setting`] with the key, its value and the valid range.
    pub fn check(&self) -> Result<()> {
        self.data.check()?;
        self.model.check()?;
        self.train.check()?;
        self.eval.check()?;
        self.tsne.check()?;
        // Checks that depend on the data come later: one class needs nothing.
        self.loss.check(1, usize::MAX)
    }

    /// The resolved configuration as TOML, with every key.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("settings are plain values")
    }
}

/// The text of a file.
fn text_of(path: &Path) -> Result<String> {
    let content = std::fs::read(path).map_err(Error::io("read", path))?;
    faults::text_of(content, path)
}

/// The loss that a table names, with its defaults; a `[loss]` without a name means the default loss.
fn named_loss(table: &mut Table) -> Result<Loss> {
    let Some(Value::Table(loss)) = table.get_mut("loss") else {
        return Ok(Config::default().loss);
    };
    let default = Config::default().loss.name();
    match loss.entry("name").or_insert_with(|| default.into()) {
        Value::String(name) => Loss::by_name(name),
        other => Err(Error::setting("loss.name", other, "must be a name in quotes")),
    }
}

/// The error message, starting with the key.
fn message_with_key(error: &toml::de::Error) -> String {
    let text = error.to_string();
    match text.trim_end().rsplit_once("\nin `") {
        Some((problem, key)) => format!("{}: {problem}", key.trim_end_matches('`')),
        None => text.trim_end().to_owned(),
    }
}

/// Checks each setting of the loss by itself: together, the error would not name the setting.
fn refuse_loss_settings(table: &Table, loss: &Loss, path: &Path) -> Result<()> {
    let Some(Value::Table(settings)) = table.get("loss") else { return Ok(()) };
    for (key, value) in settings {
        let mut alone = Table::from_iter([("name".to_owned(), loss.name().into())]);
        alone.insert(key.clone(), value.clone());
        alone.try_into::<Loss>().map_err(|e| {
            Fault::new(path, format!("loss.{key} = {value}: {}", e.message().trim_end()))
        })?;
    }
    Ok(())
}
