//! Files of a run that may be damaged or missing: read from a second copy in the folder if there is
//! one, else an error that names the command to restore them.

use std::io::ErrorKind;
use std::path::Path;

use super::hashed::OLD_DIGITS;
use super::trained::model_file;
use crate::config::Config;
use crate::error::{Error, Fault, Result, chain};
use crate::eval::ModelChoice;
use crate::files::layout::{CHECKPOINT, CONFIG, HISTORY, RECORD, TRIAL};
use crate::files::{ResultFolder, folder_of};
use crate::model::{Architecture, NamedTensors, read_weights};
use crate::train::{Checkpoint, History};
use crate::words::{dml, flag, path_word};

impl ResultFolder {
    /// The configuration that the run started with; from the record if the configuration file is missing.
    ///
    /// # Errors
    /// As [`Config::read`], or invalid settings, with a remedy.
    pub fn config(&self) -> Result<Config> {
        let path = self.file(CONFIG);
        let kept = || {
            let settings = self.record().ok().flatten()?.settings?;
            Config::parse(&settings.to_string(), &self.file(RECORD)).ok()
        };
        if !path.exists()
            && let Some(config) = kept()
        {
            return Ok(Config { warnings: Vec::new(), ..config });
        }
        // dml wrote this file, so warnings about its keys would not help the user.
        let read = Config::read_with(&path, |config| config.check().map(|()| config))
            .map(|config| Config { warnings: Vec::new(), ..config });
        read.map_err(|error| match kept() {
            Some(_) => Error::Other(format!(
                "{}; move the file away, since {RECORD} contains the settings too",
                chain(&error)
            )),
            None => error,
        })
    }

    /// The remedy for a damaged record. It can be rewritten from settings and data if the name of the
    /// folder contains their hash.
    pub fn record_remedy(&self) -> String {
        if self.file(TRIAL).exists() {
            return self.retrain_remedy();
        }
        let name = self.name();
        let end = name.rsplit('-').next().unwrap_or_default();
        let is_hash = end.len() >= OLD_DIGITS && end.bytes().all(|b| b.is_ascii_hexdigit());
        match is_hash && self.file(CONFIG).exists() {
            true => format!("rewrite it with {}", dml("train --resume", self.path())),
            false => {
                let removal = dml("runs remove", self.path());
                format!("remove the run with {removal} and train it again")
            }
        }
    }

    /// Losses and times of its epochs; from the checkpoint, which has the same digits, if their file is
    /// damaged or missing.
    ///
    /// # Errors
    /// Neither file can be read.
    pub fn history(&self) -> Result<History> {
        let path = self.file(HISTORY);
        let fault = match History::read(&path, &self.retrain_remedy()) {
            Ok(Some(history)) => return Ok(history),
            Ok(None) => Fault::new(&path, "is missing").remedy(self.retrain_remedy()).into(),
            Err(fault @ Error::Fault(_)) => fault,
            Err(error) => return Err(error),
        };
        let kept = Checkpoint::read(&self.file(CHECKPOINT));
        let kept = kept.ok().map(|checkpoint| checkpoint.notes.history);
        kept.filter(|history| !history.epochs.is_empty()).ok_or(fault)
    }

    /// The weights of one of its models.
    ///
    /// # Errors
    /// The file is missing, damaged or of another network, with the command that rewrites it.
    pub fn weights(
        &self,
        model: ModelChoice,
        architecture: &dyn Architecture,
    ) -> Result<NamedTensors> {
        let path = self.file(model_file(model));
        let remedy = || match Checkpoint::read(&self.file(CHECKPOINT)) {
            Ok(_) => {
                let resume = dml("train --resume", self.path());
                format!("rewrite it from the checkpoint with {resume}")
            }
            Err(_) => self.retrain_remedy(),
        };
        read_weights(&path, architecture).map_err(|error| match error {
            Error::Fault(fault) => fault.remedy(remedy()).into(),
            Error::Io { source, .. } if source.kind() == ErrorKind::NotFound => {
                Fault::new(&path, "is missing").remedy(remedy()).into()
            }
            Error::Io { source, .. } if source.kind() == ErrorKind::IsADirectory => {
                let remedy = format!("move the folder away; then {}", remedy());
                Fault::new(&path, format!("cannot be read ({source})")).remedy(remedy).into()
            }
            other => other,
        })
    }

    /// The remedy for a file that only training can restore: train this run again.
    pub fn retrain_remedy(&self) -> String {
        if self.file(TRIAL).exists() {
            let removal = dml("runs remove", self.path());
            return format!("remove this trial with {removal} and search again");
        }
        let train = dml("train --config", &self.file(CONFIG));
        let runs = path_word(folder_of(self.path()).unwrap_or(Path::new(".")));
        let name = flag("--name", self.name());
        format!("train this run again with {train} --runs {runs} {name} --force")
    }
}
