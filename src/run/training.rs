//! Trains a run: from a configuration to models in a folder.

use std::path::{Component, Path, PathBuf};

use toml::Table;

use super::checks::check_pairs;
use super::diverged::with_remedy;
use super::existing::{Existing, Found};
use super::hashed::{Owner, hashed_folder};
use super::record::{DataRecord, RunRecord, Status};
use super::resources::ResourceEstimate;
use super::setup::Run;
use crate::config::Config;
use crate::data::{
    BatchKind, Batches, Class, DataSplit, Subset, renumbered, seen_classes, unseen_classes,
};
use crate::error::{Divergence, Error, Result};
use crate::evaluation::pictures;
use crate::files::layout::DIVERGED;
use crate::files::{ResultFolder, create_folder};
use crate::model::{Network, open_network};
use crate::runtime::{LIBTORCH_VERSION, Memory};
use crate::session::Session;
use crate::train::{History, NoObserver, Observer, RunProgress, Task, batches_of, train};

impl Run {
    /// Derives split, name and record of a run.
    ///
    /// Its folder is `runs/NAME`; without a name, `LOSS-seedSEED-HASH`, where the hash covers
    /// everything that determines the model, so that other settings or data never share a folder.
    ///
    /// # Errors
    /// Settings that do not fit the data.
    pub fn new(session: &Session, config: Config, runs: &Path, name: Option<&str>) -> Result<Run> {
        match name {
            Some(name) => {
                let folder = runs.join(checked_name(name)?);
                Run::in_folder(session, config, |_, _| folder)
            }
            None => Run::prefixed(session, config, runs, ""),
        }
    }

    /// The same with a prefix before the derived name.
    ///
    /// # Errors
    /// As [`Run::new`].
    pub fn prefixed(session: &Session, config: Config, runs: &Path, prefix: &str) -> Result<Run> {
        Run::in_folder(session, config, |config, fingerprint| {
            let stem = format!("{prefix}{}-seed{}", config.loss.name(), config.train.seed);
            let owner = |path: &Path| Owner::of_run(path, fingerprint);
            hashed_folder(runs, &stem, fingerprint, owner)
        })
    }

    /// The same in the folder that `folder` derives from settings and fingerprint.
    fn in_folder(
        session: &Session,
        config: Config,
        folder: impl FnOnce(&Config, &str) -> PathBuf,
    ) -> Result<Run> {
        let dataset = &session.dataset;
        let DataSplit { train, validation, unseen } = session.parts(&config)?;
        let architecture = config.model.architecture(dataset.shape, dataset.classes.len())?;
        config.model.check_init(&*architecture)?;
        let unseen_classes = unseen_classes(&config.data.unseen_classes, &dataset.classes)?;
        let seen = dataset.classes.len() - unseen_classes.len();
        config.loss.check(seen, architecture.embedding() as usize)?;
        check_pairs(session, &config, &unseen_classes)?;
        if config.loss.batches() == BatchKind::PkSampling {
            config.train.check_classes()?;
        }
        let data = dataset.identity();
        let fingerprint =
            config.training_fingerprint(&data, &session.device_name, session.engine)?;
        let folder = ResultFolder::new(folder(&config, &fingerprint));
        let record = RunRecord {
            dml: env!("CARGO_PKG_VERSION").to_owned(),
            libtorch: LIBTORCH_VERSION.to_owned(),
            device: session.device_name.clone(),
            engine: session.engine,
            loss: config.loss.name().to_owned(),
            seed: config.train.seed,
            fingerprint,
            data: DataRecord {
                path: config.data.path.clone(),
                sha256: dataset.sha256.clone(),
                images: dataset.len(),
                train: train.rows.len(),
                validation: validation.rows.len(),
                unseen: unseen.as_ref().map_or(0, |subset| subset.rows.len()),
                shape: dataset.shape,
                classes: dataset.classes.clone(),
                read_as: Some(dataset.trained_on()),
            },
            status: Status::Training,
            settings: Some(Table::try_from(&config).expect("settings are plain values")),
        };
        Ok(Run { config, folder, record, train, validation, unseen })
    }

    /// The hash over everything that determines the model.
    pub fn fingerprint(&self) -> &str {
        &self.record.fingerprint
    }

    /// Name of the run in messages: loss and seed.
    pub fn title(&self) -> String {
        format!("{} seed {}", self.record.loss, self.record.seed)
    }

    /// Images that the training processes in all epochs.
    pub fn images(&self) -> u64 {
        self.batches().images().saturating_mul(self.config.train.epochs) as u64
    }

    /// Number of training images.
    pub fn train_images(&self) -> usize {
        self.train.rows.len()
    }

    /// Training steps in all epochs.
    pub fn steps(&self) -> usize {
        self.batches().count().saturating_mul(self.config.train.epochs)
    }

    fn batches(&self) -> Batches {
        batches_of(&self.config.train, &self.config.loss, &self.train)
    }

    /// Warns or refuses if memory or disk space will not suffice.
    ///
    /// # Errors
    /// As [`ResourceEstimate::check`].
    pub fn check_resources(&self, session: &Session) -> Result<()> {
        let losses = std::slice::from_ref(&self.config.loss);
        // An unfinished run overwrites its files rather than adding to them.
        let new = usize::from(!self.folder.is_taken());
        let estimate = ResourceEstimate::of(session, &self.config, losses, 1, new)?;
        let say = |line: &str| session.progress.say(line);
        estimate.check(self.folder.path(), Memory::now(), say)
    }

