//! Spreads points over a grid and interpolates the forces.

use rayon::prelude::*;
use rustfft::num_complex::Complex32;

use super::kernels::Kernels;
use super::transforms::{Line, Transforms};

/// Distance between nodes, three per unit as in the paper; smaller on small maps.
const SPACING: f32 = 1.0 / 3.0;

/// Minimum number of cells per side, as otherwise one cell would contain a small map.
const LEAST_SPACINGS: f32 = 64.0;

/// Maximum nodes per side, to limit memory: a map wider than 500 units gets a coarser grid.
const MOST_NODES: f32 = 1536.0;

/// Points per parallel task.
const CHUNK: usize = 1024;

/// Terms per vector operation.
const LANES: usize = 8;

/// Nodes per side that a point is spread over.
const STENCIL: usize = 4;

/// A grid over the map, rebuilt at each step, with buffers that are reused.
#[derive(Default)]
pub(super) struct Grid {
    kernels: Option<Kernels>,
    spread: Spread,
    /// Spectra of the rows `[nodes][columns]`.
    rows: Vec<Complex32>,
    /// Both convolutions after the inverse transform of the columns `[columns][2][nodes]`.
    columns: Vec<Complex32>,
    /// Σⱼ Δx·w² at each node `[nodes][nodes]`.
    across: Vec<f32>,
    /// Σⱼ Δy·w² at each node `[nodes][nodes]`.
    up: Vec<f32>,
}

impl Grid {
    /// Writes Σⱼ (yᵢ − yⱼ)·w² of each point and returns Z.
    pub fn forces(&mut self, map: &[[f32; 2]], forces: &mut [[f32; 2]]) -> f64 {
        let frame = Frame::around(map);
        self.spread.lay(map, &frame);
        let weights = self.convolve(&frame);
        self.interpolate(&frame, forces);
        // The grid's sum includes each point paired with itself, with weight 1.
        weights - map.len() as f64
    }

    /// Convolves the points with the kernels and returns Σw over all pairs.
    fn convolve(&mut self, frame: &Frame) -> f64 {
        let Frame { nodes, spacing, .. } = *frame;
        let fits = |kernels: &Kernels| kernels.spacing == spacing && kernels.nodes >= nodes;
        let kernels = self.kernels.take().filter(fits);
        let kernels = kernels.unwrap_or_else(|| Kernels::new(nodes, spacing));
        let Transforms { length, columns, .. } = kernels.transforms;
        kernels.transforms.rows(nodes, &mut self.rows, |row, line| self.spread.row(row, line));
        self.columns.resize(columns * 2 * nodes, Complex32::default());
        let of_column =
            |column: usize, points: &[Complex32], out: &mut [Complex32], line: &mut Line| {
                let entries = column * length..(column + 1) * length;
                let (across, up) = out.split_at_mut(nodes);
                for (kernel, out) in [(&kernels.across, across), (&kernels.up, up)] {
                    let product = |(value, k): (&Complex32, &f32)| {
                        Complex32::new(-value.im * k, value.re * k)
                    };
                    line.back(points.iter().zip(&kernel[entries.clone()]).map(product), out);
                }
                // All columns but the first and the last also represent their conjugates.
                let both = if column == 0 || column == columns - 1 { 1.0 } else { 2.0 };
                both * power(points, &kernels.weight[entries])
            };
        let out = (&mut self.columns[..], 2 * nodes);
        let weights: f64 = kernels.transforms.columns(&self.rows, out, of_column).iter().sum();
        kernels.transforms.rows_back(&self.columns, 0, nodes, &mut self.across);
        kernels.transforms.rows_back(&self.columns, 1, nodes, &mut self.up);
        self.kernels = Some(kernels);
        weights
    }

