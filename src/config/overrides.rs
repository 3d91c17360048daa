//! Overrides of single settings, and of files by later files.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::setting::Setting;
use super::{Config, faults, keys, renamed};
use crate::error::{Error, Result};
use crate::loss::Loss;

/// Configuration files, each overriding those before it.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    table: Table,
    path: PathBuf,
    files: Vec<(Table, PathBuf)>,
    warnings: Vec<String>,
}

impl Layers {
    /// Adds a file that overrides these. A `[loss]` with a name replaces the whole section.
    ///
    /// # Errors
    /// As [`Config::read`], for the file by itself.
    pub fn over(mut self, path: &Path) -> Result<Layers> {
        // Read only once: the file may be a pipe.
        let text = super::text_of(path)?;
        Config::parse(&text, path)?;
        let mut table: Table = text.parse().expect("it was parsed just now");
        faults::refuse_escapes(&table, &text, path)?;
        self.warnings.extend(renamed::migrate(&mut table, path)?);
        self.files.push((table.clone(), path.to_path_buf()));
        for (section, values) in table {
            override_section(&mut self.table, section, values);
        }
        Ok(Layers { path: path.to_path_buf(), ..self })
    }

    /// All files over the defaults.
    ///
    /// # Errors
    /// A setting of an earlier file that the loss of a later one does not have.
    pub fn config(&self) -> Result<Config> {
        let text = toml::to_string(&self.table).expect("it came from TOML");
        Ok(Config { warnings: self.warnings.clone(), ..Config::parse(&text, &self.path)? })
    }

    /// The error about a setting, with the file that sets it.
    pub fn with_file(&self, error: Error) -> Error {
        let last_first = self.files.iter().rev();
        last_first.fold(error, |error, (table, path)| faults::in_file(error, table, path))
    }
}

impl Config {
    /// The same configuration with some settings changed.
    ///
    /// # Errors
    /// An unknown key, with the most similar known one; an invalid value.
    pub fn with(&self, settings: &[Setting]) -> Result<Config> {
        self.changed(settings, Path::new(FLAG))
    }

    /// The same; errors name `source`.
    fn changed(&self, settings: &[Setting], source: &Path) -> Result<Config> {
        let mut table = Table::try_from(self).expect("settings are plain values");
        let known = table.clone();
        let (settings, warnings) = renamed::migrate_settings(settings, source)?;
        for Setting { key, value } in &settings {
            let (section, name) = key.split_once('.').unwrap_or((key, ""));
            let alone = Table::from_iter([(name.to_owned(), value.clone())]);
            let alone = Table::from_iter([(section.to_owned(), Value::Table(alone))]);
            keys::refuse_unknown(&alone, &known, source)?;
            keys::refuse_wrong_types(&alone, &known, source)?;
            if let Some(Value::Table(values)) = table.get_mut(section) {
                values.insert(name.to_owned(), value.clone());
            }
        }
        let config = Config::parse(&toml::to_string(&table).expect("it came from TOML"), source)?;
        config.check()?;
        Ok(Config { warnings: [&self.warnings[..], &warnings].concat(), ..config })
    }

    /// The value of a key such as `train.epochs` or one of the loss; `None` if the key is unknown.
    pub fn value(&self, key: &str) -> Option<Value> {
        let mut table = Table::try_from(self).expect("settings are plain values");
        let key = renamed::current_key(key);
        let (section, name) = key.split_once('.')?;
        table.get_mut(section)?.as_table_mut()?.remove(name)
    }

    /// All keys from `data.path` on, including those of the loss.
    pub fn keys(&self) -> Vec<String> {
        let table = Table::try_from(self).expect("settings are plain values");
        let of_section = |(section, values): (String, Value)| {
            let names = values.as_table().map(|table| table.keys().cloned().collect());
            let names: Vec<String> = names.unwrap_or_default();
            names.into_iter().map(move |name| format!("{section}.{name}"))
        };
        table.into_iter().flat_map(of_section).collect()
    }

    /// Whether the key is known, including those of the loss.
    pub fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }
}

