//! Contiguous row-major points.

use ndarray::ArrayView2;

/// Contiguous row-major points `[N, D]`.
#[derive(Clone, Copy)]
pub(in crate::eval) struct Points<'a> {
    values: &'a [f32],
    dimensions: usize,
}

impl<'a> Points<'a> {
    /// Points from row-major values.
    pub fn new(values: &'a [f32], dimensions: usize) -> Points<'a> {
        Points { values, dimensions }
    }

    /// The points of a view.
    ///
    /// # Panics
    /// If the view is not contiguous: a bug.
    pub fn of(view: ArrayView2<'a, f32>) -> Points<'a> {
        let dimensions = view.ncols();
        let values = view.to_slice().expect("the points are contiguous");
        Points::new(values, dimensions)
    }

    /// Number of points N.
    pub fn len(self) -> usize {
        self.values.len() / self.dimensions
    }

    /// D.
    pub fn dimensions(self) -> usize {
        self.dimensions
    }

    /// All coordinates, row-major.
    pub fn values(self) -> &'a [f32] {
        self.values
    }

    /// Coordinates of a point `[D]`.
    pub fn row(self, row: u32) -> &'a [f32] {
        &self.values[row as usize * self.dimensions..][..self.dimensions]
    }

    /// Points in bundles of `N`, each dimension-major `[⌈rows / N⌉, D, N]`; the last is zero-padded.
    pub fn bundled<const N: usize>(self, rows: &[u32]) -> Vec<f32> {
        let size = self.dimensions * N;
        let mut result = vec![0.0; rows.len().div_ceil(N) * size];
        for (rows, bundle) in rows.chunks(N).zip(result.chunks_exact_mut(size)) {
            for (lane, &row) in rows.iter().enumerate() {
                for (line, value) in bundle.chunks_exact_mut(N).zip(self.row(row)) {
                    line[lane] = *value;
                }
            }
        }
        result
    }
}
