//! What a run is: data, classes, versions, how far it came.

use std::path::Path;

use serde::{Deserialize, Serialize};
use toml::Table;

use crate::data::{Class, ClassNames, Dataset, ImageShape, TrainedOn, is_read_once};
use crate::error::{Fault, Result};
use crate::files::{Checked, read_json};
use crate::model::Engine;

/// What a run is, kept beside its configuration. Holds no times, so that it repeats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of this program.
    pub dml: String,
    /// Version of libtorch.
    pub libtorch: String,
    /// The device that the network was computed on, `cpu` or `cuda:N`.
    pub device: String,
    /// What computed it.
    #[serde(default)]
    pub engine: Engine,
    /// Name of the loss.
    pub loss: String,
    /// Seed of the run.
    pub seed: u64,
    /// Hash over all that decides the trained model.
    pub fingerprint: String,
    /// The data.
    pub data: DataRecord,
    /// How far the run came.
    pub status: Status,
    /// The settings that it began with, should the file that has them be changed or lost; none in
    /// records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Table>,
}

/// The data that a run was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataRecord {
    /// The file as it was named.
    pub path: String,
    /// SHA-256 of its unzipped content.
    pub sha256: String,
    /// Images in the file.
    pub images: usize,
    /// Images that were trained on.
    pub train: usize,
    /// Images that measure.
    pub validation: usize,
    /// Images of the classes that were kept from training.
    #[serde(default)]
    pub unseen: usize,
    /// The shape of each image; of grey squares the record has `side`.
    #[serde(flatten)]
    pub shape: ImageShape,
    /// Labels in the file and the names shown, in the order of the class numbers 0..C.
    pub classes: Vec<Class>,
    /// How the file was read; none in records of versions that knew plain files alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_as: Option<TrainedOn>,
}

/// More rows and columns than an image of any source has.
const LARGEST_SIDE: usize = 1 << 16;

impl Checked for RunRecord {
    fn check(&self) -> std::result::Result<(), String> {
        let DataRecord { images, train, validation, unseen, shape, .. } = self.data;
        if ![train, validation, unseen].iter().all(|&part| part <= images) {
            return Err(format!("has a part of more than all {images} images"));
        }
        let sizes = [shape.channels, shape.height, shape.width];
        match sizes.iter().all(|size| (1..=LARGEST_SIDE).contains(size)) {
            true => Ok(()),
            false => Err(format!("has images of {shape}, which cannot be")),
        }
    }
}

impl DataRecord {
    /// How other files are read as this one was.
    pub fn trained_on(&self) -> TrainedOn {
        self.read_as.clone().unwrap_or_default()
    }

    /// Whether the version that trained the run read this file in another way.
    fn was_read_otherwise(&self, dataset: &Dataset) -> bool {
        match &self.read_as {
            Some(before) => *before != dataset.trained_on(),
            None => dataset.reading.differs.is_some(),
        }
    }

    /// How its classes were named.
    pub fn names(&self) -> ClassNames {
        match self.classes.iter().all(|class| class.name == class.label) {
            true => ClassNames::Labels,
            false => ClassNames::FashionMnist,
        }
    }
}

/// How far a run came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Training began and has not ended.
    Training,
    /// Both models are there.
    Trained,
}

impl RunRecord {
    /// Refuses data that are not those it was trained on, or its validation images would not be those
    /// it has never seen.
    ///
    /// # Errors
    /// [`Fault`](crate::error::Error::Fault) with the file, and with the way out that is given.
    pub fn refuse_other_data(&self, dataset: &Dataset, path: &str, way_out: &str) -> Result<()> {
        if dataset.sha256 == self.data.sha256 {
            if !self.data.was_read_otherwise(dataset) {
                return Ok(());
            }
            let problem = "is read in another way now than when the run was trained: its label, pixels \
                           or their scale differ";
            let remedy = "train it again; dml data check says how the file is read";
            return Err(Fault::new(Path::new(path), problem).remedy(remedy).into());
        }
        let problem = format!(
            "is not the file that the run was trained on, {} with SHA-256 {}",
            self.data.path, self.data.sha256
        );
        Err(Fault::new(Path::new(path), problem).remedy(way_out).into())
    }

    /// Refuses the path that the run's images were read from where it no longer gives them.
    ///
    /// # Errors
    /// [`Fault`](crate::error::Error::Fault) with the way out, to name their file with `--data`.
    pub fn refuse_moved(&self, path: &str) -> Result<()> {
        let file = Path::new(path);
        let (problem, remedy) = if is_read_once(file) {
            let remedy = "keep them in a file and name that with --data".to_owned();
            ("the run's images came from there, and can't be read a second time", remedy)
        } else if file.exists() {
            return Ok(());
        } else {
            let folder = std::env::current_dir().unwrap_or_default();
            let remedy = match file.is_absolute() {
                true => "name the file with --data where it has moved".to_owned(),
                false => format!(
                    "name the file with --data, or call dml from the folder it was trained in: this is {}",
                    folder.display()
                ),
            };
            ("there is no such file any more, which the run was trained on", remedy)
        };
        Err(Fault::new(file, problem).remedy(remedy).into())
    }
}

/// The part of a record that every version has.
#[derive(Deserialize)]
struct Made {
    dml: String,
}

impl Checked for Made {
    fn check(&self) -> std::result::Result<(), String> {
        Ok(())
    }
}

const THIS_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The numbers of a version, `1.20.3`, to be put in order.
fn version(text: &str) -> Vec<u64> {
    text.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

/// Refuses a run that a newer version made; what that wrote need not be understood for it.
///
/// # Errors
/// [`Fault`](crate::error::Error::Fault) with both versions.
pub fn refuse_newer(run: &Path, record: &Path) -> Result<()> {
    match read_json::<Made>(record, "") {
        Ok(Some(Made { dml })) if version(&dml) > version(THIS_VERSION) => {
            let problem = format!("was made by dml {dml}, this is dml {THIS_VERSION}");
            Err(Fault::new(run, problem).remedy(format!("use dml {dml} or newer")).into())
        }
        // Missing, damaged or as old as this: for others to say.
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
    fn a_run_of_a_newer_version_is_told_as_such_whatever_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        for record in [r#"{"dml": "0.10.0", "status": "paused"}"#, r#"{"dml": "1.0.0-beta"}"#] {
            fs::write(folder.path().join(RECORD), record).unwrap();
            let message = ResultFolder::open(folder.path()).unwrap_err().to_string();
            assert!(message.contains(": was made by dml ") && message.contains("or newer"));
        }
        assert!(version("0.10.0") > version("0.9.12") && version("1.0.0") == version("1.0.0-rc"));
        fs::write(folder.path().join(RECORD), r#"{"dml": "0.0.9", "status": "paused"}"#).unwrap();
        let message = ResultFolder::open(folder.path()).unwrap_err().to_string();
        assert!(message.contains("cannot be understood"), "{message}");
    }
}
