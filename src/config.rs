//! The configuration: defaults in the code, then a TOML file, then flags.
//!
//! Every part of the program owns the type of its own settings; here they are put together,
//! read, checked and written. A resolved configuration holds every key.

mod faults;
mod keys;
mod overrides;

pub use overrides::{Layers, Setting, known_key, number, shown};

use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::data::{BatchKind, DataConfig};
use crate::error::{Error, Fault, Result};
use crate::eval::EvalConfig;
use crate::eval::tsne::TsneConfig;
use crate::files::sha256_hex;
use crate::loss::{Contrastive, Loss};
use crate::model::{Engine, ModelConfig};
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
    /// Evaluation by nearest neighbours.
    pub eval: EvalConfig,
    /// The t-SNE picture.
    pub tsne: TsneConfig,
    /// What the pictures look like.
    pub plots: PlotsConfig,
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
        }
    }
}

impl Config {
    /// Reads a TOML file over the defaults.
    ///
    /// # Errors
    /// A file that cannot be read, is no TOML, has a value of the wrong type, or an unknown key,
    /// for which the nearest known key is named.
    pub fn read(path: &Path) -> Result<Config> {
        Config::parse(&text_of(path)?, path)
    }

    /// Lays flags over a TOML file over the defaults. What is refused of the file's own settings is
    /// told with its name.
    ///
    /// # Errors
    /// As [`Config::read`], and those of the flags.
    pub fn read_with(path: &Path, flags: impl FnOnce(Config) -> Result<Config>) -> Result<Config> {
        let text = text_of(path)?;
        let config = Config::parse(&text, path)?;
        let table: Table = text.parse().expect("it was parsed just now");
        faults::refuse_escapes(&table, &text, path)?;
        flags(config).map_err(|error| faults::in_file(error, &table, path))
    }

    /// Reads TOML text over the defaults; `path` is for messages.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn parse(text: &str, path: &Path) -> Result<Config> {
        let mut table: Table = text.parse().map_err(|e| faults::refused(&e, text, path))?;
        let loss = named_loss(&mut table)?;
        let known = Config { loss: loss.clone(), ..Config::default() };
        let known = Table::try_from(&known).expect("settings are plain values");
        keys::refuse_unknown(&table, &known, path)?;
        keys::refuse_other_kinds(&table, &known, path)?;
        refuse_settings(&table, &loss, path)?;
        Ok(table.try_into().map_err(|e: toml::de::Error| Fault::new(path, of_key(&e)))?)
    }

    /// Checks what can be checked without the data.
    ///
    /// # Errors
    /// [`Error::Setting`] with the key, its value and what it can be.
    pub fn check(&self) -> Result<()> {
        self.data.check()?;
        self.model.check()?;
        self.train.check()?;
        self.eval.check()?;
        self.tsne.check()?;
        // What depends on the data is checked with it: one class asks for nothing.
        self.loss.check(1, usize::MAX)
    }

    /// The resolved configuration as TOML, every key in it.
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("settings are plain values")
    }

    /// A hash over all that decides the trained model: settings, data, first weights and versions.
    ///
    /// Where files lie, what is done after training and on how many cores does not count.
    ///
    /// # Errors
    /// The file of the first weights cannot be read.
    pub fn training_fingerprint(
        &self,
        data_sha256: &str,
        device: &str,
        engine: Engine,
    ) -> Result<String> {
        let mut decisive = self.clone();
        decisive.model.init = self.model.init_digest()?;
        decisive.data.path = String::new();
        decisive.train.device = Default::default();
        decisive.train.engine = Default::default();
        decisive.train.checkpoint_every = Default::default();
        if self.loss.batches() != BatchKind::PkSampling {
            decisive.train.images_per_class = TrainConfig::default().images_per_class;
        }
        decisive.eval = EvalConfig::default();
        decisive.tsne = TsneConfig::default();
        decisive.plots = PlotsConfig::default();
        let parts = [
            without_later_defaults(&decisive.to_toml()).as_str(),
            data_sha256,
            device,
            &engine.to_string(),
            env!("CARGO_PKG_VERSION"),
            crate::runtime::LIBTORCH_VERSION,
        ]
        .join("\n");
        Ok(sha256_hex(parts.as_bytes()))
    }

    /// A hash over the settings of evaluation, what computes it, and how the figures are defined.
    pub fn evaluation_fingerprint(&self, engine: Engine) -> String {
        sha256_hex([&self.evaluation_settings(engine), FIGURES].join("\n").as_bytes())
    }

    /// A hash over the settings of evaluation and the engine alone, which stays where a later version
    /// computes a figure in another way: folders are named after it.
    pub fn evaluation_settings(&self, engine: Engine) -> String {
        let eval = without_later_defaults(&toml::to_string(&self.eval).expect("plain values"));
        let tsne = toml::to_string(&self.tsne).expect("plain values");
        sha256_hex([eval, tsne, engine.to_string()].join("\n").as_bytes())
    }
}