    fn interpolate(&self, frame: &Frame, forces: &mut [[f32; 2]]) {
        let of_point = |(force, spot): (&mut [f32; 2], &Spot)| {
            *force = [spot.read(&self.across, frame.nodes), spot.read(&self.up, frame.nodes)];
        };
        let spots = self.spread.spots.par_iter().with_min_len(CHUNK);
        forces.par_iter_mut().zip(spots).for_each(of_point);
    }
}

/// Σ k·|v|² of a column.
fn power(values: &[Complex32], kernel: &[f32]) -> f64 {
    let mut lanes = [0.0_f32; LANES];
    for (values, kernel) in values.chunks(LANES).zip(kernel.chunks(LANES)) {
        for (lane, (value, k)) in values.iter().zip(kernel).enumerate() {
            lanes[lane] += k * value.norm_sqr();
        }
    }
    lanes.iter().map(|&sum| f64::from(sum)).sum()
}

/// Position of the grid: node (1, 1) is the lower left of the map, with one more node on each side.
struct Frame {
    origin: [f32; 2],
    spacing: f32,
    /// Nodes per side.
    nodes: usize,
}

impl Frame {
    /// The frame of a map with finite coordinates.
    fn around(map: &[[f32; 2]]) -> Frame {
        let (mut low, mut high) = (map[0], map[0]);
        for point in map {
            for axis in 0..2 {
                low[axis] = low[axis].min(point[axis]);
                high[axis] = high[axis].max(point[axis]);
            }
        }
        // Positive even if all points are equal.
        let extent = (high[0] - low[0]).max(high[1] - low[1]).max(1e-30);
        let mut spacing = SPACING.min(extent / LEAST_SPACINGS);
        while extent / spacing > MOST_NODES {
            spacing *= 2.0;
        }
        Frame { origin: low, spacing, nodes: (extent / spacing).ceil() as usize + STENCIL }
    }

    /// The cell of a coordinate along an axis, and the position in the cell from 0 to 1.
    fn cell(&self, value: f32, axis: usize) -> (usize, f32) {
        let position = (value - self.origin[axis]) / self.spacing;
        let cell = (position as usize).min(self.nodes - STENCIL);
        (cell, position - cell as f32)
    }
}

/// The nodes that a point is spread over and its weight at each.
#[derive(Debug, Clone, Copy, Default)]
struct Spot {
    /// First row and column of the 4×4 nodes.
    row: u32,
    column: u32,
    /// Weights of columns and rows.
    across: [f32; STENCIL],
    up: [f32; STENCIL],
}

impl Spot {
    /// The value of a grid `[nodes][nodes]` interpolated at the point.
    fn read(&self, grid: &[f32], nodes: usize) -> f32 {
        let of_row = |(row, share): (usize, &f32)| {
            let first = (self.row as usize + row) * nodes + self.column as usize;
            share * dot(&self.across, &grid[first..first + STENCIL])
        };
        self.up.iter().enumerate().map(of_row).sum()
    }
}

