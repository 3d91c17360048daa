//! Building blocks of pairwise losses: distances, masks of positives and negatives, masked sums.

use std::cmp::Ordering;

use tch::{Kind, Tensor};

/// Lower bound of the norm that embeddings are divided by, as in PyTorch's `normalize`.
const MIN_NORM: f64 = 1e-12;

/// `cdist`'s compute mode without the matrix-multiplication shortcut, which loses digits to
/// cancellation between near points.
const WITHOUT_MATMUL: i64 = 2;

/// L2-normalised rows: `[N, E]` → `[N, E]`.
pub fn normalised(rows: &Tensor) -> Tensor {
    rows / rows.norm_scalaropt_dim(2.0, [1], true).clamp_min(MIN_NORM)
}

/// Euclidean distances between all rows of `a` and all rows of `b`: `[N, E]`, `[M, E]` → `[N, M]`.
///
/// Each is computed from the difference of both rows, so near points lose no digits. At distance 0,
/// where the derivative is undefined, the gradient is 0.
pub fn distances(a: &Tensor, b: &Tensor) -> Tensor {
    Tensor::cdist(a, b, 2.0, WITHOUT_MATMUL)
}

/// Euclidean distances between all rows: `[N, E]` → `[N, N]`, computed as in [`distances`], but
/// each only once.
pub fn distances_within(rows: &Tensor) -> Tensor {
    let count = rows.size()[0];
    let options = (rows.kind(), rows.device());
    let each = Tensor::cat(&[rows.pdist(2.0), Tensor::zeros([1], options)], 0);
    let indices = pdist_indices(count).to_device(rows.device());
    each.index_select(0, &indices).view([count, count])
}

/// Indices into the result of `pdist` that lay it out as a matrix, row by row; the diagonal points
/// one past its end.
fn pdist_indices(count: i64) -> Tensor {
    // The pairs of row i with later rows start after those of all earlier rows.
    let pair = |i: i64, j: i64| i * count - i * (i + 1) / 2 + j - i - 1;
    let diagonal = count * (count - 1) / 2;
    let index = |i: i64, j: i64| match i.cmp(&j) {
        Ordering::Less => pair(i, j),
        Ordering::Greater => pair(j, i),
        Ordering::Equal => diagonal,
    };
    let all = (0..count).flat_map(|i| (0..count).map(move |j| index(i, j)));
    Tensor::from_slice(&all.collect::<Vec<i64>>())
}

/// Masks of positives and negatives in a batch, each `[B, B]` bool; rows are anchors.
pub struct PairMasks {
    /// Another image of the anchor's class.
    pub positive: Tensor,
    /// An image of another class.
    pub negative: Tensor,
}

impl PairMasks {
    /// From the labels `[B]`.
    pub fn new(labels: &Tensor) -> PairMasks {
        let same = labels.unsqueeze(1).eq_tensor(&labels.unsqueeze(0));
        let itself = Tensor::eye(labels.size()[0], (Kind::Bool, labels.device()));
        PairMasks {
            negative: same.logical_not(),
            positive: same.logical_and(&itself.logical_not()),
        }
    }

    /// A shallow copy, as `Tensor::shallow_clone`.
    pub fn shallow_clone(&self) -> PairMasks {
        let (positive, negative) = (self.positive.shallow_clone(), self.negative.shallow_clone());
        PairMasks { positive, negative }
    }
}

/// The mean of the values where `mask` is true; 0, with a gradient, where it is nowhere true.
pub fn mean_where(values: &Tensor, mask: &Tensor) -> Tensor {
    let kept = values.masked_fill(&mask.logical_not(), 0.0).sum(values.kind());
    kept / mask.sum(values.kind()).clamp_min(1.0)
}

/// log Σ exp(x) along the second dimension over the entries where `mask` is true, `[N, M]` → `[N]`;
/// 0, with a gradient, for rows where none is.
pub fn log_sum_exp_where(x: &Tensor, mask: &Tensor) -> Tensor {
    let without = mask.logical_not();
    let sums = x.masked_fill(&without, lowest_finite(x.kind())).logsumexp([1], false);
    sums.masked_fill(&without.all_dim(1, false), 0.0)
}

/// log(1 + Σ exp(x)) likewise; log 1 = 0 for rows where no entry is true.
pub fn log_one_plus_sum_exp_where(x: &Tensor, mask: &Tensor) -> Tensor {
    let kept = x.masked_fill(&mask.logical_not(), lowest_finite(x.kind()));
    let zero = Tensor::zeros([x.size()[0], 1], (x.kind(), x.device()));
    Tensor::cat(&[kept, zero], 1).logsumexp([1], false)
}

