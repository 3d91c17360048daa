//! The network against values computed by PyTorch (`tests/reference/network.py`).

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use tch::{Device, Kind, Tensor};

use dml::data::ImageShape;
use dml::loss::{Contrastive, CrossEntropy, Form, Loss, LossInput, Targets};
use dml::model::{
    Architecture, FusedNetwork, LibtorchNetwork, NamedTensors, Network, Tutorial, initial_weights,
};
use dml::random::{Purpose, generator};
use dml::runtime::{Cores, Simd, one_libtorch_thread};
use dml::train::Adam;

/// Tolerance in training mode, relative to the largest value. PyTorch itself, with its weights in the
/// memory format that is fastest here (channels last), is off by up to 5.6e-5 from its own values in
/// float64, mostly through BatchNorm's variance.
const TRAINING_MODE: f64 = 6e-5;

/// Tolerance of running statistics, where PyTorch is off by up to 1.6e-6, and of embeddings that use
/// them.
const RUNNING_STATISTICS: f64 = 3e-6;

fn tutorial() -> Arc<dyn Architecture> {
    Arc::new(Tutorial::new(ImageShape::square(28), 10))
}

/// The engine of the network: libtorch, the fused engine with the best instructions of this processor,
/// or the fused engine with those of every processor.
#[derive(Debug, Clone, Copy)]
enum Engine {
    Libtorch,
    Fused,
    Portable,
}

impl Engine {
    /// The tutorial's network with the given weights.
    fn open(self, weights: &NamedTensors, cores: &Cores) -> Box<dyn Network> {
        let fused = |simd| FusedNetwork::new(&*tutorial(), weights, cores, simd).unwrap();
        match self {
            Engine::Libtorch => {
                Box::new(LibtorchNetwork::new(&tutorial(), weights, Device::Cpu, cores).unwrap())
            }
            Engine::Fused => Box::new(fused(Simd::detect())),
            Engine::Portable => Box::new(fused(Simd::PORTABLE)),
        }
    }

    /// Tolerance of gradients. The fused engine computes a batch's statistics in double precision, so
    /// it is closer to the reference than libtorch.
    fn gradient_tolerance(self) -> f64 {
        match self {
            Engine::Libtorch => TRAINING_MODE,
            Engine::Fused | Engine::Portable => 1e-5,
        }
    }
}

const ENGINES: [Engine; 3] = [Engine::Libtorch, Engine::Fused, Engine::Portable];

struct Reference(HashMap<String, Tensor>);

impl Reference {
    fn read() -> Reference {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/network.safetensors");
        Reference(Tensor::read_safetensors(path).unwrap().into_iter().collect())
    }

    fn get(&self, name: &str) -> Tensor {
        self.0[name].shallow_clone()
    }

    /// The tensors under a prefix, without it.
    fn group(&self, prefix: &str) -> NamedTensors {
        let named = |(name, t): (&String, &Tensor)| {
            Some((name.strip_prefix(prefix)?.to_owned(), t.shallow_clone()))
        };
        self.0.iter().filter_map(named).collect()
    }

    /// A network with the reference's weights that may borrow from `cores`.
    fn network(&self, engine: Engine, cores: &Cores) -> Box<dyn Network> {
        engine.open(&self.group("w."), cores)
    }

    fn twins(&self) -> Vec<Tensor> {
        vec![self.get("images_a"), self.get("images_b")]
    }

    fn targets(&self) -> Targets {
        let different = self.get("different");
        Targets { labels: self.get("labels_a"), same: 1.0 - different, classes: 10 }
    }
}

/// Largest difference, relative to the largest reference value, or absolute if the reference is zero
/// (such as the gradient of linear2.bias, which cancels in a pair's difference).
fn error(value: &Tensor, reference: &Tensor) -> f64 {
    assert_eq!(value.size(), reference.size());
    let value = value.to_kind(Kind::Double);
    let reference = reference.to_kind(Kind::Double);
    let largest = reference.abs().max().double_value(&[]);
    let scale = if largest == 0.0 { 1.0 } else { largest };
    (value - reference).abs().max().double_value(&[]) / scale
}

fn assert_near(engine: Engine, name: &str, value: &Tensor, reference: &Tensor, tolerance: f64) {
    let error = error(value, reference);
    assert!(error < tolerance, "{engine:?}: {name} is off by {error:.1e}");
}

