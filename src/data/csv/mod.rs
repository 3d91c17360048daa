//! Images from a CSV file: a label and the pixels of a square image in each row.
//!
//! [`load`] determines the role of each column (`layout`, `columns`) and reads the rows in one of
//! two passes that accept the same files: a fast one with polars for valid files, and an exact one
//! that takes over if the fast one is not certain, and either reads the file or reports the first
//! fault with line, column and value.

#[cfg(test)]
mod agreement;
mod cells;
mod colour;
mod columns;
mod detect;
mod dialect;
mod exact;
mod fast;
mod glimpse;
mod header;
mod layout;
mod lines;
mod names;
mod numbers;
#[cfg(test)]
mod odd_files;
mod plain;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod tests;
mod values;

use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub(super) use self::names::is_label as is_label_name;

use self::colour::to_grey;
use self::detect::{layout_of, text_of};
use self::layout::Layout;
use self::values::report_odd_values;
use super::labels::{Merged, merged, shortest_number};
use super::{
    ClassNames, Dataset, ImageColumns, Pixels, RawImages, Scale, Source, TrainedOn, open,
    sha256_hex,
};
use crate::error::{Error, Fault, Result};

/// How to read a CSV of images.
#[derive(Debug, Clone, PartialEq)]
pub struct CsvOptions {
    /// The label column.
    pub label: LabelColumn,
    /// Whether the first row is a header.
    pub header: Header,
    /// How classes are named.
    pub names: ClassNames,
    /// The divisor of the pixel values.
    pub scale: Scale,
    /// Columns to ignore, by name or number from 1.
    pub drop: Vec<String>,
    /// How the training file of a run was interpreted, to read images the same way.
    pub like: Option<TrainedOn>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        let (label, header, names) = (LabelColumn::Auto, Header::Auto, ClassNames::Auto);
        CsvOptions { label, header, names, scale: Scale::Auto, drop: Vec::new(), like: None }
    }
}

impl CsvOptions {
    /// Whether the command has `--label`, `--drop` and `--scale`, so that messages may suggest
    /// them: not if test images are read like those of a run.
    pub(super) fn has_flags(&self) -> bool {
        self.like.is_none() || self.label == LabelColumn::IfThere
    }
}

/// The label column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LabelColumn {
    /// A column with the name of a label column, else the only one not named like a pixel, else the
    /// first or last, judging by its content.
    #[default]
    Auto,
    /// A name in the header, or a position counted from 1.
    Given(String),
    /// As [`LabelColumn::Auto`], but there may be no label.
    IfThere,
}

impl From<&str> for LabelColumn {
    /// `auto`, a name, or a position. A column named `auto` has to be given by its position.
    fn from(text: &str) -> Self {
        match text {
            "auto" => LabelColumn::Auto,
            given => LabelColumn::Given(given.to_owned()),
        }
    }
}

/// Whether the first row of a CSV is a header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Header {
    /// It is if it contains the name of a label column, if more than half of its cells are not
    /// numbers, or if the numbers count up from 0 or 1 over at least four columns. A single bad
    /// cell does not make it a header: it is reported as a fault.
    #[default]
    Auto,
    /// The first row is a header.
    Yes,
    /// The first row is an image.
    No,
}

impl FromStr for Header {
    type Err = Error;

    /// `auto`, `yes` or `no`.
    fn from_str(text: &str) -> Result<Self> {
        match text {
            "auto" => Ok(Header::Auto),
            "yes" => Ok(Header::Yes),
            "no" => Ok(Header::No),
            other => Err(Error::setting("data.header", other, "must be auto, yes or no")),
        }
    }
}

/// The rows of a file before labels become classes.
#[derive(Debug, Default, PartialEq)]
struct Rows {
    /// All channels of each image, `[N, values of an image]`.
    pixels: Pixels,
    /// Distinct labels in order of appearance, `[C]`.
    distinct: Vec<String>,
    /// Index into `distinct` of each row, `[N]`.
    rows: Vec<u32>,
    /// Byte offset of each row, `[N]`; empty if each line of the file is a row.
    starts: Vec<usize>,
}

impl Rows {
    /// Line of a row, from 1.
    fn line(&self, text: &[u8], layout: &Layout, row: usize) -> u64 {
        match self.starts.get(row) {
            Some(&start) => lines::Lines::new(text).line_at(start),
            None => layout.first_line + row as u64,
        }
    }
}

/// Whether to continue after a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    Stop,
    Continue,
}

/// The result of a pass over a file, for `check`.
pub(super) struct Findings {
    /// The images of the valid rows.
    pub data: Dataset,
    /// Number of images, including those with a fault.
    pub rows: usize,
    /// Whether there is a header.
    pub header: bool,
}

