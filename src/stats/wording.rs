//! Numbers as they appear in sentences and tables.

use super::estimate::estimate;
use crate::words::MISSING;
pub use crate::words::grouped;

/// Significance level for corrected p-values.
pub const LEVEL: f64 = 0.05;

/// The mean.
pub fn mean(values: &[f64]) -> f64 {
    estimate(values).mean
}

/// A share as `86.20 %`.
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// A share as `86.20 %`, or [`MISSING`].
pub fn share(share: Option<f64>) -> String {
    share.map_or(MISSING.to_owned(), percent)
}

/// A share in percent without the sign, `86.20`, or [`MISSING`].
pub fn hundredths(share: Option<f64>) -> String {
    share.map_or(MISSING.to_owned(), |share| format!("{:.2}", 100.0 * share))
}

/// A difference of shares in percentage points, with two decimals; with more if a difference that is
/// not zero would be shown as zero.
pub fn points(difference: f64) -> String {
    let shown = |decimals: usize| format!("{:.decimals$}", 100.0 * difference);
    let is_zero = |text: &String| text.chars().all(|c| matches!(c, '0' | '.' | '-'));
    match [2, 4, 8].into_iter().map(shown).find(|text| !is_zero(text)) {
        Some(text) => text.replace('-', "−"),
        None => "0.00".to_owned(),
    }
}

/// A p-value as a number: four decimals below 0.1, never shown below 0.0001, and not rounded across
/// [`LEVEL`].
pub fn shown_p(p: f64) -> String {
    match p {
        p if p < 0.0001 => "< 0.0001".to_owned(),
        p if p < LEVEL => format!("{:.4}", p.min(LEVEL - 0.0001)),
        p if p < 0.1 => format!("{p:.4}"),
        p => format!("{p:.2}"),
    }
}

/// A p-value as `p = 0.0120` or `p < 0.0001`.
pub fn p_text(p: f64) -> String {
    match shown_p(p) {
        small if small.starts_with('<') => format!("p {small}"),
        shown => format!("p = {shown}"),
    }
}

/// `a`, `a and b`, `a, b and c`; separated by semicolons if a name contains a comma.
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => {
            let separator = if names.iter().any(|name| name.contains(',')) { "; " } else { ", " };
            format!("{} and {last}", first.join(separator))
        }
    }
}

/// A range as `57,000`, or `28,000 to 28,900` if its ends differ.
pub fn from_to((least, most): (usize, usize)) -> String {
    match least == most {
        true => grouped(least),
        false => format!("{} to {}", grouped(least), grouped(most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_joined_into_a_list() {
        let lists: Vec<String> = (0..4).map(|n| listed(&["a", "b", "c"][..n.min(3)])).collect();
        assert_eq!(lists, ["", "a", "a and b", "a, b and c"]);
        assert_eq!(listed(&["a, x", "b", "c"]), "a, x; b and c");
    }

    #[test]
    fn a_range_with_equal_ends_is_one_number() {
        let ranges = [(57_000, 57_000), (300, 1000)].map(from_to);
        assert_eq!(ranges, ["57,000", "300 to 1,000"]);
    }

    #[test]
    fn only_zero_is_shown_as_zero() {
        assert_eq!([0.0, 1e-5, -0.0123].map(points), ["0.00", "0.0010", "−1.23"]);
    }
}
