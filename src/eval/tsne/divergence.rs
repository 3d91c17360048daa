//! The exact divergence KL(P‖Q) of a map.
//!
//! Q is not approximated: its normaliser runs over all pairs. All arithmetic is in f64 and in an order
//! that does not depend on the number of threads, so the values of both engines are comparable.

use rayon::prelude::*;

use super::affinities::Affinities;

/// Terms per vector operation, as many as the widest registers hold.
const LANES: usize = 8;

/// Kullback-Leibler divergence Σ p·ln(p/q) in nats of a map, q = w/Σw, w = 1/(1 + d²).
///
/// Exact: Σw runs over all N·(N − 1) pairs. O(N²).
pub(super) fn divergence(affinities: &Affinities, map: &[[f64; 2]]) -> f64 {
    let (xs, ys): (Vec<f64>, Vec<f64>) = map.iter().map(|[x, y]| (*x, *y)).unzip();
    let of_point = |i: usize| {
        let entry = |(j, p): (usize, f32)| {
            let (x, y, p) = (xs[i] - xs[j], ys[i] - ys[j], f64::from(p));
            if p > 0.0 { p * (p * (1.0 + x * x + y * y)).ln() } else { 0.0 }
        };
        (weights(&xs[..i], &ys[..i], map[i]), affinities.row(i).map(entry).sum::<f64>())
    };
    // Summed per point, then in the order of the points.
    let sums: Vec<(f64, f64)> = (0..map.len()).into_par_iter().map(of_point).collect();
    let pairs: f64 = sums.iter().map(|sum| sum.0).sum();
    let attraction: f64 = sums.iter().map(|sum| sum.1).sum();
    attraction + (2.0 * pairs).ln()
}

/// Σw between one point and others.
fn weights(xs: &[f64], ys: &[f64], here: [f64; 2]) -> f64 {
    let weight = |x: f64, y: f64| {
        let (x, y) = (x - here[0], y - here[1]);
        1.0 / (1.0 + x * x + y * y)
    };
    let ((xs, xs_left), (ys, ys_left)) = (xs.as_chunks::<LANES>(), ys.as_chunks::<LANES>());
    let mut lanes = [0.0; LANES];
    for (x, y) in xs.iter().zip(ys) {
        for lane in 0..LANES {
            lanes[lane] += weight(x[lane], y[lane]);
        }
    }
    let left: f64 = xs_left.iter().zip(ys_left).map(|(x, y)| weight(*x, *y)).sum();
    lanes.iter().sum::<f64>() + left
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::tsne::neighbours::neighbourhoods;
    use crate::eval::tsne::reference::Reference;

    fn affinities(reference: &Reference) -> Affinities {
        let neighbours = neighbourhoods(reference.points().view(), 31).unwrap();
        Affinities::new(neighbours, reference.perplexity)
    }

    #[test]
    fn the_divergence_matches_scikit_learn() {
        let reference = Reference::read();
        let affinities = affinities(&reference);
        for (map, expected) in reference.maps.iter().zip(&reference.kl) {
            let kl = divergence(&affinities, map);
            assert!((kl - expected).abs() < 1e-5, "{kl} for {expected}");
        }
        let moved: Vec<[f64; 2]> = reference.maps[0].iter().map(|[x, y]| [x * 1.05, *y]).collect();
        assert!((divergence(&affinities, &moved) - reference.kl[0]).abs() > 1e-4);
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let reference = Reference::read();
        let affinities = affinities(&reference);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| divergence(&affinities, &reference.maps[0]).to_bits())
        };
        assert!([2, 3, 8].iter().all(|&threads| with(threads) == with(1)));
    }

    #[test]
    fn every_pair_counts_once() {
        let at = |i: usize| ((i * i) as f64 * 0.1, (i as f64 * 0.7).sin());
        for count in [0, 1, 7, 8, 9, 40] {
            let (xs, ys): (Vec<f64>, Vec<f64>) = (0..count).map(at).unzip();
            let weight = |(x, y): (&f64, &f64)| 1.0 / (1.0 + (x - 1.0).powi(2) + (y - 2.0).powi(2));
            let expected: f64 = xs.iter().zip(&ys).map(weight).sum();
            let found = weights(&xs, &ys, [1.0, 2.0]);
            assert!((found - expected).abs() <= 1e-14 * expected.max(1.0), "{found} {expected}");
        }
    }
}
