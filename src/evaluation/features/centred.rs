//! Embeddings in f64 as the f32 that everything is measured in, without losing what tells them apart.
//!
//! A number near 10⁶ has steps of 0.06 in f32: embeddings that far from the origin would fall together.
//! Distances do not depend on the origin, so dimensions whose median is far from it are moved there
//! first, in f64. Medians, as one embedding elsewhere, of an image that could not be read, would
//! take mean and variance with it. Dimensions about the origin stay as they are, and so do arrays whose every value
//! f32 has anyway.

use std::cmp::Ordering;

use ndarray::{Array1, Array2, ArrayView1, Axis};

/// A median this many times as far from the origin as the embeddings are from their medians costs
/// three bits of 24 and is moved.
const FAR: f64 = 8.0;

/// What is subtracted from embeddings before they become f32.
pub struct Centre(Option<Array1<f64>>);

impl Centre {
    /// The centre of references `[N, D]`, for them and for the queries that are held against them.
    pub fn of(references: &Array2<f64>, queries: Option<&Array2<f64>>) -> Centre {
        let is_exact =
            |set: &Array2<f64>| set.iter().all(|&value| f64::from(value as f32) == value);
        if is_exact(references) && queries.is_none_or(is_exact) {
            return Centre(None);
        }
        let (medians, spreads): (Vec<f64>, Vec<f64>) =
            references.columns().into_iter().map(median_and_spread).unzip();
        let spread = spreads.iter().map(|spread| spread * spread).sum::<f64>().sqrt();
        let far = |median: &f64| if median.abs() > FAR * spread { *median } else { 0.0 };
        let centre: Array1<f64> = medians.iter().map(far).collect();
        // Where most embeddings are one point, the others may still lie about it.
        let varies = references
            .columns()
            .into_iter()
            .any(|column| column.iter().any(|&value| value != column[0]));
        let moves = varies && centre.iter().any(|&value| value != 0.0);
        Centre(moves.then_some(centre))
    }

    /// None: embeddings stay where they are.
    pub fn none() -> Centre {
        Centre(None)
    }

    /// Whether anything is moved.
    pub fn moves(&self) -> bool {
        self.0.is_some()
    }

    /// The embeddings less the centre, as f32.
    pub fn moved(&self, embeddings: &Array2<f64>) -> Array2<f32> {
        match &self.0 {
            Some(centre) => Array2::from_shape_fn(embeddings.dim(), |(row, column)| {
                (embeddings[[row, column]] - centre[column]) as f32
            }),
            None => embeddings.mapv(|value| value as f32),
        }
    }
}

/// The median, and the median of the distances to it.
fn median_and_spread(values: ArrayView1<f64>) -> (f64, f64) {
    let mut values = values.to_vec();
    let centre = median(&mut values);
    values.iter_mut().for_each(|value| *value = (*value - centre).abs());
    (centre, median(&mut values))
}

/// The one in the middle, or the mean of the two there; 0 of nothing.
fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let (even, middle) = (values.len().is_multiple_of(2), values.len() / 2);
    let (lower, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    match even {
        true => lower.iter().copied().fold(f64::NEG_INFINITY, f64::max) / 2.0 + upper / 2.0,
        false => upper,
    }
}

/// Embeddings `[N, D]` that differ from another one in f64 and do not in f32. Numbers at most
/// `alike` from each other count as equal in f64.
pub fn fallen_together(embeddings: &Array2<f64>, singles: &Array2<f32>, alike: f64) -> usize {
    // −0 is 0.
    let in_single = |a: &usize, b: &usize| {
        let pairs = singles.row(*a).into_iter().zip(singles.row(*b));
        pairs.map(|(a, b)| (a + 0.0).total_cmp(&(b + 0.0))).find(|order| order.is_ne())
    };
    let in_double = |a: &usize, b: &usize| {
        let pairs = embeddings.row(*a).into_iter().zip(embeddings.row(*b));
        pairs.map(|(a, b)| (a + 0.0).total_cmp(&(b + 0.0))).find(|order| order.is_ne())
    };
    let mut rows: Vec<usize> = (0..embeddings.nrows()).collect();
    rows.sort_unstable_by(|a, b| {
        in_single(a, b).or_else(|| in_double(a, b)).unwrap_or(Ordering::Equal)
    });
    let differ = |a: &usize, b: &usize| {
        let mut pairs = embeddings.row(*a).into_iter().zip(embeddings.row(*b));
        pairs.any(|(a, b)| (a - b).abs() > alike)
    };
    let equal = rows.chunk_by(|a, b| in_single(a, b).is_none());
    let different = |group: &[usize]| 1 + group.windows(2).filter(|w| differ(&w[0], &w[1])).count();
    equal.map(different).filter(|&count| count > 1).sum()
}

