//! Files of a run that were damaged or lost, from where else in its folder their content stands; and
//! what mends them where it stands nowhere.

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
use crate::words::{dml, path_word};

impl ResultFolder {
    /// The configuration that the run began with. Where its file is lost, the record has it, too.
    ///
    /// # Errors
    /// As [`Config::read`], or settings that cannot be: with the way out.
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
        // An earlier version wrote this file: its keys are no concern of the user's.
        let read = Config::read_with(&path, |config| config.check().map(|()| config))
            .map(|config| Config { warnings: Vec::new(), ..config });
        read.map_err(|error| match kept() {
            Some(_) => Error::Other(format!(
                "{}; move the file away, {RECORD} holds the settings, too",
                chain(&error)
            )),
            None => error,
        })
    }

    /// What to do about a damaged record: the settings, the data and the name of the folder, in which
    /// settings and data have left a hash, are enough to write it anew.
    pub fn record_again(&self) -> String {
        if self.file(TRIAL).exists() {
            return self.train_again();
        }
        let name = self.name();
        let end = name.rsplit('-').next().unwrap_or_default();
        let is_hash = end.len() >= OLD_DIGITS && end.bytes().all(|b| b.is_ascii_hexdigit());
        match is_hash && self.file(CONFIG).exists() {
            true => format!("write it anew with {}", dml("train --resume", self.path())),
            false => {
                let removal = dml("runs remove", self.path());
                format!("remove the run with {removal} and train it again")
            }
        }
    }

    /// Losses and times of its epochs. Where their file was changed or lost, the checkpoint has them
    /// to the last digit.
    ///
    /// # Errors
    /// Neither can be read.
    pub fn history(&self) -> Result<History> {
        let path = self.file(HISTORY);
        let fault = match History::read(&path, &self.train_again()) {
            Ok(Some(history)) => return Ok(history),
            Ok(None) => Fault::new(&path, "is missing").remedy(self.train_again()).into(),
            Err(fault @ Error::Fault(_)) => fault,
            Err(refusal) => return Err(refusal),
        };
        let kept = Checkpoint::read(&self.file(CHECKPOINT));
        let kept = kept.ok().map(|checkpoint| checkpoint.notes.history);
        kept.filter(|history| !history.epochs.is_empty()).ok_or(fault)
    }

    /// The weights of one of its models.
    ///
    /// # Errors
    /// The file is missing, damaged or of another network, with what writes it anew.
    pub fn weights(&self, model: ModelChoice, architecture: &Architecture) -> Result<NamedTensors> {
        let path = self.file(model_file(model));
        let mend = || match Checkpoint::read(&self.file(CHECKPOINT)) {
            Ok(_) => {
                let resume = dml("train --resume", self.path());
                format!("write it anew from the checkpoint with {resume}")
            }
            Err(_) => self.train_again(),
        };
        read_weights(&path, architecture).map_err(|error| match error {
            Error::Fault(fault) => fault.remedy(mend()).into(),
            Error::Io { source, .. } if source.kind() == ErrorKind::NotFound => {
                Fault::new(&path, "is missing").remedy(mend()).into()
            }
            Error::Io { source, .. } if source.kind() == ErrorKind::IsADirectory => {
                let remedy = format!("move the folder away; then {}", mend());
                Fault::new(&path, format!("cannot be read ({source})")).remedy(remedy).into()
            }
            other => other,
        })
    }

    /// What to do where a file is lost that nothing but training makes: for this run alone.
    pub fn train_again(&self) -> String {
        if self.file(TRIAL).exists() {
            let removal = dml("runs remove", self.path());
            return format!("remove this one trial with {removal}, and search again");
        }
        let train = dml("train --config", &self.file(CONFIG));
        let runs = path_word(folder_of(self.path()).unwrap_or(Path::new(".")));
        let name = path_word(Path::new(&self.name()));
        format!("train this run again with {train} --runs {runs} --name {name} --force")
    }
}
