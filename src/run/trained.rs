//! A trained network, loaded from its run to embed other images.

use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;

use super::record::{RunRecord, Status};
use crate::config::Config;
use crate::data::{Dataset, Images, open};
use crate::error::{Error, Fault, Result};
use crate::eval::{self, ModelChoice};
use crate::files::ResultFolder;
use crate::files::layout::{BEST_MODEL, LAST_MODEL};
use crate::model::{Architecture, NamedTensors, Network, open_network};
use crate::runtime::{Cores, open_device};
use crate::words::dml;

/// The file that holds one of a run's models.
pub fn model_file(model: ModelChoice) -> &'static str {
    match model {
        ModelChoice::Last => LAST_MODEL,
        ModelChoice::Best => BEST_MODEL,
    }
}

/// A run whose training is complete.
pub struct Trained {
    /// Its folder.
    pub folder: ResultFolder,
    /// Its record.
    pub record: RunRecord,
    /// The settings it was trained with.
    pub config: Config,
}

impl Trained {
    /// The run at `path`, or the one under `runs` that was trained last.
    ///
    /// # Errors
    /// There is no such run, or its training is not complete.
    pub fn open(path: Option<&Path>, runs: &Path) -> Result<Trained> {
        let (folder, record) = match path {
            Some(path) => ResultFolder::open(path)?,
            None => ResultFolder::newest(runs)?,
        };
        if record.status != Status::Trained {
            folder.refuse_diverged()?;
            let remedy = format!("resume it with {}", dml("train --resume", folder.path()));
            let fault = Fault::new(folder.path(), "is not fully trained yet");
            return Err(fault.remedy(remedy).into());
        }
        let mut config = folder.config()?;
        // The class names that it was trained with, even if the image file was renamed since.
        config.data.names = record.data.names();
        record.data.keep_channels(&mut config.data);
        Ok(Trained { folder, record, config })
    }

    /// The data that it was trained on, read from `path`.
    ///
    /// # Errors
    /// The file is invalid or holds other data.
    pub fn dataset(&self, path: &str) -> Result<Dataset> {
        let dataset = open(Path::new(path), &self.config.data.read_options())?;
        self.record.refuse_other_data(&dataset, path, "name that file with --data")?;
        Ok(dataset)
    }

    /// Its network's architecture.
    ///
    /// # Errors
    /// The settings were changed since and no longer describe a network.
    pub fn architecture(&self) -> Result<Arc<dyn Architecture>> {
        self.config.model.architecture(self.record.data.shape, self.record.data.classes.len())
    }

    /// The weights of one of its models.
    ///
    /// # Errors
    /// As [`ResultFolder::weights`].
    pub fn weights(&self, model: ModelChoice) -> Result<NamedTensors> {
        self.folder.weights(model, &*self.architecture()?)
    }

    /// Embeds images `[N, D]`; normalised to length 1 if the loss normalises, as in the evaluation.
    ///
    /// # Errors
    /// Images of another size than it was trained on; the model cannot be read or the device opened.
    pub fn embed(
        &self,
        images: &Dataset,
        model: ModelChoice,
        cores: &Cores,
        say: impl Fn(&str),
    ) -> Result<Array2<f32>> {
        let trained = self.record.data.shape;
        if images.shape != trained {
            let (name, shape) = (images.file.display(), images.shape);
            return Err(Error::Other(format!(
                "{name} has images of {shape}, but the run was trained on {trained}"
            )));
        }
        let (device, description) = open_device(self.config.train.device)?;
        say(&format!("device: {description}"));
        let architecture = self.architecture()?;
        let (engine, description) = self.config.train.engine.resolve(&*architecture, device)?;
        say(&format!("engine: {description}"));
        let weights = self.weights(model)?;
        let mut network: Box<dyn Network> =
            open_network(engine, &architecture, &weights, device, cores)?;
        let rows: Vec<i64> = (0..images.len() as i64).collect();
        let pixels = Images::new(images, device);
        Ok(eval::embed(&mut *network, &pixels, &rows, self.config.loss.normalises()))
    }
}
