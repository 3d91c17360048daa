//! How likely each loss is to rank first, second, … with other seeds: a bootstrap over the seeds.

use rand::RngExt;

use crate::random::{Purpose, generator};

/// Fewest seeds that give rank probabilities worth showing. Two seeds have four resamples, so a
/// probability is a multiple of a quarter, and a loss that is ahead twice by chance ranks first with
/// certainty.
pub const LEAST_SEEDS: usize = 3;

/// Up to this many seeds all resamples are enumerated: C(2n − 1, n), which is 6,435 for 8 seeds.
const MAX_ENUMERATED: usize = 8;

/// Number of random resamples for more seeds.
const RESAMPLES: usize = 10_000;

/// The probability of each rank for each row: `[row][rank]`, rank 0 is the highest mean.
///
/// The n seeds are resampled with replacement, alike for all rows, and the rows are ranked by their
/// means; rows with equal means share their ranks equally. With up to 8 seeds all resamples are
/// enumerated with their probabilities, so the result is exact; with more, it comes from 10,000
/// random resamples with a fixed seed. With few seeds a bootstrap is overconfident, because it knows
/// no other values than the given ones.
///
/// # Source
/// Efron: Bootstrap methods: another look at the jackknife, Ann. Statist. 7, 1979.
///
/// # Shapes
/// values `[rows][n]`, n at least 1 → `[rows][rows]`, each row and column sums to 1
pub fn rank_probabilities(values: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let (rows, n) = (values.len(), values.first().map_or(0, Vec::len));
    let mut table = vec![vec![0.0; rows]; rows];
    let mut add = |times: &[usize], weight: f64| {
        let sum = |row: &Vec<f64>| row.iter().zip(times).map(|(v, &t)| v * t as f64).sum::<f64>();
        let means: Vec<f64> = values.iter().map(|row| sum(row) / n as f64).collect();
        add_ranks(&means, weight, &mut table);
    };
    if n <= MAX_ENUMERATED {
        let total = (n as f64).powi(n as i32);
        for times in compositions(n) {
            let ways = factorial(n) / times.iter().map(|&t| factorial(t)).product::<f64>();
            add(&times, ways / total);
        }
    } else {
        // It has no purpose of its own: that would change the probabilities of earlier comparisons.
        let mut random = generator(0, Purpose::Search, n as u64);
        for _ in 0..RESAMPLES {
            let mut times = vec![0; n];
            (0..n).for_each(|_| times[random.random_range(0..n)] += 1);
            add(&times, 1.0 / RESAMPLES as f64);
        }
    }
    table
}

/// Means that differ by less count as equal: sums in another order round differently.
const EQUAL: f64 = 1e-12;

fn add_ranks(means: &[f64], weight: f64, table: &mut [Vec<f64>]) {
    for (row, mean) in means.iter().enumerate() {
        let above = means.iter().filter(|&&other| other > mean + EQUAL).count();
        let equal = means.iter().filter(|&&other| (other - mean).abs() <= EQUAL).count();
        for probability in &mut table[row][above..above + equal] {
            *probability += weight / equal as f64;
        }
    }
}

/// All ways to draw n times from n items with replacement: how often each item is drawn.
fn compositions(n: usize) -> Vec<Vec<usize>> {
    let mut found = vec![Vec::new()];
    for item in 0..n {
        let longer = |times: &Vec<usize>| {
            let left = n - times.iter().sum::<usize>();
            // The last item takes all remaining draws.
            let least = if item + 1 == n { left } else { 0 };
            let times = times.clone();
            (least..=left).map(move |t| times.iter().copied().chain([t]).collect())
        };
        found = found.iter().flat_map(longer).collect();
    }
    found
}

fn factorial(n: usize) -> f64 {
    (1..=n).map(|i| i as f64).product()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Reference {
        ranks: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        values: Vec<Vec<f64>>,
        probabilities: Vec<Vec<f64>>,
    }

    #[test]
    fn probabilities_equal_numpys_over_all_resamples() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/comparisons.json");
        let text = std::fs::read_to_string(path).unwrap();
        let cases = serde_json::from_str::<Reference>(&text).unwrap().ranks;
        assert!(cases.len() >= 3);
        for Case { values, probabilities } in cases {
            let ours = rank_probabilities(&values);
            for (ours, theirs) in ours.concat().iter().zip(probabilities.concat()) {
                assert!((ours - theirs).abs() < 1e-9, "{ours} against {theirs}");
            }
        }
    }

    #[test]
    fn the_best_under_every_seed_always_ranks_first() {
        for seeds in [1, 3, 12] {
            let row = |base: f64| (0..seeds).map(|seed| base + 0.001 * seed as f64).collect();
            let table = rank_probabilities(&[row(0.5), row(0.9), row(0.7)]);
            for (row, rank) in [(0, 2), (1, 0), (2, 1)] {
                assert!((table[row][rank] - 1.0).abs() < 1e-9, "{table:?}");
            }
        }
    }

    #[test]
    fn with_many_seeds_each_row_and_each_rank_sums_to_one() {
        let row = |shift: f64| (0..12).map(|i| ((i * 7 + 3) % 12) as f64 * shift).collect();
        let table = rank_probabilities(&[row(1.0), row(0.99), (0..12).map(f64::from).collect()]);
        for index in 0..3 {
            assert!((table[index].iter().sum::<f64>() - 1.0).abs() < 1e-9);
            assert!((table.iter().map(|row| row[index]).sum::<f64>() - 1.0).abs() < 1e-9);
        }
        let equal = rank_probabilities(&[vec![1.0, 2.0], vec![1.0, 2.0]]);
        assert_eq!(equal, [[0.5, 0.5], [0.5, 0.5]]);
    }
}
