//! Parses numbers in cells: one value, or all values of an image.

/// The number in a trimmed cell; a comma among its digits is a decimal comma. `None` if it is not a
/// finite number.
pub(super) fn number(cell: &str) -> Option<f64> {
    quick(cell.as_bytes()).or_else(|| slow(cell)).filter(|value| value.is_finite())
}

/// Number of digits that always fit into 64 bits.
pub(super) const LONGEST: usize = 19;

/// A whole number with its last `after` digits after the point; `None` if that may not be exact. It
/// is exact for whole numbers below 2⁵³ and powers of ten up to 10²².
pub(super) fn decimal(digits: u64, after: usize) -> Option<f64> {
    const POWERS: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];
    match digits {
        0 => Some(0.0),
        1..=0x1f_ffff_ffff_ffff => Some(digits as f64 / POWERS.get(after)?),
        _ => None,
    }
}

/// Parses digits with at most one point, which nearly all numbers are.
fn quick(cell: &[u8]) -> Option<f64> {
    let mut digits: u64 = 0;
    let mut point = None;
    for (at, &byte) in cell.iter().enumerate() {
        match byte {
            b'0'..=b'9' => digits = digits.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')),
            b'.' | b',' if point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    let count = cell.len() - usize::from(point.is_some());
    let after = point.map_or(0, |at| cell.len() - at - 1);
    (1..=LONGEST).contains(&count).then(|| decimal(digits, after)).flatten()
}

/// Parses any other notation: signs, exponents, more digits.
fn slow(cell: &str) -> Option<f64> {
    let is_of_numbers = |c: char| c.is_ascii_digit() || "+-.,eE\u{2212}".contains(c);
    // Excludes `inf` and `nan`, which are not pixel values.
    if !cell.chars().all(is_of_numbers) {
        return None;
    }
    let plain = || cell.parse().ok();
    let rewritten = || {
        let one_comma =
            cell.matches(',').count() <= 1 && !(cell.contains(',') && cell.contains('.'));
        let text = cell.replace(',', ".").replace('\u{2212}', "-");
        one_comma.then(|| text.parse().ok()).flatten()
    };
    plain().or_else(rewritten)
}

/// Whether a comma in a number could be a thousands separator: `12,345`.
pub(super) fn may_be_thousands(cell: &str) -> bool {
    let unsigned = cell.trim_start_matches(['+', '-']);
    unsigned.split_once(',').is_some_and(|(whole, rest)| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits(whole)
            && !whole.starts_with('0')
            && whole.len() <= 3
            && rest.len() == 3
            && digits(rest)
    })
}

/// The numbers in a cell with a whole image, `0 0 12` or `[0, 0, 12]`, as texts; `None` if it is
/// not a list of at least two numbers.
pub(super) fn list(cell: &str) -> Option<impl Iterator<Item = &str> + Clone> {
    let inner = cell.trim();
    let inner =
        inner.strip_prefix(['[', '(']).map_or(Some(inner), |rest| rest.strip_suffix([']', ')']))?;
    let parts = inner.split([' ', ',', '\n', '\r']).filter(|part| !part.is_empty());
    let mut first = parts.clone();
    (first.next().and_then(number).is_some() && first.next().and_then(number).is_some())
        .then_some(parts)
}

/// How many numbers are in a cell: one, those of a list, or none.
pub(super) fn count(cell: &str) -> usize {
    let cell = cell.trim();
    match number(cell) {
        Some(_) => 1,
        None => list(cell).map_or(0, |mut parts| {
            let mut numbers = 0;
            let whole = parts.all(|part| {
                numbers += 1;
                number(part).is_some()
            });
            if whole { numbers } else { 0 }
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_parsed_as_by_the_standard_library() {
        for text in [
            "0",
            "255",
            "007",
            "0.8745098039215686",
            "15.0",
            ".5",
            "5.",
            "1.5e+01",
            "-1",
            "+5",
            "1E-3",
            "0.12345678901234567890",
            "12345678901234567890",
            "9007199254740993",
            "65535",
        ] {
            assert_eq!(number(text), text.parse().ok(), "{text}");
        }
        assert_eq!((number("0,5"), number("\u{2212}2,5e1")), (Some(0.5), Some(-25.0)));
        for text in
            ["", ".", ",", "-", "abc", "nan", "inf", "1e999", "1.5.2", "1,5,2", "1.000,5", "5x"]
        {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn lists_are_distinguished_from_numbers_and_text() {
        let read = |cell: &str| list(cell).map(|parts| parts.collect::<Vec<_>>().len());
        assert_eq!(read("0 0 12 7"), Some(4));
        assert_eq!(read("[0, 1.5,\n 2]"), Some(3));
        assert_eq!(read("(1 2)"), Some(2));
        for cell in ["12", "a b", "[1 2", "img 1.png", ""] {
            assert_eq!(read(cell), None, "{cell}");
        }
        assert_eq!((count("5"), count("1 2 3"), count("1 2 x"), count("x")), (1, 3, 0, 0));
    }

    #[test]
    fn a_comma_before_three_digits_may_be_a_thousands_separator() {
        assert!(may_be_thousands("12,345"));
        assert!(
            !["0,345", "12,34", "1234,567", "12.345", "1,2345"].into_iter().any(may_be_thousands)
        );
    }
}
