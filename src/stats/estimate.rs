//! Means over seeds, with the interval that tells how sure they are.
//!
//! The interval is Student's: mean ± t · s / √n with n − 1 degrees of freedom and s the sample
//! standard deviation. It covers the true mean in 95 of 100 repetitions when the values are
//! independent and about normal; over few seeds it is wide, and that is what it is for.

use crate::words::MISSING;
use serde::{Deserialize, Deserializer, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// The share of repetitions in which an interval covers the true mean.
const CONFIDENCE: f64 = 0.95;

/// Where a share ends.
pub const SHARES: (f64, f64) = (0.0, 1.0);
/// Where a difference of two shares ends.
pub const DIFFERENCES: (f64, f64) = (-1.0, 1.0);

/// What a text says where intervals in it are cut.
pub const CUT: &str = "cut where percentages end, which t-intervals of so few seeds leave";

/// Which ends of intervals a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// For people: no share below 0 or above 100 %. A t-interval of few seeds may reach beyond.
    Possible,
    /// For programs: as they were computed.
    Computed,
}

/// A mean and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Number of values n.
    pub n: usize,
    /// Their mean; JSON has no number that is none, and says `null`.
    #[serde(deserialize_with = "number_or_none")]
    pub mean: f64,
    /// Sample standard deviation (divided by n − 1); none for a single value.
    pub standard_deviation: Option<f64>,
    /// Lower and upper end of the 95 % t-interval of the mean; none for a single value. Values
    /// that are all the same give an interval without width: they show no spread, which is no
    /// proof that there is none.
    pub interval: Option<(f64, f64)>,
}

/// Reads a number, or `null` as what is none.
fn number_or_none<'de, D: Deserializer<'de>>(reader: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(reader)?.unwrap_or(f64::NAN))
}

/// Numbers of which some are missing: null in JSON, NaN here.
///
/// # Errors
/// Something else than numbers and nulls.
pub fn some_missing<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<f64>, D::Error> {
    let numbers: Vec<Option<f64>> = Vec::deserialize(reader)?;
    Ok(numbers.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect())
}

/// Rows of numbers of which some are missing, as [`some_missing`] reads them.
///
/// # Errors
/// Something else than lists of numbers and nulls.
pub fn rows_some_missing<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<Vec<f64>>, D::Error> {
    let rows: Vec<Vec<Option<f64>>> = Vec::deserialize(reader)?;
    let numbers = |row: Vec<Option<f64>>| row.into_iter().map(|n| n.unwrap_or(f64::NAN)).collect();
    Ok(rows.into_iter().map(numbers).collect())
}

impl Estimate {
    /// What is known where a value is missing: nothing.
    pub fn nothing() -> Estimate {
        Estimate { n: 0, mean: f64::NAN, standard_deviation: None, interval: None }
    }

    /// Whether it can be the estimate of numbers in a range, which may be missing.
    pub fn fits(&self, range: (f64, f64)) -> bool {
        is_within(self.mean, range)
            && self.standard_deviation.is_none_or(|deviation| deviation >= 0.0)
            && self.interval.is_none_or(|(low, high)| low <= high)
    }

    /// Whether its interval reaches beyond what can be.
    pub fn leaves(&self, range: (f64, f64)) -> bool {
        self.interval.is_some_and(|(low, high)| low < range.0 || high > range.1)
    }

    /// The same with these ends of its interval, of what can be in `range`.
    pub fn with(self, ends: Ends, range: (f64, f64)) -> Estimate {
        let cut = |(low, high): (f64, f64)| (low.max(range.0), high.min(range.1));
        match ends {
            Ends::Possible => Estimate { interval: self.interval.map(cut), ..self },
            Ends::Computed => self,
        }
    }

