//! The record of a run: data, classes, versions and status.

use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::Table;

use crate::data::{
    ChannelChoice, Class, ClassNames, DataConfig, Dataset, ImageShape, TrainedOn, is_emnist,
    is_read_once,
};
use crate::error::{Fault, Result};
use crate::files::{Checked, read_json};
use crate::model::Engine;

/// The record of a run, kept beside its configuration. It contains no times, so that it is reproducible.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of dml.
    pub dml: String,
    /// Version of libtorch.
    pub libtorch: String,
    /// The device that it was trained on, `cpu` or `cuda:N`.
    pub device: String,
    /// The engine that trained it.
    #[serde(default)]
    pub engine: Engine,
    /// Name of the loss.
    pub loss: String,
    /// Seed of the run.
    pub seed: u64,
    /// Hash over everything that determines the trained model.
    pub fingerprint: String,
    /// The data.
    pub data: DataRecord,
    /// Status of the run.
    pub status: Status,
    /// The settings that it started with, in case the configuration file is changed or lost; `None` in
    /// records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Table>,
}

/// The data that a run was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataRecord {
    /// The path as the user gave it.
    pub path: String,
    /// SHA-256 of the decompressed file.
    pub sha256: String,
    /// Images in the file.
    pub images: usize,
    /// Training images.
    pub train: usize,
    /// Validation images.
    pub validation: usize,
    /// Images of the unseen classes.
    #[serde(default)]
    pub unseen: usize,
    /// The shape of each image; of grey squares the record has `side`.
    #[serde(flatten)]
    pub shape: ImageShape,
    /// Labels in the file and the names shown, in the order of the class numbers 0..C.
    pub classes: Vec<Class>,
    /// How the file was read; `None` in records of versions that read plain files only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_as: Option<TrainedOn>,
}

/// More rows and columns than an image of any source has.
const LARGEST_SIDE: usize = 1 << 16;

impl Checked for RunRecord {
    fn check(&self) -> std::result::Result<(), String> {
        let DataRecord { images, train, validation, unseen, shape, .. } = self.data;
        if ![train, validation, unseen].iter().all(|&part| part <= images) {
            return Err(format!("has a subset larger than all {images} images"));
        }
        let sizes = [shape.channels, shape.height, shape.width];
        match sizes.iter().all(|size| (1..=LARGEST_SIDE).contains(size)) {
            true => Ok(()),
            false => Err(format!("has images of {shape}, which is impossible")),
        }
    }
}

impl DataRecord {
    /// How to read other files the way this one was read.
    pub fn trained_on(&self) -> TrainedOn {
        self.read_as.clone().unwrap_or_default()
    }

    /// Whether the version that trained the run read this file differently.
    fn was_read_differently(&self, dataset: &Dataset) -> bool {
        match &self.read_as {
            _ if self.shape != dataset.shape => true,
            Some(before) => *before != dataset.trained_on(),
            None => dataset.reading.differs.is_some(),
        }
    }

    /// Reads colours in grey if the run was trained on grey images, as earlier versions always were.
    pub fn keep_channels(&self, config: &mut DataConfig) {
        if self.shape.channels == 1 && config.channels == ChannelChoice::Auto {
            config.trained_channels = Some(ChannelChoice::Grey);
        }
    }

    /// Refuses images of EMNIST that were turned upright, if the run was trained on EMNIST as its files store
    /// it: with rows and columns swapped, as earlier versions read it.
    ///
    /// # Errors
    /// [`Fault`](crate::error::Error::Fault) with both files.
    pub fn refuse_turned(&self, images: &Dataset) -> Result<()> {
        let was_turned = self.trained_on().columns.transposed;
        let is_turned = images.reading.columns.transposed;
        if !is_turned || was_turned || !is_emnist(Path::new(&self.path)) {
            return Ok(());
        }
        let problem = format!(
            "has images that are read upright, but the run was trained on {} with rows and columns \
             swapped",
            self.path
        );
        Err(Fault::new(&images.file, problem).remedy("train it again").into())
    }

    /// How its classes were named.
    pub fn names(&self) -> ClassNames {
        match self.classes.iter().all(|class| class.name == class.label) {
            true => ClassNames::Labels,
            false => ClassNames::FashionMnist,
        }
    }
}

/// Status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Training has not finished.
    Training,
    /// Training has finished and both models are written.
    Trained,
}

