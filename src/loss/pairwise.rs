//! What losses on pairs of a batch share: distances, cosines, and who is whose positive.

use std::cmp::Ordering;

use tch::{Kind, Tensor};

/// Length below which an embedding is taken as this long when it is brought to length 1, as
/// PyTorch's `normalize` does.
const SHORTEST: f64 = 1e-12;

/// `cdist` without its shortcut over products of matrices, which cancels where points are near.
const DIRECT: i64 = 2;

/// Each row divided by its length: `[N, E]` → `[N, E]`.
pub fn normalised(rows: &Tensor) -> Tensor {
    rows / rows.norm_scalaropt_dim(2.0, [1], true).clamp_min(SHORTEST)
}

/// Euclidean distances of all rows of `a` from all of `b`: `[N, E]`, `[M, E]` → `[N, M]`.
///
/// Each is computed from the difference of both rows, so near points keep their digits. At
/// distance 0, where the distance has no derivative, the gradient is 0.
pub fn distances(a: &Tensor, b: &Tensor) -> Tensor {
    Tensor::cdist(a, b, 2.0, DIRECT)
}

/// Euclidean distances of all rows from each other: `[N, E]` → `[N, N]`, computed as
/// [`distances`] does, but each once.
pub fn distances_within(rows: &Tensor) -> Tensor {
    let count = rows.size()[0];
    let options = (rows.kind(), rows.device());
    let each = Tensor::cat(&[rows.pdist(2.0), Tensor::zeros([1], options)], 0);
    let square = places(count).to_device(rows.device());
    each.index_select(0, &square).view([count, count])
}

/// Where `pdist` puts the distance of each two of so many rows, row by row; those of a row from
/// itself are one place behind all others.
fn places(count: i64) -> Tensor {
    // The pairs of row i with the rows after it begin where those of the rows before end.
    let pair = |i: i64, j: i64| i * count - i * (i + 1) / 2 + j - i - 1;
    let last = count * (count - 1) / 2;
    let place = |i: i64, j: i64| match i.cmp(&j) {
        Ordering::Less => pair(i, j),
        Ordering::Greater => pair(j, i),
        Ordering::Equal => last,
    };
    let all = (0..count).flat_map(|i| (0..count).map(move |j| place(i, j)));
    Tensor::from_slice(&all.collect::<Vec<i64>>())
}

/// Who is whose positive and negative in a batch, each `[B, B]` of booleans, anchors down.
pub struct Relations {
    /// Another image of the anchor's class.
    pub positive: Tensor,
    /// An image of another class.
    pub negative: Tensor,
}

impl Relations {
    /// From the classes `[B]`.
    pub fn new(labels: &Tensor) -> Relations {
        let same = labels.unsqueeze(1).eq_tensor(&labels.unsqueeze(0));
        let itself = Tensor::eye(labels.size()[0], (Kind::Bool, labels.device()));
        Relations {
            negative: same.logical_not(),
            positive: same.logical_and(&itself.logical_not()),
        }
    }

    /// Other handles on the same masks.
    pub fn share(&self) -> Relations {
        let (positive, negative) = (self.positive.shallow_clone(), self.negative.shallow_clone());
        Relations { positive, negative }
    }
}

/// The mean of the values where `mask` holds; 0, with a gradient, where it holds nowhere.
pub fn mean_where(values: &Tensor, mask: &Tensor) -> Tensor {
    let kept = values.masked_fill(&mask.logical_not(), 0.0).sum(values.kind());
    kept / mask.sum(values.kind()).clamp_min(1.0)
}

/// log Σ exp(x) along the second dimension over the places where `mask` holds, `[N, M]` → `[N]`;
/// 0, with a gradient, where it holds nowhere.
pub fn log_sum_exp_where(x: &Tensor, mask: &Tensor) -> Tensor {
    let without = mask.logical_not();
    let sums = x.masked_fill(&without, lowest(x.kind())).logsumexp([1], false);
    sums.masked_fill(&without.all_dim(1, false), 0.0)
}

/// log(1 + Σ exp(x)) likewise; log 1 = 0 where `mask` holds nowhere.
pub fn log_one_plus_sum_exp_where(x: &Tensor, mask: &Tensor) -> Tensor {
    let kept = x.masked_fill(&mask.logical_not(), lowest(x.kind()));
    let zero = Tensor::zeros([x.size()[0], 1], (x.kind(), x.device()));
    Tensor::cat(&[kept, zero], 1).logsumexp([1], false)
}

/// 0 with a graph to `embeddings`, whose gradient is 0.
pub fn live_zero(embeddings: &Tensor) -> Tensor {
    embeddings.narrow(0, 0, 0).sum(embeddings.kind())
}

/// Share of the places in `among` where `active` holds too `[]`; 0 of nothing.
pub fn share(active: &Tensor, among: &Tensor) -> Tensor {
    let count = |mask: &Tensor| mask.sum(Kind::Float);
    count(&active.logical_and(among)) / count(among).clamp_min(1.0)
}

/// A number so low that its exponential is 0 beside any other, and not infinite, which would make
/// the gradient NaN.
pub fn lowest(kind: Kind) -> f64 {
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
    fn near_points_keep_their_digits_and_equal_ones_have_no_nan() {
        let rows = [[1000.0f32, 1.0], [1000.0, 1.0], [1000.0, 1.001]];
        let rows = Tensor::from_slice2(&rows).set_requires_grad(true);
        let distances = distances(&rows, &rows);
        let near = distances.double_value(&[0, 2]);
        assert!((near - 0.001).abs() < 1e-6, "{near}");
        assert_eq!(distances.double_value(&[0, 1]), 0.0);
        assert!(gradient(&distances.sum(Kind::Float), &rows).iter().all(|g| g.is_finite()));
    }

    #[test]
    fn distances_within_are_those_of_all_rows_from_all() {
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
    fn sums_over_nothing_are_zero_and_keep_a_gradient() {
        let x = Tensor::from_slice2(&[[1f32, 2.0], [3.0, 4.0]]).set_requires_grad(true);
        let none = Tensor::zeros([2, 2], (Kind::Bool, x.device()));
        for value in [
            mean_where(&x, &none),
            log_sum_exp_where(&x, &none).sum(Kind::Float),
            log_one_plus_sum_exp_where(&x, &none).sum(Kind::Float),
            live_zero(&x),
        ] {
            assert_eq!(value.double_value(&[]), 0.0);
            assert_eq!(gradient(&value, &x), [0.0; 4]);
        }
    }

    #[test]
    fn sums_of_exponentials_are_their_formula() {
        let x = Tensor::from_slice2(&[[1f32, 2.0, 3.0]]);
        let mask = Tensor::from_slice(&[true, false, true]).view([1, 3]);
        let sum = 1f64.exp() + 3f64.exp();
        let near = |value: Tensor, wanted: f64| (value.double_value(&[0]) - wanted).abs() < 1e-6;
        assert!(near(log_sum_exp_where(&x, &mask), sum.ln()));
        assert!(near(log_one_plus_sum_exp_where(&x, &mask), (1.0 + sum).ln()));
    }

    #[test]
    fn an_image_is_neither_its_own_positive_nor_its_own_negative() {
        let relations = Relations::new(&Tensor::from_slice(&[0i64, 1, 0]));
        let flat = |mask: &Tensor| Vec::<bool>::try_from(&mask.view([-1])).unwrap();
        let positive = [false, false, true, false, false, false, true, false, false];
        assert_eq!(flat(&relations.positive), positive);
        let negative = [false, true, false, true, false, true, false, true, false];
        assert_eq!(flat(&relations.negative), negative);
    }
}