/// Which computation the figures come from. Raise it whenever one of them is computed in another way:
/// runs that an earlier version evaluated are then evaluated again before figures are put side by
/// side, which trains nothing. 2: clusters of a k-means of our own. 3: its centres are swapped.
const FIGURES: &str = "figures 3";

/// Settings that later versions brought, at their defaults: they decide what they did before them, so
/// runs keep their names.
const LATER_DEFAULTS: [&str; 3] = ["drop = \"none\"", "scale = \"auto\"", "clusters = true"];

fn without_later_defaults(toml: &str) -> String {
    let lines = toml.split_inclusive('\n');
    lines.filter(|line| !LATER_DEFAULTS.contains(&line.trim_end())).collect()
}

/// The text of a file.
fn text_of(path: &Path) -> Result<String> {
    let content = std::fs::read(path).map_err(Error::io("read", path))?;
    faults::text_of(content, path)
}

/// The loss that a table names, with its defaults; a `[loss]` without a name gets the default's.
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

/// What is wrong with a value, its key in front.
fn of_key(refusal: &toml::de::Error) -> String {
    let text = refusal.to_string();
    match text.trim_end().rsplit_once("\nin `") {
        Some((problem, key)) => format!("{}: {problem}", key.trim_end_matches('`')),
        None => text.trim_end().to_owned(),
    }
}