/// Checks that the key exists in every configuration or for some loss; errors name `source`.
///
/// # Errors
/// The key is unknown; the message names the most similar one.
pub fn known_key(key: &str, source: &str) -> Result<()> {
    let of_loss = |loss| Config { loss, ..Config::default() };
    if Loss::all().into_iter().map(of_loss).any(|config| config.has(key)) {
        return Ok(());
    }
    let any = Setting { key: key.to_owned(), value: Value::Integer(0) };
    Config::default().changed(&[any], Path::new(source)).map(|_| ())
}

/// The source of command-line settings in errors.
const FLAG: &str = "--set";

fn override_section(layers: &mut Table, section: String, values: Value) {
    let names_loss = section == "loss" && values.get("name").is_some();
    match (layers.get_mut(&section), values) {
        (Some(Value::Table(before)), Value::Table(values)) if !names_loss => before.extend(values),
        (_, values) => {
            layers.insert(section, values);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_toml_and_bare_words_are_text() {
        let read = |text: &str| Setting::read(text).unwrap();
        assert_eq!(read("train.epochs=10").value, Value::Integer(10));
        assert_eq!(read("train.weight_decay = 1e-3").value, Value::Float(1e-3));
        assert_eq!(read("train.schedule=cosine").value, Value::String("cosine".to_owned()));
        assert_eq!(read("data.unseen_classes=5-9").shown(), "5-9");
        assert!(Setting::read("epochs=3").is_err() && Setting::read("train.epochs").is_err());
        let list = Setting::read_list("eval.recall_at=[1,2],[3]").unwrap();
        assert_eq!(list.iter().map(Setting::shown).collect::<Vec<_>>(), ["[1, 2]", "[3]"]);
        assert_eq!(Setting::read_list("loss.margin=0.5,1,2.5").unwrap().len(), 3);
    }

    #[test]
    fn settings_are_checked_like_those_of_a_file() {
        let with = |text: &str| Config::default().with(&[Setting::read(text).unwrap()]);
        assert_eq!(
            with("loss.margin=1").unwrap().with(&[]).unwrap(),
            with("loss.margin=1").unwrap()
        );
        assert_eq!(with("train.epochs=3").unwrap().train.epochs, 3);
        let message = |text: &str| with(text).unwrap_err().to_string();
        assert!(message("train.epoch=3").contains("unknown key train.epoch; the nearest key is"));
        assert!(message("train.epochs=many").contains("train.epochs = \"many\": must be a whole"));
        assert!(message("train.epochs=0").starts_with("train.epochs = 0: must be at least 1"));
        assert!(Config::default().has("loss.margin") && !Config::default().has("loss.scale"));
    }

    #[test]
    fn a_file_overrides_another_and_a_named_loss_replaces_the_section() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let base = write("base.toml", "[loss]\nmargin = 1.0\n[train]\nepochs = 2\nbatch = 64");
        let over = write("over.toml", "[loss]\nname = \"supcon\"\n[train]\nepochs = 3");
        let layers = Layers::default().over(&base).unwrap();
        let config = layers.clone().over(&over).unwrap().config().unwrap();
        assert_eq!((config.train.epochs, config.train.batch), (3, 64));
        assert_eq!(config.loss.name(), "supcon");
        assert_eq!(Layers::default().config().unwrap(), Config::default());
        let refused = Error::setting("train.epochs", 3, "must be more");
        let message = layers.clone().over(&over).unwrap().with_file(refused).to_string();
        assert!(message.ends_with("over.toml: train.epochs = 3: must be more"), "{message}");
        let flag = Error::setting("train.epochs", 7, "must be more");
        assert_eq!(layers.with_file(flag).to_string(), "train.epochs = 7: must be more");
        let wrong = write("wrong.toml", "[train]\nepoch = 3");
        let message = layers.over(&wrong).unwrap_err().to_string();
        assert!(message.contains("wrong.toml: unknown key"), "{message}");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_can_be_used_as_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let writer = {
            let pipe = pipe.clone();
            std::thread::spawn(move || std::fs::write(pipe, "[train]\nepochs = 3\n"))
        };
        let config = Layers::default().over(&pipe).unwrap().config().unwrap();
        assert_eq!(config.train.epochs, 3);
        writer.join().unwrap().unwrap();
    }
}
