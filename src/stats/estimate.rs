//! Means over seeds with 95 % t-intervals.
//!
//! The interval is mean ± t · s / √n with n − 1 degrees of freedom and the sample standard deviation
//! s. It covers the true mean in 95 of 100 repetitions if the values are independent and
//! approximately normal. With few seeds it is wide, as it should be.

use crate::words::MISSING;
use serde::{Deserialize, Deserializer, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Coverage of the intervals.
const CONFIDENCE: f64 = 0.95;

/// The range of a share.
pub const SHARES: (f64, f64) = (0.0, 1.0);
/// The range of a difference between two shares.
pub const DIFFERENCES: (f64, f64) = (-1.0, 1.0);

/// What a text says if intervals in it are clipped.
pub const CLIPPED: &str =
    "clipped to possible percentages, which t-intervals of few seeds can exceed";

/// How a table shows the ends of intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// For people: no share below 0 or above 100 %, which a t-interval of few seeds can exceed.
    Clipped,
    /// For programs: as computed.
    Computed,
}

/// A mean with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Number of values, n.
    pub n: usize,
    /// Their mean; NaN, which is `null` in JSON, if a value is missing.
    #[serde(deserialize_with = "null_as_nan")]
    pub mean: f64,
    /// Sample standard deviation (divided by n − 1); `None` for a single value.
    pub standard_deviation: Option<f64>,
    /// Lower and upper end of the 95 % t-interval of the mean; `None` for a single value. Equal
    /// values give an interval of zero width, which does not prove that there is no spread.
    pub interval: Option<(f64, f64)>,
}

/// Deserializes a number, `null` as NaN.
fn null_as_nan<'de, D: Deserializer<'de>>(reader: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(reader)?.unwrap_or(f64::NAN))
}

/// Deserializes a list of numbers, `null` as NaN.
///
/// # Errors
/// The input is not a list of numbers and nulls.
pub fn nulls_as_nan<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<f64>, D::Error> {
    let numbers: Vec<Option<f64>> = Vec::deserialize(reader)?;
    Ok(numbers.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect())
}

/// Deserializes lists of numbers, `null` as NaN.
///
/// # Errors
/// The input is not a list of such lists.
pub fn rows_with_nulls_as_nan<'de, D: Deserializer<'de>>(
    reader: D,
) -> Result<Vec<Vec<f64>>, D::Error> {
    let rows: Vec<Vec<Option<f64>>> = Vec::deserialize(reader)?;
    let numbers = |row: Vec<Option<f64>>| row.into_iter().map(|n| n.unwrap_or(f64::NAN)).collect();
    Ok(rows.into_iter().map(numbers).collect())
}

impl Estimate {
    /// The estimate if a value is missing.
    pub fn missing() -> Estimate {
        Estimate { n: 0, mean: f64::NAN, standard_deviation: None, interval: None }
    }

    /// Whether this can be an estimate of numbers in a range; values may be missing.
    pub fn fits(&self, range: (f64, f64)) -> bool {
        is_within(self.mean, range)
            && self.standard_deviation.is_none_or(|deviation| deviation >= 0.0)
            && self.interval.is_none_or(|(low, high)| low <= high)
    }

    /// Whether the interval exceeds a range.
    pub fn exceeds(&self, range: (f64, f64)) -> bool {
        self.interval.is_some_and(|(low, high)| low < range.0 || high > range.1)
    }

    /// The same estimate with its interval clipped to `range` if `ends` says so.
    pub fn with(self, ends: Ends, range: (f64, f64)) -> Estimate {
        let clip = |(low, high): (f64, f64)| (low.max(range.0), high.min(range.1));
        match ends {
            Ends::Clipped => Estimate { interval: self.interval.map(clip), ..self },
            Ends::Computed => self,
        }
    }

    /// A share in percent, with its interval if it has one: `86.20 [85.10, 87.30]`.
    pub fn percent(&self) -> String {
        if self.mean.is_nan() {
            return MISSING.to_owned();
        }
        let number = |share: f64| format!("{:.2}", 100.0 * share).replace('-', "−");
        let mean = number(self.mean);
        self.interval.map_or(mean.clone(), |(low, high)| {
            format!("{mean} [{}, {}]", number(low), number(high))
        })
    }
}

/// Whether a number is NaN or within a range, up to rounding.
pub fn is_within(value: f64, (low, high): (f64, f64)) -> bool {
    value.is_nan() || (low - 1e-9..=high + 1e-9).contains(&value)
}

