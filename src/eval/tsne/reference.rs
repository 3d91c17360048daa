//! What scikit-learn makes of 60 points (`tests/reference/tsne.py`).

use ndarray::Array2;
use serde::Deserialize;

/// The content of `tests/reference/tsne.json`; the script beside it describes each part.
#[derive(Deserialize)]
pub(super) struct Reference {
    pub perplexity: f64,
    points: Vec<Vec<f32>>,
    pub affinities: Vec<Vec<f64>>,
    pub start: Vec<[f64; 2]>,
    pub maps: Vec<Vec<[f64; 2]>>,
    pub kl: Vec<f64>,
}

impl Reference {
    pub fn read() -> Reference {
        serde_json::from_str(include_str!("../../../tests/reference/tsne.json")).unwrap()
    }

    pub fn points(&self) -> Array2<f32> {
        Array2::from_shape_fn((60, 5), |(i, j)| self.points[i][j])
    }
}
