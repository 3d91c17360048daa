//! Resuming a run: whether it can be resumed, and if not, what has changed.

use std::path::Path;

use toml::Table;

use super::difference::setting_differences;
use super::hashed::OLD_DIGITS;
use super::lock::RunLock;
use super::record::{RunRecord, Status};
use super::setup::Run;
use super::trained::model_file;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::eval::ModelChoice;
use crate::files::ResultFolder;
use crate::files::layout::{CONFIG, RECORD};
use crate::session::Session;
use crate::words::{dml, first_few, path_word};

/// Sections and keys that do not affect the trained network.
const NOT_TRAINED: [&str; 7] = [
    "data.path",
    "train.device",
    "train.engine",
    "train.checkpoint_every",
    "eval.",
    "tsne.",
    "plots.",
];

/// Whether a setting affects the trained network, by its key.
pub fn affects_model(key: &str) -> bool {
    !NOT_TRAINED.iter().any(|start| key.starts_with(start))
}

/// Most settings that a message names.
const MOST_NAMED: usize = 4;

impl Run {
    /// Opens an unfinished run to resume it, or a run with damaged or missing models or record to
    /// rewrite them.
    ///
    /// # Errors
    /// There is no run at `path`, it is finished, or settings, data, device or versions have changed;
    /// the message names what changed.
    pub fn reopen(session: &Session, config: Config, path: &Path) -> Result<Run> {
        let folder = ResultFolder::new(path);
        let parent = path.parent().unwrap_or(Path::new(""));
        let record = match folder.record() {
            Err(fault) => return Run::rebuild(session, config, folder, fault),
            Ok(None) => {
                return Err(ResultFolder::open(path).err().unwrap_or_else(|| vanished(path)));
            }
            Ok(Some(record)) => record,
        };
        let other = "name that file with --data";
        record.refuse_other_data(&session.dataset, &config.data.path, other)?;
        let run = Run { folder, ..Run::new(session, config, parent, Some(&name_of(path)))? };
        if record.engine != run.record.engine {
            let (before, now) = (record.engine, run.record.engine);
            return Err(Error::Other(format!(
                "{} was started with the engine {before}; resuming it with {now} would not give the \
                 same network: resume it with --engine {before}",
                path.display()
            )));
        }
        if record.fingerprint != run.record.fingerprint {
            return Err(Error::Other(run.mismatch(&record)));
        }
        if record.status == Status::Trained {
            run.check_unfinished()?;
        }
        Ok(run)
    }

    /// Refuses a trained run with intact models.
    fn check_unfinished(&self) -> Result<()> {
        let path = self.folder.path();
        match self.models() {
            Ok(()) => Err(Error::Other(format!(
                "{} is finished: evaluate it with {}",
                path.display(),
                dml("eval --run", path)
            ))),
            // An intact checkpoint can restore the models.
            Err(fault) if self.last_checkpoint().is_none() => Err(fault),
            Err(_) => Ok(()),
        }
    }

    /// Reads both models.
    ///
    /// # Errors
    /// One of them is damaged or missing.
    pub fn models(&self) -> Result<()> {
        let data = &self.record.data;
        let architecture = self.config.model.architecture(data.shape, data.classes.len())?;
        [ModelChoice::Last, ModelChoice::Best]
            .into_iter()
            .try_for_each(|model| self.folder.weights(model, &*architecture).map(drop))
    }

