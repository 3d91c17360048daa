//! The Fourier transforms of the repulsion kernels.

use rustfft::num_complex::Complex32;

use super::transforms::{Transforms, smooth};

/// Extra nodes of padding: truncating the kernels at half the length causes ripples that reach a few
/// nodes.
const MARGIN: usize = 16;

/// Spectra of the kernels on a grid, each `[columns][length]`, for points that are spread and
/// interpolated by cubic B-splines.
///
/// The blur of two such splines is divided out, so that between nodes a kernel is its interpolating
/// spline; so is the factor of a forward and an inverse transform (Essmann et al., "A
/// smooth particle mesh Ewald method", J. Chem. Phys. 103, 1995).
pub(super) struct Kernels {
    pub transforms: Transforms,
    /// Usable nodes per side.
    pub nodes: usize,
    /// Distance between nodes.
    pub spacing: f32,
    /// w = 1/(1 + d²), whose spectrum is real.
    pub weight: Vec<f32>,
    /// Δx·w², whose spectrum is i times this.
    pub across: Vec<f32>,
    /// Δy·w², whose spectrum is i times this.
    pub up: Vec<f32>,
}

impl Kernels {
    /// Kernels for at least this many nodes per side, and as much padding.
    pub fn new(nodes: usize, spacing: f32) -> Kernels {
        let length = smooth(2 * nodes + MARGIN);
        let nodes = (length - MARGIN) / 2;
        let transforms = Transforms::new(length);
        // Nodes are cyclic: the second half has negative lags.
        let lag = |node: usize| {
            spacing * (if node < length / 2 { node as f32 } else { node as f32 - length as f32 })
        };
        let farthest = -lag(length / 2);
        // At half the length, positive and negative lag coincide, so odd kernels must be zero.
        let odd = |lag: f32| if lag == -farthest { 0.0 } else { lag };
        let weight = |x: f32, y: f32| 1.0 / (1.0 + x * x + y * y);
        let spectrum = |kernel: &(dyn Fn(f32, f32) -> f32 + Sync), part: fn(&Complex32) -> f32| {
            spectrum(&transforms, |column, row| kernel(lag(column), lag(row)), part)
        };
        let weights = spectrum(&weight, |value| value.re);
        let across = spectrum(&|x, y| odd(x) * weight(x, y).powi(2), |value| value.im);
        let up = spectrum(&|x, y| odd(y) * weight(x, y).powi(2), |value| value.im);
        Kernels { transforms, nodes, spacing, weight: weights, across, up }
    }
}

/// The real or the imaginary part of a kernel's spectrum; the other is zero.
fn spectrum(
    transforms: &Transforms,
    kernel: impl Fn(usize, usize) -> f32 + Sync,
    part: fn(&Complex32) -> f32,
) -> Vec<f32> {
    let length = transforms.length;
    let scale = 1.0 / (length * length) as f32;
    let mut rows = Vec::new();
    transforms.rows(length, &mut rows, |row, line| {
        for (column, value) in line.iter_mut().enumerate() {
            *value = scale * kernel(column, row);
        }
    });
    let mut spectrum = vec![0.0; transforms.columns * length];
    let blurs: Vec<f32> = (0..length).map(|frequency| blur(frequency, length)).collect();
    transforms.columns(&rows, (&mut spectrum, length), |column, values, out, _| {
        for ((out, value), blur) in out.iter_mut().zip(values).zip(&blurs) {
            *out = part(value) / (blur * blurs[column]).powi(2);
        }
    });
    spectrum
}

/// The spectrum of a cubic B-spline's values at the nodes, 1/6, 4/6 and 1/6, at a frequency of so
/// many waves over `length` nodes.
fn blur(frequency: usize, length: usize) -> f32 {
    let angle = std::f64::consts::TAU * frequency as f64 / length as f64;
    ((2.0 + angle.cos()) / 3.0) as f32
}