/// A flat gradient as named tensors: it has the layout of the parameters.
fn named(gradient: &Tensor) -> NamedTensors {
    let weights = initial_weights(&*tutorial(), 0);
    let mut network =
        LibtorchNetwork::new(&tutorial(), &weights, Device::Cpu, &Cores::new(1)).unwrap();
    network.parameters().copy_(gradient);
    network.state()
}

/// One forward and backward pass: the loss, and the gradients of the embeddings and of the parameters.
fn differentiate(
    network: &mut dyn Network,
    images: Vec<Tensor>,
    loss: &Loss,
    targets: &Targets,
) -> (f64, Vec<Tensor>, Tensor) {
    let embeddings: Vec<Tensor> =
        network.forward(images).into_iter().map(|e| e.set_requires_grad(true)).collect();
    let random = &mut generator(1, Purpose::TrainLoss, 1);
    let (branches, parameters) = (embeddings.as_slice(), None);
    let value = loss.value(LossInput { branches, targets, parameters, random }).loss;
    let gradients = Tensor::run_backward(&[&value], &embeddings, false, false);
    let copies = gradients.iter().map(Tensor::copy).collect();
    (value.double_value(&[]), copies, network.backward(gradients))
}

#[test]
fn both_modes_of_the_forward_pass_and_the_running_statistics_match_pytorch() {
    let reference = Reference::read();
    for engine in ENGINES {
        let mut network = reference.network(engine, &Cores::new(1));
        for (part, embeddings) in ["a", "b"].iter().zip(network.embed(reference.twins())) {
            let name = format!("eval.embeddings_{part}");
            assert_near(engine, &name, &embeddings, &reference.get(&name), 1e-6);
        }
        for (part, embeddings) in ["a", "b"].iter().zip(network.forward(reference.twins())) {
            let name = format!("train.embeddings_{part}");
            assert_near(engine, &name, &embeddings, &reference.get(&name), TRAINING_MODE);
        }
        let state = network.state();
        let after = reference.group("after_ab.");
        assert_eq!(after.keys().filter(|name| name.contains("running_")).count(), 8);
        for (name, statistic) in after.iter().filter(|(name, _)| name.contains("running_")) {
            assert_near(engine, name, &state[name], statistic, RUNNING_STATISTICS);
        }
        for (part, embeddings) in ["a", "b"].iter().zip(network.embed(reference.twins())) {
            let name = format!("eval_after.embeddings_{part}");
            assert_near(engine, &name, &embeddings, &reference.get(&name), RUNNING_STATISTICS);
        }
    }
}

#[test]
fn the_contrastive_loss_and_all_its_gradients_match_pytorch() {
    let reference = Reference::read();
    for engine in ENGINES {
        for (form, name) in [(Form::Tutorial, "tutorial"), (Form::Hadsell, "hadsell")] {
            let loss = Loss::Contrastive(Contrastive { form, ..Contrastive::default() });
            let mut network = reference.network(engine, &Cores::new(2));
            let (value, embedding_gradients, gradient) =
                differentiate(&mut *network, reference.twins(), &loss, &reference.targets());
            let expected = reference.get(&format!("contrastive.{name}.loss")).double_value(&[]);
            assert!((value / expected - 1.0).abs() < TRAINING_MODE, "{value} is not {expected}");
            for (part, gradient) in ["a", "b"].iter().zip(&embedding_gradients) {
                let name = format!("contrastive.{name}.grad_{part}");
                assert_near(engine, &name, gradient, &reference.get(&name), TRAINING_MODE);
            }
            // The reference holds the tutorial's form; the paper's is half of it.
            let factor = if form == Form::Tutorial { 1.0 } else { 2.0 };
            let gradients = named(&(gradient * factor));
            compare_gradients(engine, &gradients, &reference.group("grad.contrastive."));
        }
    }
}

#[test]
fn cross_entropy_and_all_its_gradients_match_pytorch() {
    let reference = Reference::read();
    let loss = Loss::CrossEntropy(CrossEntropy::default());
    for engine in ENGINES {
        let mut network = reference.network(engine, &Cores::new(1));
        let images = vec![reference.get("images_a")];
        let (value, embedding_gradients, gradient) =
            differentiate(&mut *network, images, &loss, &reference.targets());
        let expected = reference.get("cross_entropy.loss").double_value(&[]);
        assert!((value / expected - 1.0).abs() < 1e-6, "{value} is not {expected}");
        let grad_a = reference.get("cross_entropy.grad_a");
        assert_near(engine, "cross_entropy.grad_a", &embedding_gradients[0], &grad_a, 1e-5);
        compare_gradients(engine, &named(&gradient), &reference.group("grad.cross_entropy."));
    }
}

