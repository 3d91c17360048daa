//! The layout of a CSV of images: header, roles of the columns, size of the images.

use std::path::Path;

use super::columns::{Columns, classified};
use super::dialect::{Opened, open};
use super::exact::{CLOSE, UNCLOSED, is_unclosed};
use super::glimpse::Glimpse;
use super::header::{has_header, is_mangled, widened};
use super::names::are_unique;
use super::numbers::{may_be_thousands, number};
use super::plain::plain;
use super::{CsvOptions, lines::Lines};
use crate::data::{Channels, ImageColumns, Names, Reading};
use crate::error::{Fault, Result};

/// Byte-order mark that some spreadsheet programs put before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The label cells of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LabelCells {
    /// No label.
    None,
    /// This column.
    Column(usize),
    /// One-hot: a 1 in one of these columns, 0 in all others.
    OneHot {
        /// The columns.
        columns: Vec<usize>,
        /// The label of each column.
        labels: Vec<String>,
    },
}

/// The pixel cells of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PixelCells {
    /// These columns, in image order.
    Columns(Vec<usize>),
    /// All in one column, separated by spaces or commas.
    List(usize),
}

/// The layout of a CSV of images.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    /// The separator of cells.
    pub separator: u8,
    /// Whether commas in numbers are decimal commas, because some of them can be nothing else.
    pub decimal_commas: bool,
    /// Number of cells in a row.
    pub columns: usize,
    /// Names of the columns if there is a header, `[columns]`.
    pub names: Option<Vec<String>>,
    /// The label cells.
    pub label: LabelCells,
    /// The pixel cells.
    pub pixels: PixelCells,
    /// The channels of a pixel.
    pub channels: Channels,
    /// Height and width of an image in pixels.
    pub side: usize,
    /// Byte offset of the first data row.
    pub body: usize,
    /// Line number of the first data row, from 1.
    pub first_line: u64,
    /// The interpretation, for the user.
    pub reading: Reading,
}

impl Layout {
    /// Number of values of an image in a row, with all channels.
    pub fn values(&self) -> usize {
        self.channels.count() * self.side * self.side
    }

    /// Minimum number of bytes of a line, including its end.
    pub fn least_bytes(&self) -> usize {
        let between = match self.pixels {
            PixelCells::Columns(_) => 0,
            PixelCells::List(_) => self.values() - 1,
        };
        self.columns + self.values() + between
    }

    /// The label column if there is exactly one.
    pub fn label_column(&self) -> Option<usize> {
        match self.label {
            LabelCells::Column(column) => Some(column),
            _ => None,
        }
    }

    /// Whether there are labels.
    pub fn is_labelled(&self) -> bool {
        self.label != LabelCells::None
    }

    /// Whether lines are comma-separated, with at most one label column and all other columns being
    /// the pixels of a grey image in order.
    pub fn is_plain(&self) -> bool {
        let PixelCells::Columns(pixels) = &self.pixels else { return false };
        let label = self.label_column();
        let others = (0..self.columns).filter(|column| Some(*column) != label);
        self.separator == b','
            && self.channels == Channels::Grey
            && !matches!(self.label, LabelCells::OneHot { .. })
            && others.eq(pixels.iter().copied())
    }

    /// The name of the label column in messages.
    pub fn label_name(&self) -> String {
        self.reading.label.as_ref().map_or("label".to_owned(), |label| label.column.clone())
    }

    /// The name of a column (from 0) in messages: its name in the header, or its number from 1.
    pub fn column_name(&self, column: usize) -> String {
        named(self.names.as_deref(), column)
    }
}

/// The name of a column (from 0) in messages.
pub(super) fn named(names: Option<&[String]>, column: usize) -> String {
    match names.and_then(|names| names.get(column)) {
        Some(name) if !name.is_empty() => name.clone(),
        _ => (column + 1).to_string(),
    }
}

/// The text of a file without a byte-order mark.
pub(super) fn text_of(unzipped: &[u8]) -> &[u8] {
    unzipped.strip_prefix(BYTE_ORDER_MARK).unwrap_or(unzipped)
}

/// Determines the layout of a text, and returns it with the text to read.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if the text is empty, binary or only a header, if
/// there is no label or it is ambiguous, or if the pixels do not form a square image.
pub(super) fn layout_of<'a>(
    file: &Path,
    text: &'a [u8],
    options: &CsvOptions,
) -> Result<(Opened<'a>, Layout)> {
    let mut opened = open(text);
    let (cells, end) = first_record(file, &opened)?;
    let line = Lines::new(&opened.text).line_at(opened.start);
    let has_header = has_header(&cells, options);
    let body = if has_header { past_line_ends(&opened.text, end) } else { opened.start };
    if body == opened.text.len() {
        let problem = "has a header but no images";
        return Err(Fault::new(file, problem).remedy("add a row for each image").into());
    }
    let width = cells.len();
    let is_mangled = has_header && is_mangled(&cells);
    if is_mangled {
        opened
            .remarks
            .push("skipped the header: it is an image that pandas mistook for names".to_owned());
    }
    let names = (has_header && !is_mangled).then_some(cells);
    let plain = names.as_deref().and_then(|names| plain(&opened, body, names, options));
    let (columns, names, width, decimal_commas) = match plain {
        Some(columns) => (columns, names, width, false),
        None => {
            let mut glimpse = Glimpse::new(&opened.text, body, opened.separator);
            let (names, width) = widened(names, width, &glimpse);
            glimpse.keep(width, names.as_deref());
            let found = classified(file, names.as_deref(), width, &glimpse, options);
            let columns = found.map_err(|fault| fault.line(line))?;
            let commas = opened.separator != b',' && has_decimal_commas(&glimpse, &columns);
            (columns, names, width, commas)
        }
    };
    let layout = described(&opened, body, columns, (names, width), decimal_commas);
    Ok((opened, layout))
}

