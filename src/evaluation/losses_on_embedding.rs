//! What every loss says of one and the same embedding.

use std::path::Path;

use ndarray::Array2;
use serde::Serialize;
use tch::{Kind, Tensor};

use super::arrays::read_evaluated;
use super::features::{Features, Scaling, to_f32};
use crate::data::{Amount, Batch, BatchShape, Batches};
use crate::error::{Error, Fault, Result};
use crate::files::ResultFolder;
use crate::loss::{Loss, LossInput, Targets};
use crate::random::{Purpose, generator};
use crate::words::dml;

/// Images in a batch, and images of each class in a batch of classes: training's defaults.
const SHAPE: (usize, usize) = (128, 16);

/// Validation embeddings of a run.
const EMBEDDINGS: &str = "embeddings_val.npy";

/// Seed of batches and of what a loss draws; there is no run whose seed it could be.
const SEED: u64 = 2022;

/// One loss on an embedding.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LossOnEmbedding {
    /// Name of the loss.
    pub loss: &'static str,
    /// Mean over batches of 128; none where the loss cannot be computed on this embedding.
    pub value: Option<f64>,
    /// Mean share of the pairs or triplets that cost something, where the loss has such.
    pub active: Option<f64>,
    /// What has to be known of the value.
    pub remark: String,
}

/// What every loss says of the embeddings in a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LossesOnEmbedding {
    /// The file.
    pub embeddings: String,
    /// Embeddings in it.
    pub rows: usize,
    /// Numbers in an embedding.
    pub dimensions: usize,
    /// Classes among the labels.
    pub classes: usize,
    /// One a loss.
    pub losses: Vec<LossOnEmbedding>,
}

impl LossesOnEmbedding {
    /// Asks every loss about embeddings and labels in one file or two, and says what these were
    /// taken for.
    ///
    /// # Errors
    /// A file that cannot be read or holds something else, embeddings and labels that do not fit
    /// each other, a single class.
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
            let fault = Fault::new(&label_file, "holds one class, and losses compare classes");
            return Err(Error::from(fault.remedy("name labels of two classes or more")));
        }
        // Some losses see lengths and directions, so the values stay as they are.
        let singles = to_f32((embeddings, &file), None, Scaling::Kept)?;
        singles.remarks.iter().for_each(|remark| say(remark));
        let points = singles.references;
        Ok(LossesOnEmbedding::new(&file, &points, &labels.among(classes), classes.len()))
    }

    /// Asks every loss about the validation embeddings of a run.
    ///
    /// # Errors
    /// There is no run in this folder, or it is not evaluated yet.
    pub fn of_run(folder: &Path) -> Result<LossesOnEmbedding> {
        let (folder, record) = ResultFolder::open(folder)?;
        let file = folder.file(EMBEDDINGS);
        if !file.exists() {
            return Err(Error::Other(format!(
                "{} is not evaluated yet: do it with {}",
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
            losses: opinions(embeddings, labels, classes),
        }
    }
}

/// What every loss with its defaults says of these embeddings.
///
/// Each sees the batches that it would be trained on, drawn once. Proxies, weights and centres,
/// which no training has moved here, stand at the mean of their class.
///
/// # Shapes
/// embeddings `[N, E]`, labels `[N]` in 0..classes
fn opinions(embeddings: &Array2<f32>, labels: &[i64], classes: usize) -> Vec<LossOnEmbedding> {
    let (rows, width) = embeddings.dim();
    let flat: Vec<f32> = embeddings.iter().copied().collect();
    let z = Tensor::from_slice(&flat).view([rows as i64, width as i64]);
    let means = class_means(&z, &Tensor::from_slice(labels), classes as i64);
    let one = |loss: &Loss| Subject { z: &z, labels, classes, means: &means }.asked(loss);
    Loss::all().iter().map(one).collect()
}

/// Mean of each class's embeddings `[C, E]`; 0 for a class without any.
fn class_means(z: &Tensor, labels: &Tensor, classes: i64) -> Tensor {
    let sums = Tensor::zeros([classes, z.size()[1]], (z.kind(), z.device()));
    let counts = labels.bincount::<Tensor>(None, classes).clamp_min(1).to_kind(z.kind());
    sums.index_add(0, labels, z) / counts.unsqueeze(1)
}

/// The embeddings that are judged.
struct Subject<'a> {
    z: &'a Tensor,
    labels: &'a [i64],
    classes: usize,
    means: &'a Tensor,
}

impl Subject<'_> {
    fn asked(&self, loss: &Loss) -> LossOnEmbedding {
        let name = loss.name();
        let width = self.z.size()[1] as usize;
        let without =
            |remark: String| LossOnEmbedding { loss: name, value: None, active: None, remark };
        if loss.check(self.classes, width).is_err() {
            let needed = if loss.normalises() { 2 } else { self.classes };
            return without(format!("needs embeddings of at least {needed} numbers"));
        }
        let mut remarks = Vec::new();
        if loss.takes_logits() {
            remarks.push("numbers are logits of the classes in order".to_owned());
        }
        let own = loss.parameters(self.classes, width, SEED).map(|own| {
            let place = if own.among_embeddings { "at the class means" } else { "as it begins" };
            remarks.push(format!("{} {place}", own.name));
            if own.among_embeddings { self.means.shallow_clone() } else { own.values }
        });
        let (value, active) = self.mean(loss, own.as_ref());
        if !value.is_finite() {
            return without(format!("too large to be computed ({value})"));
        }
        LossOnEmbedding { loss: name, value: Some(value), active, remark: remarks.join("; ") }
    }

    /// Mean loss and mean active share over the batches of an epoch.
    fn mean(&self, loss: &Loss, own: Option<&Tensor>) -> (f64, Option<f64>) {
        let (size, per_class) = SHAPE;
        let shape = BatchShape { kind: loss.batches(), size, per_class, steps: Amount::All };
        let batches = Batches::new(self.labels, shape, SEED);
        let random = &mut generator(SEED, Purpose::ValidationLoss, 1);
        let (mut sum, mut images) = (0.0, 0);
        let mut shares = Vec::new();
        for batch in batches.training(1) {
            let branches = self.branches(&batch);
            let targets = &Targets::new(&batch, self.classes, self.z.device());
            let branches = branches.as_slice();
            let value = loss.value(LossInput { branches, targets, parameters: own, random });
            let number = |scalar: &Tensor| scalar.to_kind(Kind::Double).double_value(&[]);
            sum += number(&value.loss) * batch.labels.len() as f64;
            images += batch.labels.len();
            shares.extend(value.active.as_ref().map(number));
        }
        let active = shares.iter().sum::<f64>() / shares.len().max(1) as f64;
        (sum / images as f64, (!shares.is_empty()).then_some(active))
    }

    fn branches(&self, batch: &Batch) -> Vec<Tensor> {
        let pick = |places: &Vec<usize>| {
            let places: Vec<i64> = places.iter().map(|&place| place as i64).collect();
            self.z.index_select(0, &Tensor::from_slice(&places))
        };
        batch.branches.iter().map(pick).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 240 points about three corners, or about one.
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
            opinions(&embeddings, &labels, 3)
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
    fn a_loss_that_wants_a_number_a_class_says_so() {
        let (embeddings, labels) = points(1.0);
        let opinions = opinions(&embeddings, &labels, 9);
        let cross_entropy = opinions.iter().find(|o| o.loss == "cross-entropy").unwrap();
        assert_eq!(cross_entropy.value, None);
        assert_eq!(cross_entropy.remark, "needs embeddings of at least 9 numbers");
        assert!(opinions.iter().any(|o| o.value.is_some()));
    }
}