    /// Opens a run with a damaged record and rewrites it, if the name of the folder proves that settings
    /// and data are unchanged.
    fn rebuild(
        session: &Session,
        config: Config,
        folder: ResultFolder,
        fault: Error,
    ) -> Result<Run> {
        if !folder.file(RECORD).exists() || !matches!(fault, Error::Fault(_)) {
            return Err(fault);
        }
        let name = folder.name();
        let parent = folder.path().parent().unwrap_or(Path::new(""));
        let run = Run::new(session, config, parent, Some(&name))?;
        let run = Run { folder, ..run };
        let hash = name.rsplit('-').next().unwrap_or_default();
        if hash.len() < OLD_DIGITS || !run.record.fingerprint.starts_with(hash) {
            let problem = "the folder's name does not match the current settings, data, device and \
                           version";
            return Err(run.retrain_error(fault, problem));
        }
        let status = run.status_by_files(fault)?;
        // Another process that uses the run would write the record too.
        let _lock = RunLock::take(&run.folder)?;
        session.progress.say(&format!(
            "{RECORD} was damaged and has been rewritten; the folder's name matches these settings \
             and data"
        ));
        run.folder.write_record(&RunRecord { status, ..run.record.clone() })?;
        Ok(run)
    }

    /// The status of a run with a damaged record, derived from its files. A trained network is never
    /// overwritten by training.
    ///
    /// # Errors
    /// The fault, if its models are damaged and no checkpoint can restore them.
    fn status_by_files(&self, fault: Error) -> Result<Status> {
        let models =
            [ModelChoice::Last, ModelChoice::Best].map(|model| self.folder.file(model_file(model)));
        if self.models().is_ok() {
            Ok(Status::Trained)
        } else if self.last_checkpoint().is_some() || !models.iter().any(|model| model.exists()) {
            Ok(Status::Training)
        } else {
            Err(self.retrain_error(fault, "its models are damaged or missing too"))
        }
    }

    /// The fault with the remedy to train again, since `problem` prevents a repair.
    fn retrain_error(&self, fault: Error, problem: &str) -> Error {
        match fault {
            Error::Fault(fault) => {
                fault.remedy(format!("{problem}: {}", self.folder.retrain_remedy())).into()
            }
            other => other,
        }
    }

    /// What has changed since the run started, with a remedy.
    fn mismatch(&self, before: &RunRecord) -> String {
        let (path, now) = (self.folder.path(), &self.record);
        let shown = path.display();
        let changed = self.changed_settings(before.settings.as_ref());
        if !changed.is_empty() {
            let config = path_word(&self.folder.file(CONFIG));
            return format!(
                "{shown} was started with other settings than its {CONFIG} has now: {}; restore them, \
                 or train another run with dml train --config {config} --name NAME",
                first_few(&changed, MOST_NAMED)
            );
        }
        let candidates = [
            ("the device", &before.device, &now.device),
            ("dml", &before.dml, &now.dml),
            ("libtorch", &before.libtorch, &now.libtorch),
        ];
        let differs = candidates.into_iter().find(|(_, before, now)| before != now);
        let again = format!(
            "resuming it would not give the same network: {}",
            self.folder.retrain_remedy()
        );
        match (differs, &before.settings) {
            (Some((what, before, now)), _) => {
                format!("{shown} was started with {what} {before}, this is {now}: {again}")
            }
            (None, Some(_)) if self.config.model.is_from_file() => format!(
                "{shown} was started from other weights than {} contains now: {again}",
                self.config.model.init
            ),
            (None, Some(_)) => {
                format!("{shown} was started with data that were read differently: {again}")
            }
            // Records of earlier versions have no settings to compare.
            (None, None) => {
                format!("{shown} was started with other settings than its {CONFIG} has: {again}")
            }
        }
    }

    /// Changed settings that affect the network, such as `train.batch was 128, now 64`.
    fn changed_settings(&self, before: Option<&Table>) -> Vec<String> {
        let (Some(before), Some(now)) = (before, &self.record.settings) else { return Vec::new() };
        setting_differences(before, now)
            .into_iter()
            .filter(|difference| affects_model(&difference.what))
            .map(|it| format!("{} was {}, now {}", it.what, it.first.shown, it.second.shown))
            .collect()
    }
}

fn name_of(path: &Path) -> String {
    ResultFolder::new(path).name()
}

fn vanished(path: &Path) -> Error {
    Error::Other(format!("{} was removed in the meantime", path.display()))
}
