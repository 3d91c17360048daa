//! Exports a run's network, or embeddings with their labels.

use std::path::Path;

use ndarray::{Array2, ArrayView2, Axis, concatenate};

use crate::data::{Class, Dataset};
use crate::error::{Error, Fault, Result};
use crate::eval::ModelChoice;
use crate::evaluation::{Evaluation, read_evaluated, write_label_array, write_npy};
use crate::files::{CSV, FileKind, NPY, PARQUET, create_folder};
use crate::model::{write_tensors, write_torchscript};
use crate::report::columns::{Column, Columns};
use crate::run::Trained;
use crate::words::dml;

/// The subsets whose embeddings an evaluation writes: training images, and evaluated images.
const PARTS: [&str; 2] = ["train", "val"];

/// The files that [`Trained::export_npy`] writes.
pub fn npy_files() -> Vec<String> {
    PARTS.iter().flat_map(|part| ["embeddings", "labels"].map(|of| npy_file(of, part))).collect()
}

fn npy_file(what: &str, part: &str) -> String {
    format!("{what}_{part}.npy")
}

impl Trained {
    /// Writes the network's weights under PyTorch's names.
    ///
    /// # Errors
    /// The model cannot be read; the file cannot be written.
    pub fn export_safetensors(&self, model: ModelChoice, out: &Path) -> Result<()> {
        let notes = [("loss", self.record.loss.clone()), ("seed", self.record.seed.to_string())];
        write_tensors(out, &self.weights(model)?, &notes)
    }

    /// Writes the network in evaluation mode for `torch.jit.load`.
    ///
    /// # Shapes
    /// `[N, C, H, W]` f32 in 0..1 → `[N, E]` f32
    ///
    /// # Errors
    /// As [`Trained::export_safetensors`].
    pub fn export_torchscript(&self, model: ModelChoice, out: &Path) -> Result<()> {
        write_torchscript(out, &self.architecture()?, &self.weights(model)?)
    }

    /// Writes `embeddings_PART.npy` and `labels_PART.npy` into a folder, from the last evaluation. PART is
    /// `train` for training images and `val` for validation images or those of unseen classes; labels
    /// are as in the image file.
    ///
    /// # Errors
    /// The run was not evaluated; a file cannot be written.
    pub fn export_npy(&self, out: &Path) -> Result<()> {
        create_folder(out)?;
        for part in PARTS {
            let (embeddings, numbers) = self.evaluated(part)?;
            let label = |number| Ok(self.class(number)?.label.as_str());
            let labels: Vec<&str> = numbers.into_iter().map(label).collect::<Result<_>>()?;
            write_npy(&out.join(npy_file("embeddings", part)), &embeddings)?;
            write_label_array(&out.join(npy_file("labels", part)), &labels)?;
        }
        Ok(())
    }

    /// Writes one row per image: subset, label, class and embedding.
    ///
    /// # Errors
    /// As [`Trained::export_npy`].
    pub fn export_csv(&self, out: &Path) -> Result<()> {
        self.columns()?.write_csv(out)
    }

    /// Writes the columns of [`Trained::export_csv`] as Parquet.
    ///
    /// # Errors
    /// As [`Trained::export_npy`].
    pub fn export_parquet(&self, out: &Path) -> Result<()> {
        self.columns()?.write_parquet(out)
    }

    /// One row per image of both subsets.
    fn columns(&self) -> Result<Columns> {
        let (mut parts, mut labels, mut names) = (Vec::new(), Vec::new(), Vec::new());
        let mut all = Vec::new();
        for part in PARTS {
            let (embeddings, numbers) = self.evaluated(part)?;
            for number in numbers {
                let Class { label, name } = self.class(number)?;
                parts.push(part.to_owned());
                labels.push(label.clone());
                names.push(name.clone());
            }
            all.push(embeddings);
        }
        let views: Vec<ArrayView2<f32>> = all.iter().map(Array2::view).collect();
        let embeddings = concatenate(Axis(0), &views)
            .map_err(|_| self.stale("has embeddings of different sizes".to_owned()))?;
        let mut columns = Columns::default();
        columns.push("part", Column::Text(parts));
        columns.push("label", Column::labels(labels));
        columns.push("class", Column::Text(names));
        columns.push_embeddings(&embeddings);
        Ok(columns)
    }

