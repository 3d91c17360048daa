//! Properties that every loss must have.

use tch::{Device, Kind, Tensor};

use super::*;
use crate::config::{Config, committed};
use crate::random::Purpose;

const CLASSES: usize = 3;
const EMBEDDING: usize = 4;

/// Branches, targets and the loss's own parameters.
struct Example {
    branches: Vec<Tensor>,
    targets: Targets,
    parameters: Option<Tensor>,
}

/// Embeddings of images of the given classes, with partners if the loss takes pairs.
fn example(loss: &Loss, labels: &[i64]) -> Example {
    let count = labels.len();
    let values: Vec<f32> =
        (0..count * EMBEDDING).map(|i| (i * i) as f32 * 0.37).map(f32::sin).collect();
    let rows = Tensor::from_slice(&values).view([count as i64, EMBEDDING as i64]);
    let branch = |shift: f64| (&rows + shift).set_requires_grad(true);
    let branches = match loss.batches() {
        BatchKind::Images | BatchKind::PkSampling => vec![branch(0.0)],
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
    fn value(&self, loss: &Loss) -> LossOutput {
        let random = &mut generator(1, Purpose::TrainLoss, 1);
        let parameters = self.parameters.as_ref();
        loss.value(LossInput {
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
fn degenerate_batches_give_finite_losses_and_gradients() {
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
fn identical_embeddings_give_no_nan() {
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
fn the_order_of_the_batch_does_not_change_the_loss() {
    // Two images per class, moved together: losses may depend on the order within a class.
    let order = Tensor::from_slice(&[2i64, 0, 1, 5, 3, 4]);
    for loss in Loss::all().into_iter().filter(|loss| !samples(loss)) {
        // In double precision: a large loss differs by its rounding.
        let double = |t: &Tensor| t.detach().to_kind(Kind::Double);
        let example = example(&loss, &[0, 1, 2, 0, 1, 2]);
        let example = Example {
            branches: example.branches.iter().map(double).collect(),
            parameters: example.parameters.as_ref().map(double),
            ..example
        };
        let permuted = |t: &Tensor| t.index_select(0, &order);
        let other = Example {
            branches: example.branches.iter().map(permuted).collect(),
            targets: Targets {
                labels: permuted(&example.targets.labels),
                same: permuted(&example.targets.same),
                classes: example.targets.classes,
            },
            parameters: example.parameters.as_ref().map(Tensor::shallow_clone),
        };
        let difference = example.value(&loss).loss - other.value(&loss).loss;
        let difference = difference.abs().double_value(&[]);
        assert!(
            difference < 1e-9,
            "{}: off by {difference}; a loss that draws pairs or triplets belongs in `samples`",
            loss.name()
        );
    }
}

/// Whether a loss samples pairs or triplets.
fn samples(loss: &Loss) -> bool {
    matches!(loss, Loss::Margin(_))
}

#[test]
fn loss_parameters_repeat_under_a_seed_and_have_one_row_per_class() {
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
fn every_loss_has_a_configuration_file_with_its_defaults() {
    for loss in Loss::all() {
        let Description { name, source, .. } = loss.description();
        let beginning = format!("# {source}\n\n[loss]\n");
        let config = Config { loss, ..Config::default() };
        committed::check(&format!("losses/{name}.toml"), &beginning, &config, &["loss"]);
    }
}

#[test]
fn the_description_of_a_loss_shows_the_default_of_every_setting() {
    for loss in Loss::all() {
        let shown = loss.description().settings;
        let table = toml::Table::try_from(&loss).unwrap();
        for key in table.keys().filter(|key| *key != "name") {
            assert!(
                shown.contains(&format!("{{{key}}}")),
                "{}: its description has no {key} = {{{key}}}",
                loss.name()
            );
        }
    }
    let contrastive = Loss::all().remove(0).settings();
    assert!(contrastive.starts_with("margin m = 2.5, form = \"tutorial\" or"), "{contrastive}");
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    let message = Loss::by_name("contrastiv").unwrap_err().to_string();
    assert!(message.contains("contrastive, cross-entropy"), "{message}");
}
