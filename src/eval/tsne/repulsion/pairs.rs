//! Exact repulsion over all pairs, O(N²).

use rayon::prelude::*;

/// Terms per vector operation.
const LANES: usize = 8;

/// Points per parallel task.
const CHUNK: usize = 16;

/// Writes Σⱼ (yᵢ − yⱼ)·w² of each point and returns Z.
pub(super) fn forces(map: &[[f32; 2]], forces: &mut [[f32; 2]]) -> f64 {
    let (xs, ys): (Vec<f32>, Vec<f32>) = map.iter().map(|[x, y]| (*x, *y)).unzip();
    let of_chunk = |(chunk, forces): (usize, &mut [[f32; 2]])| -> f64 {
        let here = &map[chunk * CHUNK..];
        let of_point = |(force, &at): (&mut [f32; 2], &[f32; 2])| {
            let (sum, weight) = force_on(at, &xs, &ys);
            *force = sum;
            // The point itself has weight 1 and no force.
            weight - 1.0
        };
        forces.iter_mut().zip(here).map(of_point).sum()
    };
    let weights: Vec<f64> = forces.par_chunks_mut(CHUNK).enumerate().map(of_chunk).collect();
    weights.iter().sum()
}

/// Σ (y − yⱼ)·w² and Σw over all points of the map.
fn force_on(at: [f32; 2], xs: &[f32], ys: &[f32]) -> ([f32; 2], f64) {
    let mut sums = [[0.0_f32; LANES]; 3];
    for (xs, ys) in xs.chunks(LANES).zip(ys.chunks(LANES)) {
        for (lane, (x, y)) in xs.iter().zip(ys).enumerate() {
            let (x, y) = (at[0] - x, at[1] - y);
            let w = 1.0 / (1.0 + x * x + y * y);
            sums[0][lane] += x * w * w;
            sums[1][lane] += y * w * w;
            sums[2][lane] += w;
        }
    }
    let [x, y, weights] = sums;
    ([x.iter().sum(), y.iter().sum()], weights.iter().map(|&w| f64::from(w)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_points_repel_each_other() {
        let map = [[1.0, 2.0], [2.0, 4.0]];
        let mut found = [[0.0; 2]; 2];
        let z = forces(&map, &mut found);
        assert!((z - 2.0 / 6.0).abs() < 1e-6, "{z}");
        let [x, y] = found[0];
        assert!((x + 1.0 / 36.0).abs() < 1e-7 && (y + 2.0 / 36.0).abs() < 1e-7, "{x} {y}");
        assert_eq!(found[1], [-x, -y]);
    }

    #[test]
    fn every_pair_counts_once_for_any_number_of_points() {
        for count in [1_usize, 7, 8, 9, 100] {
            let map = vec![[0.5, -0.5]; count];
            let mut found = vec![[1.0; 2]; count];
            let z = forces(&map, &mut found);
            assert_eq!(z, (count * (count - 1)) as f64);
            assert!(found.iter().all(|force| *force == [0.0; 2]));
        }
    }
}
