//! Value and gradient of every loss on a batch of 128 images, and for comparison a step of the network.
//!
//! Run by hand: `cargo bench --bench losses`, with part of a name after `--` to select some. A loss
//! should take less than a tenth of the time of the network.

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use dml::data::{BatchKind, ImageShape};
use dml::loss::{Loss, LossInput, Targets};
use dml::model::{Architecture, Engine, Tutorial, initial_weights, open_network};
use dml::random::{Purpose, generator};
use dml::runtime::{Cores, start};
use rand::RngExt;
use tch::{Device, Tensor};

const BATCH: i64 = 128;
const CLASSES: i64 = 10;

/// Random numbers in −1..1.
fn tensor(shape: &[i64], stream: u64) -> Tensor {
    let mut random = generator(1, Purpose::Sample, stream);
    let count = shape.iter().product::<i64>();
    let values: Vec<f32> = (0..count).map(|_| random.random_range(-1.0..1.0)).collect();
    Tensor::from_slice(&values).view(shape)
}

/// The targets of a batch of eight classes with 16 images each; every other pair is of the same class.
fn targets() -> Targets {
    let labels: Vec<i64> = (0..BATCH).map(|image| image / 16).collect();
    let same: Vec<f32> = (0..BATCH).map(|image| (image % 2) as f32).collect();
    let (labels, same) = (Tensor::from_slice(&labels), Tensor::from_slice(&same));
    Targets { labels, same, classes: CLASSES }
}

fn losses(criterion: &mut Criterion) {
    start();
    let targets = &targets();
    let mut group = criterion.benchmark_group("loss and gradient");
    for loss in Loss::all() {
        let count = if loss.batches() == BatchKind::Pairs { 2 } else { 1 };
        let branches: Vec<Tensor> =
            (0..count).map(|i| tensor(&[BATCH, 10], i).set_requires_grad(true)).collect();
        let parameters = loss.parameters(CLASSES as usize, 10, 1);
        let parameters = parameters.map(|parameters| parameters.values.set_requires_grad(true));
        let mut random = generator(1, Purpose::TrainLoss, 1);
        group.bench_function(loss.name(), |b| {
            b.iter(|| {
                let (branches, parameters) = (branches.as_slice(), parameters.as_ref());
                let random = &mut random;
                let value = loss.value(LossInput { branches, targets, parameters, random });
                let leaves: Vec<&Tensor> = branches.iter().chain(parameters).collect();
                Tensor::run_backward(&[&value.loss], &leaves, false, false)
            });
        });
    }
    group.finish();
}

fn network(criterion: &mut Criterion) {
    start();
    let images = tensor(&[BATCH, 1, 28, 28], 0);
    let gradient = tensor(&[BATCH, 10], 1);
    let cores = Cores::new(1);
    let _own = cores.take();
    let tutorial: Arc<dyn Architecture> = Arc::new(Tutorial::new(ImageShape::square(28), 10));
    let weights = initial_weights(&*tutorial, 1);
    let mut network = open_network(Engine::Fused, &tutorial, &weights, Device::Cpu, &cores)
        .expect("the weights fit");
    criterion.bench_function("network, one core", |b| {
        b.iter(|| {
            network.forward(vec![images.shallow_clone()]);
            network.backward(vec![gradient.shallow_clone()])
        });
    });
}

criterion_group!(benches, network, losses);
criterion_main!(benches);
