//! The same seed gives the same bytes; shuffled labels give chance accuracy.

use dml::data::Batch;
use dml::files::layout;
use dml::loss::{Loss, LossInput, Targets};
use dml::model::Network;
use dml::random::{Purpose, generator};
use dml::train::{Checkpoint, EpochRecord, History};
use rand::seq::SliceRandom;
use tch::{Device, Tensor};

use crate::sample::{Sample, Trained};
use crate::user::User;

const SMALL: &str = "[data]\npath = \"small.csv\"\n[train]\nepochs = 2\n\
                     [tsne]\nperplexity = 8.0\niterations = 100\n";

/// The files of a run that contain no times.
const REPEATABLE: [&str; 6] = [
    "model.safetensors",
    "model_best.safetensors",
    "metrics.json",
    "tsne.csv",
    "embeddings_val.npy",
    "run.json",
];

#[test]
fn the_same_seed_gives_the_same_bytes_alone_and_beside_other_runs() {
    let user = User::with_images(120);
    user.writes("small.toml", SMALL);
    for (runs, cores) in [("one", "64"), ("two", "1")] {
        user.succeeds(&["train", "--config", "small.toml", "--runs", runs, "--cores", cores]);
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
        assert!(
            bytes == user.reads(&format!("{beside}/{name}")),
            "{name} differs beside other runs"
        );
        assert!(bytes != user.reads(&format!("{other_seed}/{name}")), "{name} ignores the seed");
    }
}

#[test]
fn other_processor_instructions_change_only_rounding() {
    let user = User::with_images(120);
    user.writes("small.toml", SMALL);
    let args = ["train", "--config", "small.toml", "--loss", "cross-entropy", "--epochs", "1"];
    let losses = [None, Some("default")].map(|capability| {
        let mut command = user.dml(&args);
        command.args(["--runs", capability.unwrap_or("best")]);
        // "default" makes libtorch compute without AVX2 and AVX-512.
        command.envs(capability.map(|value| ("ATEN_CPU_CAPABILITY", value)));
        assert!(command.output().unwrap().status.success());
        let run = user.run_folder(capability.unwrap_or("best"), "cross-entropy-");
        let history = History::read(&user.path(&run).join(layout::HISTORY), "").unwrap().unwrap();
        (history.epochs[0].train_loss, history.epochs[0].validation_loss)
    });
    let [(train, validation), (other_train, other_validation)] = losses;
    assert!((train / other_train - 1.0).abs() < 1e-4, "{train} {other_train}");
    assert!((validation / other_validation - 1.0).abs() < 1e-2, "{validation} {other_validation}");
}

#[test]
fn training_helps_and_shuffled_labels_give_chance_accuracy() {
    let sample = Sample::new();
    let mut network = Sample::network();
    let untrained = sample.accuracy(&mut network, false, &sample.train.labels);
    let loss = Loss::by_name("cross-entropy").unwrap();
    sample.train(&mut network, &loss, 4, None);
    let trained = sample.accuracy(&mut network, false, &sample.train.labels);
    // 300 images: four standard errors are 0.1 at most.
    assert!(trained > untrained + 0.1, "trained {trained}, untrained {untrained}");
    let mut shuffled = sample.train.labels.clone();
    shuffled.shuffle(&mut generator(1, Purpose::Sample, 0));
    let chance = sample.accuracy(&mut network, false, &shuffled);
    assert!((chance - 0.1).abs() < 0.07, "accuracy {chance} on shuffled labels");
}

#[test]
fn resuming_from_a_checkpoint_gives_the_bytes_of_an_uninterrupted_run() {
    let sample = Sample::of(1500);
    for loss in Loss::all() {
        let name = loss.name();
        let uninterrupted = sample.train(&mut Sample::fused(), &loss, 2, None);
        let half = sample.train(&mut Sample::fused(), &loss, 1, None);
        let mut files = vec![layout::LAST_MODEL, layout::BEST_MODEL];
        if loss.parameters(10, 10, 1).is_some() {
            files.extend([layout::LAST_LOSS, layout::BEST_LOSS]);
        }
        // The checkpoint after the first epoch, and the last one within the second.
        let checkpoints = [
            (half.folder.path().join(layout::CHECKPOINT), "after epoch 1"),
            (uninterrupted.folder.path().join(layout::OLDER_CHECKPOINT), "in epoch 2 after step 7"),
        ];
        for (path, step) in checkpoints {
            let checkpoint = Checkpoint::read(&path).unwrap();
            assert_eq!(checkpoint.notes.position(), step);
            // Other weights, which the checkpoint has to replace.
            let mut resumed = Sample::fused();
            let _ = resumed.parameters().fill_(0.5);
            let resumed = sample.train(&mut resumed, &loss, 2, Some(checkpoint));
            for file in &files {
                let bytes = |trained: &Trained| std::fs::read(trained.folder.path().join(file));
                let [uninterrupted, half, resumed] =
                    [&uninterrupted, &half, &resumed].map(|t| bytes(t).unwrap());
                assert!(uninterrupted == resumed, "{name}, {step}: {file}");
                assert!(uninterrupted != half, "{name}: {file}");
            }
            assert_eq!(
                without_times(&uninterrupted.history),
                without_times(&resumed.history),
                "{name}, {step}"
            );
        }
    }
}

/// The epochs of a history without their times.
fn without_times(history: &History) -> Vec<EpochRecord> {
    let without = |record: &EpochRecord| EpochRecord {
        seconds: 0.0,
        images_per_second: 0.0,
        ..record.clone()
    };
    history.epochs.iter().map(without).collect()
}

#[test]
fn libtorchs_own_random_generator_is_never_used() {
    let next_after_a_step = || {
        tch::manual_seed(7);
        let network = &mut Sample::network();
        let images = Tensor::ones([4, 1, 28, 28], (tch::Kind::Float, Device::Cpu));
        let embeddings: Vec<Tensor> =
            network.forward(vec![images]).into_iter().map(|e| e.set_requires_grad(true)).collect();
        let batch = Batch { branches: vec![vec![0; 4]], labels: vec![0, 1, 2, 3], same: vec![] };
        let loss = Loss::by_name("cross-entropy").unwrap();
        let random = &mut generator(1, Purpose::TrainLoss, 1);
        let targets = &Targets::new(&batch, 10, Device::Cpu);
        let (branches, parameters) = (embeddings.as_slice(), None);
        let value = loss.value(LossInput { branches, targets, parameters, random }).loss;
        let _ = network.backward(Tensor::run_backward(&[value], &embeddings, false, false));
        Vec::<f32>::try_from(&Tensor::rand([8], (tch::Kind::Float, Device::Cpu))).unwrap()
    };
    tch::manual_seed(7);
    let undisturbed = Vec::<f32>::try_from(&Tensor::rand([8], (tch::Kind::Float, Device::Cpu)));
    assert_eq!(next_after_a_step(), undisturbed.unwrap());
}
