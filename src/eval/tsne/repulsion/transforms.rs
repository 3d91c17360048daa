//! Parallel 2-D Fourier transforms of a square real grid, by rows and then columns.
//!
//! A spectrum has `columns` = length/2 + 1 columns, as the others are their conjugates. Rows of zeros at
//! the end are neither transformed nor stored. The 1-D transforms are those of rustfft and realfft; a
//! task is a row or a tile of columns.

use std::sync::Arc;

use rayon::prelude::*;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner, num_complex::Complex32};

/// Columns (or rows) transposed together: a tile stays in the cache.
const TILE: usize = 16;

const SIZES: &str = "buffers have the sizes of their plan";

/// Transforms of grids of one length.
pub(super) struct Transforms {
    pub length: usize,
    pub columns: usize,
    row_forward: Arc<dyn RealToComplex<f32>>,
    row_back: Arc<dyn ComplexToReal<f32>>,
    column_forward: Arc<dyn Fft<f32>>,
    column_back: Arc<dyn Fft<f32>>,
}

impl Transforms {
    /// `length` must be even.
    pub fn new(length: usize) -> Transforms {
        let (mut real, mut complex) = (RealFftPlanner::new(), FftPlanner::new());
        Transforms {
            length,
            columns: length / 2 + 1,
            row_forward: real.plan_fft_forward(length),
            row_back: real.plan_fft_inverse(length),
            column_forward: complex.plan_fft_forward(length),
            column_back: complex.plan_fft_inverse(length),
        }
    }

    /// The spectrum of each row `[rows][columns]`; `fill` writes a row into a line of zeros.
    pub fn rows(
        &self,
        rows: usize,
        out: &mut Vec<Complex32>,
        fill: impl Fn(usize, &mut [f32]) + Sync,
    ) {
        out.resize(rows * self.columns, Complex32::default());
        let buffers = || (vec![0.0; self.length], self.row_forward.make_scratch_vec());
        out.par_chunks_mut(self.columns).enumerate().for_each_init(
            buffers,
            |(line, scratch), (row, out)| {
                line.fill(0.0);
                fill(row, line);
                self.row_forward.process_with_scratch(line, out, scratch).expect(SIZES);
            },
        );
    }

    /// Calls `work` with the spectrum of each column and its part of the output.
    ///
    /// `rows` are the spectra of the rows `[R][columns]`; `out` has `part` values per column. Returns
    /// the results in the order of columns.
    pub fn columns<O: Send, S: Send>(
        &self,
        rows: &[Complex32],
        (out, part): (&mut [O], usize),
        work: impl Fn(usize, &[Complex32], &mut [O], &mut Line) -> S + Sync,
    ) -> Vec<S> {
        let buffers = || (vec![Complex32::default(); TILE * self.length], self.line());
        let of_tile = |(tile, line): &mut (Vec<Complex32>, Line),
                       (number, out): (usize, &mut [O])| {
            let first = number * TILE;
            let count = out.len() / part;
            self.transpose(rows, first, count, tile);
            let columns = tile.chunks_mut(self.length).zip(out.chunks_mut(part)).take(count);
            let of_column = |(offset, (column, out)): (usize, (&mut [Complex32], &mut [O]))| {
                self.column_forward.process_with_scratch(column, &mut line.scratch);
                work(first + offset, column, out, line)
            };
            columns.enumerate().map(of_column).collect::<Vec<S>>()
        };
        let tiles = out.par_chunks_mut(TILE * part).enumerate();
        let results: Vec<Vec<S>> = tiles.map_init(buffers, of_tile).collect();
        results.into_iter().flatten().collect()
    }

    /// Copies some columns of the spectra of the rows, each contiguous, with zeros for missing rows.
    fn transpose(&self, rows: &[Complex32], first: usize, count: usize, tile: &mut [Complex32]) {
        let present = rows.len() / self.columns;
        for column in tile.chunks_mut(self.length) {
            column[present..].fill(Complex32::default());
        }
        for (r, row) in rows.chunks(self.columns).enumerate() {
            for (c, value) in row[first..first + count].iter().enumerate() {
                tile[c * self.length + r] = *value;
            }
        }
    }

