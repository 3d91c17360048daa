//! Compares the engine with libtorch in double precision, also at sizes other than the tutorial's.

use std::sync::Arc;

use tch::{Device, Kind, Tensor};

use super::FusedNetwork;
use super::testing::{numbers, simds};
use crate::data::ImageShape;
use crate::model::{
    Architecture, LibtorchNetwork, NamedTensors, Network, Tutorial, initial_weights,
};
use crate::runtime::{Cores, Simd};

/// Initial weights whose BatchNorms are not the identity, some with negative γ.
fn weights(architecture: &dyn Architecture) -> NamedTensors {
    let mut weights = initial_weights(architecture, 3);
    for (seed, (name, tensor)) in weights.iter_mut().enumerate() {
        let noise = Tensor::from_slice(&numbers(tensor.numel(), seed as u64));
        match name.rsplit_once('.').expect("a layer and a part") {
            (_, "running_var") => *tensor = noise.abs() + 0.5,
            (_, "running_mean") => *tensor = noise * 0.3,
            (layer, "weight") if tensor.dim() == 1 => {
                assert!(layer.starts_with("feature_net"));
                *tensor = 1.0 + noise * 1.5;
            }
            _ => {}
        }
    }
    weights
}

fn images(count: i64, side: i64, seed: u64) -> Tensor {
    let pixels = numbers((count * side * side) as usize, seed);
    Tensor::from_slice(&pixels).view([count, 1, side, side]).abs()
}

fn fused(architecture: &dyn Architecture, simd: Simd) -> FusedNetwork {
    FusedNetwork::new(architecture, &weights(architecture), &Cores::new(1), simd).unwrap()
}

/// Largest difference relative to the largest value.
fn error(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.size(), expected.size());
    let largest = |t: &Tensor| t.to_kind(Kind::Double).abs().max().double_value(&[]);
    largest(&(found - expected)) / largest(expected).max(1e-3)
}

/// A training step; returns embeddings, running statistics and the gradient by parameter.
fn step(network: &mut dyn Network, branches: &[Tensor], gradients: &[Tensor]) -> Vec<Tensor> {
    let kind = network.parameters().kind();
    let copies = |list: &[Tensor]| list.iter().map(|t| t.to_kind(kind)).collect::<Vec<_>>();
    let mut found = network.forward(copies(branches));
    let gradient = network.backward(copies(gradients));
    let state = network.state();
    found.extend(state.into_iter().filter(|(n, _)| n.contains("running")).map(|(_, t)| t));
    network.parameters().copy_(&gradient);
    let state = network.state();
    found.extend(state.into_iter().filter(|(n, _)| !n.contains("running")).map(|(_, t)| t));
    found
}

#[test]
fn results_match_libtorch_for_all_image_batch_and_embedding_sizes() {
    let cases =
        [(4, 2, 1), (5, 9, 3), (6, 8, 10), (7, 33, 10), (13, 5, 33), (28, 40, 10), (30, 3, 2)];
    for (side, batch, embedding) in cases {
        let shape = ImageShape::square(side as usize);
        let architecture: Arc<dyn Architecture> = Arc::new(Tutorial::new(shape, embedding));
        let branches = [images(batch, side, 1), images(batch, side, 2)];
        let gradient = |seed| {
            let numbers = numbers((batch * embedding) as usize, seed);
            Tensor::from_slice(&numbers).view([batch, embedding])
        };
        let gradients = [gradient(3), gradient(4)];
        let cores = Cores::new(1);
        let weights = weights(&*architecture);
        let libtorch = LibtorchNetwork::new(&architecture, &weights, Device::Cpu, &cores).unwrap();
        let mut libtorch = libtorch.in_double_precision();
        let embedded = libtorch.embed(branches.iter().map(|t| t.to_kind(Kind::Double)).collect());
        let expected = step(&mut libtorch, &branches, &gradients);
        for simd in simds() {
            let mut fused = fused(&*architecture, simd);
            let found = fused.embed(branches.iter().map(Tensor::shallow_clone).collect());
            let found = found.into_iter().chain(step(&mut fused, &branches, &gradients));
            for (found, expected) in found.zip(embedded.iter().chain(&expected)) {
                let error = error(&found, expected);
                // Tolerance for single precision; libtorch's is off by up to 1e-2 in these cases.
                assert!(
                    error < 3e-5,
                    "{side}×{side}, batch {batch}, {embedding}: off by {error:.1e}"
                );
            }
        }
    }
}

#[test]
fn an_embedding_does_not_depend_on_the_rest_of_the_batch() {
    let architecture = Tutorial::new(ImageShape::square(9), 4);
    let mut network = fused(&architecture, Simd::detect());
    let many = images(21, 9, 5);
    let together = network.embed(vec![many.shallow_clone()]).remove(0);
    for row in 0..21 {
        let alone = network.embed(vec![many.narrow(0, row, 1)]).remove(0);
        assert!(alone.equal(&together.narrow(0, row, 1)), "image {row}");
    }
}

#[test]
fn a_batch_does_not_affect_the_next() {
    let architecture = Tutorial::new(ImageShape::square(9), 4);
    let gradients = |count: i64| vec![Tensor::ones([count, 4], (Kind::Float, Device::Cpu))];
    let mut fresh = fused(&architecture, Simd::detect());
    let expected = step(&mut fresh, &[images(11, 9, 6)], &gradients(11));
    let mut used = fused(&architecture, Simd::detect());
    used.forward(vec![images(70, 9, 7), images(70, 9, 8)]);
    let _ = used.backward(gradients(70).into_iter().chain(gradients(70)).collect());
    used.load_state(&weights(&architecture)).unwrap();
    let found = step(&mut used, &[images(11, 9, 6)], &gradients(11));
    assert!(found.iter().zip(&expected).all(|(found, expected)| found.equal(expected)));
}

#[test]
fn nan_in_the_weights_gives_nan_embeddings() {
    let architecture = Tutorial::new(ImageShape::square(9), 4);
    let mut network = fused(&architecture, Simd::detect());
    let mut state = network.state();
    let bias = state.get_mut("feature_net.0.bias").unwrap();
    *bias = bias.full_like(f64::NAN);
    network.load_state(&state).unwrap();
    let embeddings = network.forward(vec![images(8, 9, 9)]).remove(0);
    assert!(embeddings.isnan().all().int64_value(&[]) == 1);
}
