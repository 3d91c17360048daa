//! From flags to a checked configuration.

use crate::cli::{ColumnArgs, ComputeArgs, KeyArgs, SettingArgs};
use crate::config::{Config, Setting, known_key};
use crate::data::{Amount, DataConfig};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::runtime::Cores;
use crate::session::Session;

/// Defaults, then the configuration file, then flags (`seed` is one), then settings by their keys;
/// checked. A loss that is named has its defaults, unless the file is of this loss.
///
/// # Errors
/// As [`Config::read`], [`Config::with`] and [`Config::check`].
pub fn resolve(
    args: &SettingArgs,
    keys: &KeyArgs,
    loss: Option<&str>,
    seed: Option<u64>,
) -> Result<Config> {
    let lay_over = |mut config: Config| {
        if let Some(name) = loss.filter(|name| *name != config.loss.name()) {
            config.loss = Loss::by_name(name)?;
        }
        set(&mut config.train.seed, &seed);
        flags(config, args, keys.unseen_classes.as_deref(), keys.train_size)?.with(&keys.set)
    };
    match &args.config {
        Some(path) => Config::read_with(path, lay_over),
        None => lay_over(Config::default()),
    }
}

/// Flags laid over a configuration; checked.
///
/// # Errors
/// As [`Config::check`].
pub fn flags(
    mut config: Config,
    args: &SettingArgs,
    unseen_classes: Option<&str>,
    train_size: Option<usize>,
) -> Result<Config> {
    set(&mut config.data.unseen_classes, &unseen_classes.map(str::to_owned));
    set(&mut config.data.train_size, &train_size.map(Amount::Of));
    set(&mut config.data.path, &args.data);
    set_columns(&mut config.data, &args.columns);
    set(&mut config.train.epochs, &args.epochs);
    set(&mut config.train.batch, &args.batch);
    set(&mut config.train.learning_rate, &args.learning_rate);
    set_compute(&mut config, &args.compute);
    set(&mut config.plots.style, &args.style);
    set(&mut config.train.checkpoint_every, &args.checkpoint_every);
    config.check()?;
    Ok(config)
}

/// Warns about settings under their earlier names and says what has to be done to the files of first
/// weights, each once.
///
/// # Errors
/// A file that cannot be used.
pub fn tell_init<'a>(
    session: &Session,
    configs: impl IntoIterator<Item = &'a Config>,
) -> Result<()> {
    let (data, mut told) = (&session.dataset, Vec::new());
    for config in configs {
        config.warnings.iter().for_each(|warning| session.progress.say_once(warning));
        let architecture = config.model.architecture(data.shape, data.classes.len())?;
        let remark = config.model.check_init(&architecture)?;
        if let Some(remark) = remark.filter(|remark| !told.contains(remark)) {
            session.progress.say(&remark);
            told.push(remark);
        }
    }
    Ok(())
}

/// Settings of an evaluation laid over the configuration of a run that is trained; checked.
///
/// # Errors
/// As [`Config::with`]; a setting that decided the training, or that has a flag of its own.
pub fn of_evaluation(config: Config, settings: &[Setting]) -> Result<Config> {
    for setting in settings {
        known_key(&setting.key, "--set")?;
        let refuse = |problem: &str| Err(Error::setting(&setting.key, setting.shown(), problem));
        match setting.key.as_str() {
            "data.path" => refuse("name the file of the run's images with --data")?,
            "train.device" => refuse("name the device with --device")?,
            "train.engine" => refuse("name the engine with --engine")?,
            key if EVALUATED.iter().any(|section| key.starts_with(section)) => {}
            _ => refuse(
                "decided the training, which is done: dml eval takes eval.*, tsne.* and plots.*; \
                 train another run with it",
            )?,
        }
    }
    config.with(settings)
}

/// The sections that an evaluation of a run takes settings of.
const EVALUATED: [&str; 3] = ["eval.", "tsne.", "plots."];

/// The same for embeddings that another program made.
///
/// # Errors
/// As [`Config::with`]; a setting that has nothing to do with them.
pub fn of_embeddings(config: Config, settings: &[Setting]) -> Result<Config> {
    for setting in settings {
        known_key(&setting.key, "--set")?;
        let problem = match setting.key.as_str() {
            "eval.model" => "embeddings from elsewhere have no run with two models",
            key if key.starts_with("tsne.") => "of embeddings from elsewhere no t-SNE is drawn",
            key if EVALUATED.iter().any(|section| key.starts_with(section)) => continue,
            _ => "of embeddings from elsewhere nothing is trained: take eval.* or plots.*",
        };
        return Err(Error::setting(&setting.key, setting.shown(), problem));
    }
    config.with(settings)
}

/// Lays the flags for device and engine over the configuration.
pub fn set_compute(config: &mut Config, compute: &ComputeArgs) {
    set(&mut config.train.device, &compute.device);
    set(&mut config.train.engine, &compute.engine);
}

/// Lays the flags for columns over the configuration.
pub fn set_columns(data: &mut DataConfig, columns: &ColumnArgs) {
    set(&mut data.label, &columns.label);
    set(&mut data.header, &columns.header);
    set(&mut data.names, &columns.names);
    set(&mut data.scale, &columns.scale);
    if !columns.drop.is_empty() {
        data.drop = columns.drop.join(",");
    }
}

/// Takes over a flag that was given.
pub fn set<T: Clone>(setting: &mut T, flag: &Option<T>) {
    if let Some(value) = flag {
        setting.clone_from(value);
    }
}

/// The cores to use: as many as asked for, at most those there are.
pub fn cores(asked: Option<usize>) -> usize {
    asked.map_or(Cores::available(), |cores| cores.clamp(1, Cores::available()))
}