    fn line(&self) -> Line {
        let forward = self.column_forward.get_inplace_scratch_len();
        let back = self.column_back.get_inplace_scratch_len();
        Line {
            values: vec![Complex32::default(); self.length],
            scratch: vec![Complex32::default(); forward.max(back)],
            back: Arc::clone(&self.column_back),
        }
    }

    /// Inverse transform of the rows, after that of the columns, to the grid `[rows][rows]`; `columns`
    /// `[columns][parts][rows]` belong to several grids, of which this is `part`.
    pub fn rows_back(&self, columns: &[Complex32], part: usize, rows: usize, out: &mut Vec<f32>) {
        let whole = columns.len() / self.columns;
        out.resize(rows * rows, 0.0);
        let scratch = || self.row_back.make_scratch_vec();
        let tile = || vec![Complex32::default(); TILE * self.columns];
        out.par_chunks_mut(TILE * rows).enumerate().for_each_init(
            || (tile(), vec![0.0; self.length], scratch()),
            |(tile, line, scratch), (number, out)| {
                for (c, column) in columns.chunks(whole).enumerate() {
                    let values = &column[part * rows + number * TILE..][..out.len() / rows];
                    for (r, value) in values.iter().enumerate() {
                        tile[r * self.columns + c] = *value;
                    }
                }
                for (row, out) in tile.chunks_mut(self.columns).zip(out.chunks_mut(rows)) {
                    // Real by symmetry, up to rounding.
                    row[0].im = 0.0;
                    row[self.columns - 1].im = 0.0;
                    self.row_back.process_with_scratch(row, line, scratch).expect(SIZES);
                    out.copy_from_slice(&line[..rows]);
                }
            },
        );
    }
}

/// Buffers and plan for the inverse transform of a column.
pub(super) struct Line {
    values: Vec<Complex32>,
    scratch: Vec<Complex32>,
    back: Arc<dyn Fft<f32>>,
}

impl Line {
    /// Inverse transform of a column; the first values go to `out`.
    pub fn back(&mut self, values: impl Iterator<Item = Complex32>, out: &mut [Complex32]) {
        self.values.iter_mut().zip(values).for_each(|(slot, value)| *slot = value);
        self.back.process_with_scratch(&mut self.values, &mut self.scratch);
        out.copy_from_slice(&self.values[..out.len()]);
    }
}

/// The smallest even length of at least `least` with no prime factors but 2, 3 and 5, for which
/// transforms are fast.
pub(super) fn smooth(least: usize) -> usize {
    let is_smooth = |length: &usize| {
        let without = |rest: usize, prime: usize| {
            std::iter::successors(Some(rest), |rest| {
                rest.is_multiple_of(prime).then(|| rest / prime)
            })
            .last()
            .expect("the number itself")
        };
        [2, 3, 5].into_iter().fold(*length, without) == 1
    };
    let first = least.max(2).next_multiple_of(2);
    (first..).step_by(2).find(is_smooth).expect("there is a power of two")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forward_and_inverse_transform_give_the_original_grid() {
        // More rows and columns than a tile, and not multiples of it.
        let (length, rows) = (60, 23);
        let transforms = Transforms::new(length);
        let value = |row: usize, column: usize| ((3 * row + 7 * column) as f32).sin();
        let mut spectra = Vec::new();
        transforms.rows(rows, &mut spectra, |row, line| {
            (0..rows).for_each(|column| line[column] = value(row, column));
        });
        let mut columns = vec![Complex32::default(); transforms.columns * rows];
        let order =
            transforms.columns(&spectra, (&mut columns, rows), |number, values, out, line| {
                line.back(values.iter().copied(), out);
                number
            });
        assert!(order.into_iter().eq(0..transforms.columns));
        let mut grid = Vec::new();
        transforms.rows_back(&columns, 0, rows, &mut grid);
        let scale = (length * length) as f32;
        for (index, found) in grid.iter().enumerate() {
            let expected = value(index / rows, index % rows);
            assert!((found / scale - expected).abs() < 1e-5, "{index}");
        }
    }

    #[test]
    fn lengths_are_even_and_have_small_factors() {
        let found: Vec<usize> = [0, 3, 13, 121, 127, 1001].map(smooth).to_vec();
        assert_eq!(found, [2, 4, 16, 128, 128, 1024]);
    }
}
