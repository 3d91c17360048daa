//! Tests that every network in the list has to pass, against PyTorch and in itself. In double
//! precision, so that tolerances are those of the reference values.

use std::path::{Path, PathBuf};

use rand::RngExt;
use tch::{CModule, Device, Kind, Tensor};

use super::*;
use crate::model::{
    EmbeddingSize, LibtorchNetwork, NamedTensors, Network, Shapes, initial_weights, read_tensors,
    read_weights, write_tensors, write_torchscript,
};
use crate::random::{Purpose, generator};
use crate::runtime::Cores;

/// A network of the list for images of one shape, and what PyTorch computes for it.
struct Listed {
    kind: &'static NetworkKind,
    /// The network's name and the shape of the images.
    name: String,
    architecture: Arc<dyn Architecture>,
    reference: NamedTensors,
}

impl Listed {
    /// The network for each shape of images that it has reference values for.
    fn all_of(kind: &'static NetworkKind) -> Vec<Listed> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/networks");
        let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let name = |file: &PathBuf| file.file_stem().unwrap().to_string_lossy().into_owned();
        let of_kind = |file: &PathBuf| name(file).split('.').next() == Some(kind.name);
        let mut files: Vec<PathBuf> = files.filter(of_kind).collect();
        files.sort();
        assert!(
            !files.is_empty(),
            "the network {} has no reference values: add it to tests/reference/networks.py and run \
             that with Python",
            kind.name
        );
        files.iter().map(|file| Listed::new(kind, name(file), file)).collect()
    }

    fn new(kind: &'static NetworkKind, name: String, file: &Path) -> Listed {
        let reference = read_tensors(file).unwrap();
        let embedding = reference["gradient_a"].size()[1];
        let architecture = of_size(kind, &reference["images_a"], embedding);
        Listed { kind, name, architecture, reference }
    }

    fn get(&self, name: &str) -> Tensor {
        self.reference[name].to_kind(Kind::Double)
    }

    /// The tensors under a prefix, without it.
    fn group(&self, prefix: &str) -> NamedTensors {
        let named = |(name, tensor): (&String, &Tensor)| {
            Some((name.strip_prefix(prefix)?.to_owned(), tensor.shallow_clone()))
        };
        self.reference.iter().filter_map(named).collect()
    }

    fn with_weights(&self, weights: &NamedTensors) -> LibtorchNetwork {
        LibtorchNetwork::new(&self.architecture, weights, Device::Cpu, &Cores::new(1)).unwrap()
    }

    /// The network with the reference's weights, in double precision.
    fn in_double_precision(&self) -> LibtorchNetwork {
        self.with_weights(&self.group("w.")).in_double_precision()
    }

    /// Embeddings of both batches in training mode.
    fn forward(&self, network: &mut LibtorchNetwork) -> Vec<Tensor> {
        network.forward(vec![self.get("images_a"), self.get("images_b")])
    }

    /// The gradient of the reference's loss under the parameters' names.
    fn gradient(&self) -> NamedTensors {
        let mut network = self.in_double_precision();
        self.forward(&mut network);
        let gradient = network.backward(vec![self.get("gradient_a"), self.get("gradient_b")]);
        network.parameters().copy_(&gradient);
        let is_trained = |name: &String| {
            let mut tensors = self.architecture.tensors().iter();
            tensors.any(|tensor| tensor.name == *name && tensor.is_trained)
        };
        network.state().into_iter().filter(|(name, _)| is_trained(name)).collect()
    }

    /// The reference's loss with the given weights.
    fn loss(&self, network: &mut LibtorchNetwork, weights: &NamedTensors) -> f64 {
        network.load_state(weights).unwrap();
        let embeddings = self.forward(network);
        let gradients = [self.get("gradient_a"), self.get("gradient_b")];
        let products = embeddings.iter().zip(&gradients).map(|(e, g)| (e * g).sum(Kind::Double));
        products.map(|product| product.double_value(&[])).sum()
    }

    fn assert_near(&self, what: &str, found: &Tensor, expected: &Tensor) {
        assert_eq!(found.size(), expected.size(), "{}: shape of {what}", self.name);
        let largest = |t: &Tensor| t.to_kind(Kind::Double).abs().max().double_value(&[]);
        let error = largest(&(found - expected)) / largest(expected).max(1e-3);
        // The reference values are rounded to single precision.
        assert!(error < 1e-6, "{}: {what} is off by {error:.1e}", self.name);
    }
}

/// The network for such images, and embeddings of a size.
fn of_size(kind: &NetworkKind, images: &Tensor, embedding: i64) -> Arc<dyn Architecture> {
    let model = ModelConfig {
        network: kind.name.to_owned(),
        embedding: EmbeddingSize::Fixed(embedding),
        ..ModelConfig::default()
    };
    model.check().unwrap();
    let size = |axis: usize| images.size()[axis] as usize;
    let shape = ImageShape { channels: size(1), height: size(2), width: size(3) };
    model.architecture(shape, 2).unwrap()
}

fn all() -> impl Iterator<Item = Listed> {
    NETWORKS.iter().flat_map(Listed::all_of)
}

#[test]
fn tensors_have_the_names_and_shapes_of_pytorch() {
    for network in all() {
        let shapes = network.architecture.shapes();
        let count = network.architecture.tensors().len();
        assert_eq!(shapes.len(), count, "{}: a name is not unique", network.name);
        let expected: Shapes = network
            .group("w.")
            .iter()
            .map(|(name, tensor)| (name.clone(), tensor.size()))
            .collect();
        assert_eq!(shapes, expected, "{}", network.name);
    }
}

