//! Affinities P of the embeddings and the exact divergence KL(P‖Q) of a map.
//!
//! P is the one that scikit-learn's default `TSNE` uses: a Gaussian round each point over its
//! ⌊3·perplexity + 1⌋ nearest neighbours, its width chosen so that 2^entropy is the perplexity,
//! made symmetric and summing to 1 (van der Maaten, "Accelerating t-SNE using tree-based
//! algorithms", JMLR 15, 2014). Q is never approximated here: its normaliser runs over all pairs.
//! All arithmetic is f64 and sequential, so the figures of two engines can be compared.

use ndarray::ArrayView2;

/// A neighbour of a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Neighbor {
    /// Row of the neighbour.
    pub index: usize,
    /// Euclidean distance, in units of the mean distance of the point's neighbours.
    pub distance: f64,
}

/// The nearest neighbours of every point, nearest first, ties by row: `[N][k]`.
///
/// The distances of each point's neighbours are divided by their mean. P does not depend on the
/// unit, and so embeddings of any magnitude, an outlier's too, keep their precision as f32.
/// Exact, O(N²·D).
pub(super) fn neighbors(points: ArrayView2<f32>, k: usize) -> Vec<Vec<Neighbor>> {
    let columns: Vec<Vec<f64>> =
        points.columns().into_iter().map(|column| column.mapv(f64::from).to_vec()).collect();
    let mut squares = vec![0.0; points.nrows()];
    let mut table = Vec::with_capacity(points.nrows());
    for i in 0..points.nrows() {
        squared_distances(&columns, i, &mut squares);
        table.push(nearest(&squares, i, k));
    }
    table
}

/// Squared distances of point `i` to all points, one coordinate of all points after the other.
fn squared_distances(columns: &[Vec<f64>], i: usize, squares: &mut [f64]) {
    squares.fill(0.0);
    for column in columns {
        let here = column[i];
        for (square, there) in squares.iter_mut().zip(column) {
            *square += (there - here) * (there - here);
        }
    }
}

fn nearest(squares: &[f64], i: usize, k: usize) -> Vec<Neighbor> {
    let mut others: Vec<(f64, usize)> = squares
        .iter()
        .enumerate()
        .filter(|&(j, _)| j != i)
        .map(|(j, &square)| (square, j))
        .collect();
    let order = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    others.select_nth_unstable_by(k - 1, order);
    others.truncate(k);
    others.sort_unstable_by(order);
    let mean = others.iter().map(|(square, _)| square.sqrt()).sum::<f64>() / k as f64;
    let unit = if mean > 0.0 { mean } else { 1.0 };
    let neighbor =
        |(square, index): (f64, usize)| Neighbor { index, distance: square.sqrt() / unit };
    others.into_iter().map(neighbor).collect()
}

/// The symmetric affinities of N points, sparse: entries sum to 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Affinities {
    /// For each point the partners with an affinity and that affinity, by partner.
    rows: Vec<Vec<(usize, f64)>>,
}

impl Affinities {
    /// P from the neighbours of every point; `perplexity` must be below their number.
    pub(super) fn new(neighbors: &[Vec<Neighbor>], perplexity: f64) -> Affinities {
        let share = 0.5 / neighbors.len() as f64;
        let mut rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); neighbors.len()];
        for (i, row) in neighbors.iter().enumerate() {
            for (neighbor, p) in row.iter().zip(conditional(row, perplexity)) {
                rows[i].push((neighbor.index, share * p));
                rows[neighbor.index].push((i, share * p));
            }
        }
        for row in &mut rows {
            row.sort_by_key(|&(partner, _)| partner);
            row.dedup_by(|second, first| {
                let same = second.0 == first.0;
                if same {
                    first.1 += second.1;
                }
                same
            });
        }
        Affinities { rows }
    }

    /// Kullback-Leibler divergence Σ p·ln(p/q) in nats of a map, q = w/Σw, w = 1/(1 + d²).
    ///
    /// Exact: Σw runs over all N·(N − 1) pairs.
    pub(super) fn divergence(&self, map: &[[f64; 2]]) -> f64 {
        let spread = |i: usize, j: usize| {
            let (x, y) = (map[i][0] - map[j][0], map[i][1] - map[j][1]);
            1.0 + x * x + y * y
        };
        let pairs: f64 =
            (0..map.len()).map(|i| (0..i).map(|j| spread(i, j).recip()).sum::<f64>()).sum();
        let entries = self
            .rows
            .iter()
            .enumerate()
            .flat_map(|(i, row)| row.iter().map(move |&(j, p)| (i, j, p)));
        let attraction: f64 =
            entries.filter(|&(_, _, p)| p > 0.0).map(|(i, j, p)| p * (p * spread(i, j)).ln()).sum();
        attraction + (2.0 * pairs).ln()
    }
}

