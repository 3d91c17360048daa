//! A run that was begun before: whether it can go on, and what changed since where it cannot.

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

/// Sections and keys that decide nothing of a trained network.
const UNDECISIVE: [&str; 7] = [
    "data.path",
    "train.device",
    "train.engine",
    "train.checkpoint_every",
    "eval.",
    "tsne.",
    "plots.",
];

/// Settings that a message names.
const MOST_NAMED: usize = 4;

impl Run {
    /// An unfinished run, to go on with; or one whose models or record were damaged or lost, to write
    /// them anew.
    ///
    /// # Errors
    /// There is no run at `path`, it is finished, or settings, data, device or versions are not what
    /// they were: each is named.
    pub fn reopen(session: &Session, config: Config, path: &Path) -> Result<Run> {
        let folder = ResultFolder::new(path);
        let parent = path.parent().unwrap_or(Path::new(""));
        let record = match folder.record() {
            Err(fault) => return Run::rebuilt(session, config, folder, fault),
            Ok(None) => return Err(ResultFolder::open(path).err().unwrap_or_else(|| gone(path))),
            Ok(Some(record)) => record,
        };
        let other = "name that file with --data";
        record.refuse_other_data(&session.dataset, &config.data.path, other)?;
        let run = Run { folder, ..Run::new(session, config, parent, Some(&name_of(path)))? };
        if record.engine != run.record.engine {
            let (began, now) = (record.engine, run.record.engine);
            return Err(Error::Other(format!(
                "{} began on the engine {began}, and going on with {now} would not give the same \
                 network: go on with --engine {began}",
                path.display()
            )));
        }
        if record.fingerprint != run.record.fingerprint {
            return Err(Error::Other(run.unlike(&record)));
        }
        if record.status == Status::Trained {
            run.check_unfinished()?;
        }
        Ok(run)
    }

    /// Refuses a trained run whose models are whole.
    fn check_unfinished(&self) -> Result<()> {
        let path = self.folder.path();
        match self.models() {
            Ok(()) => Err(Error::Other(format!(
                "{} is finished: evaluate it with {}",
                path.display(),
                dml("eval --run", path)
            ))),
            // Its way out is the checkpoint, where there is a whole one.
            Err(fault) if self.last_checkpoint().is_none() => Err(fault),
            Err(_) => Ok(()),
        }
    }

    /// Reads both models.
    ///
    /// # Errors
    /// One of them is damaged or lost.
    pub fn models(&self) -> Result<()> {
        let data = &self.record.data;
        let architecture = self.config.model.architecture(data.shape, data.classes.len())?;
        [ModelChoice::Last, ModelChoice::Best]
            .into_iter()
            .try_for_each(|model| self.folder.weights(model, &architecture).map(drop))
    }

    /// A run whose record was damaged: it is written anew where the name of its folder proves that
    /// settings and data are those it began with.
    fn rebuilt(
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
            let problem = "the folder's name is of other settings or data, another device or \
                           version than there are now";
            return Err(run.no_way_but_training(fault, problem));
        }
        let status = run.status_by_files(fault)?;
        // Whoever else works on it writes the record, too.
        let _lock = RunLock::take(&run.folder)?;
        session.progress.say(&format!(
            "{RECORD} was damaged and is written anew: the folder's name is that of these settings \
             and data"
        ));
        run.folder.write_record(&RunRecord { status, ..run.record.clone() })?;
        Ok(run)
    }

    /// How far a run came whose record is lost. A trained network is never trained over.
    ///
    /// # Errors
    /// The fault, where its models are damaged and no checkpoint can write them anew.
    fn status_by_files(&self, fault: Error) -> Result<Status> {
        let models =
            [ModelChoice::Last, ModelChoice::Best].map(|model| self.folder.file(model_file(model)));
        if self.models().is_ok() {
            Ok(Status::Trained)
        } else if self.last_checkpoint().is_some() || !models.iter().any(|model| model.exists()) {
            Ok(Status::Training)
        } else {
            Err(self.no_way_but_training(fault, "its models are damaged or lost, too"))
        }
    }

    /// A fault that cannot be mended, because of a problem.
    fn no_way_but_training(&self, fault: Error, problem: &str) -> Error {
        match fault {
            Error::Fault(fault) => {
                fault.remedy(format!("{problem}: {}", self.folder.train_again())).into()
            }
            other => other,
        }
    }

    /// What is not as it was when the run began, with the way out.
    fn unlike(&self, before: &RunRecord) -> String {
        let (path, now) = (self.folder.path(), &self.record);
        let shown = path.display();
        let changed = self.changed_settings(before.settings.as_ref());
        if !changed.is_empty() {
            let config = path_word(&self.folder.file(CONFIG));
            return format!(
                "{shown} began with other settings than its {CONFIG} has now: {}; put them back, or \
                 train another run with dml train --config {config} --name NAME",
                first_few(&changed, MOST_NAMED)
            );
        }
        let parts = [
            ("the device", &before.device, &now.device),
            ("dml", &before.dml, &now.dml),
            ("libtorch", &before.libtorch, &now.libtorch),
        ];
        let differs = parts.into_iter().find(|(_, before, now)| before != now);
        let again =
            format!("going on would not give the same network: {}", self.folder.train_again());
        match (differs, &before.settings) {
            (Some((what, before, now)), _) => {
                format!("{shown} began with {what} {before}, this is {now}: {again}")
            }
            (None, Some(_)) if self.config.model.is_from_file() => format!(
                "{shown} began from other weights than {} holds now: {again}",
                self.config.model.init
            ),
            (None, Some(_)) => {
                format!("{shown} began with data that were read in another way: {again}")
            }
            // Records of earlier versions do not tell.
            (None, None) => format!("{shown} began with other settings than its {CONFIG}: {again}"),
        }
    }

    /// Settings that decide the network and are not as they were, `train.batch 128, now 64`.
    fn changed_settings(&self, before: Option<&Table>) -> Vec<String> {
        let (Some(before), Some(now)) = (before, &self.record.settings) else { return Vec::new() };
        let decides = |key: &str| !UNDECISIVE.iter().any(|start| key.starts_with(start));
        setting_differences(before, now)
            .into_iter()
            .filter(|difference| decides(&difference.what))
            .map(|it| format!("{} was {}, now {}", it.what, it.first.shown, it.second.shown))
            .collect()
    }
}

fn name_of(path: &Path) -> String {
    ResultFolder::new(path).name()
}

fn gone(path: &Path) -> Error {
    Error::Other(format!("{} is gone meanwhile", path.display()))
}
