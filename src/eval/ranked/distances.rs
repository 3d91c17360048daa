//! Distances from a few queries to all references at once.

use ndarray::ArrayView2;

use super::super::knn::Points;
use crate::runtime::{Kernel, Simd};

/// Queries per tile: each panel of references is loaded once for all of them, and their distances
/// still fit the L2 cache.
pub const TILE: usize = 4;

/// References per panel: one AVX2 register.
const PANEL: usize = 8;

/// One number per reference of a panel.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Lanes([f32; PANEL]);

/// The references in panels, and the queries.
pub struct Distances {
    /// Dimension-major `[⌈N / PANEL⌉, D, PANEL]`.
    panels: Vec<f32>,
    references: usize,
    /// Row-major `[Q, D]`.
    queries: Vec<f32>,
    dimensions: usize,
}

/// Squared distances of [`TILE`] queries to all references, as bits.
#[derive(Default)]
pub struct Block {
    rows: [Vec<i32>; TILE],
    references: usize,
}

impl Block {
    /// The distances `[N]` of a query of the tile.
    pub fn row(&mut self, slot: usize) -> &mut [i32] {
        &mut self.rows[slot][..self.references]
    }
}

impl Distances {
    /// Larger than any distance: excludes a reference.
    pub const EXCLUDED: i32 = i32::MAX;

    /// Arranges the references in panels.
    ///
    /// # Shapes
    /// references `[N, D]`, queries `[Q, D]`
    pub fn new(references: ArrayView2<f32>, queries: ArrayView2<f32>) -> Distances {
        assert_eq!(references.ncols(), queries.ncols(), "embeddings of one network");
        let rows: Vec<u32> = (0..references.nrows() as u32).collect();
        let standard = references.as_standard_layout();
        Distances {
            panels: Points::of(standard.view()).bundled::<PANEL>(&rows),
            references: references.nrows(),
            queries: queries.iter().copied().collect(),
            dimensions: references.ncols(),
        }
    }

    /// Writes the squared distances of these queries, at most [`TILE`], into the block.
    ///
    /// A squared distance is not negative, so its bits as an `i32` have the same order. They are the
    /// bits that [`nearest`](crate::eval::nearest) computes, on any processor.
    pub fn measure(&self, queries: &[usize], block: &mut Block) {
        let length = self.references.next_multiple_of(PANEL);
        block.references = self.references;
        for row in &mut block.rows {
            row.resize(length, 0);
        }
        Simd::detect().run(Measure { distances: self, queries, rows: &mut block.rows });
    }
}

/// The work of [`Distances::measure`].
struct Measure<'a> {
    distances: &'a Distances,
    queries: &'a [usize],
    rows: &'a mut [Vec<i32>; TILE],
}

impl Kernel for Measure<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let dimensions = self.distances.dimensions;
        let panels = self.distances.panels.as_chunks::<PANEL>().0.chunks_exact(dimensions);
        for (number, panel) in panels.enumerate() {
            for (&query, row) in self.queries.iter().zip(self.rows.iter_mut()) {
                let query = &self.distances.queries[query * dimensions..][..dimensions];
                let squared = squared(query, panel);
                let bits = &mut row.as_chunks_mut::<PANEL>().0[number];
                for (bits, value) in bits.iter_mut().zip(squared.0) {
                    *bits = value.to_bits() as i32;
                }
            }
        }
    }
}

/// Squared distances of a query `[D]` to a panel `[D, PANEL]`, each summed in the order of
/// `Euclidean::squared`: four interleaved sums, and one of the remainder.
///
/// The sums are separate variables because the compiler would keep an array in memory.
#[inline(always)]
fn squared(query: &[f32], panel: &[[f32; PANEL]]) -> Lanes {
    let zero = Lanes([0.0; PANEL]);
    let (mut first, mut second, mut third, mut fourth) = (zero, zero, zero, zero);
    let (values, value_rest) = query.as_chunks::<4>();
    let (lines, line_rest) = panel.as_chunks::<4>();
    for (value, line) in values.iter().zip(lines) {
        first = add_square(first, value[0], &line[0]);
        second = add_square(second, value[1], &line[1]);
        third = add_square(third, value[2], &line[2]);
        fourth = add_square(fourth, value[3], &line[3]);
    }
    let mut rest = zero;
    for (&value, line) in value_rest.iter().zip(line_rest) {
        rest = add_square(rest, value, line);
    }
    let mut sum = zero;
    for lane in 0..PANEL {
        let whole = (first.0[lane] + second.0[lane]) + (third.0[lane] + fourth.0[lane]);
        sum.0[lane] = whole + rest.0[lane];
    }
    sum
}

#[inline(always)]
fn add_square(sum: Lanes, value: f32, line: &[f32; PANEL]) -> Lanes {
    let mut result = sum;
    for (sum, point) in result.0.iter_mut().zip(line) {
        let gap = value - point;
        *sum += gap * gap;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::knn::Euclidean;
    use crate::random::{Purpose, generator};
    use ndarray::Array2;
    use rand::RngExt;

    #[test]
    fn every_distance_has_the_bits_of_the_neighbour_search() {
        let mut random = generator(3, Purpose::Sample, 0);
        for dimensions in [1, 2, 3, 4, 5, 7, 8, 10, 33] {
            let mut draw = |rows: usize| {
                Array2::from_shape_simple_fn((rows, dimensions), || random.random::<f32>() - 0.5)
            };
            let (references, queries) = (draw(37), draw(TILE));
            let distances = Distances::new(references.view(), queries.view());
            let mut block = Block::default();
            distances.measure(&[2, 0, 3], &mut block);
            for (slot, query) in [2, 0, 3].into_iter().enumerate() {
                let expected: Vec<i32> = references
                    .rows()
                    .into_iter()
                    .map(|row| {
                        let (row, query) = (row.to_slice().unwrap(), queries.row(query));
                        Euclidean::squared(query.to_slice().unwrap(), row).to_bits() as i32
                    })
                    .collect();
                assert_eq!(block.row(slot), expected, "{dimensions} dimensions");
            }
        }
    }
}
