//! Images from a CSV file: a label and the pixels of a square image in each row.
//!
//! [`load`] reads `.csv` and `.csv.gz` in two passes that accept the same files: a fast one with
//! polars for faultless files, and an exact one that takes over wherever the fast one is not
//! certain, and either reads the file or tells the first fault with line, column and value.

#[cfg(test)]
mod agreement;
mod exact;
mod fast;
mod layout;
mod lines;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use self::layout::{Layout, layout_of, text_of};
use super::{ClassNames, Dataset, Pixels, RawImages, Reading, Scale, Source, open, sha256_hex};
use crate::error::{Error, Fault, Result};

/// How to read a CSV of images.
#[derive(Debug, Clone, PartialEq)]
pub struct CsvOptions {
    /// Which column holds the label.
    pub label: LabelColumn,
    /// Whether the first row is a header.
    pub header: Header,
    /// How classes are named.
    pub names: ClassNames,
    /// What pixel values are divided by.
    pub scale: Scale,
    /// Whether pairs will be drawn from the images, which takes two classes and two images of
    /// each. A test set needs neither.
    pub pairs: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        let (label, header, names) = (LabelColumn::Auto, Header::Auto, ClassNames::Auto);
        CsvOptions { label, header, names, scale: Scale::Auto, pairs: true }
    }
}

/// Which column holds the label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LabelColumn {
    /// The column named `label`, else the first.
    #[default]
    Auto,
    /// A name in the header, or a position counted from 1.
    Given(String),
    /// As [`LabelColumn::Auto`], and none where the columns are a square image without one.
    IfThere,
}

impl From<&str> for LabelColumn {
    /// `auto` (also for a column of that name, which has its position), a name, or a position.
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
    /// It is where it has a column of the label's name, where more than half of its pixel cells
    /// are no numbers, or where they count up in steps of one from 0 or 1 over at least four
    /// columns. A single bad cell makes no header: it is told as a fault.
    #[default]
    Auto,
    /// The first row holds names.
    Yes,
    /// The first row holds an image.
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
#[derive(Debug, Default, PartialEq, Eq)]
struct Rows {
    /// `[N, side * side]`.
    pixels: Vec<u8>,
    /// Labels in the order in which they appear, `[C]`.
    distinct: Vec<String>,
    /// Index into `distinct` of each row, `[N]`.
    rows: Vec<u32>,
    /// Byte at which each row starts, `[N]`; empty where each line of the file is a row.
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

/// Whether to go on after a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    Stop,
    GoOn,
}

/// All that a pass over a file finds, faults included; `check` shows it.
pub(super) struct Findings {
    /// The images of the rows without a fault.
    pub data: Dataset,
    /// Number of rows, those with a fault included.
    pub rows: usize,
    /// Whether there is a header.
    pub header: bool,
}

/// Reads a CSV of images.
///
/// # Errors
/// [`Error::Fault`] for the first thing wrong with the file: it is missing, a folder, empty,
/// binary or a broken gzip; the label's column is not there; the pixel columns make no square; a
/// row has too few or too many cells; a label is missing; a pixel is missing, no whole number, or
/// out of 0..255; and, where [`CsvOptions::pairs`] is set, there is one class only or a class has
/// a single image. [`Error::Io`] where the system refuses to read it.
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

/// Reads a CSV and tells each fault of its rows and classes.
///
/// # Errors
/// Faults of the whole file, after which there are no rows to look at.
pub(super) fn examine(
    file: &Path,
    options: &CsvOptions,
    tell: &mut dyn FnMut(Fault) -> After,
) -> Result<Findings> {
    let table = match open(file, options, tell)? {
        Source::Table(table) => table,
        Source::Images(found) => return found.into_findings(file, options),
    };
    let text = text_of(table.text());
    let layout = layout_of(file, text, options)?;
    let (quick, sha256) = std::thread::scope(|scope| {
        let hash = scope.spawn(|| sha256_hex(&table.bytes));
        let quick = fast::read(text, &layout);
        (quick, hash.join().expect("hashing does not panic"))
    });
    let (found, rows) = match quick {
        Some(found) => {
            let rows = found.rows.len();
            (found, rows)
        }
        None => {
            let scan = exact::read(file, text, &layout, tell);
            (scan.good, scan.rows)
        }
    };
    let unlabelled = layout.label.is_none();
    // Where a row is faulty, classes may only seem to be missing or to lack images.
    let faultless = found.rows.len() == rows;
    if faultless && !unlabelled && options.pairs {
        tell_lonely(file, text, &layout, &found, tell);
    }
    let names = if faultless { options.names } else { ClassNames::Labels };
    let options = CsvOptions { names, ..options.clone() };
    let (side, header) = (layout.side, layout.names.is_some());
    let Rows { pixels, distinct, rows: indices, .. } = found;
    let distinct = (!unlabelled).then_some(distinct);
    let (pixels, reading) = (Pixels::Bytes(pixels), Reading::default());
    let reading = Reading { remarks: table.remarks, ..reading };
    let raw = RawImages { pixels, side, distinct, rows: indices, reading };
    Ok(Findings { data: Dataset::new(raw, &options, file, sha256)?, rows, header })
}

/// Tells classes from which no pair can be drawn.
fn tell_lonely(
    file: &Path,
    text: &[u8],
    layout: &Layout,
    found: &Rows,
    tell: &mut dyn FnMut(Fault) -> After,
) {
    if let [only] = found.distinct.as_slice() {
        let fault = Fault::new(file, "is the label of every image")
            .column(layout.label_name())
            .value(only)
            .remedy("a pair of different images needs two classes");
        if tell(fault) == After::Stop {
            return;
        }
    }
    let mut first_rows = vec![(0, 0); found.distinct.len()];
    for (row, &label) in found.rows.iter().enumerate() {
        let (count, last) = &mut first_rows[label as usize];
        *count += 1;
        *last = row;
    }
    for (label, (count, row)) in found.distinct.iter().zip(first_rows) {
        if count == 1 {
            let fault = Fault::new(file, "is a class with a single image, so it has no pair")
                .line(found.line(text, layout, row))
                .column(layout.label_name())
                .value(label)
                .remedy("add another image of the class or take the row out");
            if tell(fault) == After::Stop {
                return;
            }
        }
    }
}

/// The exact pass's reader: every record as it stands, rows of any length, no header.
fn reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes)
}
