//! Turns flags into a checked configuration.

use crate::cli::{ColumnArgs, ComputeArgs, KeyArgs, SettingArgs};
use crate::config::{Config, Setting, known_key};
use crate::data::{Amount, DataConfig};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::runtime::Cores;
use crate::session::Session;

/// Combines defaults, configuration file, flags (`seed` is one) and settings by key, in this order,
/// and checks the result. A named loss has its defaults, unless the file is for this loss.
///
/// # Errors
/// As [`Config::read`], [`Config::with`] and [`Config::check`].
pub fn resolve(
    args: &SettingArgs,
    keys: &KeyArgs,
    loss: Option<&str>,
    seed: Option<u64>,
) -> Result<Config> {
    let apply = |mut config: Config| {
        if let Some(name) = loss.filter(|name| *name != config.loss.name()) {
            config.loss = Loss::by_name(name)?;
        }
        set(&mut config.train.seed, &seed);
        flags(config, args, keys.unseen_classes.as_deref(), keys.train_size)?.with(&keys.set)
    };
    match &args.config {
        Some(path) => Config::read_with(path, apply),
        None => apply(Config::default()),
    }
}

/// Applies flags to a configuration and checks it.
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
    set(&mut config.model.network, &args.network);
    set(&mut config.train.epochs, &args.epochs);
    set(&mut config.train.batch, &args.batch);
    set(&mut config.train.learning_rate, &args.learning_rate);
    set_compute(&mut config, &args.compute);
    set(&mut config.plots.style, &args.style);
    set(&mut config.train.checkpoint_every, &args.checkpoint_every);
    config.check()?;
    Ok(config)
}

/// Warns about earlier names of settings, and reports how files of initial weights are read, each
/// once.
///
/// # Errors
/// A file of weights that cannot be used.
pub fn report_init<'a>(
    session: &Session,
    configs: impl IntoIterator<Item = &'a Config>,
) -> Result<()> {
    let (data, mut reported) = (&session.dataset, Vec::new());
    for config in configs {
        config.warnings.iter().for_each(|warning| session.progress.say_once(warning));
        let architecture = config.model.architecture(data.shape, data.classes.len())?;
        let remark = config.model.check_init(&*architecture)?;
        if let Some(remark) = remark.filter(|remark| !reported.contains(remark)) {
            session.progress.say(&remark);
            reported.push(remark);
        }
    }
    Ok(())
}

/// Applies settings of an evaluation to the configuration of a trained run, and checks it.
///
/// # Errors
/// As [`Config::with`]; a setting of the training, or one that has a separate flag.
pub fn evaluation_config(config: Config, settings: &[Setting]) -> Result<Config> {
    for setting in settings {
        known_key(&setting.key, "--set")?;
        let refuse = |problem: &str| Err(Error::setting(&setting.key, setting.shown(), problem));
        match setting.key.as_str() {
            "data.path" => refuse("name the file of the run's images with --data")?,
            "train.device" => refuse("name the device with --device")?,
            "train.engine" => refuse("name the engine with --engine")?,
            key if EVALUATION_SECTIONS.iter().any(|section| key.starts_with(section)) => {}
            _ => refuse(
                "applies to training, which is finished: dml eval takes eval.*, tsne.* and plots.*; \
                 train another run with it",
            )?,
        }
    }
    config.with(settings)
}

/// The sections whose settings an evaluation of a run accepts.
const EVALUATION_SECTIONS: [&str; 3] = ["eval.", "tsne.", "plots."];

/// Like [`evaluation_config`], for embeddings of another program.
///
/// # Errors
/// As [`Config::with`]; a setting that does not apply to them.
pub fn embedding_config(config: Config, settings: &[Setting]) -> Result<Config> {
    for setting in settings {
        known_key(&setting.key, "--set")?;
        let problem = match setting.key.as_str() {
            "eval.model" => "embeddings of another program have no run, and so no choice of models",
            key if key.starts_with("tsne.") => {
                "dml draws no t-SNE of embeddings of another program"
            }
            key if EVALUATION_SECTIONS.iter().any(|section| key.starts_with(section)) => continue,
            _ => "dml trains nothing for embeddings of another program: use eval.* or plots.*",
        };
        return Err(Error::setting(&setting.key, setting.shown(), problem));
    }
    config.with(settings)
}

/// Applies the flags for device and engine.
pub fn set_compute(config: &mut Config, compute: &ComputeArgs) {
    set(&mut config.train.device, &compute.device);
    set(&mut config.train.engine, &compute.engine);
}

/// Applies the flags for columns and pictures.
pub fn set_columns(data: &mut DataConfig, columns: &ColumnArgs) {
    set(&mut data.label, &columns.label);
    set(&mut data.header, &columns.header);
    set(&mut data.names, &columns.names);
    set(&mut data.scale, &columns.scale);
    set(&mut data.channels, &columns.channels);
    set(&mut data.size, &columns.size);
    set(&mut data.fit, &columns.fit);
    data.skip_broken |= columns.skip_broken;
    if !columns.drop.is_empty() {
        data.drop = columns.drop.join(",");
    }
}

/// Sets a setting if its flag was given.
pub fn set<T: Clone>(setting: &mut T, flag: &Option<T>) {
    if let Some(value) = flag {
        setting.clone_from(value);
    }
}

/// The number of cores to use: as requested, at most all.
pub fn cores(requested: Option<usize>) -> usize {
    requested.map_or(Cores::available(), |cores| cores.clamp(1, Cores::available()))
}