#[test]
fn embeddings_statistics_and_gradients_match_pytorch() {
    for network in all() {
        let mut double = network.in_double_precision();
        let evaluated = double.embed(vec![network.get("images_a")]).remove(0);
        network.assert_near("eval.embeddings_a", &evaluated, &network.get("eval.embeddings_a"));
        for (name, found) in
            ["train.embeddings_a", "train.embeddings_b"].iter().zip(network.forward(&mut double))
        {
            network.assert_near(name, &found, &network.get(name));
        }
        let state = double.state();
        for (name, expected) in network.group("after.") {
            network.assert_near(&name, &state[&name], &expected);
        }
        let (gradient, expected) = (network.gradient(), network.group("grad."));
        assert!(gradient.keys().eq(expected.keys()), "{}", network.name);
        for (name, expected) in expected {
            network.assert_near(&format!("gradient of {name}"), &gradient[&name], &expected);
        }
    }
}

#[test]
fn the_gradient_of_every_parameter_is_not_zero_and_agrees_with_finite_differences() {
    // Small, so that hardly any ReLU or pooling changes sides.
    const STEP: f64 = 1e-8;
    for network in all() {
        let mut double = network.in_double_precision();
        let mut weights = double.state();
        for (index, (name, gradient)) in network.gradient().into_iter().enumerate() {
            let mut random = generator(1, Purpose::Sample, index as u64);
            let numbers = (0..gradient.numel()).map(|_| random.random_range(-1.0..1.0));
            let direction = Tensor::from_slice(&numbers.collect::<Vec<f64>>());
            let direction = direction.view(gradient.size().as_slice());
            let here = weights[&name].copy();
            let mut loss_at = |distance: f64| {
                weights.insert(name.clone(), &here + distance * &direction);
                network.loss(&mut double, &weights)
            };
            let slope = (loss_at(STEP) - loss_at(-STEP)) / (2.0 * STEP);
            weights.insert(name.clone(), here);
            let expected = (&gradient * &direction).sum(Kind::Double).double_value(&[]);
            let size = gradient.norm().double_value(&[]);
            assert!(size > 1e-6, "{}: {name} has no gradient", network.name);
            let error = (slope - expected).abs() / size;
            assert!(error < 1e-4, "{}: {name}: {slope} instead of {expected}", network.name);
        }
    }
}

#[test]
fn embeddings_have_the_size_of_the_settings_in_either_mode() {
    for Listed { kind, name, reference, .. } in all() {
        let images = &reference["images_a"];
        for embedding in [1, 7, 64] {
            let architecture = of_size(kind, images, embedding);
            assert_eq!(architecture.embedding(), embedding, "{name}");
            let weights = initial_weights(&*architecture, 1);
            let cores = Cores::new(1);
            let mut network =
                LibtorchNetwork::new(&architecture, &weights, Device::Cpu, &cores).unwrap();
            let expected = [images.size()[0], embedding];
            let batch = || vec![images.shallow_clone()];
            assert_eq!(network.embed(batch())[0].size(), expected, "{name}");
            assert_eq!(network.forward(batch())[0].size(), expected, "{name}");
        }
    }
}

#[test]
fn initial_weights_are_the_same_under_the_same_seed_only() {
    for Listed { name, architecture, .. } in all() {
        let [one, again, other] = [1, 1, 2].map(|seed| initial_weights(&*architecture, seed));
        assert!(one.keys().eq(architecture.shapes().keys()), "{name}");
        assert!(one.iter().all(|(tensor, values)| values.equal(&again[tensor])), "{name}");
        assert!(one.iter().any(|(tensor, values)| !values.equal(&other[tensor])), "{name}");
    }
}

#[test]
fn weights_and_statistics_survive_a_file_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    for network in all() {
        let path = folder.path().join("model.safetensors");
        let images = || vec![network.reference["images_a"].shallow_clone()];
        let mut first = network.with_weights(&network.group("w."));
        write_tensors(&path, &first.state(), &[]).unwrap();
        let read = read_weights(&path, &*network.architecture).unwrap();
        let mut second = network.with_weights(&read);
        let (before, after) = (first.state(), second.state());
        assert!(before.iter().all(|(name, t)| t.equal(&after[name])), "{}", network.name);
        assert!(first.embed(images())[0].equal(&second.embed(images())[0]), "{}", network.name);
    }
}

#[test]
fn torchscript_gives_the_same_embeddings_for_any_batch_size() {
    let folder = tempfile::tempdir().unwrap();
    for network in all() {
        let path = folder.path().join("network.pt");
        let weights = network.group("w.");
        write_torchscript(&path, &network.architecture, &weights).unwrap();
        let module = CModule::load(&path).unwrap();
        let images = network.reference["images_a"].shallow_clone();
        for count in [1, images.size()[0]] {
            let some = images.narrow(0, 0, count);
            let expected = network.with_weights(&weights).embed(vec![some.shallow_clone()]);
            let found = module.forward_ts(&[some]).unwrap();
            network.assert_near("an embedding of TorchScript", &found, &expected[0]);
        }
    }
}

#[test]
fn an_image_takes_at_least_its_own_memory_in_training() {
    for Listed { name, architecture, .. } in all() {
        let values = architecture.images().values() as u64;
        assert!(architecture.training_bytes() > 4 * values, "{name}");
    }
}

#[test]
fn an_unknown_network_is_rejected_with_the_nearest_and_all() {
    let model = ModelConfig { network: "tutorail".to_owned(), ..ModelConfig::default() };
    let message = model.check().unwrap_err().to_string();
    let start = "model.network = tutorail: unknown network (did you mean tutorial?); known \
                 networks: tutorial";
    assert!(message.starts_with(start), "{message}");
    assert_eq!(model.architecture(ImageShape::square(28), 10).unwrap_err().to_string(), message);
}