/// Mean, standard deviation and 95 % t-interval of the mean.
///
/// # Panics
/// If there is no value: a comparison has at least one seed.
pub fn estimate(values: &[f64]) -> Estimate {
    assert!(!values.is_empty(), "at least one value");
    let n = values.len();
    if values.iter().any(|value| value.is_nan()) {
        // The mean of the remaining seeds could not be compared with that of all.
        return Estimate { n, ..Estimate::missing() };
    }
    if n == 1 || values.iter().all(|&value| value == values[0]) {
        // A separate case so that rounding of the mean does not create a spread.
        let spread = (n > 1).then_some(0.0);
        let interval = (n > 1).then_some((values[0], values[0]));
        return Estimate { n, mean: values[0], standard_deviation: spread, interval };
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (squares / (n - 1) as f64).sqrt();
    let half = t_quantile(n - 1) * deviation / (n as f64).sqrt();
    Estimate {
        n,
        mean,
        standard_deviation: Some(deviation),
        interval: Some((mean - half, mean + half)),
    }
}

/// The mean of the differences `a` − `b` per seed, with the interval of a paired t-test.
///
/// # Shapes
/// a, b `[n]`, both in the same order of seeds
///
/// # Panics
/// If the lengths differ or are 0: a bug.
pub fn paired_difference(a: &[f64], b: &[f64]) -> Estimate {
    assert_eq!(a.len(), b.len(), "one value per seed on both sides");
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    estimate(&differences)
}

/// Half width of the interval in standard errors.
fn t_quantile(freedom: usize) -> f64 {
    let t = StudentsT::new(0.0, 1.0, freedom as f64)
        .expect("the scale and the degrees of freedom are positive");
    t.inverse_cdf(0.5 + CONFIDENCE / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Reference {
        intervals: Intervals,
    }

    #[derive(Deserialize)]
    struct Intervals {
        mean: Vec<Mean>,
        paired: Vec<Paired>,
    }

    #[derive(Deserialize)]
    struct Mean {
        values: Vec<f64>,
        mean: f64,
        deviation: f64,
        low: f64,
        high: f64,
    }

    #[derive(Deserialize)]
    struct Paired {
        a: Vec<f64>,
        b: Vec<f64>,
        mean: f64,
        low: f64,
        high: f64,
    }

    fn reference() -> Intervals {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/metrics.json");
        let text = std::fs::read_to_string(path).unwrap();
        serde_json::from_str::<Reference>(&text).unwrap().intervals
    }

    fn assert_near(ours: f64, theirs: f64) {
        assert!((ours - theirs).abs() < 1e-9, "{ours} against {theirs}");
    }

    #[test]
    fn intervals_of_a_mean_equal_scipys() {
        let cases = reference().mean;
        assert!(cases.len() >= 4);
        for case in cases {
            let ours = estimate(&case.values);
            let (low, high) = ours.interval.unwrap();
            assert_near(ours.mean, case.mean);
            assert_near(ours.standard_deviation.unwrap(), case.deviation);
            assert_near(low, case.low);
            assert_near(high, case.high);
        }
    }

    #[test]
    fn intervals_of_a_paired_difference_equal_scipys() {
        let cases = reference().paired;
        assert!(cases.len() >= 3);
        for case in cases {
            let ours = paired_difference(&case.a, &case.b);
            let (low, high) = ours.interval.unwrap();
            assert_near(ours.mean, case.mean);
            assert_near(low, case.low);
            assert_near(high, case.high);
        }
    }

    #[test]
    fn the_half_width_is_12_7_standard_errors_for_two_seeds_and_about_2_for_many() {
        assert!((t_quantile(1) - 12.706_204_736).abs() < 1e-6, "{}", t_quantile(1));
        assert!((t_quantile(2) - 4.302_652_730).abs() < 1e-6, "{}", t_quantile(2));
        assert!((t_quantile(10_000) - 1.96).abs() < 1e-3, "{}", t_quantile(10_000));
    }

    #[test]
    fn pairing_removes_the_variation_that_the_seeds_share() {
        let (a, b) = ([0.90, 0.50, 0.71], [0.89, 0.48, 0.70]);
        let (low, high) = paired_difference(&a, &b).interval.unwrap();
        assert!(low < 0.01 && high < 0.04 && high - low < 0.04, "{low} to {high}");
        let (low, high) = estimate(&a).interval.unwrap();
        assert!(high - low > 0.5, "{low} to {high}");
    }

    #[test]
    fn an_interval_beyond_the_possible_range_is_clipped_only_for_people() {
        // 98 ± 4.3027 · 2.6458 / √3
        let high = estimate(&[0.99, 1.0, 0.95]);
        assert!(high.exceeds(SHARES));
        assert_eq!(high.percent(), "98.00 [91.43, 104.57]");
        assert_eq!(high.with(Ends::Computed, SHARES), high);
        assert_eq!(high.with(Ends::Clipped, SHARES).percent(), "98.00 [91.43, 100.00]");
        let low = paired_difference(&[0.1, 0.0], &[0.9, 0.2]);
        assert_eq!(low.with(Ends::Clipped, DIFFERENCES).percent(), "−50.00 [−100.00, 100.00]");
        let inside = estimate(&[0.8, 0.81]);
        assert!(
            !inside.exceeds(SHARES)
                && !paired_difference(&[0.1, 0.2], &[0.3, 0.5]).exceeds(DIFFERENCES)
        );
        assert_eq!(inside.with(Ends::Clipped, SHARES), inside);
    }

    #[test]
    fn the_mean_is_missing_if_a_value_is() {
        let missing = estimate(&[0.8, f64::NAN, 0.7]);
        assert!(missing.mean.is_nan() && missing.interval.is_none());
        assert_eq!((missing.n, missing.percent().as_str()), (3, "–"));
        assert!(paired_difference(&[0.8, 0.7], &[f64::NAN, 0.7]).mean.is_nan());
        let text = serde_json::to_string(&missing).unwrap();
        assert!(text.contains("\"mean\":null"), "{text}");
        let read: Estimate = serde_json::from_str(&text).unwrap();
        assert!(read.mean.is_nan());
    }

    #[test]
    fn one_value_has_no_interval() {
        let one = estimate(&[0.8]);
        assert_eq!((one.n, one.mean), (1, 0.8));
        assert_eq!((one.standard_deviation, one.interval), (None, None));
    }

    #[test]
    fn equal_values_have_an_interval_of_zero_width() {
        let same = estimate(&[0.1; 7]);
        assert_eq!(same.mean, 0.1);
        assert_eq!(same.standard_deviation, Some(0.0));
        assert_eq!(same.interval, Some((0.1, 0.1)));
    }
}