/// Refuses a setting of the loss that it cannot have, each by itself: tried all together, they
/// would not tell which it was.
fn refuse_settings(table: &Table, loss: &Loss, path: &Path) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::CheckpointEvery;

    fn parse(text: &str) -> Result<Config> {
        Config::parse(text, Path::new("my.toml"))
    }

    fn message(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn an_empty_file_is_the_tutorials_protocol() {
        let config = parse("").unwrap();
        assert_eq!(config, Config::default());
        assert_eq!((config.train.epochs, config.train.batch), (5, 128));
        assert_eq!((config.train.learning_rate, config.train.seed), (1e-3, 2022));
        assert_eq!(config.data.validation, 0.05);
        assert_eq!(config.loss, Loss::Contrastive(Contrastive::default()));
    }

    #[test]
    fn a_resolved_configuration_reads_back_as_itself() {
        for loss in Loss::all() {
            let config = Config { loss, ..Config::default() };
            assert_eq!(parse(&config.to_toml()).unwrap(), config);
        }
    }

    #[test]
    fn a_file_holds_only_what_differs() {
        let config = parse("[train]\nepochs = 2\n[loss]\nmargin = 1.0").unwrap();
        assert_eq!(config.train.epochs, 2);
        assert_eq!(
            config.loss,
            Loss::Contrastive(Contrastive { margin: 1.0, ..Default::default() })
        );
        let config = parse("[loss]\nname = \"cross-entropy\"").unwrap();
        assert_eq!(config.loss.name(), "cross-entropy");
    }

    #[test]
    fn an_unknown_key_is_answered_with_the_nearest() {
        for (text, key, nearest) in [
            ("[train]\nepoch = 2", "train.epoch", "train.epochs"),
            ("[train]\nlr = 0.1\n", "train.lr", "train."),
            ("epochs = 2", "epochs", "train.epochs"),
            ("[trian]\nseed = 2", "trian.seed", "train.seed"),
            ("[loss]\nmargn = 2.0", "loss.margn", "loss.margin"),
        ] {
            let message = message(text);
            let start = format!("my.toml: unknown key {key}; the nearest key is {nearest}");
            assert!(message.starts_with(&start), "{message}");
        }
        // The margin is the contrastive loss's, not cross-entropy's.
        let other = message("[loss]\nname = \"cross-entropy\"\nmargin = 2.0");
        assert!(other.starts_with("my.toml: unknown key loss.margin"), "{other}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_or_loss_is_told_with_its_key() {
        for (text, told) in [
            ("[train]\nepochs = \"many\"", "train.epochs = \"many\": must be a whole number from"),
            ("[train]\nepochs = -3", "train.epochs = -3: must be a whole number from 0 on"),
            ("[train]\nlearning_rate = true", "train.learning_rate = true: must be a number"),
            ("[eval]\nrecall_at = [1, \"a\"]", "eval.recall_at = [1, \"a\"]: must be a list of"),
            ("[data]\npath = 3", "data.path = 3: must be text in quotes"),
            ("[loss]\nnormalise = 1", "loss.normalise = 1: must be true or false"),
            ("[loss]\npairs = \"al\"", "loss.pairs = \"al\": unknown variant `al`, expected"),
            ("train = 3", "train = 3: must be a section, [train]"),
            ("loss = 3", "loss = 3: must be a section, [loss]"),
            (
                "[train]\ncheckpoint_every = \"soon\"",
                "train.checkpoint_every: 'soon' is no time of",
            ),
            ("[train]\ndevice = \"tpu\"", "train.device: unknown device 'tpu'; use auto, cpu"),
            (
                "[model]\nembedding = 1.5",
                "model.embedding: 1.5 is neither \"auto\" nor a whole number",
            ),
        ] {
            let message = message(text);
            assert!(message.starts_with(&format!("my.toml: {told}")), "{message}");
        }
        assert_eq!(
            parse("[loss]\nmargin = 1\n[model]\nembedding = 3").unwrap().loss.name(),
            "contrastive"
        );
        let loss = message("[loss]\nname = \"contrast\"");
        assert!(loss.contains("contrastive, cross-entropy"), "{loss}");
        assert!(message("[train\n").contains("my.toml"));
    }

    #[test]
    fn a_file_that_is_no_text_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"\xff\xfe[\0t\0r\0a\0i\0n\0]\0").unwrap();
        let message = Config::read(file.path()).unwrap_err().to_string();
        assert!(message.ends_with(": is text in UTF-16; save it as UTF-8"), "{message}");
    }

    #[test]
    fn a_later_setting_at_its_default_renames_nothing_and_other_figures_are_computed_again() {
        let (base, engine) = (Config::default(), Engine::Fused);
        let mut without = base.clone();
        without.eval.clusters = false;
        let eval = |config: &Config| config.evaluation_fingerprint(engine);
        assert_ne!(eval(&base), eval(&without));
        // What earlier versions wrote of figures that were computed in another way.
        let earlier = "fb93c28b7748e2a05cc3068c5fd6101cf7d941b2c5a896e071b7e0c7c19bcc10";
        assert_eq!(base.evaluation_settings(engine), earlier);
        assert_ne!(eval(&base), earlier);
        assert_eq!(eval(&base), "2212a848fe862501c2d6fb9329b678444c7e4e51b6f1738063313dcfe9ad3e36");
        assert_eq!(
            base.training_fingerprint("abc", "cpu", engine).unwrap(),
            without.training_fingerprint("abc", "cpu", engine).unwrap()
        );
        let text = without_later_defaults(&base.to_toml());
        assert!(!text.contains("clusters") && text.contains("hits_at"), "{text}");
    }

    #[test]
    fn only_what_decides_the_model_is_in_its_fingerprint() {
        let base = Config::default();
        let engine = Engine::Fused;
        let print = |config: &Config| config.training_fingerprint("abc", "cpu", engine).unwrap();
        let mut later = base.clone();
        later.eval.knn = 5;
        later.tsne.perplexity = 10.0;
        later.data.path = "elsewhere.csv".to_owned();
        later.train.checkpoint_every = CheckpointEvery::Epoch;
        later.plots.style = crate::report::Style::Paper;
        assert_eq!(print(&base), print(&later));
        assert_ne!(base.evaluation_fingerprint(engine), later.evaluation_fingerprint(engine));
        let libtorch = base.evaluation_fingerprint(Engine::Libtorch);
        assert_ne!(base.evaluation_fingerprint(engine), libtorch);
        let mut other = base.clone();
        other.train.seed = 1;
        assert_ne!(print(&base), print(&other));
        for line in LATER_DEFAULTS {
            assert_eq!(base.to_toml().lines().filter(|other| *other == line).count(), 1, "{line}");
        }
        let mut scaled = base.clone();
        scaled.data.scale = crate::data::Scale::By(16.0);
        assert_ne!(print(&base), print(&scaled));
        assert_ne!(print(&base), base.training_fingerprint("abd", "cpu", engine).unwrap());
        assert_ne!(
            print(&base),
            base.training_fingerprint("abc", "cpu", Engine::Libtorch).unwrap()
        );
    }
}
