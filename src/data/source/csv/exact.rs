//! The exact pass checks every cell and reports every fault with line, column and value.
//!
//! It defines the accepted format: cells may be quoted and surrounded by spaces; numbers may have
//! signs, leading zeros, a decimal point or comma, and an exponent; lines end with `\n`, `\r\n` or
//! `\r`. Blank rows, comments and repeated headers are skipped.

use std::collections::HashMap;
use std::path::Path;

use csv::ByteRecord;

use super::super::kind::After;
use super::cells::{Role, roles};
use super::layout::{LabelCells, Layout};
use super::lines::{Lines, past_line_ends};
use super::numbers::{list, may_be_thousands, number};
use super::rows::Rows;
use crate::data::Pixels;
use crate::data::labels::{is_missing, shortest_number};
use crate::error::Fault;
use crate::words;

/// A row with at least this many non-numeric pixel cells, and more than half of them, is reported
/// as one fault.
const MANY_BAD: usize = 4;

/// The result of the exact pass.
pub(super) struct Scan {
    /// The rows without a fault.
    pub good: Rows,
    /// Number of all images read, including those with a fault.
    pub rows: usize,
    /// Notes for the user about skipped rows.
    pub remarks: Vec<String>,
}

/// Reads rows until the end, or until `report` says to stop at a fault.
pub(super) fn read(
    file: &Path,
    text: &[u8],
    layout: &Layout,
    report: &mut dyn FnMut(Fault) -> After,
) -> Scan {
    let body = &text[layout.body..];
    let mut reader = super::lines::reader(body, layout.separator);
    let mut record = ByteRecord::new();
    let mut lines = Lines::new(text);
    let mut rows = 0;
    let mut found = Found::default();
    let mut skipped = Skipped::default();
    let roles = roles(layout);
    let mut values = vec![0.0; layout.values()];
    while reader.read_byte_record(&mut record).expect("a slice of bytes can always be read") {
        let at = record.position().expect("a record that was read has a position").byte();
        let start = layout.body + past_line_ends(body, at as usize);
        if let Some(kind) = no_image(&record, layout) {
            skipped.add(kind, lines.line_at(start));
            continue;
        }
        let end = reader.position().byte() as usize;
        let mut read = match is_unclosed(&record, layout.columns, body, (at as usize, end)) {
            true => Err(vec![fault(UNCLOSED).remedy(CLOSE)]),
            false => read_row(&record, layout, &roles, &mut values),
        };
        if read.is_err() {
            match other_header(&record, layout, &roles) {
                Some(fault) => read = Err(vec![fault]),
                None if rows == 0 && holds_no_numbers(&record, layout, &roles) => {
                    skipped.add(NoImage::SecondHeader, lines.line_at(start));
                    continue;
                }
                None => {}
            }
        }
        rows += 1;
        match read {
            Ok(label) => found.add(label, &values, start),
            Err(faults) => {
                let line = lines.line_at(start);
                let located = |fault: Fault| Fault { file: file.into(), ..fault }.line(line);
                if faults.into_iter().any(|fault| report(located(fault)) == After::Stop) {
                    break;
                }
            }
        }
    }
    let Found { values, distinct, rows: indices, starts, .. } = found;
    let good = Rows { pixels: Pixels::from_floats(values), distinct, rows: indices, starts };
    Scan { good, rows, remarks: skipped.remarks(layout) }
}

/// The problem when an unclosed quote swallows the rest of a file.
pub(super) const UNCLOSED: &str = "has an unclosed quote at the start of a cell, so the rest of \
                                   the file is in that cell";

/// Its remedy.
pub(super) const CLOSE: &str = "close or remove it";

/// Whether a record ends with the text within unclosed quotes, given its expected number of cells.
pub(super) fn is_unclosed(
    record: &ByteRecord,
    columns: usize,
    text: &[u8],
    (start, end): (usize, usize),
) -> bool {
    let is_odd = || text[start..].iter().filter(|&&byte| byte == b'"').count() % 2 == 1;
    // A quote inside a cell does not open a quoted cell.
    let is_torn = record.len() != columns || record.iter().any(|cell| cell.contains(&b'\n'));
    end == text.len() && is_torn && is_odd()
}

/// The valid rows so far.
#[derive(Default)]
struct Found {
    values: Vec<f32>,
    distinct: Vec<String>,
    known: HashMap<String, u32>,
    rows: Vec<u32>,
    starts: Vec<usize>,
}

