//! Training steps under cross-entropy, as `src/train/epoch.rs` does them.

use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};
use tch::{Device, Tensor};

use dml::data::{Batch, Dataset, Images, ReadOptions, open};
use dml::error::Result;
use dml::loss::{Loss, LossInput, Targets};
use dml::model::Network;
use dml::random::{Purpose, generator};
use dml::train::Adam;

const LEARNING_RATE: f64 = 1e-3;

#[derive(clap::Args)]
pub struct Args {
    /// CSV of 28×28 images; batches take its rows in order
    #[arg(long)]
    images: PathBuf,
    /// Initial weights, safetensors
    #[arg(long)]
    weights: PathBuf,
    #[arg(long, default_value_t = 128)]
    batch: usize,
    #[arg(long, default_value_t = 1)]
    threads: usize,
    #[arg(long, default_value = "libtorch")]
    engine: String,
    /// Steps before the timed ones
    #[arg(long, default_value_t = 20)]
    warmup: usize,
    /// Timed steps
    #[arg(long, default_value_t = 200)]
    steps: usize,
}

/// Milliseconds of a step, mean over all, and the mean loss of the timed steps: gather, forward,
/// loss, backward and Adam.
pub fn measure(args: &Args) -> Result<Value> {
    let dataset = open(&args.images, &ReadOptions::default())?;
    let mut training = Training {
        images: Images::new(&dataset, Device::Cpu),
        dataset,
        network: crate::network(&args.engine, &args.weights, args.threads)?,
        loss: Loss::by_name("cross-entropy")?,
        batch: args.batch,
    };
    let mut adam = Adam::new(training.network.parameters(), LEARNING_RATE);
    for number in 0..args.warmup {
        let _ = training.step(number, &mut adam);
    }
    let start = Instant::now();
    let timed = args.warmup..args.warmup + args.steps;
    let losses: Vec<Tensor> = timed.map(|number| training.step(number, &mut adam)).collect();
    let milliseconds = 1e3 * start.elapsed().as_secs_f64() / args.steps as f64;
    let loss = Tensor::stack(&losses, 0).mean(None).double_value(&[]);
    Ok(json!({ "milliseconds": milliseconds, "loss": loss }))
}

struct Training {
    dataset: Dataset,
    images: Images,
    network: Box<dyn Network>,
    loss: Loss,
    batch: usize,
}

impl Training {
    fn step(&mut self, number: usize, adam: &mut Adam) -> Tensor {
        let first = number * self.batch;
        let indices: Vec<usize> =
            (first..first + self.batch).map(|index| index % self.dataset.len()).collect();
        let rows: Vec<i64> = indices.iter().map(|&index| index as i64).collect();
        let labels = indices.iter().map(|&index| self.dataset.labels[index]).collect();
        let batch = Batch { branches: vec![indices], labels, same: Vec::new() };

        let embeddings: Vec<Tensor> = self
            .network
            .forward(vec![self.images.select(&rows)])
            .into_iter()
            .map(|embedding| embedding.set_requires_grad(true))
            .collect();
        let targets = &Targets::new(&batch, self.dataset.classes.len(), Device::Cpu);
        let random = &mut generator(1, Purpose::TrainLoss, number as u64);
        let (branches, parameters) = (embeddings.as_slice(), None);
        let loss = self.loss.value(LossInput { branches, targets, parameters, random }).loss;
        let gradients = Tensor::run_backward(&[&loss], &embeddings, false, false);
        let gradient = self.network.backward(gradients);
        adam.step(self.network.parameters(), &gradient, 1.0);
        loss.detach()
    }
}