/// Gaussian probabilities of a point's neighbours whose perplexity is the wished one.
///
/// The precision β is bisected until the entropy is within 1e-5 nats or for 200 steps; where no
/// β reaches it (many neighbours at one same distance) the last one stands.
fn conditional(row: &[Neighbor], perplexity: f64) -> Vec<f64> {
    let squares: Vec<f64> = row.iter().map(|n| n.distance * n.distance).collect();
    // Only differences count, and the nearest at 0 keeps the sum from underflowing.
    let nearest = squares[0];
    let (mut beta, mut low, mut high) = (1.0_f64, 0.0_f64, f64::INFINITY);
    let mut weights = vec![0.0; row.len()];
    for _ in 0..200 {
        let (mut sum, mut moment) = (0.0, 0.0);
        for (weight, square) in weights.iter_mut().zip(&squares) {
            *weight = (-beta * (square - nearest)).exp();
            sum += *weight;
            moment += *weight * (square - nearest);
        }
        weights.iter_mut().for_each(|weight| *weight /= sum);
        let excess = sum.ln() + beta * moment / sum - perplexity.ln();
        if excess.abs() < 1e-5 {
            break;
        }
        if excess > 0.0 {
            low = beta;
            beta = if high.is_finite() {
                f64::midpoint(beta, high)
            } else {
                (2.0 * beta).min(f64::MAX / 4.0)
            };
        } else {
            high = beta;
            beta = f64::midpoint(beta, low);
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::tsne::reference::Reference;
    use ndarray::{Array2, array};

    #[test]
    fn affinities_and_divergence_are_those_of_scikit_learn() {
        let reference = Reference::read();
        let neighbors = neighbors(reference.points().view(), 31);
        let affinities = Affinities::new(&neighbors, reference.perplexity);
        for (i, row) in reference.affinities.iter().enumerate() {
            for (j, &expected) in row.iter().enumerate() {
                let found = affinities.rows[i].iter().find(|entry| entry.0 == j);
                let p = found.map_or(0.0, |entry| entry.1);
                assert!((p - expected).abs() < 1e-7, "{i} {j}: {p} for {expected}");
            }
        }
        for (map, expected) in reference.maps.iter().zip(&reference.kl) {
            let kl = affinities.divergence(map);
            assert!((kl - expected).abs() < 1e-5, "{kl} for {expected}");
        }
        let moved: Vec<[f64; 2]> = reference.maps[0].iter().map(|[x, y]| [x * 1.05, *y]).collect();
        assert!((affinities.divergence(&moved) - reference.kl[0]).abs() > 1e-4);
    }

    #[test]
    fn affinities_do_not_depend_on_the_unit() {
        let points = Reference::read().points();
        let of = |points: Array2<f32>| Affinities::new(&neighbors(points.view(), 31), 10.0);
        let here = of(points.clone());
        for scale in [1e-30_f32, 1e30] {
            let there = of(points.mapv(|x| x * scale));
            for (a, b) in here.rows.iter().flatten().zip(there.rows.iter().flatten()) {
                assert_eq!(a.0, b.0);
                assert!((a.1 - b.1).abs() < 1e-7, "{} {} at {scale}", a.1, b.1);
            }
        }
    }

    #[test]
    fn neighbors_come_nearest_first_and_ties_by_row() {
        let points = array![[0.0_f32], [3.0], [1.0], [-1.0], [9.0]];
        let table = neighbors(points.view(), 3);
        let order = |i: usize| table[i].iter().map(|n| n.index).collect::<Vec<_>>();
        assert_eq!(order(0), [2, 3, 1]);
        assert_eq!(order(4), [1, 2, 0]);
        assert!((table[0][2].distance / table[0][0].distance - 3.0).abs() < 1e-12);
    }

    #[test]
    fn points_that_are_all_the_same_have_equal_affinities_that_sum_to_one() {
        let table = neighbors(Array2::<f32>::ones((50, 3)).view(), 31);
        let row = conditional(&table[0], 10.0);
        assert!(row.iter().all(|p| (p - 1.0 / 31.0).abs() < 1e-12), "{row:?}");
        let affinities = Affinities::new(&table, 10.0);
        let sum: f64 = affinities.rows.iter().flatten().map(|entry| entry.1).sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }
}