fn compare_gradients(engine: Engine, gradients: &NamedTensors, reference: &NamedTensors) {
    assert_eq!(reference.len(), 22, "one gradient per parameter");
    for (name, expected) in reference {
        assert_near(engine, name, &gradients[name], expected, engine.gradient_tolerance());
    }
}

#[test]
fn three_steps_of_adam_match_pytorch() {
    let reference = Reference::read();
    let loss = Loss::CrossEntropy(CrossEntropy::default());
    for engine in ENGINES {
        let mut network = reference.network(engine, &Cores::new(1));
        let mut adam = Adam::new(network.parameters(), 1e-3);
        let losses = Vec::<f64>::try_from(&reference.get("adam.losses")).unwrap();
        assert_eq!(losses.len(), 3);
        for expected in losses {
            let images = vec![reference.get("images_a")];
            let (value, _, gradient) =
                differentiate(&mut *network, images, &loss, &reference.targets());
            assert!((value / expected - 1.0).abs() < 1e-5, "{value} is not {expected}");
            adam.step(network.parameters(), &gradient, 1.0);
        }
        let state = network.state();
        for (name, expected) in
            reference.group("adam.").iter().filter(|(name, _)| *name != "losses")
        {
            assert_near(engine, name, &state[name], expected, TRAINING_MODE);
        }
    }
}

#[test]
fn a_step_on_one_core_gives_the_same_bytes_as_on_many() {
    let reference = Reference::read();
    let loss = Loss::Contrastive(Contrastive::default());
    // Repeated, so that there are more shards than cores.
    let images: Vec<Tensor> =
        reference.twins().iter().map(|images| images.repeat([19, 1, 1, 1])).collect();
    let Targets { labels, same, classes } = reference.targets();
    let targets = Targets { labels: labels.repeat([19]), same: same.repeat([19]), classes };
    one_libtorch_thread();
    let bytes = |engine, count| {
        let cores = Cores::new(count);
        let _own = cores.take();
        let mut network = reference.network(engine, &cores);
        let mut adam = Adam::new(network.parameters(), 1e-3);
        for _ in 0..3 {
            let images = images.iter().map(Tensor::shallow_clone).collect();
            let (.., gradient) = differentiate(&mut *network, images, &loss, &targets);
            adam.step(network.parameters(), &gradient, 1.0);
        }
        network.state()
    };
    for engine in ENGINES {
        let alone = bytes(engine, 1);
        for cores in [2, 3, 8] {
            let together = bytes(engine, cores);
            assert!(alone.iter().all(|(name, t)| t.equal(&together[name])), "{engine:?} {cores}");
        }
        let weights = reference.group("w.");
        assert!(!alone["linear1.weight"].equal(&weights["linear1.weight"]), "the weights changed");
    }
}

#[test]
fn weights_and_statistics_are_unchanged_from_engine_to_engine() {
    let reference = Reference::read();
    let cores = Cores::new(2);
    for from in ENGINES {
        let mut first = reference.network(from, &cores);
        // One training pass, so that the running statistics are this engine's own.
        first.forward(reference.twins());
        let expected = first.embed(reference.twins());
        for to in ENGINES {
            let mut second = to.open(&first.state(), &cores);
            let (before, after) = (first.state(), second.state());
            assert!(before.iter().all(|(name, t)| t.equal(&after[name])), "{from:?} {to:?}");
            for (found, expected) in second.embed(reference.twins()).iter().zip(&expected) {
                assert_near(to, "an embedding", found, expected, 1e-6);
            }
        }
    }
}

#[test]
fn errors_about_mismatched_weights_name_the_tensor() {
    let reference = Reference::read();
    let mut network = reference.network(Engine::Fused, &Cores::new(1));
    let mut state = network.state();
    let bias = state.remove("linear2.bias").unwrap();
    let message = network.load_state(&state).unwrap_err().to_string();
    assert!(message.contains("lack a tensor named linear2.bias"), "{message}");
    state.insert("linear2.bias".to_owned(), bias.reshape([5, 2]));
    let message = network.load_state(&state).unwrap_err().to_string();
    assert!(message.contains("linear2.bias of shape [5, 2], the network needs [10]"), "{message}");
    state.insert("linear2.bias".to_owned(), bias.shallow_clone());
    state.insert("linear3.bias".to_owned(), bias);
    let message = network.load_state(&state).unwrap_err().to_string();
    assert!(message.contains("linear3.bias"), "{message}");
}