impl RunRecord {
    /// Refuses data other than it was trained on: the validation images could be among those that it
    /// was trained on.
    ///
    /// # Errors
    /// [`Fault`](crate::error::Error::Fault) with the file and the given remedy.
    pub fn refuse_other_data(&self, dataset: &Dataset, path: &str, remedy: &str) -> Result<()> {
        if dataset.sha256 == self.data.sha256 {
            if !self.data.was_read_differently(dataset) {
                return Ok(());
            }
            let problem = "is read differently than when the run was trained: its label, pixels or \
                           their scale differ";
            let remedy = "train it again; dml data check shows how the file is read";
            return Err(Fault::new(Path::new(path), problem).remedy(remedy).into());
        }
        let mut problem = format!(
            "is not the file that the run was trained on, {} with SHA-256 {}",
            self.data.path, self.data.sha256
        );
        if !dataset.reading.files.is_empty() {
            problem += ", or its pictures changed, or an earlier version decoded them differently";
        }
        Err(Fault::new(Path::new(path), problem).remedy(remedy).into())
    }

    /// Refuses the path that the run's images were read from if it can no longer be read.
    ///
    /// # Errors
    /// [`Fault`](crate::error::Error::Fault) with the remedy to name their file with `--data`.
    pub fn refuse_moved(&self, path: &str) -> Result<()> {
        let file = Path::new(path);
        let (problem, remedy) = if is_read_once(file) {
            let remedy = "save them in a file and name it with --data".to_owned();
            ("the run's images came from here and cannot be read again", remedy)
        } else if file.exists() {
            return Ok(());
        } else {
            let folder = std::env::current_dir().unwrap_or_default();
            let remedy = match file.is_absolute() {
                true => "name its new path with --data".to_owned(),
                false => format!(
                    "name the file with --data, or run dml in the folder that it was trained in; this is {}",
                    folder.display()
                ),
            };
            ("the file that the run was trained on no longer exists", remedy)
        };
        Err(Fault::new(file, problem).remedy(remedy).into())
    }
}

/// The field of a record that every version writes.
#[derive(Deserialize)]
struct MadeBy {
    dml: String,
}

impl Checked for MadeBy {
    fn check(&self) -> std::result::Result<(), String> {
        Ok(())
    }
}

const THIS_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The numbers of a version such as `1.20.3`, for ordering.
fn version(text: &str) -> Vec<u64> {
    text.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

/// Refuses a run that a newer version made, even if the rest of its record cannot be parsed.
///
/// # Errors
/// [`Fault`](crate::error::Error::Fault) with both versions.
pub fn refuse_newer(run: &Path, record: &Path) -> Result<()> {
    match read_json::<MadeBy>(record, "") {
        Ok(Some(MadeBy { dml })) if version(&dml) > version(THIS_VERSION) => {
            let problem = format!("was made by dml {dml}, this is dml {THIS_VERSION}");
            Err(Fault::new(run, problem).remedy(format!("use dml {dml} or newer")).into())
        }
        // A missing or damaged record is reported elsewhere.
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::ResultFolder;
    use crate::files::layout::RECORD;
    use std::fs;

    #[test]
    fn a_run_of_a_newer_version_is_reported_as_such_whatever_it_contains() {
        let folder = tempfile::tempdir().unwrap();
        for record in [r#"{"dml": "0.10.0", "status": "paused"}"#, r#"{"dml": "1.0.0-beta"}"#] {
            fs::write(folder.path().join(RECORD), record).unwrap();
            let message = ResultFolder::open(folder.path()).unwrap_err().to_string();
            assert!(message.contains(": was made by dml ") && message.contains("or newer"));
        }
        assert!(version("0.10.0") > version("0.9.12") && version("1.0.0") == version("1.0.0-rc"));
        fs::write(folder.path().join(RECORD), r#"{"dml": "0.0.9", "status": "paused"}"#).unwrap();
        let message = ResultFolder::open(folder.path()).unwrap_err().to_string();
        assert!(message.contains("cannot be parsed"), "{message}");
    }

    #[test]
    fn runs_on_emnist_as_its_files_store_it_refuse_images_that_are_turned() {
        let mut images = crate::data::testing::coloured();
        images.reading.columns.transposed = true;
        let trained = |path: &str, transposed: bool| {
            let mut read_as = images.trained_on();
            read_as.columns.transposed = transposed;
            let (path, sha256) = (path.to_owned(), images.sha256.clone());
            let (shape, classes) = (images.shape, images.classes.clone());
            let (train, validation, unseen, read_as) = (2, 1, 0, Some(read_as));
            DataRecord {
                path,
                sha256,
                images: 3,
                train,
                validation,
                unseen,
                shape,
                classes,
                read_as,
            }
        };
        let emnist = "emnist-letters-train-images-idx3-ubyte";
        let earlier = trained(emnist, false);
        assert!(earlier.was_read_differently(&images));
        let message = earlier.refuse_turned(&images).unwrap_err().to_string();
        assert!(message.ends_with("with rows and columns swapped; train it again"), "{message}");
        assert!(trained(emnist, true).refuse_turned(&images).is_ok());
        assert!(trained("train-images-idx3-ubyte", false).refuse_turned(&images).is_ok());
    }
}
