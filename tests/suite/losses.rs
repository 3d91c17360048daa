//! Every loss on real images.

use std::path::Path;

use dml::config::Config;
use dml::files::layout;
use dml::loss::Loss;
use dml::model::read_tensors;
use dml::random::{Purpose, generator};
use rand::seq::SliceRandom;

use crate::sample::Sample;
use crate::user::User;

#[test]
fn every_loss_improves_the_network_and_does_not_collapse() {
    let sample = Sample::new();
    let mut shuffled = sample.train.labels.clone();
    shuffled.shuffle(&mut generator(1, Purpose::Sample, 0));
    let untrained = [false, true]
        .map(|normalise| sample.accuracy(&mut Sample::fused(), normalise, &sample.train.labels));
    for loss in Loss::all() {
        let mut network = Sample::fused();
        let trained = sample.train(&mut network, &loss, 3, None);
        let mut accuracy =
            |labels: &[i64]| sample.accuracy(&mut network, loss.normalises(), labels);
        let (trained_accuracy, chance) = (accuracy(&sample.train.labels), accuracy(&shuffled));
        let before = untrained[usize::from(loss.normalises())];
        assert!(
            trained_accuracy > before + 0.03,
            "{}: {trained_accuracy}, untrained {before}",
            loss.name()
        );
        assert!((chance - 0.1).abs() < 0.09, "{}: {chance} on shuffled labels", loss.name());
        assert!(!trained.history.collapsed(), "{}: {:?}", loss.name(), trained.history);
        let record = trained.history.epochs.last().unwrap();
        assert!(record.active.is_none_or(|share| (0.0..=1.0).contains(&share)), "{record:?}");
    }
}

#[test]
fn batch_hard_triplets_on_unnormalised_embeddings_collapse() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/batch-hard.toml");
    let loss = Config::read(&path).unwrap().loss;
    let trained = Sample::new().train(&mut Sample::fused(), &loss, 3, None);
    assert!(trained.history.collapsed(), "{:?}", trained.history);
}

#[test]
fn loss_parameters_are_trained_and_saved_beside_the_model() {
    let sample = Sample::of(1500);
    for loss in Loss::all() {
        let Some(initial) = loss.parameters(10, 10, 2022) else { continue };
        let trained = sample.train(&mut Sample::fused(), &loss, 1, None);
        let saved = read_tensors(&trained.folder.path().join(layout::LAST_LOSS)).unwrap();
        let (name, tensor) = (loss.name(), initial.name);
        assert_eq!(saved[tensor].size(), initial.values.size(), "{name}");
        assert!(saved[tensor] != initial.values, "{name}: {tensor} did not change");
    }
    let none = sample.train(&mut Sample::fused(), &Loss::by_name("triplet").unwrap(), 1, None);
    assert!(!none.folder.path().join(layout::LAST_LOSS).exists());
}

#[test]
fn a_loss_without_pk_sampling_accepts_a_small_batch() {
    let user = User::with_images(12);
    let loss = ["--loss", "cross-entropy", "--batch", "16", "--epochs", "1"];
    user.succeeds(&[&["train", "--data", "small.csv"], &loss[..]].concat());
}

#[test]
fn every_loss_is_computed_on_the_embeddings_of_a_run_or_of_a_file() {
    let user = User::with_images(60);
    user.succeeds(&["train", "--data", "small.csv", "--epochs", "1", "--name", "mine"]);
    let message = user.fails(1, &["losses", "--on", "runs/mine"]);
    assert!(
        message.contains("not evaluated yet: evaluate it with dml eval --run runs/mine"),
        "{message}"
    );
    user.succeeds(&["eval", "--run", "runs/mine"]);
    let (of_run, _) = user.succeeds(&["losses", "--on", "runs/mine"]);
    for loss in Loss::all() {
        assert!(of_run.contains(&format!("\n  {} ", loss.name())), "{of_run}");
    }
    let files = ["runs/mine/embeddings_val.npy", "runs/mine/labels_val.npy"];
    let args = ["losses", "--embeddings", files[0], "--labels", files[1], "--json"];
    let (of_file, _) = user.succeeds(&args);
    let of_file: serde_json::Value = serde_json::from_str(&of_file).unwrap();
    assert_eq!(of_file["losses"].as_array().unwrap().len(), Loss::all().len());
    assert_eq!(of_file["dimensions"], 10);
    let message = user.fails(1, &["losses", "--on", "runs"]);
    assert!(message.contains("runs"), "{message}");
}
