//! Embeddings as their file holds them.

use ndarray::Array2;

/// Embeddings as precise as their file has them.
#[derive(Debug, Clone, PartialEq)]
pub enum Numbers {
    /// Every number is one of f32.
    Single(Array2<f32>),
    /// Numbers that f32 would round.
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