/// Reads a CSV of images.
///
/// # Errors
/// [`Error::Fault`] for the first problem of the file: it is missing, a folder, empty, binary or a
/// corrupt gzip; the label column is missing or ambiguous; the pixel columns do not form a square,
/// or are not those of the training file; a row has too few or too many cells; a label or a pixel
/// is missing; the range of values needs a scale. [`Error::Io`] if it cannot be read.
pub fn load(file: &Path, options: &CsvOptions) -> Result<Dataset> {
    let mut first = None;
    let findings = examine(file, options, &mut |fault| {
        first.get_or_insert(fault);
        After::Stop
    })?;
    match first {
        Some(fault) => Err(fault.into()),
        None => Ok(findings.data),
    }
}

/// Reads a CSV and reports each fault of its rows and classes.
///
/// # Errors
/// Faults of the whole file, which prevent reading its rows.
pub(super) fn examine(
    file: &Path,
    options: &CsvOptions,
    report: &mut dyn FnMut(Fault) -> After,
) -> Result<Findings> {
    let table = match open(file, options, report)? {
        Source::Table(table) => table,
        Source::Images(found) => return found.into_findings(file, options),
    };
    let (opened, layout) = layout_of(file, text_of(table.text()), options)?;
    let text = &*opened.text;
    let (quick, sha256) = std::thread::scope(|scope| {
        let hash = scope.spawn(|| sha256_hex(&table.bytes));
        let quick = fast::read(text, &layout);
        (quick, hash.join().expect("hashing does not panic"))
    });
    let (mut found, rows, skipped) = match quick {
        Some(found) => {
            let rows = found.rows.len();
            (found, rows, Vec::new())
        }
        None => {
            let scan = exact::read(file, text, &layout, report);
            (scan.good, scan.rows, scan.remarks)
        }
    };
    if rows == 0 {
        return Err(Fault::new(file, "has no images").remedy("add a row for each image").into());
    }
    let together = merge_labels(&mut found, &layout);
    // If a row is faulty, classes may only seem to be missing.
    let faultless = found.rows.len() == rows;
    let is_scaled = report_odd_values(file, text, &layout, &found, options, report);
    let names = if faultless { options.names } else { ClassNames::Labels };
    // A missing scale is already reported, so any will do.
    let scale = if is_scaled { options.scale } else { Scale::By(1.0) };
    let options = CsvOptions { names, scale, ..options.clone() };
    let mut reading = layout.reading.clone();
    reading.differs = differs(&layout, &together);
    reading.remarks.splice(..0, table.remarks.iter().cloned());
    reading.remarks.extend(skipped);
    reading.remarks.extend(together);
    let (shape, header) = (layout.shape, layout.names.is_some());
    let distinct = layout.is_labelled().then_some(found.distinct);
    let pixels = to_grey(found.pixels, layout.channels, shape);
    let raw = RawImages { pixels, shape, distinct, rows: found.rows, reading };
    Ok(Findings { data: Dataset::new(raw, &options, file, sha256)?, rows, header })
}

/// Merges labels that are the same number, with a note which.
fn merge_labels(found: &mut Rows, layout: &Layout) -> Option<String> {
    let mut distinct = std::mem::take(&mut found.distinct);
    let with_point = |label: &String| label.replacen(',', ".", 1);
    let has_comma = distinct.iter().any(|label| label.contains(','));
    let is_number = |label: &String| shortest_number(&with_point(label)).is_some();
    if layout.separator != b',' && has_comma && distinct.iter().all(is_number) {
        distinct = distinct.iter().map(with_point).collect();
    }
    let Merged { distinct, rows, together } = merged(distinct, std::mem::take(&mut found.rows));
    (found.distinct, found.rows) = (distinct, rows);
    let (label, same) = together.first()?;
    let more = match together.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more such)"),
    };
    Some(format!("labels: {label} and {same} are one class{more}"))
}

/// How this file is interpreted, if the first version interpreted it differently; `None` if not.
///
/// The text identifies the images of a run, so the reasons in it (`why`) must never be reworded.
fn differs(layout: &Layout, together: &Option<String>) -> Option<String> {
    let named = layout.names.iter().flatten().position(|name| name == "label");
    let known = Some(named.unwrap_or(0));
    let is_known = layout.is_plain() && layout.label_column() == known && together.is_none();
    let reading = &layout.reading;
    // With a header, names decide; this keeps the identity of existing runs.
    let label_at = reading.columns.label_at.filter(|_| layout.names.is_none());
    let columns = ImageColumns { label_at, ..reading.columns.clone() };
    let parts = (&reading.label, &reading.left_out, columns, together);
    (!is_known).then(|| serde_json::to_string(&parts).expect("plain data serialises to JSON"))
}

/// A CSV reader without a header that accepts rows of any length.
fn reader(bytes: &[u8], separator: u8) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(separator).from_reader(bytes)
}
