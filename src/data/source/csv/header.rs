//! Detects whether the first record is a header.

use std::collections::HashMap;

use super::glimpse::Glimpse;
use super::numbers::{count, number};
use crate::data::{Header, LabelColumn, ReadOptions};

/// Whether the first record is a header.
pub(super) fn has_header(cells: &[String], options: &ReadOptions) -> bool {
    let is_named = |cell: &String| cell.eq_ignore_ascii_case("label");
    let is_given = |cell: &String| match &options.label {
        LabelColumn::Given(name) => name.trim() == cell && name.trim().parse::<usize>().is_err(),
        _ => false,
    };
    match options.header {
        Header::Yes => true,
        Header::No => false,
        Header::Auto => {
            cells.iter().any(|cell| is_named(cell) || is_given(cell)) || looks_like_header(cells)
        }
    }
}

/// Whether the first record is an image that pandas mistook for a header: it appends numbers to
/// repeated names, `0,0.1,0.2`, so the image is lost.
pub(super) fn is_mangled(cells: &[String]) -> bool {
    let mut next: HashMap<&str, usize> = HashMap::new();
    let mut repeated = 0;
    for cell in cells {
        let (base, number) = match cell.rsplit_once('.') {
            Some((base, number)) if next.contains_key(base) => (base, number.parse().ok()),
            _ => (cell.as_str(), None),
        };
        let expected = next.entry(base).or_insert(0);
        repeated += usize::from(number == Some(*expected) && *expected > 0);
        *expected += 1;
    }
    let are_numbers = cells.iter().all(|cell| number(cell).is_some());
    are_numbers && repeated >= 4 && 2 * repeated > cells.len()
}

/// Whether the first record is a header: more than half of its cells are not numbers, or the
/// numbers count up from 0 or 1 over at least four columns, possibly except the first one, which
/// may be a label.
fn looks_like_header(cells: &[String]) -> bool {
    let numbers: Vec<Option<f64>> = cells.iter().map(|cell| number(cell)).collect();
    let holding = cells.iter().filter(|cell| count(cell) > 0).count();
    let counts_up = |cells: &[Option<f64>]| {
        let numbers: Vec<f64> = cells.iter().flatten().copied().collect();
        let from = |first: usize| numbers.iter().enumerate().all(|(i, &v)| v == (first + i) as f64);
        numbers.len() >= 4 && cells.len() - numbers.len() <= 4 && (from(0) || from(1))
    };
    // A text label with one or two pixels is not a header.
    let is_text = 2 * holding < cells.len();
    is_text || is_mangled(cells) || counts_up(&numbers) || counts_up(&numbers[1..])
}

/// Adjusts names and number of columns if rows have one cell more than the header, because each row
/// ends with a separator or starts with an unnamed index; or one less.
pub(super) fn widened(
    names: Option<Vec<String>>,
    width: usize,
    glimpse: &Glimpse,
) -> (Option<Vec<String>>, usize) {
    let Some(mut names) = names else { return (None, width) };
    match glimpse.width() {
        Some(found) if found == width + 1 && glimpse.ends_blank(found) => names.push(String::new()),
        Some(found) if found == width + 1 => names.insert(0, String::new()),
        Some(found) if found + 1 == width && names.last().is_some_and(String::is_empty) => {
            names.pop();
        }
        _ => {}
    }
    let width = names.len();
    (Some(names), width)
}
