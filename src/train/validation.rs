//! The loss of embeddings that are not trained on: mean over batches, nothing updated.

use tch::{Kind, Tensor};

use crate::data::Batch;
use crate::loss::{Loss, LossInput, Targets};
use crate::random::Generator;

/// Means over the batches of a pass.
pub struct LossMeans {
    /// Mean loss, each batch weighted by its images (or pairs); NaN or infinite if that of a batch is.
    pub loss: f64,
    /// Mean share of pairs or triplets with a non-zero loss, in 0..=1; `None` if the loss has none.
    pub active: Option<f64>,
}

/// Computes a loss on batches of embeddings.
///
/// # Shapes
/// embeddings `[N, E]`, which the batches index; `parameters` are the loss's own
pub fn mean_loss(
    loss: &Loss,
    parameters: Option<&Tensor>,
    (embeddings, classes): (&Tensor, usize),
    batches: impl Iterator<Item = Batch>,
    random: &mut Generator,
) -> LossMeans {
    let device = embeddings.device();
    let select = |branch: &Vec<usize>| {
        let rows: Vec<i64> = branch.iter().map(|&image| image as i64).collect();
        embeddings.index_select(0, &Tensor::from_slice(&rows).to_device(device))
    };
    let number = |scalar: &Tensor| scalar.to_kind(Kind::Double).double_value(&[]);
    let (mut sum, mut images, mut shares) = (0.0, 0, Vec::new());
    for batch in batches {
        let branches: Vec<Tensor> = batch.branches.iter().map(select).collect();
        let (branches, targets) = (branches.as_slice(), &Targets::new(&batch, classes, device));
        let value = loss.value(LossInput { branches, targets, parameters, random });
        sum += number(&value.loss) * batch.labels.len() as f64;
        images += batch.labels.len();
        shares.extend(value.active.as_ref().map(number));
    }
    let active = shares.iter().sum::<f64>() / shares.len() as f64;
    LossMeans { loss: sum / images as f64, active: (!shares.is_empty()).then_some(active) }
}
