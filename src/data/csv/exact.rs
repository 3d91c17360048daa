//! The exact pass: every cell is looked at, and every fault is told with line, column and value.
//!
//! It defines what is accepted: cells may be quoted, have spaces around them, a plus sign and
//! leading zeros; lines end with `\n`, `\r\n` or `\r`; blank lines are skipped.

use std::collections::HashMap;
use std::path::Path;

use csv::ByteRecord;

use super::layout::{Layout, past_line_ends};
use super::lines::Lines;
use super::{After, Rows};
use crate::error::Fault;

/// What the exact pass found.
pub(super) struct Scan {
    /// The rows without a fault.
    pub good: Rows,
    /// Number of all rows that were read.
    pub rows: usize,
}

/// Reads rows until the end, or until `tell` says to stop at a fault.
pub(super) fn read(
    file: &Path,
    text: &[u8],
    layout: &Layout,
    tell: &mut dyn FnMut(Fault) -> After,
) -> Scan {
    let body = &text[layout.body..];
    let mut reader = super::reader(body);
    let mut record = ByteRecord::new();
    let mut lines = Lines::new(text);
    let mut scan = Scan { good: Rows::default(), rows: 0 };
    let mut known: HashMap<String, u32> = HashMap::new();
    let mut pixels = Vec::with_capacity(layout.columns);
    while reader.read_byte_record(&mut record).expect("a slice of bytes can always be read") {
        scan.rows += 1;
        let at = record.position().expect("a record that was read has a position").byte();
        let start = layout.body + past_line_ends(body, at as usize);
        pixels.clear();
        match read_row(&record, layout, &mut pixels) {
            Ok(label) => {
                let good = &mut scan.good;
                let index = *known.entry(label).or_insert_with_key(|label| {
                    good.distinct.push(label.clone());
                    u32::try_from(good.distinct.len() - 1).expect("fewer labels than 2³² lines")
                });
                good.rows.push(index);
                good.pixels.extend_from_slice(&pixels);
                good.starts.push(start);
            }
            Err(faults) => {
                let line = lines.line_at(start);
                let placed = |fault: Fault| Fault { file: file.into(), ..fault }.line(line);
                if faults.into_iter().any(|fault| tell(placed(fault)) == After::Stop) {
                    return scan;
                }
            }
        }
    }
    scan
}

/// The label of a row, its pixels put into `pixels`; or all faults, which lack file and line.
fn read_row(
    record: &ByteRecord,
    layout: &Layout,
    pixels: &mut Vec<u8>,
) -> Result<String, Vec<Fault>> {
    if record.len() != layout.columns {
        let measure = if layout.names.is_some() { "header" } else { "first row" };
        let problem = format!(
            "the row has {} {}, the {measure} has {}",
            record.len(),
            if record.len() == 1 { "cell" } else { "cells" },
            layout.columns
        );
        return Err(vec![Fault { problem: problem.into(), ..Fault::default() }]);
    }
    let mut label = layout.label.is_none().then(String::new);
    let mut faults = Vec::new();
    for (column, cell) in record.iter().enumerate() {
        let read = match str::from_utf8(cell) {
            Err(_) => Err(bad_text(cell)),
            Ok(text) if Some(column) == layout.label => {
                label_of(text.trim()).map(|text| label = Some(text))
            }
            Ok(text) => pixel_of(text.trim()).map(|value| pixels.push(value)),
        };
        if let Err(fault) = read {
            faults.push(fault.column(layout.column_name(column)));
        }
    }
    match label {
        Some(label) if faults.is_empty() => Ok(label),
        _ => Err(faults),
    }
}

fn bad_text(cell: &[u8]) -> Fault {
    let problem = "is not UTF-8 text".to_owned();
    Fault { problem: problem.into(), ..Fault::default() }.value(String::from_utf8_lossy(cell))
}

fn label_of(text: &str) -> Result<String, Fault> {
    let fault = |problem: &str| Fault { problem: problem.into(), ..Fault::default() };
    if text.is_empty() {
        return Err(fault("the label is missing"));
    }
    if text.contains(char::is_control) {
        return Err(fault("is a label with a control character or line end in it").value(text));
    }
    Ok(text.to_owned())
}

/// A pixel value from the text of its cell.
fn pixel_of(text: &str) -> Result<u8, Fault> {
    if let Ok(value) = text.parse() {
        return Ok(value);
    }
    let fault = |problem: &str| Fault { problem: problem.into(), ..Fault::default() };
    if text.is_empty() {
        return Err(fault("the cell is empty").remedy("a pixel is a whole number from 0 to 255"));
    }
    let told = match text.parse::<f64>() {
        Ok(value) if value.is_nan() => fault("is not a number"),
        Ok(value) if !(0.0..=255.0).contains(&value) => fault("is out of 0..255"),
        Ok(value) if value.fract() != 0.0 => fault("is not a whole number"),
        Ok(value) => {
            let remedy = format!("write {}", value.abs());
            return Err(fault("is not written as a whole number").value(text).remedy(remedy));
        }
        Err(_) => fault("is not a number"),
    };
    Err(told.value(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        pixel_of(text).unwrap_err().problem.into_string()
    }

    #[test]
    fn a_pixel_is_a_whole_number_from_0_to_255() {
        let good = [("0", 0), ("255", 255), ("+5", 5), ("007", 7)];
        assert_eq!(good.map(|(text, _)| pixel_of(text).unwrap()), good.map(|(_, value)| value));
        for text in ["abc", "nan", "5x", "1,5", "0x1f", "+", "-", "1 2", "٣"] {
            assert_eq!(problem(text), "is not a number", "{text}");
        }
        for text in ["256", "-1", "-0.5", "1e3", "99999999999999999999", "inf", "-inf"] {
            assert_eq!(problem(text), "is out of 0..255", "{text}");
        }
        for text in ["1.5", ".5", "254.999", "25e-1"] {
            assert_eq!(problem(text), "is not a whole number", "{text}");
        }
    }

    #[test]
    fn a_whole_number_in_another_notation_is_refused_with_the_right_one() {
        for (text, right) in [("1e2", "write 100"), ("5.0", "write 5"), ("-0", "write 0")] {
            let fault = pixel_of(text).unwrap_err();
            assert_eq!(&*fault.problem, "is not written as a whole number");
            assert_eq!(fault.remedy.as_deref(), Some(right));
        }
    }
}
