//! Labels as text: different notations of a number are one class, and markers of missing labels.

use std::collections::HashMap;

/// The default `na_values` of pandas' `read_csv`, except the empty text.
const MISSING: [&str; 18] = [
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>",
    "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
];

/// Maximum number of digits before and after the point for a label to count as a number.
const LONGEST: usize = 400;

/// Whether a label marks a missing value.
pub(super) fn is_missing(label: &str) -> bool {
    MISSING.contains(&label)
}

/// A decimal number in its shortest form, exactly: `6` for `+6.0`, `100` for `1e2`, `0` for `−0`;
/// `None` if it is not a number.
pub(super) fn shortest_number(text: &str) -> Option<String> {
    let (is_negative, unsigned) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let point = whole.len() as i64 + exponent;
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return Some("0".to_owned());
    }
    let point = point - (digits.len() - significant.len()) as i64;
    let number = positioned(significant.trim_end_matches('0'), point)?;
    Some(if is_negative { format!("-{number}") } else { number })
}

fn exponent_of(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Formats digits that neither start nor end with 0, with the point after the first `point` of
/// them.
fn positioned(digits: &str, point: i64) -> Option<String> {
    let zeros = |count: i64| "0".repeat(count as usize);
    let length = digits.len() as i64;
    let longest = LONGEST as i64;
    if !(-longest..=longest).contains(&point) || length > longest {
        return None;
    }
    Some(match point {
        ..=0 => format!("0.{}{digits}", zeros(-point)),
        _ if point >= length => format!("{digits}{}", zeros(point - length)),
        _ => format!("{}.{}", &digits[..point as usize], &digits[point as usize..]),
    })
}

/// The canonical form of a label: numbers in their shortest form, booleans in lower case.
pub(super) fn comparable(label: &str) -> String {
    let truth = ["true", "false"].into_iter().find(|truth| truth.eq_ignore_ascii_case(label));
    let short = || shortest_number(label).unwrap_or_else(|| label.to_owned());
    truth.map_or_else(short, str::to_owned)
}

/// Labels after merging different notations of the same number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Merged {
    /// Distinct labels in order of appearance, `[C]`.
    pub distinct: Vec<String>,
    /// Index into `distinct` of each row, `[N]`.
    pub rows: Vec<u32>,
    /// Labels that were merged into an earlier one, with that one.
    pub respelled: Vec<(String, String)>,
}

/// Merges labels that are the same number or boolean in different notations.
///
/// If all labels are numbers, each gets its shortest form. If some are text, only plain notation
/// counts as a number: `1e3` may be a name.
///
/// # Shapes
/// `distinct` `[C]`, `rows` `[N]`, indices into it.
pub(super) fn merged(distinct: Vec<String>, mut rows: Vec<u32>) -> Merged {
    let all = |is: fn(&str) -> bool| distinct.iter().all(|label| is(label));
    let are_numbers = all(|label| shortest_number(label).is_some());
    let are_truths = all(|label| ["true", "false"].iter().any(|t| t.eq_ignore_ascii_case(label)));
    let key_of = |label: &str| match are_numbers || are_truths {
        true => comparable(label),
        false if label.contains(['e', 'E']) => label.to_owned(),
        false => shortest_number(label).unwrap_or_else(|| label.to_owned()),
    };
    let mut known: HashMap<String, u32> = HashMap::with_capacity(distinct.len());
    let mut kept: Vec<String> = Vec::with_capacity(distinct.len());
    let mut respelled = Vec::new();
    let mut index = Vec::with_capacity(distinct.len());
    for label in distinct {
        let key = key_of(&label);
        let next = kept.len() as u32;
        let class = *known.entry(key.clone()).or_insert(next);
        if class == next {
            kept.push(if are_numbers { key } else { label });
        } else {
            respelled.push((label, kept[class as usize].clone()));
        }
        index.push(class);
    }
    if !respelled.is_empty() {
        rows.iter_mut().for_each(|row| *row = index[*row as usize]);
        if !are_numbers && !are_truths {
            shorten(&mut kept, &respelled);
        }
    }
    Merged { distinct: kept, rows, respelled }
}

/// Gives labels that merge several notations of a number its shortest form.
fn shorten(kept: &mut [String], respelled: &[(String, String)]) {
    for label in kept {
        if respelled.iter().any(|(_, other)| other == label) {
            *label = comparable(label);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_shortest_form() {
        for (text, short) in [
            ("0", "0"),
            ("0.0", "0"),
            ("-0", "0"),
            ("\u{2212}0", "0"),
            ("01", "1"),
            ("+6.0", "6"),
            ("1e0", "1"),
            ("1E+2", "100"),
            ("0.000000000000000000e+00", "0"),
            ("-1", "-1"),
            ("\u{2212}1.50", "-1.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("12.5e-2", "0.125"),
            ("9007199254740993", "9007199254740993"),
        ] {
            assert_eq!(shortest_number(text).as_deref(), Some(short), "{text}");
        }
        for text in ["", "-", ".", "e5", "1e", "nan", "inf", "0x1", "1,5", "1 2", "1e9999", "--1"] {
            assert_eq!(shortest_number(text), None, "{text}");
        }
    }

    fn of(labels: &[&str]) -> Merged {
        let distinct = labels.iter().map(|&label| label.to_owned()).collect();
        merged(distinct, (0..labels.len() as u32).collect())
    }

    #[test]
    fn different_notations_of_a_number_are_one_class() {
        let numbers = of(&["0", "0.0", "1", "01", "+1", "1e0"]);
        assert_eq!(numbers.distinct, ["0", "1"]);
        assert_eq!(numbers.rows, [0, 0, 1, 1, 1, 1]);
        assert_eq!(numbers.respelled.len(), 4);
        assert_eq!(of(&["6.0", "-1.0"]).distinct, ["6", "-1"]);
        assert_eq!(of(&["True", "false", "true"]).distinct, ["True", "false"]);
    }

    #[test]
    fn text_labels_that_look_like_numbers_stay_separate() {
        let mixed = of(&["1e3", "1000", "3042", "304a", "007"]);
        assert_eq!(mixed.distinct, ["1e3", "1000", "3042", "304a", "007"]);
        let twice = of(&["7.0", "cat", "7"]);
        assert_eq!((twice.distinct, twice.rows), (vec!["7".into(), "cat".into()], vec![0, 1, 0]));
    }

    #[test]
    fn missing_markers_are_those_of_pandas() {
        assert!(["nan", "NA", "N/A", "null", "None"].into_iter().all(is_missing));
        assert!(!["na", "NaNa", "none of these", "0"].into_iter().any(is_missing));
    }
}
