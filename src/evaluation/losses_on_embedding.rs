//! The value of every loss on the same embeddings.

use std::path::Path;

use ndarray::Array2;
use serde::Serialize;
use tch::Tensor;

use super::arrays::read_evaluated;
use super::features::{Features, Scaling, to_f32};
use crate::data::{Amount, BatchShape, Batches};
use crate::error::{Error, Fault, Result};
use crate::files::ResultFolder;
use crate::loss::Loss;
use crate::random::{Purpose, generator};
use crate::train::{LossMeans, mean_loss};
use crate::words::dml;

/// Images per batch, and images per class in a P×K batch: the defaults of training.
const SHAPE: (usize, usize) = (128, 16);

/// The file of a run's validation embeddings.
const EMBEDDINGS: &str = "embeddings_val.npy";

/// Seed of the batches and of the losses that sample; embeddings in files come without a seed.
const SEED: u64 = 2022;

/// One loss on an embedding.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LossOnEmbedding {
    /// Name of the loss.
    pub loss: &'static str,
    /// Mean over batches of 128; `None` if the loss cannot be computed on these embeddings.
    pub value: Option<f64>,
    /// Mean share of pairs or triplets with a positive loss, for losses that have such.
    pub active: Option<f64>,
    /// How the value was computed, or why there is none.
    pub remark: String,
}

/// The value of every loss on the embeddings in a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LossesOnEmbedding {
    /// The file.
    pub embeddings: String,
    /// Number of embeddings.
    pub rows: usize,
    /// Dimensions of an embedding.
    pub dimensions: usize,
    /// Classes among the labels.
    pub classes: usize,
    /// One entry per loss.
    pub losses: Vec<LossOnEmbedding>,
}

impl LossesOnEmbedding {
    /// Evaluates every loss on embeddings and labels in one file or two, and reports how the files
    /// were interpreted.
    ///
    /// # Errors
    /// A file cannot be read or contains something else, embeddings and labels do not match, or there
    /// is a single class.
    pub fn of_files(
        embeddings: &Path,
        labels: Option<&Path>,
        say: impl Fn(&str),
    ) -> Result<LossesOnEmbedding> {
        let found = Features::read(embeddings, labels)?;
        say(&found.understood);
        let Features { embeddings, labels, file, label_file, .. } = found;
        let classes = labels.classes();
        if classes.len() < 2 {
            let fault = Fault::new(&label_file, "contains one class, but losses compare classes");
            return Err(Error::from(fault.remedy("use labels of at least two classes")));
        }
        // Some losses use lengths as well as directions, so the values are not scaled.
        let singles = to_f32((embeddings, &file), None, Scaling::Kept)?;
        singles.remarks.iter().for_each(|remark| say(remark));
        let points = singles.references;
        Ok(LossesOnEmbedding::new(&file, &points, &labels.among(classes), classes.len()))
    }

    /// Evaluates every loss on the validation embeddings of a run.
    ///
    /// # Errors
    /// There is no run in this folder, or it is not evaluated yet.
    pub fn of_run(folder: &Path) -> Result<LossesOnEmbedding> {
        let (folder, record) = ResultFolder::open(folder)?;
        let file = folder.file(EMBEDDINGS);
        if !file.exists() {
            return Err(Error::Other(format!(
                "{} is not evaluated yet: evaluate it with {}",
                folder.path().display(),
                dml("eval --run", folder.path())
            )));
        }
        let classes = record.data.classes.len();
        let (embeddings, numbers) = read_evaluated(&folder, "val", classes)?;
        Ok(LossesOnEmbedding::new(&file, &embeddings, &numbers, classes))
    }

    fn new(
        file: &Path,
        embeddings: &Array2<f32>,
        labels: &[i64],
        classes: usize,
    ) -> LossesOnEmbedding {
        LossesOnEmbedding {
            embeddings: file.display().to_string(),
            rows: embeddings.nrows(),
            dimensions: embeddings.ncols(),
            classes,
            losses: losses_on(embeddings, labels, classes),
        }
    }
}

/// The value of every loss, with its default settings, on these embeddings.
///
/// Each loss gets one epoch of the batches that it would be trained on. Its proxies, weights or
/// centres, which are untrained here, are set to the class means.
///
/// # Shapes
/// embeddings `[N, E]`, labels `[N]` in 0..classes
fn losses_on(embeddings: &Array2<f32>, labels: &[i64], classes: usize) -> Vec<LossOnEmbedding> {
    let (rows, width) = embeddings.dim();
    let flat: Vec<f32> = embeddings.iter().copied().collect();
    let z = Tensor::from_slice(&flat).view([rows as i64, width as i64]);
    let means = class_means(&z, &Tensor::from_slice(labels), classes as i64);
    let one = |loss: &Loss| Subject { z: &z, labels, classes, means: &means }.evaluate(loss);
    Loss::all().iter().map(one).collect()
}