/// 0, connected to the graph of `embeddings`, with gradient 0.
pub fn zero_with_gradient(embeddings: &Tensor) -> Tensor {
    embeddings.narrow(0, 0, 0).sum(embeddings.kind())
}

/// The fraction of true entries of `among` that are true in `active` too `[]`; 0 if there are none.
pub fn fraction(active: &Tensor, among: &Tensor) -> Tensor {
    let count = |mask: &Tensor| mask.sum(Kind::Float);
    count(&active.logical_and(among)) / count(among).clamp_min(1.0)
}

/// The lowest finite number of a dtype: its exponential is 0, and unlike −∞ it does not make the
/// gradient NaN.
pub fn lowest_finite(kind: Kind) -> f64 {
    if kind == Kind::Double { f64::MIN } else { f64::from(f32::MIN) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gradient(value: &Tensor, of: &Tensor) -> Vec<f32> {
        let gradient = &Tensor::run_backward(&[value], &[of], false, false)[0];
        Vec::<f32>::try_from(&gradient.view([-1])).unwrap()
    }

    #[test]
    fn near_points_lose_no_digits_and_duplicates_give_no_nan() {
        let rows = [[1000.0f32, 1.0], [1000.0, 1.0], [1000.0, 1.001]];
        let rows = Tensor::from_slice2(&rows).set_requires_grad(true);
        let distances = distances(&rows, &rows);
        let near = distances.double_value(&[0, 2]);
        assert!((near - 0.001).abs() < 1e-6, "{near}");
        assert_eq!(distances.double_value(&[0, 1]), 0.0);
        assert!(gradient(&distances.sum(Kind::Float), &rows).iter().all(|g| g.is_finite()));
    }

    #[test]
    fn distances_within_match_distances_of_the_rows_to_themselves() {
        for count in [1, 2, 5] {
            let rows: Vec<f32> = (0..3 * count).map(|i| (i as f32).sin()).collect();
            let rows = Tensor::from_slice(&rows).view([count, 3]).set_requires_grad(true);
            let weights = Tensor::arange(count * count, (Kind::Float, rows.device()));
            let weights = weights.view([count, count]);
            let [one, all] = [distances_within(&rows), distances(&rows, &rows)];
            assert!(one.allclose(&all, 1e-6, 1e-7, false), "{count}");
            let of = |distances: &Tensor| gradient(&(distances * &weights).sum(Kind::Float), &rows);
            for (one, all) in of(&one).iter().zip(of(&all)) {
                assert!((one - all).abs() < 1e-5, "{count}: {one} {all}");
            }
        }
    }

    #[test]
    fn empty_sums_are_zero_and_keep_a_gradient() {
        let x = Tensor::from_slice2(&[[1f32, 2.0], [3.0, 4.0]]).set_requires_grad(true);
        let none = Tensor::zeros([2, 2], (Kind::Bool, x.device()));
        for value in [
            mean_where(&x, &none),
            log_sum_exp_where(&x, &none).sum(Kind::Float),
            log_one_plus_sum_exp_where(&x, &none).sum(Kind::Float),
            zero_with_gradient(&x),
        ] {
            assert_eq!(value.double_value(&[]), 0.0);
            assert_eq!(gradient(&value, &x), [0.0; 4]);
        }
    }

    #[test]
    fn masked_log_sum_exp_matches_its_formula() {
        let x = Tensor::from_slice2(&[[1f32, 2.0, 3.0]]);
        let mask = Tensor::from_slice(&[true, false, true]).view([1, 3]);
        let sum = 1f64.exp() + 3f64.exp();
        let near = |value: Tensor, wanted: f64| (value.double_value(&[0]) - wanted).abs() < 1e-6;
        assert!(near(log_sum_exp_where(&x, &mask), sum.ln()));
        assert!(near(log_one_plus_sum_exp_where(&x, &mask), (1.0 + sum).ln()));
    }

    #[test]
    fn an_image_is_neither_its_own_positive_nor_its_own_negative() {
        let masks = PairMasks::new(&Tensor::from_slice(&[0i64, 1, 0]));
        let flat = |mask: &Tensor| Vec::<bool>::try_from(&mask.view([-1])).unwrap();
        let positive = [false, false, true, false, false, false, true, false, false];
        assert_eq!(flat(&masks.positive), positive);
        let negative = [false, true, false, true, false, true, false, true, false];
        assert_eq!(flat(&masks.negative), negative);
    }
}