fn dot(a: &[f32; STENCIL], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Cubic B-spline weights of the nodes −1, 0, 1, 2 at `t` between 0 and 1; they sum to 1.
fn shares(t: f32) -> [f32; STENCIL] {
    let outer = |t: f32| t * t * t / 6.0;
    let inner = |t: f32| (4.0 + t * t * (3.0 * t - 6.0)) / 6.0;
    [outer(1.0 - t), inner(t), inner(1.0 - t), outer(t)]
}

/// The weights of all points at nodes.
#[derive(Default)]
struct Spread {
    /// In the order of the points.
    spots: Vec<Spot>,
    /// The points sorted by row, within a row in their order.
    by_row: Vec<u32>,
    /// Start of each row's points in `by_row`, and the end of the last.
    starts: Vec<usize>,
}

impl Spread {
    fn lay(&mut self, map: &[[f32; 2]], frame: &Frame) {
        self.spots.resize(map.len(), Spot::default());
        let spots = self.spots.par_iter_mut().with_min_len(CHUNK);
        spots.zip(map).for_each(|(spot, point)| {
            let ((column, x), (row, y)) = (frame.cell(point[0], 0), frame.cell(point[1], 1));
            let (row, column) = (row as u32, column as u32);
            *spot = Spot { row, column, across: shares(x), up: shares(y) };
        });
        self.starts.clear();
        self.starts.resize(frame.nodes + 1, 0);
        self.spots.iter().for_each(|spot| self.starts[spot.row as usize + 1] += 1);
        for row in 0..frame.nodes {
            self.starts[row + 1] += self.starts[row];
        }
        let mut next = self.starts.clone();
        self.by_row.resize(map.len(), 0);
        for (point, spot) in self.spots.iter().enumerate() {
            let position = &mut next[spot.row as usize];
            self.by_row[*position] = point as u32;
            *position += 1;
        }
    }

    /// Adds to a row of nodes the weights of all points that reach it.
    fn row(&self, row: usize, line: &mut [f32]) {
        for reach in 0..STENCIL.min(row + 1) {
            let first = row - reach;
            for &point in &self.by_row[self.starts[first]..self.starts[first + 1]] {
                let spot = &self.spots[point as usize];
                let nodes = &mut line[spot.column as usize..][..STENCIL];
                for (node, share) in nodes.iter_mut().zip(spot.across) {
                    *node += share * spot.up[reach];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pairs;
    use super::*;
    use crate::random::{Purpose, generator};
    use rand::RngExt;

    /// Points in blobs over a square of the given width.
    fn map(points: usize, width: f32) -> Vec<[f32; 2]> {
        let mut random = generator(3, Purpose::Sample, 0);
        let mut at = |width: f32| [(); 2].map(|()| width * random.random_range(-0.5..0.5_f32));
        let blobs: Vec<[f32; 2]> = (0..10).map(|_| at(width)).collect();
        let mut near = |blob: &[f32; 2]| {
            let [x, y] = at(0.1 * width);
            [blob[0] + x, blob[1] + y]
        };
        (0..points).map(|i| near(&blobs[i % 10])).collect()
    }

    /// Relative difference between two sets of forces.
    fn distance(found: &[[f32; 2]], exact: &[[f32; 2]]) -> f32 {
        let pairs = || found.iter().flatten().zip(exact.iter().flatten());
        let square: f32 = pairs().map(|(a, b)| (a - b) * (a - b)).sum();
        (square / pairs().map(|(_, b)| b * b).sum::<f32>()).sqrt()
    }

    #[test]
    fn forces_and_normaliser_are_close_to_exact_at_every_size_of_the_map() {
        for (width, within) in
            [(1e-4, 0.005), (0.5, 0.005), (10.0, 0.005), (60.0, 0.007), (300.0, 0.007)]
        {
            let map = map(3000, width);
            let (mut found, mut exact) = (vec![[0.0; 2]; 3000], vec![[0.0; 2]; 3000]);
            let (z, expected) =
                (Grid::default().forces(&map, &mut found), pairs::forces(&map, &mut exact));
            let error = distance(&found, &exact);
            assert!(error < within, "forces {error} at width {width}");
            assert!((z / expected - 1.0).abs() < 1e-3, "{z} for {expected} at width {width}");
        }
    }

    #[test]
    fn grids_are_bounded_in_size_and_equal_points_have_one() {
        for (width, most) in [(0.0, 69), (1e-20, 69), (20.0, 69), (400.0, 1205), (1e6, 1540)] {
            let map = [[-width / 2.0, 0.0], [width / 2.0, width]];
            let nodes = Frame::around(&map).nodes;
            assert!(nodes <= most, "{nodes} for width {width}");
        }
        let (map, mut forces) = ([[2.5, -1.0]; 3], [[1.0; 2]; 3]);
        let z = Grid::default().forces(&map, &mut forces);
        assert!((z - 6.0).abs() < 1e-4, "{z}");
        assert!(forces.iter().flatten().all(|force| force.abs() < 1e-4), "{forces:?}");
    }
}
