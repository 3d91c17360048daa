//! The train/validation split.

use rand::seq::SliceRandom;

use crate::error::{Error, Result};
use crate::random::{Purpose, generator};

/// The key of the setting in error messages.
const KEY: &str = "data.validation";

/// Rows of a data set for training and for validation, each ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Rows for training.
    pub train: Vec<i64>,
    /// Rows for validation.
    pub validation: Vec<i64>,
}

/// Splits rows 0..n at random, not stratified.
///
/// ⌈`validation_fraction` · n⌉ rows are for validation, rounded as in scikit-learn's
/// `train_test_split`; the rest for training.
///
/// # Errors
/// [`Error::Setting`] if the fraction is not between 0 and 1 or leaves one side empty.
pub fn split(n: usize, validation_fraction: f64, seed: u64) -> Result<Split> {
    if !(validation_fraction > 0.0 && validation_fraction < 1.0) {
        let problem = "must be above 0 and below 1, for example 0.05";
        return Err(Error::setting(KEY, validation_fraction, problem));
    }
    let validation = (validation_fraction * n as f64).ceil() as usize;
    if validation == 0 || validation >= n {
        let problem = format!("leaves no image of {n} for training; use a smaller fraction");
        return Err(Error::setting(KEY, validation_fraction, problem));
    }
    let mut rows: Vec<i64> = (0..n as i64).collect();
    rows.shuffle(&mut generator(seed, Purpose::Split, 0));
    let mut train = rows.split_off(validation);
    rows.sort_unstable();
    train.sort_unstable();
    Ok(Split { train, validation: rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_match_scikit_learn() {
        for (n, fraction, validation) in [(60_000, 0.05, 3000), (10, 0.25, 3), (2, 0.01, 1)] {
            let split = split(n, fraction, 1).unwrap();
            assert_eq!((split.validation.len(), split.train.len()), (validation, n - validation));
        }
    }

    #[test]
    fn each_row_is_on_one_side_and_both_sides_are_sorted() {
        let split = split(1000, 0.3, 7).unwrap();
        assert!(split.train.is_sorted() && split.validation.is_sorted());
        let mut all = [split.train, split.validation].concat();
        all.sort_unstable();
        assert_eq!(all, (0..1000).collect::<Vec<i64>>());
    }

    #[test]
    fn the_split_depends_only_on_the_seed() {
        let of = |seed| split(1000, 0.1, seed).unwrap();
        assert_eq!(of(2022), of(2022));
        assert_ne!(of(2022), of(2023));
    }

    #[test]
    fn validation_rows_are_drawn_uniformly() {
        let validation = split(10_000, 0.1, 5).unwrap().validation;
        let mean = validation.iter().sum::<i64>() as f64 / 1000.0;
        // The mean of 1,000 of 10,000 numbers has a standard deviation of 87.
        assert!((mean - 4999.5).abs() < 400.0, "{mean}");
    }

    #[test]
    fn a_fraction_that_leaves_a_side_empty_is_rejected() {
        let message = |n, fraction| split(n, fraction, 1).unwrap_err().to_string();
        let range = "must be above 0 and below 1, for example 0.05";
        for fraction in [0.0, 1.0, -0.1, f64::NAN] {
            assert_eq!(message(10, fraction), format!("{KEY} = {fraction}: {range}"));
        }
        assert_eq!(
            message(10, 0.95),
            format!("{KEY} = 0.95: leaves no image of 10 for training; use a smaller fraction")
        );
        assert!(split(1, 0.5, 1).is_err() && split(0, 0.5, 1).is_err());
    }
}