impl Found {
    fn add(&mut self, label: String, values: &[f32], start: usize) {
        let index = *self.known.entry(label).or_insert_with_key(|label| {
            self.distinct.push(label.clone());
            u32::try_from(self.distinct.len() - 1).expect("fewer labels than 2³² lines")
        });
        self.rows.push(index);
        self.values.extend_from_slice(values);
        self.starts.push(start);
    }
}

/// Rows without an image that are not a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoImage {
    Blank,
    Comment,
    Header,
    SecondHeader,
}

/// The number of skipped rows of each kind, and the line of the first.
#[derive(Default)]
struct Skipped {
    kinds: Vec<(NoImage, usize, u64)>,
}

impl Skipped {
    fn add(&mut self, kind: NoImage, line: u64) {
        match self.kinds.iter_mut().find(|(known, ..)| *known == kind) {
            Some((_, count, _)) => *count += 1,
            None => self.kinds.push((kind, 1, line)),
        }
    }

    fn remarks(self, layout: &Layout) -> Vec<String> {
        let nothing = if layout.columns == 1 { "nothing" } else { "nothing but separators" };
        let note = |(kind, count, line)| {
            let s = if count == 1 { "" } else { "s" };
            let from =
                if count == 1 { format!("line {line}") } else { format!("from line {line} on") };
            match kind {
                NoImage::Blank => format!("skipped {count} row{s} of {nothing}, {from}"),
                NoImage::Comment => format!("skipped {count} comment{s}, {from}"),
                NoImage::Header => format!("skipped {count} repeated header{s}, {from}"),
                NoImage::SecondHeader => {
                    format!("skipped a second header without numbers, line {line}")
                }
            }
        };
        self.kinds.into_iter().map(note).collect()
    }
}

/// The kind of a row without an image.
fn no_image(record: &ByteRecord, layout: &Layout) -> Option<NoImage> {
    if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
        return Some(NoImage::Blank);
    }
    if record[0].starts_with(b"#") && record.len() != layout.columns {
        return Some(NoImage::Comment);
    }
    let names = layout.names.as_ref().filter(|names| names.len() == record.len())?;
    let is_name = |(cell, name): (&[u8], &String)| cell.trim_ascii() == name.as_bytes();
    record.iter().zip(names).all(is_name).then_some(NoImage::Header)
}

/// Whether a row below a header has hardly any numbers in its pixel columns, like a row of units.
fn holds_no_numbers(record: &ByteRecord, layout: &Layout, roles: &[Role]) -> bool {
    let (bad, all) = without_number(record, roles);
    let is_whole = layout.names.is_some() && record.len() == layout.columns;
    is_whole && all >= MANY_BAD && 2 * bad > all
}

/// The fault of a header with its columns in another order, which applies to the rows after it,
/// too.
fn other_header(record: &ByteRecord, layout: &Layout, roles: &[Role]) -> Option<Fault> {
    let names = layout.names.as_ref().filter(|_| holds_no_numbers(record, layout, roles))?;
    let mut cells: Vec<&[u8]> = record.iter().map(<[u8]>::trim_ascii).collect();
    let mut sorted: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
    cells.sort_unstable();
    sorted.sort_unstable();
    let problem = "is a header with the columns in another order, which the rows after it follow";
    let remedy = "put all rows under one header, or split the file in two";
    (cells == sorted).then(|| fault(problem).remedy(remedy))
}

/// The number of non-numeric pixel cells, and of all pixel cells.
fn without_number(record: &ByteRecord, roles: &[Role]) -> (usize, usize) {
    let is_pixel = |role: &Role| matches!(role, Role::Pixel(_));
    let cells =
        || record.iter().zip(roles).filter(|(_, role)| is_pixel(role)).map(|(cell, _)| cell);
    let is_bad =
        |cell: &&[u8]| str::from_utf8(cell).is_ok_and(|text| number(text.trim()).is_none());
    (cells().filter(is_bad).count(), cells().count())
}