    /// Trains the run, or loads it if it is already trained.
    ///
    /// # Errors
    /// The folder contains something that must not be removed; [`Error::Diverged`], now or before; a
    /// file cannot be written; [`Error::Interrupted`] with the saved step.
    pub fn train(
        &self,
        session: &Session,
        existing: Existing,
        progress: &RunProgress,
    ) -> Result<History> {
        let history = self.train_observed(session, existing, &mut NoObserver, progress)?;
        if !self.folder.plot("loss.png").exists() {
            let trained_on = (&self.config, &self.train);
            pictures::draw_training(session, &self.folder, trained_on, &history)?;
        }
        Ok(history)
    }

    /// The same with an observer and without pictures.
    ///
    /// # Errors
    /// As [`Run::train`], and the observer's.
    pub fn train_observed(
        &self,
        session: &Session,
        existing: Existing,
        observer: &mut dyn Observer,
        progress: &RunProgress,
    ) -> Result<History> {
        let found = self.inspect_folder(existing)?;
        let replaces = matches!(found, Found::ToReplace);
        let checkpoint = match found {
            Found::Nothing | Found::ToReplace => None,
            Found::Checkpoint(newest) => {
                if let Some(damage) = &newest.passed_over {
                    progress.say(&format!(
                        "the newest checkpoint is damaged; using the one before ({damage})"
                    ));
                }
                Some(newest.checkpoint)
            }
            Found::Trained => {
                progress.say(&format!("already trained, see {}", self.folder.path().display()));
                return self.folder.history();
            }
        };
        if let Some(checkpoint) = &checkpoint {
            progress.say(&format!("resuming {}", checkpoint.notes.position()));
        }
        let history = self.with_task(session, |task, network| {
            // All checks have passed and the network is on the device, so it is safe to remove the old run.
            if replaces {
                self.folder.remove()?;
            }
            create_folder(self.folder.path())?;
            // The note may be of an earlier run with other settings.
            self.folder.forget(&[DIVERGED])?;
            // The record first, because it marks the folder as a run.
            self.folder.write_record(&self.record)?;
            self.folder.write_config(&self.config)?;
            train(task, network, checkpoint, observer, progress)
        });
        let history = history
            .map_err(|error| with_remedy(session, &self.config, error))
            .inspect_err(|error| self.folder.note_divergence(&self.record.fingerprint, error))?;
        self.folder.write_record(&RunRecord { status: Status::Trained, ..self.record.clone() })?;
        Ok(history)
    }

    /// How the run diverged before, with the same settings.
    ///
    /// # Errors
    /// The note cannot be read.
    pub fn divergence(&self) -> Result<Option<Divergence>> {
        self.folder.divergence_of(&self.record.fingerprint)
    }

    /// Calls `work` with the training task and the initial network.
    ///
    /// # Errors
    /// Settings that do not fit the data; those of `work`.
    pub fn with_task<R>(
        &self,
        session: &Session,
        work: impl FnOnce(&Task, &mut dyn Network) -> Result<R>,
    ) -> Result<R> {
        let data = &self.record.data;
        let architecture = self.config.model.architecture(data.shape, data.classes.len())?;
        let weights = self.config.model.initial_weights(&*architecture, self.config.train.seed)?;
        let mut network =
            open_network(session.engine, &architecture, &weights, session.device, &session.cores)?;
        let classes = self.trained_classes()?;
        let [train, validation] = [self.numbered(&self.train)?, self.validation_numbered()?];
        let task = Task {
            config: &self.config.train,
            loss: &self.config.loss,
            classes: &classes,
            embedding: architecture.embedding() as usize,
            images: &session.images,
            train: &train,
            validation: &validation,
            folder: self.folder.path(),
            interrupt: &session.interrupt,
        };
        work(&task, &mut *network)
    }

    /// The training classes, in the order of their numbers in training.
    ///
    /// # Errors
    /// The settings name an unseen class that the data lacks.
    pub fn trained_classes(&self) -> Result<Vec<Class>> {
        let all = &self.record.data.classes;
        let unseen = unseen_classes(&self.config.data.unseen_classes, all)?;
        Ok(seen_classes(all, &unseen).map(|(_, class)| class.clone()).collect())
    }

    /// The validation images, with their classes numbered as in training.
    ///
    /// # Errors
    /// As [`Run::trained_classes`].
    pub fn validation_numbered(&self) -> Result<Subset> {
        self.numbered(&self.validation)
    }

    fn numbered(&self, subset: &Subset) -> Result<Subset> {
        let all = &self.record.data.classes;
        let unseen = unseen_classes(&self.config.data.unseen_classes, all)?;
        Ok(renumbered(subset, all, &unseen))
    }
}

/// Checks that a name is a single path component.
fn checked_name(name: &str) -> Result<&str> {
    let mut parts = Path::new(name).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(_)), None) => Ok(name),
        _ => Err(Error::setting("--name", name, "must be a plain name; --runs sets the folder")),
    }
}
