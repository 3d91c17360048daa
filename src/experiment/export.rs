//! What other programs read: a network, or embeddings with their labels.

use std::path::Path;

use ndarray::{Array2, ArrayView2, Axis, concatenate};

use super::artefacts::write_npy;
use super::{Trained, read_embeddings, read_labels};
use crate::data::{Class, Dataset};
use crate::error::{Error, Fault, Result};
use crate::eval::Which;
use crate::files::{CSV, FileKind, NPY, PARQUET, create_folder};
use crate::model::{write_tensors, write_torchscript};
use crate::report::columns::{Column, Columns};
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
    pub fn export_safetensors(&self, model: Which, out: &Path) -> Result<()> {
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
    pub fn export_torchscript(&self, model: Which, out: &Path) -> Result<()> {
        write_torchscript(out, &self.architecture()?, &self.weights(model)?)
    }

    /// Writes `embeddings_PART.npy` and `labels_PART.npy` of training (`train`) and validation images
    /// or those of unseen classes (`val`) into a folder, as the last evaluation embedded them.
    ///
    /// # Errors
    /// The run was not evaluated; a file that cannot be written.
    pub fn export_npy(&self, out: &Path) -> Result<()> {
        create_folder(out)?;
        for part in PARTS {
            let (embeddings, labels) = self.evaluated(part)?;
            write_npy(&out.join(npy_file("embeddings", part)), &embeddings)?;
            let labels = ndarray::Array1::from(labels);
            write_npy(&out.join(npy_file("labels", part)), &labels)?;
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

    /// Whether the embeddings of its evaluation are there.
    pub(super) fn is_embedded(&self) -> bool {
        PARTS.iter().all(|part| self.folder.file(&format!("embeddings_{part}.npy")).exists())
    }

    /// The embeddings and labels of a part, as its evaluation left them.
    ///
    /// # Errors
    /// There are none, or they do not belong together.
    pub(super) fn evaluated(&self, part: &str) -> Result<(Array2<f32>, Vec<i64>)> {
        let file = |what: &str| self.folder.file(&format!("{what}_{part}.npy"));
        if !file("embeddings").exists() {
            return Err(self.stale("has no embeddings yet".to_owned()));
        }
        let (embeddings, labels) =
            (read_embeddings(&file("embeddings"))?, read_labels(&file("labels"))?);
        match embeddings.nrows() == labels.len() {
            true => Ok((embeddings, labels)),
            false => Err(self.stale(format!("has not as many labels as embeddings of {part}"))),
        }
    }

    /// Something that another evaluation mends.
    pub(super) fn stale(&self, problem: String) -> Error {
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

/// Writes the labels of new images as whole numbers.
///
/// # Errors
/// No labels, or labels that are no whole numbers; a file that cannot be written.
pub fn write_labels(out: &Path, images: &Dataset) -> Result<()> {
    let fault = |problem: &str, remedy: &str| Fault::new(&images.file, problem).remedy(remedy);
    if !is_labelled(images) {
        return Err(fault("has no labels", "leave --labels-out away").into());
    }
    let number = |class: &Class| {
        class.label.parse::<i64>().map_err(|_| {
            let fault =
                fault("is no whole number", "take --out FILE.csv, which has labels as text");
            Error::from(fault.value(&class.label))
        })
    };
    let numbers = images.classes.iter().map(number).collect::<Result<Vec<i64>>>()?;
    let labels = images.labels.iter().map(|&label| numbers[label as usize]);
    write_npy(out, &ndarray::Array1::from_iter(labels))
}

/// Images without labels are of one class without a label.
fn is_labelled(images: &Dataset) -> bool {
    images.classes.iter().any(|class| !class.label.is_empty())
}
