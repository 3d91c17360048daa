//! A batch of 128 images through the network on either engine: forward, forward and backward, and
//! embedding.
//!
//! Run by hand: `cargo bench --bench step`, with part of a name after `--` to select some.
//! `make bench ONLY=step` compares whole training steps with PyTorch.

use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use dml::data::ImageShape;
use dml::model::{Architecture, Engine, Network, Tutorial, initial_weights, open_network};
use dml::random::{Purpose, generator};
use dml::runtime::{Cores, start};
use rand::RngExt;
use tch::{Device, Tensor};

const BATCH: i64 = 128;

/// Random numbers in 0..1.
fn tensor(shape: &[i64], stream: u64) -> Tensor {
    let mut random = generator(1, Purpose::Sample, stream);
    let count = shape.iter().product::<i64>();
    let values: Vec<f32> = (0..count).map(|_| random.random()).collect();
    Tensor::from_slice(&values).view(shape)
}

fn network(engine: Engine, cores: &Cores) -> Box<dyn Network> {
    let tutorial: Arc<dyn Architecture> = Arc::new(Tutorial::new(ImageShape::square(28), 10));
    let weights = initial_weights(&*tutorial, 1);
    open_network(engine, &tutorial, &weights, Device::Cpu, cores).expect("the weights fit")
}

fn batch(criterion: &mut Criterion) {
    start();
    let images = tensor(&[BATCH, 1, 28, 28], 0);
    let gradient = tensor(&[BATCH, 10], 1) - 0.5;
    let branches = |count| (0..count).map(|_| images.shallow_clone()).collect::<Vec<_>>();
    let gradients = |count| (0..count).map(|_| gradient.shallow_clone()).collect::<Vec<_>>();
    for threads in [1, 2] {
        let cores = Cores::new(threads);
        let _own = cores.take();
        for engine in [Engine::Libtorch, Engine::Fused] {
            let mut network = network(engine, &cores);
            let mut group = criterion.benchmark_group(format!("{engine}, {threads} cores"));
            group.bench_function("forward", |b| b.iter(|| network.forward(branches(1))));
            for count in [1, 2] {
                let id = BenchmarkId::new("forward and backward, branches", count);
                group.bench_function(id, |b| {
                    b.iter(|| {
                        network.forward(branches(count));
                        network.backward(gradients(count))
                    });
                });
            }
            group.bench_function("embed", |b| b.iter(|| network.embed(branches(1))));
        }
    }
}

criterion_group!(benches, batch);
criterion_main!(benches);
