//! What other programs read: a network, or embeddings with their labels.

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

/// The sets that an evaluation leaves embeddings of: training images, and those that judge a run.
const PARTS: [&str; 2] = ["train", "val"];

/// What [`Trained::export_npy`] writes.
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
    /// A model that cannot be read; a file that cannot be written.
    pub fn export_safetensors(&self, model: ModelChoice, out: &Path) -> Result<()> {
        let notes = [("loss", self.record.loss.clone()), ("seed", self.record.seed.to_string())];
        write_tensors(out, &self.weights(model)?, &notes)
    }

    /// Writes the network in evaluation mode for `torch.jit.load`.
    ///
    /// # Shapes
    /// `[N, 1, S, S]` f32 in 0..1 → `[N, E]` f32
    ///
    /// # Errors
    /// As [`Trained::export_safetensors`].
    pub fn export_torchscript(&self, model: ModelChoice, out: &Path) -> Result<()> {
        write_torchscript(out, &self.architecture()?, &self.weights(model)?)
    }

    /// Writes `embeddings_PART.npy` and `labels_PART.npy`, the labels as they stand in the file, of training (`train`) and validation images
    /// or those of unseen classes (`val`) into a folder, as the last evaluation embedded them.
    ///
    /// # Errors
    /// The run was not evaluated; a file that cannot be written.
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

    /// Writes a row an image: its part, label and class, and its embedding.
    ///
    /// # Errors
    /// As [`Trained::export_npy`].
    pub fn export_csv(&self, out: &Path) -> Result<()> {
        self.columns()?.write_csv(out)
    }

    /// Writes what [`Trained::export_csv`] writes as Parquet.
    ///
    /// # Errors
    /// As [`Trained::export_npy`].
    pub fn export_parquet(&self, out: &Path) -> Result<()> {
        self.columns()?.write_parquet(out)
    }

    /// A row an image of every part.
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
            usize::try_from(label).ok().and_then(|place| self.record.data.classes.get(place));
        found.ok_or_else(|| {
            let problem = format!("holds the class {label}, which the run does not have");
            self.stale(problem)
        })
    }

    /// Refuses to pass embeddings of one of its models for those of the other.
    ///
    /// # Errors
    /// Its evaluation took the other model.
    pub fn check_embedded_by(&self, model: ModelChoice) -> Result<()> {
        let (found, wanted) = match Evaluation::read(&self.folder)?.map(|found| found.model) {
            Some(ModelChoice::Last) if model == ModelChoice::Best => ("last", "best"),
            Some(ModelChoice::Best) if model == ModelChoice::Last => ("best", "last"),
            _ => return Ok(()),
        };
        let problem = format!("holds the embeddings of its model {found}, not of {wanted}");
        let remedy = format!(
            "evaluate that with {}",
            dml(&format!("eval --model {wanted} --run"), self.folder.path())
        );
        Err(Fault::new(self.folder.path(), problem).remedy(remedy).into())
    }

    /// Whether the embeddings of its evaluation are there.
    pub fn is_embedded(&self) -> bool {
        PARTS.iter().all(|part| self.folder.file(&format!("embeddings_{part}.npy")).exists())
    }

    /// The embeddings and class numbers of a part, as its evaluation left them.
    ///
    /// # Errors
    /// There are none, or they do not belong together.
    pub fn evaluated(&self, part: &str) -> Result<(Array2<f32>, Vec<i64>)> {
        if !self.folder.file(&format!("embeddings_{part}.npy")).exists() {
            return Err(self.stale("has no embeddings yet".to_owned()));
        }
        read_evaluated(&self.folder, part, self.record.data.classes.len())
    }

    /// Something that another evaluation mends.
    pub fn stale(&self, problem: String) -> Error {
        let remedy = format!("evaluate it with {}", dml("eval --run", self.folder.path()));
        Fault::new(self.folder.path(), problem).remedy(remedy).into()
    }
}

/// Writes embeddings of new images as NPY, or as CSV or Parquet with their labels where they have
/// some.
///
/// # Errors
/// Another kind of file; a file that cannot be written.
pub fn write_embedded(
    (out, kind): (&Path, &FileKind),
    embeddings: &Array2<f32>,
    images: &Dataset,
) -> Result<()> {
    match *kind {
        NPY => write_npy(out, embeddings),
        CSV => embedded(embeddings, images).write_csv(out),
        PARQUET => embedded(embeddings, images).write_parquet(out),
        FileKind { name, .. } => Err(Error::Other(format!("embeddings are not written as {name}"))),
    }
}

/// Embeddings, their labels before them where they have some.
fn embedded(embeddings: &Array2<f32>, images: &Dataset) -> Columns {
    let mut columns = Columns::default();
    if is_labelled(images) {
        let label = |&place: &i64| images.classes[place as usize].label.clone();
        columns.push("label", Column::labels(images.labels.iter().map(label).collect()));
    }
    columns.push_embeddings(embeddings);
    columns
}

/// Writes the labels of new images as they stand in their file: whole numbers as int64, others as
/// text.
///
/// # Errors
/// No labels; a file that cannot be written.
pub fn write_labels(out: &Path, images: &Dataset) -> Result<()> {
    if !is_labelled(images) {
        let fault = Fault::new(&images.file, "has no labels");
        return Err(fault.remedy("leave --labels-out away").into());
    }
    let label = |&number: &i64| images.classes[number as usize].label.as_str();
    write_label_array(out, &images.labels.iter().map(label).collect::<Vec<_>>())
}

/// Images without labels are of one class without a label.
fn is_labelled(images: &Dataset) -> bool {
    images.classes.iter().any(|class| !class.label.is_empty())
}
