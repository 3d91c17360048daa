//! Affinities P of the embeddings.
//!
//! P is that of scikit-learn's default `TSNE`: a Gaussian around each point over its
//! ⌊3·perplexity + 1⌋ nearest neighbours, with the bandwidth that gives the perplexity, symmetrised and
//! normalised to sum to 1 (van der Maaten, "Accelerating t-SNE using tree-based
//! algorithms", JMLR 15, 2014). It is computed in f64 and stored as f32.

use rayon::prelude::*;

use super::neighbours::Neighbourhoods;

/// Symmetric sparse affinities of N points in CSR format; all entries sum to 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Affinities {
    /// Start of each row's entries, and the end of the last `[N + 1]`.
    starts: Vec<usize>,
    /// Column of each entry, ascending within a row.
    partners: Vec<u32>,
    values: Vec<f32>,
}

impl Affinities {
    /// P from the neighbours of every point; `perplexity` must be below their number.
    pub(super) fn new(neighbours: Neighbourhoods, perplexity: f64) -> Affinities {
        let Neighbourhoods { k, mut indices, distances } = neighbours;
        let mut shares = distances;
        let half = 0.5 / (indices.len() / k) as f64;
        indices.par_chunks_mut(k).zip(shares.par_chunks_mut(k)).for_each(|(indices, row)| {
            let mut entries: Vec<(u32, f64)> =
                indices.iter().copied().zip(conditional(row, perplexity)).collect();
            entries.sort_unstable_by_key(|&(partner, _)| partner);
            for ((index, share), (partner, p)) in indices.iter_mut().zip(row).zip(entries) {
                (*index, *share) = (partner, (half * p) as f32);
            }
        });
        symmetric(k, &indices, &shares)
    }

    /// The non-zero affinities of point `i`.
    pub(super) fn row(&self, i: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let entries = self.starts[i]..self.starts[i + 1];
        let partners = self.partners[entries.clone()].iter().map(|&partner| partner as usize);
        partners.zip(self.values[entries].iter().copied())
    }

    /// Number of points N.
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }
}

/// The sum of a sparse matrix with `k` entries per row, ascending by column, and its transpose.
fn symmetric(k: usize, columns: &[u32], shares: &[f32]) -> Affinities {
    let across = transposed(k, columns, shares);
    let count = across.len();
    let mut sum = Affinities {
        starts: vec![0],
        partners: Vec::with_capacity(2 * columns.len()),
        values: Vec::with_capacity(2 * columns.len()),
    };
    for i in 0..count {
        let own = i * k..(i + 1) * k;
        let mut own = columns[own.clone()].iter().map(|&j| j as usize).zip(&shares[own]).peekable();
        let mut given = across.row(i).peekable();
        loop {
            let next = match (own.peek(), given.peek()) {
                (None, None) => break,
                (Some(&(j, _)), None) | (None, Some(&(j, _))) => j,
                (Some(&(a, _)), Some(&(b, _))) => a.min(b),
            };
            let here = own.next_if(|entry| entry.0 == next).map_or(0.0, |entry| *entry.1);
            let there = given.next_if(|entry| entry.0 == next).map_or(0.0, |entry| entry.1);
            sum.partners.push(next as u32);
            sum.values.push(here + there);
        }
        sum.starts.push(sum.partners.len());
    }
    sum.partners.shrink_to_fit();
    sum.values.shrink_to_fit();
    sum
}

/// The transpose of a sparse square matrix with `k` entries per row.
fn transposed(k: usize, columns: &[u32], shares: &[f32]) -> Affinities {
    let mut starts = vec![0; columns.len() / k + 1];
    columns.iter().for_each(|&column| starts[column as usize + 1] += 1);
    for i in 1..starts.len() {
        starts[i] += starts[i - 1];
    }
    let mut next = starts.clone();
    let mut partners = vec![0; columns.len()];
    let mut values = vec![0.0; columns.len()];
    for (entry, (&column, &share)) in columns.iter().zip(shares).enumerate() {
        let position = &mut next[column as usize];
        (partners[*position], values[*position]) = ((entry / k) as u32, share);
        *position += 1;
    }
    Affinities { starts, partners, values }
}

/// Gaussian probabilities of a point's neighbours with the given perplexity.
///
/// The precision β is bisected until the entropy is within 1e-5 nats, for at most 200 steps; if no β
/// reaches it (many neighbours at the same distance), the last one is used.
fn conditional(distances: &[f32], perplexity: f64) -> Vec<f64> {
    let squares: Vec<f64> = distances.iter().map(|&d| f64::from(d) * f64::from(d)).collect();
    // Subtracting the smallest changes nothing and keeps the sum from underflowing.
    let nearest = squares[0];
    let (mut beta, mut low, mut high) = (1.0_f64, 0.0_f64, f64::INFINITY);
    let mut weights = vec![0.0; squares.len()];
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
    use crate::eval::tsne::neighbours::neighbourhoods;
    use crate::eval::tsne::reference::Reference;
    use ndarray::Array2;

    fn affinities(points: &Array2<f32>) -> Affinities {
        Affinities::new(neighbourhoods(points.view(), 31).unwrap(), 10.0)
    }

    fn sum(affinities: &Affinities) -> f64 {
        affinities.values.iter().map(|&p| f64::from(p)).sum()
    }

    #[test]
    fn affinities_match_scikit_learn() {
        let reference = Reference::read();
        assert_eq!(reference.perplexity, 10.0);
        let affinities = affinities(&reference.points());
        assert_eq!(affinities.len(), 60);
        for (i, row) in reference.affinities.iter().enumerate() {
            for (j, &expected) in row.iter().enumerate() {
                let found = affinities.row(i).find(|entry| entry.0 == j);
                let p = found.map_or(0.0, |entry| f64::from(entry.1));
                assert!((p - expected).abs() < 1e-7, "{i} {j}: {p} for {expected}");
            }
        }
    }

    #[test]
    fn affinities_are_symmetric_sorted_and_sum_to_one() {
        let affinities = affinities(&Reference::read().points());
        for i in 0..affinities.len() {
            assert!(affinities.row(i).is_sorted_by(|a, b| a.0 < b.0), "{i}");
            for (j, p) in affinities.row(i) {
                assert!(affinities.row(j).any(|entry| entry == (i, p)), "{i} {j}");
            }
        }
        assert!((sum(&affinities) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn affinities_do_not_depend_on_scale() {
        let points = Reference::read().points();
        let here = affinities(&points);
        for scale in [1e-30_f32, 1e30] {
            let there = affinities(&points.mapv(|x| x * scale));
            assert_eq!(here.partners, there.partners);
            for (a, b) in here.values.iter().zip(&there.values) {
                assert!((a - b).abs() < 1e-7, "{a} {b} at {scale}");
            }
        }
    }

    #[test]
    fn equal_points_have_equal_affinities_that_sum_to_one() {
        let row = conditional(&[1.0; 31], 10.0);
        assert!(row.iter().all(|p| (p - 1.0 / 31.0).abs() < 1e-12), "{row:?}");
        assert!((sum(&affinities(&Array2::ones((50, 3)))) - 1.0).abs() < 1e-6);
    }
}
