//! Figures as sentences tell them.

use super::estimate::estimate;
use crate::words::MISSING;
pub use crate::words::grouped;

/// Corrected p-values below this are called a difference.
pub const LEVEL: f64 = 0.05;

/// Mean over the seeds.
pub fn mean(values: &[f64]) -> f64 {
    estimate(values).mean
}

/// A share as `86.20 %`.
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// A share as `86.20 %`, and [`MISSING`] for none.
pub fn share(share: Option<f64>) -> String {
    share.map_or(MISSING.to_owned(), percent)
}

/// A share in percent without its sign, `86.20`, and [`MISSING`] for none.
pub fn hundredths(share: Option<f64>) -> String {
    share.map_or(MISSING.to_owned(), |share| format!("{:.2}", 100.0 * share))
}

/// A difference of shares in percentage points: two decimals, more where those would show zero
/// for what is not zero, so that a sentence never contradicts its figures.
pub fn points(difference: f64) -> String {
    let shown = |decimals: usize| format!("{:.decimals$}", 100.0 * difference);
    let is_zero = |text: &String| text.chars().all(|c| matches!(c, '0' | '.' | '-'));
    match [2, 4, 8].into_iter().map(shown).find(|text| !is_zero(text)) {
        Some(text) => text.replace('-', "−"),
        None => "0.00".to_owned(),
    }
}

/// A p-value as it is told: not smaller than can be believed, with four decimals where it is small,
/// and never on the other side of [`LEVEL`].
pub fn shown_p(p: f64) -> String {
    match p {
        p if p < 0.0001 => "< 0.0001".to_owned(),
        p if p < LEVEL => format!("{:.4}", p.min(LEVEL - 0.0001)),
        p if p < 0.1 => format!("{p:.4}"),
        p => format!("{p:.2}"),
    }
}

/// A p-value as `p = 0.012` or `p < 0.0001`.
pub fn p_told(p: f64) -> String {
    match shown_p(p) {
        small if small.starts_with('<') => format!("p {small}"),
        shown => format!("p = {shown}"),
    }
}

/// `a`, `a and b`, `a, b and c`; names that hold a comma are parted by semicolons.
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => {
            let comma = if names.iter().any(|name| name.contains(',')) { "; " } else { ", " };
            format!("{} and {last}", first.join(comma))
        }
    }
}

/// Two numbers as `57,000`, or as `28,000 to 28,900` where they differ.
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
    fn names_are_listed_as_people_say_them() {
        let told: Vec<String> = (0..4).map(|n| listed(&["a", "b", "c"][..n.min(3)])).collect();
        assert_eq!(told, ["", "a", "a and b", "a, b and c"]);
        assert_eq!(listed(&["a, x", "b", "c"]), "a, x; b and c");
    }

    #[test]
    fn numbers_that_differ_are_told_as_a_range() {
        let told = [(57_000, 57_000), (300, 1000)].map(from_to);
        assert_eq!(told, ["57,000", "300 to 1,000"]);
    }

    #[test]
    fn what_is_not_zero_is_not_told_as_zero() {
        assert_eq!([0.0, 1e-5, -0.0123].map(points), ["0.00", "0.0010", "−1.23"]);
    }
}
