//! What holds for every loss.

use tch::{Device, Kind, Tensor};

use super::*;
use crate::random::Purpose;

const CLASSES: usize = 3;
const EMBEDDING: usize = 4;

/// Branches, targets and the loss's own parameters.
struct Example {
    branches: Vec<Tensor>,
    targets: Targets,
    parameters: Option<Tensor>,
}

/// Images of the given classes, for pairs with partners.
fn example(loss: &Loss, labels: &[i64]) -> Example {
    let count = labels.len();
    let values: Vec<f32> =
        (0..count * EMBEDDING).map(|i| (i * i) as f32 * 0.37).map(f32::sin).collect();
    let rows = Tensor::from_slice(&values).view([count as i64, EMBEDDING as i64]);
    let branch = |shift: f64| (&rows + shift).set_requires_grad(true);
    let branches = match loss.batches() {
        BatchKind::Images | BatchKind::Classes => vec![branch(0.0)],
        BatchKind::Pairs => vec![branch(0.0), branch(0.3)],
    };
    let same: Vec<f32> = (0..count).map(|i| (i % 2) as f32).collect();
    let targets = Targets {
        labels: Tensor::from_slice(labels),
        same: Tensor::from_slice(&same),
        classes: CLASSES as i64,
    };
    let parameters = loss
        .parameters(CLASSES, EMBEDDING, 1)
        .map(|parameters| parameters.values.set_requires_grad(true));
    Example { branches, targets, parameters }
}

impl Example {
    fn value(&self, loss: &Loss) -> Value {
        let random = &mut generator(1, Purpose::TrainLoss, 1);
        let parameters = self.parameters.as_ref();
        loss.value(Embedded {
            branches: &self.branches,
            targets: &self.targets,
            parameters,
            random,
        })
    }

    fn gradients(&self, loss: &Loss) -> Vec<Tensor> {
        let leaves: Vec<&Tensor> = self.branches.iter().chain(&self.parameters).collect();
        Tensor::run_backward(&[self.value(loss).loss], &leaves, false, false)
    }
}

fn size(tensor: &Tensor) -> f64 {
    tensor.abs().sum(Kind::Double).double_value(&[])
}

#[test]
fn every_loss_is_a_finite_scalar_with_a_gradient_for_each_branch_and_parameter() {
    for loss in Loss::all() {
        let example = example(&loss, &[0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
        let value = example.value(&loss);
        assert_eq!(value.loss.size(), [0i64; 0], "{}", loss.name());
        assert!(value.loss.double_value(&[]).is_finite(), "{}", loss.name());
        for gradient in example.gradients(&loss) {
            assert!(size(&gradient) > 0.0, "{}", loss.name());
        }
        if let Some(active) = value.active {
            assert!((0.0..=1.0).contains(&active.double_value(&[])), "{}", loss.name());
            assert!(!active.requires_grad(), "{}", loss.name());
        }
    }
}

#[test]
fn no_batch_however_poor_gives_a_nan_or_loses_the_gradient() {
    let batches: [&[i64]; 4] = [&[1; 5], &[0, 1, 2], &[2], &[0, 0, 1]];
    for loss in Loss::all() {
        for labels in batches {
            let example = example(&loss, labels);
            let value = example.value(&loss).loss.double_value(&[]);
            assert!(value.is_finite(), "{} on {labels:?}: {value}", loss.name());
            for gradient in example.gradients(&loss) {
                assert!(size(&gradient).is_finite(), "{} on {labels:?}", loss.name());
            }
        }
    }
}

#[test]
fn coinciding_embeddings_give_no_nan() {
    for loss in Loss::all() {
        for fill in [0.5, 0.0] {
            let mut example = example(&loss, &[0, 1, 2, 0, 1, 2]);
            for branch in &mut example.branches {
                *branch = branch.full_like(fill).set_requires_grad(true);
            }
            let value = example.value(&loss).loss.double_value(&[]);
            assert!(value.is_finite(), "{}: {value}", loss.name());
            for gradient in example.gradients(&loss) {
                assert!(size(&gradient).is_finite(), "{} at {fill}", loss.name());
            }
        }
    }
}

#[test]
fn every_loss_is_blind_to_the_order_of_the_batch() {
    // Each class is there twice, so that what goes by the order within a class does not change.
    let order = Tensor::from_slice(&[2i64, 0, 1, 5, 3, 4]);
    for loss in Loss::all().into_iter().filter(|loss| !draws(loss)) {
        let example = example(&loss, &[0, 1, 2, 0, 1, 2]);
        let moved = |t: &Tensor| t.index_select(0, &order);
        let other = Example {
            branches: example.branches.iter().map(moved).collect(),
            targets: Targets {
                labels: moved(&example.targets.labels),
                same: moved(&example.targets.same),
                classes: example.targets.classes,
            },
            parameters: example.parameters.as_ref().map(Tensor::shallow_clone),
        };
        let difference = example.value(&loss).loss - other.value(&loss).loss;
        let difference = difference.abs().double_value(&[]);
        assert!(difference < 1e-5, "{}: {difference}", loss.name());
    }
}

/// Whether a loss draws pairs or triplets from its generator.
fn draws(loss: &Loss) -> bool {
    matches!(loss, Loss::Margin(_))
}

#[test]
fn parameters_of_a_loss_repeat_under_a_seed_and_have_a_row_a_class() {
    for loss in Loss::all() {
        let parameters = |seed| loss.parameters(7, 5, seed).map(|parameters| parameters.values);
        if let Some(values) = parameters(1) {
            assert_eq!(values.size()[0], 7, "{}", loss.name());
            assert_eq!(values, parameters(1).unwrap(), "{}", loss.name());
            assert_eq!(values.device(), Device::Cpu);
        }
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_names_there_are() {
    let message = Loss::by_name("contrastiv").unwrap_err().to_string();
    assert!(message.contains("contrastive, cross-entropy"), "{message}");
}