/// Writes the values of a row into `values` and returns its label; or all faults, still without
/// file and line.
fn read_row(
    record: &ByteRecord,
    layout: &Layout,
    roles: &[Role],
    values: &mut [f32],
) -> Result<String, Vec<Fault>> {
    if record.len() != layout.columns {
        return Err(vec![ragged(record, layout)]);
    }
    let mut label = (!layout.is_labelled()).then(String::new);
    let mut hot = Vec::new();
    let mut faults = Vec::new();
    for (column, (cell, role)) in record.iter().zip(roles).enumerate() {
        let read = match (str::from_utf8(cell).map(str::trim), role) {
            (_, Role::Ignored) => Ok(()),
            (Err(_), _) => Err(bad_text(cell)),
            (Ok(text), Role::Label) => label_of(text).map(|text| label = Some(text)),
            (Ok(text), Role::Pixel(position)) => {
                pixel_of(text, layout).map(|v| values[*position] = v)
            }
            (Ok(text), Role::List) => list_of(text, values),
            (Ok(text), Role::Hot(class)) => match shortest_number(text).as_deref() {
                Some("0") => Ok(()),
                Some("1") => {
                    hot.push(*class);
                    Ok(())
                }
                _ => Err(fault("is not a one-hot label, which must be 0 or 1").value(text)),
            },
        };
        if let Err(fault) = read {
            faults.push(fault.column(layout.column_name(column)));
        }
    }
    if let LabelCells::OneHot { labels, .. } = &layout.label {
        match hot.as_slice() {
            [class] => label = Some(labels[*class].clone()),
            _ if faults.is_empty() => {
                let problem =
                    format!("has a 1 in {} of its label columns instead of one", hot.len());
                faults.push(fault(problem).column(layout.label_name()));
            }
            _ => {}
        }
    }
    match label {
        Some(label) if faults.is_empty() => Ok(label),
        _ => Err(summarised(faults, record, roles)),
    }
}

/// Reports one fault instead of hundreds if most cells of a row are not numbers.
fn summarised(faults: Vec<Fault>, record: &ByteRecord, roles: &[Role]) -> Vec<Fault> {
    let (bad, all) = without_number(record, roles);
    match faults.iter().find(|fault| fault.value.is_some() || fault.remedy.is_some()) {
        Some(first) if bad >= MANY_BAD && 2 * bad > all => {
            let problem = format!("and other cells are not numbers, {bad} of {all} pixels");
            vec![Fault { problem: problem.into(), remedy: None, ..first.clone() }]
        }
        _ => faults,
    }
}

fn fault(problem: impl Into<String>) -> Fault {
    Fault { problem: problem.into().into(), ..Fault::default() }
}

fn ragged(record: &ByteRecord, layout: &Layout) -> Fault {
    let measure = if layout.names.is_some() { "header" } else { "first row" };
    fault(format!(
        "the row has {} {}, the {measure} has {}",
        record.len(),
        if record.len() == 1 { "cell" } else { "cells" },
        layout.columns
    ))
}

fn bad_text(cell: &[u8]) -> Fault {
    fault("is not UTF-8 text").value(String::from_utf8_lossy(cell)).remedy("save the file as UTF-8")
}

fn label_of(text: &str) -> Result<String, Fault> {
    if text.is_empty() {
        return Err(fault("the label is missing"));
    }
    if is_missing(text) {
        let remedy = "fill it in or remove the row; if it is a class, rename it";
        return Err(fault("means a missing label").value(text).remedy(remedy));
    }
    if text.contains(char::is_control) {
        return Err(fault("is a label with a control character or line break").value(text));
    }
    Ok(text.to_owned())
}

/// A pixel value from the text of its cell.
fn pixel_of(text: &str, layout: &Layout) -> Result<f32, Fault> {
    let Some(value) = number(text) else {
        return Err(match text {
            "" => fault("the cell is empty").remedy("it must contain a number"),
            _ => fault("is not a number").value(text),
        });
    };
    if !layout.decimal_commas && may_be_thousands(text) {
        let remedy = "use a decimal point, or remove the comma";
        let problem = "may have a decimal comma or a thousands separator";
        return Err(fault(problem).value(text).remedy(remedy));
    }
    finite(value).ok_or_else(|| fault("is too large").value(text))
}

fn finite(value: f64) -> Option<f32> {
    Some(value as f32).filter(|value| value.is_finite())
}

/// All values of an image from the text of one cell.
fn list_of(text: &str, values: &mut [f32]) -> Result<(), Fault> {
    let wanted = values.len();
    let Some(parts) = list(text) else {
        return Err(match text {
            "" => fault("the cell is empty").remedy("it must contain the pixels of an image"),
            _ => fault("is not a list of numbers").value(text),
        });
    };
    let count = parts.clone().count();
    if count != wanted {
        return Err(fault(format!(
            "the cell has {}, the first row's has {wanted}",
            words::count(count, "number")
        )));
    }
    for (value, part) in values.iter_mut().zip(parts) {
        let read = number(part).and_then(finite);
        *value = read.ok_or_else(|| fault("is not a number").value(part))?;
    }
    Ok(())
}
