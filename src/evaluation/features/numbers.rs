//! Embeddings in the precision of their file.

use ndarray::Array2;

/// Embeddings `[N, D]` in the precision of their file.
#[derive(Debug, Clone, PartialEq)]
pub enum Numbers {
    /// Every value is exact in f32.
    Single(Array2<f32>),
    /// f32 would round some values.
    Double(Array2<f64>),
}

impl Numbers {
    /// Rows and columns.
    pub fn dim(&self) -> (usize, usize) {
        match self {
            Numbers::Single(array) => array.dim(),
            Numbers::Double(array) => array.dim(),
        }
    }
}