/// The layout of a text with known columns, with notes for the user.
fn described(
    opened: &Opened,
    body: usize,
    found: Columns,
    (names, columns): (Option<Vec<String>>, usize),
    decimal_commas: bool,
) -> Layout {
    let commas = if decimal_commas { ", decimal commas" } else { "" };
    let format = format!("{}{commas}", opened.named);
    let image = image_columns(&found, names.as_deref(), columns);
    let Columns { label, label_found, pixels, channels, side, left_out, mut decisions, .. } = found;
    if opened.separator != b',' {
        decisions.push(format!("cells: separated by {format}"));
    }
    let reading = Reading {
        format,
        label: label_found,
        left_out,
        columns: image,
        decisions,
        remarks: opened.remarks.clone(),
        files: Vec::new(),
        differs: None,
    };
    let (separator, first_line) = (opened.separator, Lines::new(&opened.text).line_at(body));
    Layout {
        separator,
        decimal_commas,
        columns,
        names,
        label,
        pixels,
        channels,
        side,
        body,
        first_line,
        reading,
    }
}

/// The column information by which other files are read the same way.
fn image_columns(found: &Columns, names: Option<&[String]>, width: usize) -> ImageColumns {
    let name = |column: usize| names.map(|names| names[column].clone());
    let label = match found.label {
        LabelCells::Column(column) => Some(column),
        _ => None,
    };
    let pixels = match &found.pixels {
        PixelCells::Columns(columns) => columns.iter().map(|&column| name(column)).collect(),
        PixelCells::List(_) => None,
    };
    // Ambiguous names cannot be matched in another file; there the order counts.
    let pixels = pixels.filter(|names: &Vec<String>| are_unique(names.iter().map(String::as_str)));
    ImageColumns {
        names: pixels.map(Names::new),
        channels: found.channels,
        label: label.and_then(name),
        label_at: label.map(|column| (column, width)),
        reordered: found.reordered,
    }
}

/// Cells of the first record (trimmed), and the byte where it ends.
fn first_record(file: &Path, opened: &Opened) -> Result<(Vec<String>, usize)> {
    let (text, start) = (&*opened.text, opened.start);
    let mut reader = super::reader(&text[start..], opened.separator);
    let mut record = csv::ByteRecord::new();
    let any = reader.read_byte_record(&mut record).expect("a slice of bytes can always be read");
    if !any || (record.len() == 1 && record[0].trim_ascii().is_empty()) {
        let remedy = "it needs one row per image: a label and its pixels";
        return Err(Fault::new(file, "is empty").remedy(remedy).into());
    }
    let end = reader.position().byte() as usize;
    if is_unclosed(&record, record.len(), &text[start..], (0, end)) {
        let line = Lines::new(text).line_at(start);
        return Err(Fault::new(file, UNCLOSED).line(line).remedy(CLOSE).into());
    }
    let mut cells = Vec::with_capacity(record.len());
    for (column, cell) in record.iter().enumerate() {
        let text_of_cell = str::from_utf8(cell).map_err(|_| {
            Fault::new(file, "is not UTF-8 text")
                .line(Lines::new(text).line_at(start))
                .column((column + 1).to_string())
                .value(String::from_utf8_lossy(cell))
                .remedy("name a .csv or .csv.gz file in UTF-8")
        })?;
        cells.push(text_of_cell.trim().to_owned());
    }
    Ok((cells, start + end))
}

/// The first byte from `at` on that is not a line end.
pub(super) fn past_line_ends(text: &[u8], at: usize) -> usize {
    let rest = text[at..].iter();
    at + rest.take_while(|&&byte| byte == b'\n' || byte == b'\r').count()
}

/// Whether some number in the pixel columns certainly has a decimal comma.
fn has_decimal_commas(glimpse: &Glimpse, columns: &Columns) -> bool {
    let has = |column: usize| {
        let is_decimal =
            |cell: &str| cell.contains(',') && number(cell).is_some() && !may_be_thousands(cell);
        glimpse.column(column).any(is_decimal)
    };
    match &columns.pixels {
        PixelCells::Columns(pixels) => pixels.iter().any(|&column| has(column)),
        PixelCells::List(_) => false,
    }
}
