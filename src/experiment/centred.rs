//! Embeddings in f64 as the f32 that everything is measured in, without losing what tells them apart.
//!
//! A number near 10⁶ has steps of 0.06 in f32: embeddings that far from the origin would fall together.
//! Distances do not depend on the origin, so dimensions whose mean is far from it are moved there
//! first, in f64. Dimensions about the origin stay as they are, and so do arrays whose every value
//! f32 has anyway.

use ndarray::{Array1, Array2, ArrayView1, Axis};

/// A mean this many times as far from the origin as the embeddings are from their mean costs three
/// bits of 24 and is moved.
const FAR: f64 = 8.0;

/// What is subtracted from embeddings before they become f32.
pub(super) struct Centre(Option<Array1<f64>>);

impl Centre {
    /// The centre of references `[N, D]`, for them and for the queries that are held against them.
    pub fn of(references: &Array2<f64>, queries: Option<&Array2<f64>>) -> Centre {
        let is_exact =
            |set: &Array2<f64>| set.iter().all(|&value| f64::from(value as f32) == value);
        if is_exact(references) && queries.is_none_or(is_exact) {
            return Centre(None);
        }
        let (means, variances): (Vec<f64>, Vec<f64>) =
            references.columns().into_iter().map(mean_and_variance).unzip();
        let spread = variances.iter().sum::<f64>().sqrt();
        let far = |mean: &f64| if mean.abs() > FAR * spread { *mean } else { 0.0 };
        let centre: Array1<f64> = means.iter().map(far).collect();
        let moves = spread > 0.0 && centre.iter().any(|&value| value != 0.0);
        Centre(moves.then_some(centre))
    }

    /// Whether anything is moved.
    pub fn moves(&self) -> bool {
        self.0.is_some()
    }

    /// The embeddings less the centre.
    pub fn moved(&self, embeddings: Array2<f64>) -> Array2<f64> {
        match &self.0 {
            Some(centre) => embeddings - centre,
            None => embeddings,
        }
    }
}

fn mean_and_variance(values: ArrayView1<f64>) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|value| value / count).sum::<f64>();
    let variance = values.iter().map(|value| (value - mean).powi(2) / count).sum::<f64>();
    (mean, variance)
}

/// Mean squared length of embeddings `[N, D]`, N at least 1.
pub(super) fn mean_squared_norm(embeddings: &Array2<f64>) -> f64 {
    let rows = embeddings.axis_iter(Axis(0));
    rows.map(|row| row.dot(&row)).sum::<f64>() / embeddings.nrows() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{EvalConfig, Watch};
    use crate::experiment::{EmbeddingEvaluation, EmbeddingFiles};
    use crate::runtime::Cores;
    use ndarray::array;

    #[test]
    fn dimensions_far_from_the_origin_are_moved_and_the_others_are_not() {
        let points = array![[1e6 + 1e-3, 0.1], [1e6 - 1e-3, -0.3]];
        let centre = Centre::of(&points, None);
        assert!(centre.moves());
        let moved = centre.moved(points);
        assert!((moved[[0, 0]] - 1e-3).abs() < 1e-9 && (moved[[1, 0]] + 1e-3).abs() < 1e-9);
        assert_eq!([moved[[0, 1]], moved[[1, 1]]], [0.1, -0.3]);
        assert!(!Centre::of(&array![[0.1, 0.2], [0.3, -0.4]], None).moves());
        // A dimension that is the same for all hides nothing.
        assert!(!Centre::of(&array![[0.1, 0.7], [0.9, 0.7]], None).moves());
        assert!(!Centre::of(&array![[0.7], [0.7]], None).moves());
    }

    #[test]
    fn what_f32_holds_is_left_alone_unless_the_queries_are_not_held() {
        let exact = array![[1e6, 1e6 + 0.5], [1e6 + 1.0, 1e6]];
        assert!(!Centre::of(&exact, None).moves());
        assert!(Centre::of(&exact, Some(&array![[1e6 + 0.01, 1e6]])).moves());
    }

    #[test]
    fn lengths_are_those_before_the_move() {
        assert_eq!(mean_squared_norm(&array![[3.0, 4.0], [0.0, 1.0]]), 13.0);
    }

    #[derive(serde::Deserialize)]
    struct Reference {
        points: Vec<Vec<f64>>,
        labels: Vec<i64>,
        accuracy: f64,
        accuracy_float32: f64,
        accuracy_normalised: f64,
        same_class: f64,
        other_class: f64,
        relative_spread: f64,
    }

    #[test]
    fn a_million_from_the_origin_the_figures_are_those_of_float64() {
        let text = include_str!("../../tests/reference/far.json");
        let expected: Reference = serde_json::from_str(text).unwrap();
        assert!(expected.accuracy_float32 < 0.5 * expected.accuracy, "rounding loses the classes");
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let points = Array2::from_shape_fn((60, 6), |(row, column)| expected.points[row][column]);
        ndarray_npy::write_npy(path("far.npy"), &points).unwrap();
        ndarray_npy::write_npy(path("labels.npy"), &Array1::from(expected.labels)).unwrap();
        let found = |normalise| {
            let references = (path("far.npy"), Some(path("labels.npy")));
            let files = EmbeddingFiles { references, queries: None, normalise };
            let quiet = (&Watch::default(), &(|_: &str| {}) as &dyn Fn(&str));
            EmbeddingEvaluation::new(&files, &EvalConfig::default(), &Cores::new(2), quiet).unwrap()
        };
        let far = found(false);
        assert_eq!(far.figures.knn.accuracy, Some(expected.accuracy));
        assert!(far.remarks[0].contains("centred"), "{:?}", far.remarks);
        let distances = &far.figures.distances;
        for (found, expected) in [
            (distances.same_class, expected.same_class),
            (distances.other_class, expected.other_class),
            (distances.relative_spread, expected.relative_spread),
        ] {
            let found = found.unwrap();
            assert!((found / expected - 1.0).abs() < 1e-6, "{found} for {expected}");
        }
        let directions = found(true).figures.knn.accuracy;
        assert_eq!(directions, Some(expected.accuracy_normalised));
    }
}
