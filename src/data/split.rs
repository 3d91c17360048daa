//! Which images train and which validate.

use rand::seq::SliceRandom;

use crate::error::{Error, Result};
use crate::random::{Purpose, generator};

/// The setting that errors name.
const KEY: &str = "data.validation";

/// Rows of a data set for training and for validation, each ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Rows to train on.
    pub train: Vec<i64>,
    /// Rows to validate on.
    pub validation: Vec<i64>,
}

/// Splits rows 0..n at random, whatever their classes.
///
/// ⌈`validation_fraction` · n⌉ rows are for validation, as scikit-learn's `train_test_split`
/// rounds; the rest trains.
///
/// # Errors
/// [`Error::Setting`] where the fraction is not between 0 and 1 or leaves one side empty.
pub fn split(n: usize, validation_fraction: f64, seed: u64) -> Result<Split> {
    if !(validation_fraction > 0.0 && validation_fraction < 1.0) {
        let problem = "must be more than 0 and less than 1, 0.05 for instance";
        return Err(Error::setting(KEY, validation_fraction, problem));
    }
    let validation = (validation_fraction * n as f64).ceil() as usize;
    if validation == 0 || validation >= n {
        let problem = format!("leaves no image to train on, out of {n}; give a smaller fraction");
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
    fn the_sizes_are_those_of_scikit_learn() {
        for (n, fraction, validation) in [(60_000, 0.05, 3000), (10, 0.25, 3), (2, 0.01, 1)] {
            let split = split(n, fraction, 1).unwrap();
            assert_eq!((split.validation.len(), split.train.len()), (validation, n - validation));
        }
    }

    #[test]
    fn each_row_is_on_one_side_and_both_sides_ascend() {
        let split = split(1000, 0.3, 7).unwrap();
        assert!(split.train.is_sorted() && split.validation.is_sorted());
        let mut all = [split.train, split.validation].concat();
        all.sort_unstable();
        assert_eq!(all, (0..1000).collect::<Vec<i64>>());
    }

    #[test]
    fn the_same_seed_gives_the_same_split_and_another_seed_another() {
        let of = |seed| split(1000, 0.1, seed).unwrap();
        assert_eq!(of(2022), of(2022));
        assert_ne!(of(2022), of(2023));
    }

    #[test]
    fn the_rows_for_validation_are_drawn_from_all_over() {
        let validation = split(10_000, 0.1, 5).unwrap().validation;
        let mean = validation.iter().sum::<i64>() as f64 / 1000.0;
        // The mean of 1,000 of 10,000 numbers has a standard deviation of 87.
        assert!((mean - 4999.5).abs() < 400.0, "{mean}");
    }

    #[test]
    fn a_fraction_that_leaves_a_side_empty_is_told() {
        let told = |n, fraction| split(n, fraction, 1).unwrap_err().to_string();
        let range = "must be more than 0 and less than 1, 0.05 for instance";
        for fraction in [0.0, 1.0, -0.1, f64::NAN] {
            assert_eq!(told(10, fraction), format!("{KEY} = {fraction}: {range}"));
        }
        assert_eq!(
            told(10, 0.95),
            format!(
                "{KEY} = 0.95: leaves no image to train on, out of 10; give a smaller fraction"
            )
        );
        assert!(split(1, 0.5, 1).is_err() && split(0, 0.5, 1).is_err());
    }
}
