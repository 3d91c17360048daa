//! Search in linfa-nn's k-d tree.

use linfa_nn::distance::Distance;
use linfa_nn::{KdTree, NearestNeighbour, NearestNeighbourIndex};
use ndarray::{ArrayView1, ArrayView2};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use rayon::prelude::*;

use super::distinct::Distinct;
use super::euclidean::Euclidean;
use super::points::Points;

/// Leaf size: on 57,000 references in 10-D faster than linfa-nn's default of 16, and than 256 and
/// more.
const LEAF: usize = 64;

/// Squared distances and rows of the `k` nearest references of each query, in order.
///
/// Points are inserted in shuffled order, as sorted ones would make the tree degenerate to a list. The
/// shuffle has a fixed seed and does not affect results.
pub(super) fn search(
    references: Points,
    distinct: &Distinct,
    queries: Points,
    k: usize,
) -> Vec<Vec<(f32, u32)>> {
    let mut rows = distinct.firsts().to_vec();
    shuffle(&mut rows);
    let points: Vec<f32> = rows.iter().flat_map(|&row| references.row(row)).copied().collect();
    let points = ArrayView2::from_shape((rows.len(), references.dimensions()), &points)
        .expect("a row of coordinates for each point");
    let tree = KdTree::new()
        .from_batch_with_leaf_size(&points, LEAF, Euclidean)
        .expect("the dimension and the leaf size are not 0");
    let nearest = |query: usize| {
        let query = ArrayView1::from(queries.row(query as u32));
        distinct.references(&nearest_points(&*tree, &rows, query, k), k)
    };
    (0..queries.len()).into_par_iter().map(nearest).collect()
}

/// Squared distance and first row of the `k` nearest points (all, if fewer) in order, and of those
/// tied with the last of them.
fn nearest_points(
    tree: &dyn NearestNeighbourIndex<f32>,
    rows: &[u32],
    query: ArrayView1<f32>,
    k: usize,
) -> Vec<(f32, u32)> {
    let expect = "the query has the tree's dimension";
    let measured = |found: Vec<(ArrayView1<f32>, usize)>| {
        let measure = |(point, index)| (Euclidean.rdistance(query, point), rows[index]);
        let mut points: Vec<(f32, u32)> = found.into_iter().map(measure).collect();
        points.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        points
    };
    let found = measured(tree.k_nearest(query, k + 1).expect(expect));
    let Some(&(border, _)) = found.get(k - 1) else {
        return found;
    };
    // If the next point is tied with the k-th, the tree may have omitted others at that distance.
    if found.get(k).is_none_or(|&(next, _)| next > border) {
        return found;
    }
    // Slightly wider than the border, since squaring the root may round down.
    measured(tree.within_range(query, border.sqrt().next_up()).expect(expect))
}

/// Fisher-Yates shuffle with a fixed seed.
fn shuffle<T>(items: &mut [T]) {
    let mut random = ChaCha12Rng::seed_from_u64(0);
    for last in (1..items.len()).rev() {
        items.swap(last, random.random_range(0..=last));
    }
}