/// Mean squared length of embeddings `[N, D]`, N at least 1.
pub fn mean_squared_norm(embeddings: &Array2<f64>) -> f64 {
    let rows = embeddings.axis_iter(Axis(0));
    rows.map(|row| row.dot(&row)).sum::<f64>() / embeddings.nrows() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{EvalConfig, Watch};
    use crate::evaluation::embeddings::{EmbeddingEvaluation, EmbeddingFiles};
    use crate::runtime::Cores;
    use ndarray::array;

    #[test]
    fn dimensions_far_from_the_origin_are_moved_and_the_others_are_not() {
        let points = array![[1e6 + 1e-3, 0.1], [1e6 - 1e-3, -0.3]];
        let centre = Centre::of(&points, None);
        assert!(centre.moves());
        let moved = centre.moved(&points).mapv(f64::from);
        assert!((moved[[0, 0]] - 1e-3).abs() < 1e-9 && (moved[[1, 0]] + 1e-3).abs() < 1e-9);
        assert_eq!([moved[[0, 1]], moved[[1, 1]]], [0.1_f32, -0.3].map(f64::from));
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
    fn one_embedding_elsewhere_or_most_at_one_point_does_not_keep_the_others_from_moving() {
        let mut points = Array2::from_shape_fn((9, 2), |(row, _)| 1e8 + 0.01 * row as f64);
        points.row_mut(7).fill(0.0);
        let moved = Centre::of(&points, None).moved(&points);
        assert!((moved[[5, 0]] - moved[[4, 0]] - 0.01).abs() < 1e-6, "{moved}");
        assert_eq!(fallen_together(&points, &moved, 0.0), 0);
        let mut points = Array2::from_elem((9, 1), 1e8);
        (points[[0, 0]], points[[1, 0]]) = (1e8 + 0.1, 1e8 + 0.3);
        let centre = Centre::of(&points, None);
        assert!(centre.moves() && fallen_together(&points, &centre.moved(&points), 0.0) == 0);
    }

    #[test]
    fn what_falls_together_is_counted_and_equal_embeddings_are_not() {
        let points = array![[1e8, 0.0], [1e8 + 0.1, -0.0], [1e8, 0.0], [-1e8, 1.0], [1.0, 1.0]];
        let count = |alike| fallen_together(&points, &Centre::none().moved(&points), alike);
        assert_eq!((count(0.0), count(0.2)), (2, 0));
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

    fn evaluated(points: &[Vec<f64>], labels: &[i64], normalise: bool) -> EmbeddingEvaluation {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let size = (points.len(), points[0].len());
        let points = Array2::from_shape_fn(size, |(row, column)| points[row][column]);
        ndarray_npy::write_npy(path("far.npy"), &points).unwrap();
        ndarray_npy::write_npy(path("labels.npy"), &Array1::from(labels.to_vec())).unwrap();
        let references = (path("far.npy"), Some(path("labels.npy")));
        let files = EmbeddingFiles { references, queries: None, normalise };
        let quiet = (&Watch::default(), &(|_: &str| {}) as &dyn Fn(&str));
        EmbeddingEvaluation::new(&files, &EvalConfig::default(), &Cores::new(2), quiet).unwrap()
    }

    #[derive(serde::Deserialize)]
    struct Case {
        points: Vec<Vec<f64>>,
        labels: Vec<i64>,
        accuracy: f64,
        accuracy_float32: f64,
    }

    #[test]
    fn one_far_embedding_changes_no_figure_of_the_others_and_what_f32_loses_is_said() {
        let text = include_str!("../../../tests/reference/outliers.json");
        let mut cases: std::collections::HashMap<String, Case> =
            serde_json::from_str(text).unwrap();
        let mut case = |name: &str| cases.remove(name).unwrap();
        let Case { points, labels, accuracy, accuracy_float32 } = case("one_elsewhere");
        assert!(accuracy_float32 < 0.5 * accuracy);
        let found = evaluated(&points, &labels, false);
        assert_eq!(found.figures.knn.accuracy, Some(accuracy));
        assert!(found.remarks.len() == 1 && found.remarks[0].contains("centred"));
        // No one centre is near both groups.
        let Case { points, labels, accuracy, .. } = case("two_groups");
        let found = evaluated(&points, &labels, false);
        assert!(found.figures.knn.accuracy < Some(accuracy));
        let told = ": 120 different embeddings are equal in float32, which";
        assert!(found.remarks[0].contains(told), "{:?}", found.remarks);
    }

    #[test]
    fn a_million_from_the_origin_the_figures_are_those_of_float64() {
        let text = include_str!("../../../tests/reference/far.json");
        let expected: Reference = serde_json::from_str(text).unwrap();
        assert!(expected.accuracy_float32 < 0.5 * expected.accuracy, "rounding loses the classes");
        let found = |normalise| evaluated(&expected.points, &expected.labels, normalise);
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
