//! Compares every loss with pytorch-metric-learning, PyTorch or a plain loop over its formula
//! (`tests/reference/all_losses.py`).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use tch::{Kind, Tensor};

use super::pairwise::{PairMasks, distances_within, normalised};
use super::triplets::Triplets;
use super::{Loss, LossInput, LossOutput, Margin, Targets, Triplet};
use crate::data::BatchKind;
use crate::random::{Purpose, generator};

#[derive(Deserialize)]
struct Reference {
    batches: BTreeMap<String, Batch>,
    cases: Vec<Case>,
    distance_weights: Vec<Weights>,
    /// Largest error of each loss's source in single precision.
    float32_error: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Batch {
    z: Vec<Vec<f64>>,
    labels: Vec<i64>,
    classes: i64,
    parameters: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Case {
    loss: Map<String, Json>,
    batch: String,
    triplets: Option<Vec<[i64; 3]>>,
    parameters: Option<Vec<Vec<f64>>>,
    value: f64,
    gradient: Vec<Vec<f64>>,
    parameter_gradient: Option<Vec<Vec<f64>>>,
}

#[derive(Deserialize)]
struct Weights {
    batch: String,
    weights: Vec<Vec<f64>>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../tests/reference/all_losses.json")).unwrap()
}

fn matrix(rows: &[Vec<f64>], kind: Kind) -> Tensor {
    Tensor::from_slice2(rows).to_kind(kind)
}

fn leaf(rows: &[Vec<f64>], kind: Kind) -> Tensor {
    matrix(rows, kind).set_requires_grad(true)
}

/// The loss of a case, with the case's triplets where the loss would sample them.
fn value(
    loss: &Loss,
    case: &Case,
    z: &Tensor,
    parameters: Option<&Tensor>,
    targets: &Targets,
) -> LossOutput {
    let triplets = || Triplets::new(case.triplets.as_ref().unwrap(), z.device());
    match loss {
        Loss::Triplet(loss @ Triplet { normalise, .. }) if case.triplets.is_some() => {
            let rows = if *normalise { normalised(z) } else { z.shallow_clone() };
            loss.loss_of_triplets(&distances_within(&rows), &triplets())
        }
        Loss::Margin(loss) => {
            let rows = normalised(z);
            loss.loss_of_triplets(
                &distances_within(&rows),
                &targets.labels,
                parameters,
                &triplets(),
            )
        }
        _ => {
            let pairs = [z.shallow_clone(), next(z)];
            let branches =
                if loss.batches() == BatchKind::Pairs { &pairs[..] } else { &pairs[..1] };
            let random = &mut generator(1, Purpose::TrainLoss, 1);
            loss.value(LossInput { branches, targets, parameters, random })
        }
    }
}

/// In the place of each image the next one of the batch, its partner in a batch of pairs.
fn next(batch: &Tensor) -> Tensor {
    batch.roll([-1], [0])
}

/// Largest difference, relative to the largest number if that is above 1.
fn error(value: &Tensor, wanted: &Tensor) -> f64 {
    assert_eq!(value.size(), wanted.size());
    let scale = wanted.abs().max().double_value(&[]).max(1.0);
    (value.to_kind(Kind::Double) - wanted).abs().max().double_value(&[]) / scale
}

/// The largest error of value and gradients of a case.
fn errors(case: &Case, batch: &Batch, kind: Kind) -> f64 {
    let loss: Loss = serde_json::from_value(Json::Object(case.loss.clone())).unwrap();
    let z = leaf(&batch.z, kind);
    let parameters = case
        .parameter_gradient
        .as_ref()
        .map(|_| leaf(case.parameters.as_ref().unwrap_or(&batch.parameters), kind));
    let labels = Tensor::from_slice(&batch.labels);
    let same = labels.eq_tensor(&next(&labels)).to_kind(kind);
    let targets = Targets { labels, same, classes: batch.classes };
    let value = value(&loss, case, &z, parameters.as_ref(), &targets).loss;
    let leaves: Vec<&Tensor> = [&z].into_iter().chain(&parameters).collect();
    let gradients = Tensor::run_backward(&[&value], &leaves, false, false);
    let wanted = [Some(&case.gradient), case.parameter_gradient.as_ref()];
    let of_gradients = gradients
        .iter()
        .zip(wanted.into_iter().flatten())
        .map(|(gradient, wanted)| error(gradient, &matrix(wanted, Kind::Double)));
    let of_value = error(&value, &Tensor::from(case.value));
    of_gradients.fold(of_value, f64::max)
}

/// Checks all cases and returns their number per loss.
fn check(kind: Kind, tolerance: impl Fn(&Reference, &Case) -> f64) -> BTreeMap<String, usize> {
    let reference = reference();
    let mut counts = BTreeMap::new();
    for case in &reference.cases {
        let tolerance = tolerance(&reference, case);
        let error = errors(case, &reference.batches[&case.batch], kind);
        assert!(error < tolerance, "{:?} on {}: off by {error:.1e}", case.loss, case.batch);
        *counts.entry(case.loss["name"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    counts
}

#[test]
fn losses_and_gradients_match_the_reference_in_double_precision() {
    let counts = check(Kind::Double, |_, _| 1e-8);
    let batches = reference().batches.len();
    for name in Loss::all().iter().map(Loss::name) {
        let cases = counts.get(name).copied().unwrap_or_default();
        assert!(
            cases >= batches,
            "{name} has {cases} reference cases: add it to LOSSES in tests/reference/all_losses.py and \
             run `make reference LOSS={name}`"
        );
    }
}

#[test]
fn losses_and_gradients_match_the_reference_in_single_precision() {
    check(Kind::Float, |reference, case| {
        // Points within 1e-3 of each other at norm 2: single precision keeps three or four digits
        // of their differences, in the source as here.
        let source_error: f64 =
            reference.float32_error[case.loss["name"].as_str().unwrap()].parse().unwrap();
        if case.batch == "near" { (1.5 * source_error).max(1e-5) } else { 1e-5 }
    });
}

#[test]
fn negatives_are_sampled_with_the_reference_probabilities() {
    let reference = reference();
    assert!(reference.distance_weights.len() >= 8);
    for case in &reference.distance_weights {
        let batch = &reference.batches[&case.batch];
        let rows = normalised(&matrix(&batch.z, Kind::Double));
        let negative = PairMasks::new(&Tensor::from_slice(&batch.labels)).negative;
        let embedding = rows.size()[1];
        let weights = Margin::default().weights(&distances_within(&rows), &negative, embedding);
        let sums = weights.sum_dim_intlist([1i64].as_slice(), true, Kind::Double);
        let error =
            error(&(weights / sums.clamp_min(1e-300)), &matrix(&case.weights, Kind::Double));
        assert!(error < 1e-9, "{}: off by {error:.1e}", case.batch);
    }
}
