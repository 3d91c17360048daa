//! Training on the sample that comes with the program.

use std::sync::Arc;

use dml::data::{Class, ImageShape, Images, ReadOptions, Subset, open, split};
use dml::eval::{EvalConfig, LabelledEmbeddings, RetrievalTask, embed, knn_metrics};
use dml::loss::Loss;
use dml::model::{Architecture, FusedNetwork, LibtorchNetwork, Network, Tutorial, initial_weights};
use dml::runtime::{Cores, Interrupt, Simd};
use dml::train::{
    Checkpoint, CheckpointEvery, History, NoObserver, Progress, Task, TrainConfig, train,
};
use tch::Device;

use crate::user::shipped_sample;

fn tutorial() -> Arc<dyn Architecture> {
    Arc::new(Tutorial::new(ImageShape::square(28), 10))
}

/// The shipped sample, split, on the CPU.
pub struct Sample {
    classes: Vec<Class>,
    images: Images,
    pub train: Subset,
    validation: Subset,
}

/// A trained run: its folder and its history.
pub struct Trained {
    pub folder: tempfile::TempDir,
    pub history: History,
}

impl Sample {
    pub fn new() -> Sample {
        Sample::of(usize::MAX)
    }

    /// With at most `most` training images.
    pub fn of(most: usize) -> Sample {
        let dataset = open(&shipped_sample(), &ReadOptions::default()).unwrap();
        let mut split = split(dataset.len(), 0.05, 2022).unwrap();
        split.train.truncate(most);
        Sample {
            classes: dataset.classes.clone(),
            images: Images::new(&dataset, Device::Cpu),
            train: Subset::new(split.train, &dataset.labels),
            validation: Subset::new(split.validation, &dataset.labels),
        }
    }

    /// The tutorial's network on libtorch.
    pub fn network() -> LibtorchNetwork {
        let weights = initial_weights(&*tutorial(), 2022);
        LibtorchNetwork::new(&tutorial(), &weights, Device::Cpu, &Cores::new(1)).unwrap()
    }

    /// The same network on the fused engine, which is faster.
    pub fn fused() -> FusedNetwork {
        let weights = initial_weights(&*tutorial(), 2022);
        FusedNetwork::new(&*tutorial(), &weights, &Cores::new(1), Simd::detect()).unwrap()
    }

    /// Trains, from a checkpoint if given, with a checkpoint every seven steps.
    pub fn train(
        &self,
        network: &mut dyn Network,
        loss: &Loss,
        epochs: usize,
        from: Option<Checkpoint>,
    ) -> Trained {
        let folder = tempfile::tempdir().unwrap();
        let checkpoint_every = CheckpointEvery::Steps(7);
        let config = TrainConfig { epochs, checkpoint_every, ..TrainConfig::default() };
        let task = Task {
            config: &config,
            loss,
            classes: &self.classes,
            embedding: 10,
            images: &self.images,
            train: &self.train,
            validation: &self.validation,
            folder: folder.path(),
            interrupt: &Interrupt::default(),
        };
        let history =
            train(&task, network, from, &mut NoObserver, &Progress::new().run("test", 1)).unwrap();
        Trained { folder, history }
    }

    /// 1-NN accuracy on the validation images, with these labels for the training images.
    pub fn accuracy(&self, network: &mut dyn Network, normalise: bool, labels: &[i64]) -> f64 {
        let references = embed(network, &self.images, &self.train.rows, normalise);
        let queries = embed(network, &self.images, &self.validation.rows, normalise);
        let references = LabelledEmbeddings { embeddings: references.view(), labels };
        let labels = &self.validation.labels;
        let queries = Some(LabelledEmbeddings { embeddings: queries.view(), labels });
        let task = RetrievalTask { references, queries, classes: 10 };
        knn_metrics(&task, &EvalConfig::default()).unwrap().0.accuracy.unwrap()
    }
}