    /// A share in percent with its interval, where it has one: `86.20 [85.10, 87.30]`.
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

/// Whether a number is missing or, but for rounding, in a range.
pub fn is_within(value: f64, (low, high): (f64, f64)) -> bool {
    value.is_nan() || (low - 1e-9..=high + 1e-9).contains(&value)
}

/// Mean, standard deviation and 95 % interval of the mean.
///
/// # Panics
/// Without a value: a comparison has at least one seed.
pub fn estimate(values: &[f64]) -> Estimate {
    assert!(!values.is_empty(), "at least one value");
    let n = values.len();
    if values.iter().any(|value| value.is_nan()) {
        // A mean over what is not all there would be that of other seeds.
        return Estimate { n, ..Estimate::nothing() };
    }
    if n == 1 || values.iter().all(|&value| value == values[0]) {
        // Told apart so that rounding in the mean does not make up a spread.
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

/// The mean of `a` − `b`, taken seed by seed, with the interval of a paired t-test.
///
/// # Shapes
/// a, b `[n]`, the same seed at the same place
///
/// # Panics
/// When the lengths differ or are 0: a bug.
pub fn paired_difference(a: &[f64], b: &[f64]) -> Estimate {
    assert_eq!(a.len(), b.len(), "one value a seed on both sides");
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    estimate(&differences)
}

/// How many standard errors the interval reaches to either side.
fn t_quantile(freedom: usize) -> f64 {
    let t = StudentsT::new(0.0, 1.0, freedom as f64).expect("scale and freedom are positive");
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
    fn intervals_of_a_mean_are_scipys() {
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
    fn intervals_of_a_paired_difference_are_scipys() {
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
    fn two_seeds_reach_12_7_standard_errors_and_many_about_2() {
        assert!((t_quantile(1) - 12.706_204_736).abs() < 1e-6, "{}", t_quantile(1));
        assert!((t_quantile(2) - 4.302_652_730).abs() < 1e-6, "{}", t_quantile(2));
        assert!((t_quantile(10_000) - 1.96).abs() < 1e-3, "{}", t_quantile(10_000));
    }

    #[test]
    fn pairing_takes_out_what_the_seeds_share() {
        let (a, b) = ([0.90, 0.50, 0.71], [0.89, 0.48, 0.70]);
        let (low, high) = paired_difference(&a, &b).interval.unwrap();
        assert!(low < 0.01 && high < 0.04 && high - low < 0.04, "{low} to {high}");
        let (low, high) = estimate(&a).interval.unwrap();
        assert!(high - low > 0.5, "{low} to {high}");
    }

    #[test]
    fn an_interval_that_leaves_what_can_be_is_cut_for_people_alone() {
        // 98 ± 4.3027 · 2.6458 / √3
        let high = estimate(&[0.99, 1.0, 0.95]);
        assert!(high.leaves(SHARES));
        assert_eq!(high.percent(), "98.00 [91.43, 104.57]");
        assert_eq!(high.with(Ends::Computed, SHARES), high);
        assert_eq!(high.with(Ends::Possible, SHARES).percent(), "98.00 [91.43, 100.00]");
        let low = paired_difference(&[0.1, 0.0], &[0.9, 0.2]);
        assert_eq!(low.with(Ends::Possible, DIFFERENCES).percent(), "−50.00 [−100.00, 100.00]");
        let inside = estimate(&[0.8, 0.81]);
        assert!(
            !inside.leaves(SHARES)
                && !paired_difference(&[0.1, 0.2], &[0.3, 0.5]).leaves(DIFFERENCES)
        );
        assert_eq!(inside.with(Ends::Possible, SHARES), inside);
    }

    #[test]
    fn a_mean_of_values_of_which_one_is_missing_is_missing() {
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
    fn values_that_are_all_the_same_have_an_interval_without_width() {
        let same = estimate(&[0.1; 7]);
        assert_eq!(same.mean, 0.1);
        assert_eq!(same.standard_deviation, Some(0.0));
        assert_eq!(same.interval, Some((0.1, 0.1)));
    }
}