    fn class(&self, label: i64) -> Result<&Class> {
        let found =
            usize::try_from(label).ok().and_then(|number| self.record.data.classes.get(number));
        found.ok_or_else(|| {
            let problem = format!("contains the class {label}, which the run does not have");
            self.stale(problem)
        })
    }

    /// Refuses if the stored embeddings are not from this one of its models.
    ///
    /// # Errors
    /// The last evaluation used the other model.
    pub fn check_embedded_by(&self, model: ModelChoice) -> Result<()> {
        let (found, wanted) = match Evaluation::read(&self.folder)?.map(|found| found.model) {
            Some(ModelChoice::Last) if model == ModelChoice::Best => ("last", "best"),
            Some(ModelChoice::Best) if model == ModelChoice::Last => ("best", "last"),
            _ => return Ok(()),
        };
        let problem =
            format!("contains the embeddings of its {found} model, not of the {wanted} one");
        let remedy = format!(
            "evaluate that model with {}",
            dml(&format!("eval --model {wanted} --run"), self.folder.path())
        );
        Err(Fault::new(self.folder.path(), problem).remedy(remedy).into())
    }

    /// Whether the embeddings of an evaluation exist.
    pub fn is_embedded(&self) -> bool {
        PARTS.iter().all(|part| self.folder.file(&format!("embeddings_{part}.npy")).exists())
    }

    /// The embeddings `[N, E]` and class numbers `[N]` of a subset, from the last evaluation.
    ///
    /// # Errors
    /// They are missing or inconsistent.
    pub fn evaluated(&self, part: &str) -> Result<(Array2<f32>, Vec<i64>)> {
        if !self.folder.file(&format!("embeddings_{part}.npy")).exists() {
            return Err(self.stale("has no embeddings yet".to_owned()));
        }
        read_evaluated(&self.folder, part, self.record.data.classes.len())
    }

    /// An error that another evaluation resolves.
    pub fn stale(&self, problem: String) -> Error {
        let remedy = format!("evaluate it with {}", dml("eval --run", self.folder.path()));
        Fault::new(self.folder.path(), problem).remedy(remedy).into()
    }
}

/// Writes embeddings of new images as NPY, or as CSV or Parquet with their labels if they have
/// some.
///
/// # Errors
/// Another kind of file; the file cannot be written.
pub fn write_embedded(
    (out, kind): (&Path, &FileKind),
    embeddings: &Array2<f32>,
    images: &Dataset,
) -> Result<()> {
    match *kind {
        NPY => write_npy(out, embeddings),
        CSV => embedded(embeddings, images).write_csv(out),
        PARQUET => embedded(embeddings, images).write_parquet(out),
        FileKind { name, .. } => {
            Err(Error::Other(format!("embeddings cannot be written as {name}")))
        }
    }
}

/// The embeddings, preceded by their labels if they have some.
fn embedded(embeddings: &Array2<f32>, images: &Dataset) -> Columns {
    let mut columns = Columns::default();
    if is_labelled(images) {
        let label = |&number: &i64| images.classes[number as usize].label.clone();
        columns.push("label", Column::labels(images.labels.iter().map(label).collect()));
    }
    columns.push_embeddings(embeddings);
    columns
}

/// Writes the labels of new images as in their file: integers as int64, others as text.
///
/// # Errors
/// The images have no labels; the file cannot be written.
pub fn write_labels(out: &Path, images: &Dataset) -> Result<()> {
    if !is_labelled(images) {
        let fault = Fault::new(&images.file, "has no labels");
        return Err(fault.remedy("omit --labels-out").into());
    }
    let label = |&number: &i64| images.classes[number as usize].label.as_str();
    write_label_array(out, &images.labels.iter().map(label).collect::<Vec<_>>())
}

/// Images without labels have a single class with an empty label.
fn is_labelled(images: &Dataset) -> bool {
    images.classes.iter().any(|class| !class.label.is_empty())
}
