//! The repulsion between all points of a map.
//!
//! Each point i is pushed by Σⱼ (yᵢ − yⱼ)·w² / Z, with w = 1/(1 + ‖yᵢ − yⱼ‖²) and Z = Σw over all
//! pairs of different points. Small maps are summed pair by pair. On large ones the points
//! are spread over the nodes of a grid, the grid is convolved with the kernels by FFT, and the
//! result is read off where the points are (Linderman et al., "Fast interpolation-based t-SNE for
//! improved visualization of single-cell RNA-seq data", Nature Methods 16, 2019).
//!
//! Two things differ from that paper. Points are spread and read off by cubic B-splines over 4×4
//! nodes, whose blur the kernels make good (see `kernels`): as many operations as with
//! polynomials of that degree, smooth across cells, and at three nodes a unit forces within half
//! a per cent of the exact ones. And forces are the convolutions with Δx·w² and Δy·w² rather than
//! differences of large potentials, and Z is read off the spectrum, so a step takes one transform
//! forward and two back instead of eight.
//!
//! Every sum has an order that the points decide and not the threads: the result is the same to
//! the bit on any number of them.

mod grid;
mod kernels;
mod pairs;
mod transforms;

use grid::Grid;

/// Up to so many points pairs are summed, which is faster there.
const PAIRWISE: usize = 1000;

/// Repulsion on a map whose points move from call to call.
pub(super) struct Repulsion {
    grid: Option<Grid>,
}

impl Repulsion {
    /// For so many points.
    pub(super) fn new(points: usize) -> Repulsion {
        Repulsion { grid: (points > PAIRWISE).then(Grid::default) }
    }

    /// Writes Σⱼ (yᵢ − yⱼ)·w² of each point and gives Z.
    pub(super) fn forces(&mut self, map: &[[f32; 2]], forces: &mut [[f32; 2]]) -> f64 {
        match &mut self.grid {
            Some(grid) => grid.forces(map, forces),
            None => pairs::forces(map, forces),
        }
    }
}