/// Mean of each class's embeddings `[C, E]`; 0 for a class without any.
fn class_means(z: &Tensor, labels: &Tensor, classes: i64) -> Tensor {
    let sums = Tensor::zeros([classes, z.size()[1]], (z.kind(), z.device()));
    let counts = labels.bincount::<Tensor>(None, classes).clamp_min(1).to_kind(z.kind());
    sums.index_add(0, labels, z) / counts.unsqueeze(1)
}

/// The embeddings, with their labels and class means.
struct Subject<'a> {
    z: &'a Tensor,
    labels: &'a [i64],
    classes: usize,
    means: &'a Tensor,
}

impl Subject<'_> {
    fn evaluate(&self, loss: &Loss) -> LossOnEmbedding {
        let name = loss.name();
        let width = self.z.size()[1] as usize;
        let without =
            |remark: String| LossOnEmbedding { loss: name, value: None, active: None, remark };
        if loss.check(self.classes, width).is_err() {
            let needed = if loss.normalises() { 2 } else { self.classes };
            return without(format!("needs embeddings of at least {needed} dimensions"));
        }
        let mut remarks = Vec::new();
        if loss.takes_logits() {
            remarks.push("the dimensions are used as class logits, in class order".to_owned());
        }
        let parameters = loss.parameters(self.classes, width, SEED).map(|own| {
            let values = if own.among_embeddings {
                "set to the class means"
            } else {
                "at its initial value"
            };
            remarks.push(format!("{} {values}", own.name));
            if own.among_embeddings { self.means.shallow_clone() } else { own.values }
        });
        let LossMeans { loss: value, active } = self.mean(loss, parameters.as_ref());
        if !value.is_finite() {
            return without(format!("too large to compute ({value})"));
        }
        LossOnEmbedding { loss: name, value: Some(value), active, remark: remarks.join("; ") }
    }

    /// Mean loss and mean active share over the batches of an epoch.
    fn mean(&self, loss: &Loss, parameters: Option<&Tensor>) -> LossMeans {
        let (size, per_class) = SHAPE;
        let shape = BatchShape { kind: loss.batches(), size, per_class, steps: Amount::All };
        let batches = Batches::new(self.labels, shape, SEED);
        let random = &mut generator(SEED, Purpose::ValidationLoss, 1);
        mean_loss(loss, parameters, (self.z, self.classes), batches.training(1), random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 240 points around three corners, or around one if `apart` is 0.
    fn points(apart: f32) -> (Array2<f32>, Vec<i64>) {
        let labels: Vec<i64> = (0..240).map(|i| i % 3).collect();
        let embeddings = Array2::from_shape_fn((240, 4), |(i, j)| {
            let corner = if labels[i] == j as i64 { apart } else { 0.0 };
            corner + ((i * 7 + j * 13) as f32).sin() * 0.1 + 0.5
        });
        (embeddings, labels)
    }

    #[test]
    fn every_loss_prefers_classes_that_lie_apart() {
        let of = |apart| {
            let (embeddings, labels) = points(apart);
            losses_on(&embeddings, &labels, 3)
        };
        let (together, apart) = (of(0.0), of(3.0));
        assert_eq!(apart.len(), Loss::all().len());
        for (together, apart) in together.iter().zip(&apart) {
            let (worse, better) = (together.value.unwrap(), apart.value.unwrap());
            assert!(better < worse, "{}: {better} apart, {worse} together", apart.loss);
            assert!(apart.active.is_none_or(|share| (0.0..=1.0).contains(&share)));
        }
        assert_eq!(of(3.0), apart, "the same batches each time");
    }

    #[test]
    fn a_loss_that_needs_a_dimension_per_class_says_so() {
        let (embeddings, labels) = points(1.0);
        let found = losses_on(&embeddings, &labels, 9);
        let cross_entropy = found.iter().find(|it| it.loss == "cross-entropy").unwrap();
        assert_eq!(cross_entropy.value, None);
        assert_eq!(cross_entropy.remark, "needs embeddings of at least 9 dimensions");
        assert!(found.iter().any(|it| it.value.is_some()));
    }
}
