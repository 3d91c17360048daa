//! Training on each engine, compared with libtorch in double precision, and on colour images.

use std::path::Path;
use std::sync::Arc;

use tch::{Device, Tensor};

use super::{Adam, Checkpoint, CheckpointEvery, NoObserver, Progress, Task, TrainConfig, train};
use crate::data::testing::{SHAPE, coloured};
use crate::data::{BatchKind, ImageShape, Images, ReadOptions, Subset, open};
use crate::files::layout::{BEST_MODEL, LAST_MODEL, OLDER_CHECKPOINT};
use crate::loss::{Loss, LossInput, Targets};
use crate::model::{
    Architecture, FusedNetwork, LibtorchNetwork, NamedTensors, Network, Tutorial, initial_weights,
    read_weights,
};
use crate::random::{Purpose, generator};
use crate::runtime::{Cores, Interrupt, Simd};

/// Seed of the initial weights. If an activation is close to the kink of a ReLU, rounding decides
/// which side a later step falls on: under some seeds even libtorch's single precision is off by 1 %
/// after twenty steps. This seed avoids such activations.
const WEIGHTS: u64 = 7;

fn tutorial() -> Arc<dyn Architecture> {
    Arc::new(Tutorial::new(ImageShape::square(28), 10))
}

type Open = fn(&NamedTensors) -> Box<dyn Network>;

fn double(weights: &NamedTensors) -> Box<dyn Network> {
    let network = LibtorchNetwork::new(&tutorial(), weights, Device::Cpu, &Cores::new(1)).unwrap();
    Box::new(network.in_double_precision())
}

fn fused(weights: &NamedTensors) -> Box<dyn Network> {
    Box::new(FusedNetwork::new(&*tutorial(), weights, &Cores::new(1), Simd::detect()).unwrap())
}

fn portable(weights: &NamedTensors) -> Box<dyn Network> {
    Box::new(FusedNetwork::new(&*tutorial(), weights, &Cores::new(1), Simd::PORTABLE).unwrap())
}

/// 32 real images (32 pairs for a loss on pairs) and their targets.
fn batch(loss: &Loss) -> (Vec<Tensor>, Targets) {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/data/fashion-mnist_sample.csv.gz");
    let sample = open(Path::new(sample), &ReadOptions::default()).unwrap();
    let images = Images::new(&sample, Device::Cpu);
    let rows = |from: i64| (from..from + 32).collect::<Vec<i64>>();
    let branches = if loss.batches() == BatchKind::Pairs { vec![0, 32] } else { vec![0] };
    let (labels, partners) = (&sample.labels[..32], &sample.labels[32..64]);
    let same = labels.iter().zip(partners).map(|(a, b)| f32::from(u8::from(a == b)));
    let same = Tensor::from_slice(&same.collect::<Vec<f32>>());
    let targets = Targets { labels: Tensor::from_slice(labels), same, classes: 10 };
    (branches.into_iter().map(|from| images.select(&rows(from))).collect(), targets)
}

/// The loss before each of twenty steps on one batch, the last ten on another engine.
fn losses(loss: &Loss, open: [Open; 2]) -> Vec<f64> {
    let (images, targets) = batch(loss);
    let mut network = open[0](&initial_weights(&*tutorial(), WEIGHTS));
    let mut adam = Adam::new(network.parameters(), 1e-3);
    let step = |number: usize| {
        if number == 10 {
            network = open[1](&network.state());
        }
        let kind = network.parameters().kind();
        let embeddings = network.forward(images.iter().map(|t| t.to_kind(kind)).collect());
        let embeddings: Vec<Tensor> =
            embeddings.into_iter().map(|e| e.set_requires_grad(true)).collect();
        let random = &mut generator(1, Purpose::TrainLoss, number as u64);
        let (branches, targets, own) = (embeddings.as_slice(), &targets, None);
        let value = loss.value(LossInput { branches, targets, parameters: own, random }).loss;
        let gradients = Tensor::run_backward(&[&value], &embeddings, false, false);
        let gradient = network.backward(gradients).to_kind(adam.mean.kind());
        adam.step(network.parameters(), &gradient, 1.0);
        value.double_value(&[])
    };
    (0..20).map(step).collect()
}

#[test]
fn the_fused_engine_matches_double_precision_over_twenty_steps() {
    for loss in ["contrastive", "cross-entropy"].map(|name| Loss::by_name(name).unwrap()) {
        let expected = losses(&loss, [double, double]);
        assert!(expected[19] < 0.8 * expected[0], "it learns: {expected:?}");
        let mixed: [[Open; 2]; 4] =
            [[fused, fused], [portable, portable], [double, fused], [fused, portable]];
        for (mix, engines) in mixed.into_iter().enumerate() {
            let found = losses(&loss, engines);
            for (found, expected) in found.iter().zip(&expected) {
                let error = (found / expected - 1.0).abs();
                assert!(error < 1e-3, "{} mix {mix}: off by {error:.1e}", loss.name());
            }
        }
    }
}

/// Trains a network on the colour images for three epochs of two steps, from a checkpoint if given.
fn train_on_colour(network: &mut dyn Network, folder: &Path, from: Option<Checkpoint>) {
    let dataset = coloured();
    let rows = Subset::new(vec![0, 1, 2], &dataset.labels);
    let checkpoint_every = CheckpointEvery::Steps(1);
    let config = TrainConfig { epochs: 3, batch: 2, checkpoint_every, ..TrainConfig::default() };
    let task = Task {
        config: &config,
        loss: &Loss::by_name("cross-entropy").unwrap(),
        classes: &dataset.classes,
        embedding: 10,
        images: &Images::new(&dataset, Device::Cpu),
        train: &rows,
        validation: &rows,
        folder,
        interrupt: &Interrupt::default(),
    };
    train(&task, network, from, &mut NoObserver, &Progress::new().run("test", 1)).unwrap();
}

#[test]
fn training_on_colour_images_resumes_to_the_bytes_of_an_uninterrupted_run() {
    let network: Arc<dyn Architecture> = Arc::new(Tutorial::new(SHAPE, 10));
    let open = |seed| {
        let weights = initial_weights(&*network, seed);
        LibtorchNetwork::new(&network, &weights, Device::Cpu, &Cores::new(1)).unwrap()
    };
    let [whole, resumed] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    // Under this seed every layer has a gradient.
    let mut trained = open(2);
    let before = trained.state();
    train_on_colour(&mut trained, whole.path(), None);
    let after = trained.state();
    assert!(before.iter().all(|(name, tensor)| !tensor.equal(&after[name])), "every tensor learns");
    let checkpoint = Checkpoint::read(&whole.path().join(OLDER_CHECKPOINT)).unwrap();
    // Other weights, which the checkpoint has to replace.
    train_on_colour(&mut open(3), resumed.path(), Some(checkpoint));
    for model in [LAST_MODEL, BEST_MODEL] {
        let [whole, resumed] = [&whole, &resumed].map(|folder| folder.path().join(model));
        assert!(read_weights(&whole, &*network).is_ok(), "{model}");
        assert!(std::fs::read(whole).unwrap() == std::fs::read(resumed).unwrap(), "{model}");
    }
}
