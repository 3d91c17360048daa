//! The same seed gives the same bytes; and what chance alone gives.

use std::path::Path;

use dml::data::{Batch, CsvOptions, Images, Part, load, split};
use dml::eval::{EvalConfig, Labelled, embed, judge};
use dml::loss::{Loss, Targets};
use dml::model::{Architecture, LibtorchNetwork, Network, initial_weights};
use dml::random::{Purpose, generator};
use dml::runtime::Cores;
use dml::train::{Checkpoint, Progress, Task, TrainConfig, files, train};
use rand::seq::SliceRandom;
use tch::{Device, Tensor};

use crate::user::{User, shipped_sample};

const SMALL: &str = "[data]\npath = \"small.csv\"\n[train]\nepochs = 2\n\
                     [tsne]\nperplexity = 8.0\niterations = 100\n";

/// The files of a run that hold no times.
const REPEATABLE: [&str; 6] = [
    "model.safetensors",
    "model_best.safetensors",
    "metrics.json",
    "tsne.csv",
    "embeddings_val.npy",
    "run.json",
];

#[test]
fn the_same_seed_gives_the_same_bytes_alone_and_beside_others() {
    let user = User::with_images(120);
    user.writes("small.toml", SMALL);
    for runs in ["one", "two"] {
        user.succeeds(&["train", "--config", "small.toml", "--runs", runs]);
        user.succeeds(&["eval", "--runs", runs]);
    }
    let args = ["compare", "--config", "small.toml", "--seeds", "2022,1", "--jobs", "3"];
    user.succeeds(&[&args[..], &["--runs", "beside"]].concat());
    let folder = |runs| user.run_folder(runs, "contrastive-seed2022-");
    let (one, two, beside) = (folder("one"), folder("two"), folder("beside"));
    let other_seed = user.run_folder("beside", "contrastive-seed1-");
    for name in REPEATABLE {
        let bytes = user.reads(&format!("{one}/{name}"));
        assert!(bytes == user.reads(&format!("{two}/{name}")), "{name} differs from run to run");
        assert!(bytes == user.reads(&format!("{beside}/{name}")), "{name} differs beside others");
        assert!(bytes != user.reads(&format!("{other_seed}/{name}")), "{name} heeds no seed");
    }
}

/// The shipped sample, split, on the processor.
struct Sample {
    images: Images,
    train: Part,
    validation: Part,
}

impl Sample {
    fn new() -> Sample {
        let dataset = load(&shipped_sample(), &CsvOptions::default()).unwrap();
        let split = split(dataset.len(), 0.05, 2022).unwrap();
        Sample {
            images: Images::new(&dataset, Device::Cpu),
            train: Part::new(split.train, &dataset.labels),
            validation: Part::new(split.validation, &dataset.labels),
        }
    }

    fn network() -> LibtorchNetwork {
        let architecture = Architecture { side: 28, embedding: 10 };
        let weights = initial_weights(&architecture, 2022);
        LibtorchNetwork::new(&architecture, &weights, Device::Cpu, &Cores::new(2)).unwrap()
    }

    /// Trains for some epochs, from a checkpoint where one is given.
    fn train(
        &self,
        network: &mut LibtorchNetwork,
        epochs: usize,
        from: Option<Checkpoint>,
    ) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let config = TrainConfig { epochs, ..TrainConfig::default() };
        let loss = Loss::by_name("cross-entropy").unwrap();
        let task = Task {
            config: &config,
            loss: &loss,
            images: &self.images,
            train: &self.train,
            validation: &self.validation,
            folder: folder.path(),
        };
        train(&task, network, from, &Progress::new().run("test", 1)).unwrap();
        folder
    }

    /// 1-NN accuracy on the validation images, with these labels for the training images.
    fn accuracy(&self, network: &mut LibtorchNetwork, labels: &[i64]) -> f64 {
        let references = embed(network, &self.images, &self.train.rows);
        let queries = embed(network, &self.images, &self.validation.rows);
        let references = Labelled { embeddings: references.view(), labels };
        let labels = &self.validation.labels;
        let queries = Labelled { embeddings: queries.view(), labels };
        judge(&references, &queries, 10, &EvalConfig::default()).unwrap().0.accuracy
    }
}

#[test]
fn training_helps_and_shuffled_labels_are_guessing() {
    let sample = Sample::new();
    let mut network = Sample::network();
    let untrained = sample.accuracy(&mut network, &sample.train.labels);
    sample.train(&mut network, 4, None);
    let trained = sample.accuracy(&mut network, &sample.train.labels);
    // 300 images: four standard errors are 0.1 at most.
    assert!(trained > untrained + 0.1, "trained {trained}, untrained {untrained}");
    let mut shuffled = sample.train.labels.clone();
    shuffled.shuffle(&mut generator(1, Purpose::Sample, 0));
    let guessed = sample.accuracy(&mut network, &shuffled);
    assert!((guessed - 0.1).abs() < 0.07, "guessed {guessed}");
}

#[test]
fn going_on_from_a_checkpoint_gives_the_bytes_of_never_having_stopped() {
    let sample = Sample::new();
    let mut straight = Sample::network();
    let whole = sample.train(&mut straight, 2, None);
    let mut stopped = Sample::network();
    let half = sample.train(&mut stopped, 1, None);
    let checkpoint = Checkpoint::read(&half.path().join(files::CHECKPOINT)).unwrap();
    // A network of other weights: all that counts comes from the checkpoint.
    let mut resumed = Sample::network();
    let _ = resumed.parameters().fill_(0.5);
    let resumed = sample.train(&mut resumed, 2, Some(checkpoint));
    let bytes = |folder: &Path, name| std::fs::read(folder.join(name)).unwrap();
    for name in [files::LAST_MODEL, files::BEST_MODEL] {
        assert!(bytes(whole.path(), name) == bytes(resumed.path(), name), "{name}");
        assert!(bytes(whole.path(), name) != bytes(half.path(), name), "{name}");
    }
}

#[test]
fn nothing_is_drawn_from_libtorchs_own_generator() {
    let next = || {
        tch::manual_seed(7);
        let network = &mut Sample::network();
        let images = Tensor::ones([4, 1, 28, 28], (tch::Kind::Float, Device::Cpu));
        let embeddings: Vec<Tensor> =
            network.forward(vec![images]).into_iter().map(|e| e.set_requires_grad(true)).collect();
        let batch = Batch { branches: vec![vec![0; 4]], labels: vec![0, 1, 2, 3], same: vec![] };
        let loss = Loss::by_name("cross-entropy").unwrap();
        let value = loss.value(&embeddings, &Targets::new(&batch, Device::Cpu));
        let _ = network.backward(Tensor::run_backward(&[value], &embeddings, false, false));
        Vec::<f32>::try_from(&Tensor::rand([8], (tch::Kind::Float, Device::Cpu))).unwrap()
    };
    tch::manual_seed(7);
    let undisturbed = Vec::<f32>::try_from(&Tensor::rand([8], (tch::Kind::Float, Device::Cpu)));
    assert_eq!(next(), undisturbed.unwrap());
}
