//! Multiple comparisons: p-values of pairs, corrected for the number of pairs.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Two-sided p-value of a paired t-test: the probability of a difference at least as large as that
/// of `a` and `b` if there is no true difference.
///
/// `None` for a single pair of values, or if all differences are equal: without spread there is no
/// test. It is below 0.05 exactly if the 95 % t-interval of the difference excludes zero.
///
/// # Shapes
/// a, b `[n]`, both in the same order of seeds
///
/// # Panics
/// If the lengths differ: a bug.
pub fn paired_p(a: &[f64], b: &[f64]) -> Option<f64> {
    let difference = super::estimate::paired_difference(a, b);
    let deviation = difference.standard_deviation.filter(|&deviation| deviation > NO_SPREAD)?;
    let n = difference.n as f64;
    let t = difference.mean / (deviation / n.sqrt());
    let distribution =
        StudentsT::new(0.0, 1.0, n - 1.0).expect("the degrees of freedom are positive");
    Some(2.0 * distribution.cdf(-t.abs()))
}

/// A spread below this comes from rounding.
const NO_SPREAD: f64 = 1e-12;

/// Holm's correction of p-values: the probability of rejecting any true null hypothesis among them at
/// some level stays below that level.
///
/// # Source
/// Holm: A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6, 1979. The
/// k-th smallest of m is multiplied by m − k + 1; the results are made non-decreasing.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut corrected = vec![0.0; p.len()];
    let mut largest = 0.0_f64;
    for (rank, &index) in order.iter().enumerate() {
        largest = largest.max(p[index] * (p.len() - rank) as f64).min(1.0);
        corrected[index] = largest;
    }
    corrected
}

/// Corrected p-values of all pairs of rows: `[i][j]`, symmetric, `None` for pairs without a p-value.
///
/// The correction is for all pairs even if only those with the best row are reported: which row is
/// best is not known in advance, so any pair could have been reported.
///
/// # Shapes
/// values `[rows][n]`
pub fn all_pairs(values: &[Vec<f64>]) -> Vec<Vec<Option<f64>>> {
    let rows = values.len();
    let pairs: Vec<(usize, usize)> =
        (0..rows).flat_map(|i| (i + 1..rows).map(move |j| (i, j))).collect();
    let found: Vec<Option<f64>> =
        pairs.iter().map(|&(i, j)| paired_p(&values[i], &values[j])).collect();
    // A pair without a p-value rejects nothing, but counts as one of the comparisons.
    let corrected = holm(&found.iter().map(|p| p.unwrap_or(1.0)).collect::<Vec<_>>());
    let mut table = vec![vec![None; rows]; rows];
    for ((i, j), p) in pairs.into_iter().zip(found.into_iter().zip(corrected)) {
        let p = p.0.map(|_| p.1);
        table[i][j] = p;
        table[j][i] = p;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Generator, Purpose, generator};
    use crate::stats::estimate::{estimate, paired_difference};
    use rand::RngExt;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Reference {
        paired: Vec<Paired>,
        holm: Vec<Corrected>,
    }

    #[derive(Deserialize)]
    struct Paired {
        a: Vec<f64>,
        b: Vec<f64>,
        p: f64,
    }

    #[derive(Deserialize)]
    struct Corrected {
        p: Vec<f64>,
        corrected: Vec<f64>,
    }

    fn reference() -> Reference {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/comparisons.json");
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn p_values_equal_scipys() {
        let cases = reference().paired;
        assert!(cases.len() >= 5);
        for case in cases {
            let p = paired_p(&case.a, &case.b).unwrap();
            assert!((p - case.p).abs() < 1e-9 + 1e-7 * case.p, "{p} against {}", case.p);
            let (low, high) = paired_difference(&case.a, &case.b).interval.unwrap();
            assert_eq!(p < 0.05, low > 0.0 || high < 0.0, "p {p}, interval {low} to {high}");
        }
        assert_eq!(paired_p(&[0.5], &[0.4]), None);
        assert_eq!(paired_p(&[0.5, 0.6], &[0.4, 0.5]), None, "no spread apart from rounding");
    }

    #[test]
    fn corrected_p_values_equal_those_of_statsmodels() {
        let cases = reference().holm;
        assert!(cases.len() >= 3);
        for case in cases {
            for (ours, theirs) in holm(&case.p).iter().zip(&case.corrected) {
                assert!((ours - theirs).abs() < 1e-12, "{ours} against {theirs}");
            }
        }
        assert!(holm(&[]).is_empty());
    }

    /// Approximately normal: the sum of twelve uniform numbers minus six has variance 1.
    fn normal(random: &mut Generator) -> f64 {
        (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
    }

    /// Accuracies of equally good losses; a seed shifts all of them alike.
    fn equal_losses(losses: usize, seeds: usize, random: &mut Generator) -> Vec<Vec<f64>> {
        let shared: Vec<f64> = (0..seeds).map(|_| 0.02 * normal(random)).collect();
        let one = |random: &mut Generator| {
            shared.iter().map(|seed| 0.85 + seed + 0.01 * normal(random)).collect()
        };
        (0..losses).map(|_| one(random)).collect()
    }

    #[test]
    fn without_a_true_difference_about_5_percent_of_intervals_exclude_zero() {
        let mut random = generator(5, Purpose::Sample, 0);
        for seeds in [3, 5, 10] {
            let excludes = |_: &usize| {
                let values = equal_losses(2, seeds, &mut random);
                let (low, high) = paired_difference(&values[0], &values[1]).interval.unwrap();
                low > 0.0 || high < 0.0
            };
            let count = (0..1000).filter(excludes).count();
            assert!((30..=70).contains(&count), "{count} of 1,000 with {seeds} seeds");
        }
    }

    #[test]
    fn with_six_equal_losses_at_most_about_5_percent_of_comparisons_call_one_better() {
        let mut random = generator(5, Purpose::Sample, 1);
        let (mut corrected, mut uncorrected) = (0, 0);
        for _ in 0..1000 {
            let values = equal_losses(6, 5, &mut random);
            let best = (0..6)
                .max_by(|&a, &b| estimate(&values[a]).mean.total_cmp(&estimate(&values[b]).mean))
                .unwrap();
            let table = all_pairs(&values);
            corrected += usize::from(table[best].iter().flatten().any(|&p| p < 0.05));
            let others = values.iter().enumerate().filter(|(row, _)| *row != best);
            let mut pairs = others.map(|(_, row)| paired_p(&values[best], row).unwrap());
            uncorrected += usize::from(pairs.any(|p| p < 0.05));
        }
        assert!(corrected <= 65, "{corrected} of 1,000");
        assert!(uncorrected > 150, "without the correction {uncorrected} of 1,000");
    }

    #[test]
    fn a_true_difference_is_detected() {
        let mut random = generator(5, Purpose::Sample, 2);
        let found = (0..200).filter(|_| {
            let mut values = equal_losses(2, 5, &mut random);
            values[0].iter_mut().for_each(|value| *value += 0.05);
            all_pairs(&values)[0][1].is_some_and(|p| p < 0.05)
        });
        assert!(found.count() > 180);
    }
}
