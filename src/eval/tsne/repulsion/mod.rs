//! The repulsion between all points of a map.
//!
//! Each point i is pushed by Σⱼ (yᵢ − yⱼ)·w² / Z, with w = 1/(1 + ‖yᵢ − yⱼ‖²) and Z = Σw over all
//! pairs of different points. Small maps are summed pair by pair. On large ones the points are spread
//! over the nodes of a grid, the grid is convolved with the kernels by FFT, and the result is
//! interpolated at the points (Linderman et al., "Fast interpolation-based t-SNE for
//! improved visualization of single-cell RNA-seq data", Nature Methods 16, 2019).
//!
//! Two things differ from that paper. Points are spread and interpolated by cubic B-splines over 4×4
//! nodes, whose blur the kernels compensate (see `kernels`): this costs as much as polynomials of that
//! degree, is smooth across cells, and with three nodes per unit gives forces within 0.5 % of the exact
//! ones. And forces are convolutions with Δx·w² and Δy·w² rather than differences of large potentials,
//! and Z is computed in the frequency domain, so a step takes one forward and two inverse transforms
//! instead of eight.
//!
//! The order of every sum depends on the points, not on the threads: the result is bit-identical on any
//! number of them.

mod grid;
mod kernels;
mod pairs;
mod transforms;

use grid::Grid;

/// Up to this many points, summing over pairs is faster.
const PAIRWISE: usize = 1000;

/// Repulsion on a map whose points move between calls.
pub(super) struct Repulsion {
    grid: Option<Grid>,
}

impl Repulsion {
    /// Repulsion for this number of points.
    pub(super) fn new(points: usize) -> Repulsion {
        Repulsion { grid: (points > PAIRWISE).then(Grid::default) }
    }

    /// Writes Σⱼ (yᵢ − yⱼ)·w² of each point and returns Z.
    pub(super) fn forces(&mut self, map: &[[f32; 2]], forces: &mut [[f32; 2]]) -> f64 {
        match &mut self.grid {
            Some(grid) => grid.forces(map, forces),
            None => pairs::forces(map, forces),
        }
    }
}
