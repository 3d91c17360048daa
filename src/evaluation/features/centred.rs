//! Converts f64 embeddings to f32, which all metrics use, without losing the differences between them.
//!
//! Near 10⁶ the spacing of f32 is 0.06, so different embeddings that far from the origin would become
//! equal. Distances do not depend on the origin, so dimensions whose median is far from it are centred
//! first, in f64. Medians rather than means, because a single outlier, such as the embedding of a damaged
//! image, would shift mean and variance. Other dimensions stay unchanged, and so do arrays whose values
//! are all exact in f32.

use std::cmp::Ordering;

use ndarray::{Array1, Array2, ArrayView1, Axis};

/// A dimension is centred if its median is more than this many times the spread from the origin, which
/// costs three of the 24 bits.
const FAR: f64 = 8.0;

/// The vector that is subtracted from embeddings before the conversion to f32.
pub struct Centre(Option<Array1<f64>>);

impl Centre {
    /// The centre of references `[N, D]`, for them and for their queries.
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
        // The spread is 0 if most embeddings are equal, but the others may still vary around them.
        let varies = references
            .columns()
            .into_iter()
            .any(|column| column.iter().any(|&value| value != column[0]));
        let is_far = varies && centre.iter().any(|&value| value != 0.0);
        Centre(is_far.then_some(centre))
    }

    /// No centre: embeddings stay unchanged.
    pub fn none() -> Centre {
        Centre(None)
    }

    /// Whether anything is subtracted.
    pub fn is_nonzero(&self) -> bool {
        self.0.is_some()
    }

    /// The embeddings minus the centre, as f32.
    pub fn subtract_from(&self, embeddings: &Array2<f64>) -> Array2<f32> {
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

/// The median; 0 for an empty slice.
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

/// Number of embeddings `[N, D]` that equal another one in f32 but not in f64. Values that differ by at
/// most `tolerance` count as equal in f64.
pub fn count_merged(embeddings: &Array2<f64>, singles: &Array2<f32>, tolerance: f64) -> usize {
    // Adding 0 makes −0 equal 0.
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
        pairs.any(|(a, b)| (a - b).abs() > tolerance)
    };
    let equal = rows.chunk_by(|a, b| in_single(a, b).is_none());
    let different = |group: &[usize]| 1 + group.windows(2).filter(|w| differ(&w[0], &w[1])).count();
    equal.map(different).filter(|&count| count > 1).sum()
}

/// Mean squared norm of embeddings `[N, D]`, N at least 1.
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
    fn only_dimensions_far_from_the_origin_are_centred() {
        let points = array![[1e6 + 1e-3, 0.1], [1e6 - 1e-3, -0.3]];
        let centre = Centre::of(&points, None);
        assert!(centre.is_nonzero());
        let subtract_from = centre.subtract_from(&points).mapv(f64::from);
        assert!(
            (subtract_from[[0, 0]] - 1e-3).abs() < 1e-9
                && (subtract_from[[1, 0]] + 1e-3).abs() < 1e-9
        );
        assert_eq!([subtract_from[[0, 1]], subtract_from[[1, 1]]], [0.1_f32, -0.3].map(f64::from));
        assert!(!Centre::of(&array![[0.1, 0.2], [0.3, -0.4]], None).is_nonzero());
        // A constant dimension cannot merge embeddings.
        assert!(!Centre::of(&array![[0.1, 0.7], [0.9, 0.7]], None).is_nonzero());
        assert!(!Centre::of(&array![[0.7], [0.7]], None).is_nonzero());
    }

    #[test]
    fn values_that_are_exact_in_f32_stay_unless_the_queries_are_not() {
        let exact = array![[1e6, 1e6 + 0.5], [1e6 + 1.0, 1e6]];
        assert!(!Centre::of(&exact, None).is_nonzero());
        assert!(Centre::of(&exact, Some(&array![[1e6 + 0.01, 1e6]])).is_nonzero());
    }

    #[test]
    fn neither_an_outlier_nor_many_equal_embeddings_prevent_centring() {
        let mut points = Array2::from_shape_fn((9, 2), |(row, _)| 1e8 + 0.01 * row as f64);
        points.row_mut(7).fill(0.0);
        let subtract_from = Centre::of(&points, None).subtract_from(&points);
        assert!(
            (subtract_from[[5, 0]] - subtract_from[[4, 0]] - 0.01).abs() < 1e-6,
            "{subtract_from}"
        );
        assert_eq!(count_merged(&points, &subtract_from, 0.0), 0);
        let mut points = Array2::from_elem((9, 1), 1e8);
        (points[[0, 0]], points[[1, 0]]) = (1e8 + 0.1, 1e8 + 0.3);
        let centre = Centre::of(&points, None);
        assert!(
            centre.is_nonzero() && count_merged(&points, &centre.subtract_from(&points), 0.0) == 0
        );
    }

    #[test]
    fn embeddings_that_merge_are_counted_but_not_equal_ones() {
        let points = array![[1e8, 0.0], [1e8 + 0.1, -0.0], [1e8, 0.0], [-1e8, 1.0], [1.0, 1.0]];
        let count =
            |tolerance| count_merged(&points, &Centre::none().subtract_from(&points), tolerance);
        assert_eq!((count(0.0), count(0.2)), (2, 0));
    }

    #[test]
    fn norms_are_those_before_centring() {
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
    fn an_outlier_changes_no_figure_of_the_others_and_merged_embeddings_are_reported() {
        let text = include_str!("../../../tests/reference/outliers.json");
        let mut cases: std::collections::HashMap<String, Case> =
            serde_json::from_str(text).unwrap();
        let mut case = |name: &str| cases.remove(name).unwrap();
        let Case { points, labels, accuracy, accuracy_float32 } = case("one_elsewhere");
        assert!(accuracy_float32 < 0.5 * accuracy);
        let found = evaluated(&points, &labels, false);
        assert_eq!(found.figures.knn.accuracy, Some(accuracy));
        assert!(found.remarks.len() == 1 && found.remarks[0].contains("centred"));
        // No single centre is near both groups.
        let Case { points, labels, accuracy, .. } = case("two_groups");
        let found = evaluated(&points, &labels, false);
        assert!(found.figures.knn.accuracy < Some(accuracy));
        let remark = ": 120 different embeddings are equal in float32, which";
        assert!(found.remarks[0].contains(remark), "{:?}", found.remarks);
    }

    #[test]
    fn figures_of_embeddings_far_from_the_origin_equal_those_in_float64() {
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
