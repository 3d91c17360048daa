//! The kernels of the repulsion as spectra.

use rustfft::num_complex::Complex32;

use super::transforms::{Transforms, smooth};

/// Nodes of padding more than a convolution needs: what the kernels lack at half the length shows
/// in the spectra as ripples that reach a few nodes.
const MARGIN: usize = 16;

/// Spectra of the kernels on a grid, each `[columns][length]`, for points that are spread and
/// read off by cubic B-splines.
///
/// What two such splines blur is divided out, so that between nodes a kernel is its interpolating
/// spline, and with it the factor that transforms forward and back leave (Essmann et al., "A
/// smooth particle mesh Ewald method", J. Chem. Phys. 103, 1995).
pub(super) struct Kernels {
    pub transforms: Transforms,
    /// Nodes a side that points may be spread over.
    pub nodes: usize,
    /// Distance of two nodes.
    pub spacing: f32,
    /// w = 1/(1 + d²), whose spectrum is real.
    pub weight: Vec<f32>,
    /// Δx·w², whose spectrum is i times this.
    pub across: Vec<f32>,
    /// Δy·w², whose spectrum is i times this.
    pub up: Vec<f32>,
}

impl Kernels {
    /// Kernels for at least so many nodes a side, and as much padding.
    pub fn new(nodes: usize, spacing: f32) -> Kernels {
        let length = smooth(2 * nodes + MARGIN);
        let nodes = (length - MARGIN) / 2;
        let transforms = Transforms::new(length);
        // In a circle of nodes the second half lies before the first.
        let lag = |node: usize| {
            spacing * (if node < length / 2 { node as f32 } else { node as f32 - length as f32 })
        };
        let farthest = -lag(length / 2);
        // There the lag is as much forward as back, and what is odd must be zero.
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

/// The real or the imaginary part of a kernel's spectrum, the other being zero.
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
