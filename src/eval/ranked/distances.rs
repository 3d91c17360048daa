//! Distances of a few queries to every reference at once.

use ndarray::ArrayView2;

use super::super::knn::Points;
use crate::runtime::{Kernel, Simd};

/// Queries that are measured together: each panel of references is fetched once for all of them,
/// and their distances still fit the processor's second cache.
pub const TILE: usize = 4;

/// References in a panel: one register of AVX2.
const PANEL: usize = 8;

/// One number a reference of a panel.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Lanes([f32; PANEL]);

/// The references, laid out for measuring, and the queries.
pub struct Distances {
    /// Dimension-major `[⌈N / PANEL⌉, D, PANEL]`.
    panels: Vec<f32>,
    references: usize,
    /// Row by row `[Q, D]`.
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
    /// The distances `[N]` of the query at this place of the tile.
    pub fn row(&mut self, place: usize) -> &mut [i32] {
        &mut self.rows[place][..self.references]
    }
}

impl Distances {
    /// Farther than any reference.
    pub const NOWHERE: i32 = i32::MAX;

    /// Lays the references out.
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
    /// A squared distance is not negative, so as an `i32` its bits are ordered as it is. It has
    /// the bits that [`nearest`](crate::eval::nearest) computes, whatever the processor.
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
/// `Euclidean::squared`: four sums in turn, and one of what is left.
///
/// The sums have names, not places in an array: the compiler keeps those in memory.
#[inline(always)]
fn squared(query: &[f32], panel: &[[f32; PANEL]]) -> Lanes {
    let nothing = Lanes([0.0; PANEL]);
    let (mut first, mut second, mut third, mut fourth) = (nothing, nothing, nothing, nothing);
    let (values, value_rest) = query.as_chunks::<4>();
    let (lines, line_rest) = panel.as_chunks::<4>();
    for (value, line) in values.iter().zip(lines) {
        first = add_square(first, value[0], &line[0]);
        second = add_square(second, value[1], &line[1]);
        third = add_square(third, value[2], &line[2]);
        fourth = add_square(fourth, value[3], &line[3]);
    }
    let mut rest = nothing;
    for (&value, line) in value_rest.iter().zip(line_rest) {
        rest = add_square(rest, value, line);
    }
    let mut sum = nothing;
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
    fn every_distance_has_the_bits_that_the_search_for_neighbours_computes() {
        let mut random = generator(3, Purpose::Sample, 0);
        for dimensions in [1, 2, 3, 4, 5, 7, 8, 10, 33] {
            let mut draw = |rows: usize| {
                Array2::from_shape_simple_fn((rows, dimensions), || random.random::<f32>() - 0.5)
            };
            let (references, queries) = (draw(37), draw(TILE));
            let distances = Distances::new(references.view(), queries.view());
            let mut block = Block::default();
            distances.measure(&[2, 0, 3], &mut block);
            for (place, query) in [2, 0, 3].into_iter().enumerate() {
                let expected: Vec<i32> = references
                    .rows()
                    .into_iter()
                    .map(|row| {
                        let (row, query) = (row.to_slice().unwrap(), queries.row(query));
                        Euclidean::squared(query.to_slice().unwrap(), row).to_bits() as i32
                    })
                    .collect();
                assert_eq!(block.row(place), expected, "{dimensions} dimensions");
            }
        }
    }
}
