//! Random test data and tolerances.

use rand::RngExt;

use super::lanes::Lanes;
use super::plane::Plane;
use crate::random::{Purpose, generator};
use crate::runtime::Simd;

/// The best instruction set of this CPU, and the portable one.
pub fn simds() -> [Simd; 2] {
    [Simd::detect(), Simd::PORTABLE]
}

/// Random numbers in -1..1.
pub fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut random = generator(seed, Purpose::Sample, 0);
    (0..count).map(|_| random.random_range(-1.0..1.0)).collect()
}

/// Random numbers for eight images.
pub fn lanes(count: usize, seed: u64) -> Vec<Lanes> {
    let numbers = numbers(8 * count, seed);
    numbers.chunks_exact(8).map(|eight| Lanes(eight.try_into().expect("eight"))).collect()
}

/// A plane with random content and a zero border.
pub fn plane<const C: usize>(side: usize, seed: u64) -> Plane<C> {
    let mut plane = Plane::new(side);
    for y in 0..side {
        let row = plane.image_row(y);
        row.copy_from_slice(&lanes(row.len(), seed + y as u64));
    }
    plane
}

/// Channel `o` of pixel `(y, x)` by the formula of [`convolution`](super::convolution), in double
/// precision.
pub fn convolved<const IN: usize>(
    input: &Plane<IN>,
    weights: &[f32],
    bias: &[f32],
    (y, x, o): (usize, usize, usize),
) -> [f64; 8] {
    std::array::from_fn(|lane| {
        let term = |ky: usize, j: usize| {
            let pixel = input.row(y + ky)[x * IN + j].0[lane];
            f64::from(pixel) * f64::from(weights[(o * 3 + ky) * 3 * IN + j])
        };
        let window = (0..3).flat_map(|ky| (0..3 * IN).map(move |j| (ky, j)));
        f64::from(bias[o]) + window.map(|(ky, j)| term(ky, j)).sum::<f64>()
    })
}

/// Tolerance for single-precision sums of up to a few hundred terms of size 1.
pub fn assert_near(found: &Lanes, expected: &[f64; 8]) {
    assert_within(1e-6, found, expected);
}

/// As [`assert_near`], with the given relative tolerance.
pub fn assert_within(tolerance: f64, found: &Lanes, expected: &[f64; 8]) {
    for (found, expected) in found.0.iter().zip(expected) {
        let error = (f64::from(*found) - expected).abs();
        assert!(error < tolerance * (10.0 + expected.abs()), "{found} is not {expected}");
    }
}
