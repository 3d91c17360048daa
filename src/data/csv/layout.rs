//! How a CSV of images is laid out: header or not, what each column is, the image's side.

use std::path::Path;

use super::columns::{Columns, sorted};
use super::dialect::{Opened, open};
use super::exact::{CLOSE, UNCLOSED, is_unclosed};
use super::glimpse::Glimpse;
use super::header::{has_header, is_mangled, widened};
use super::names::are_apart;
use super::numbers::{may_be_thousands, number};
use super::plain::plain;
use super::{CsvOptions, lines::Lines};
use crate::data::{Channels, ImageColumns, Names, Reading};
use crate::error::{Fault, Result};

/// Byte-order mark that some spreadsheet programs put before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Where the label stands in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LabelCells {
    /// Nowhere.
    None,
    /// In this column.
    Column(usize),
    /// A 1 stands in one of these columns, 0 in all others.
    OneHot {
        /// The columns.
        columns: Vec<usize>,
        /// The label that a 1 in each of them stands for.
        labels: Vec<String>,
    },
}

/// Where the values of an image stand in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PixelCells {
    /// In these columns, in the order of the image.
    Columns(Vec<usize>),
    /// All in this column, separated by spaces or commas.
    List(usize),
}

/// How a CSV of images is laid out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    /// What separates cells.
    pub separator: u8,
    /// Whether commas in numbers are decimal ones, as some can be nothing else.
    pub decimal_commas: bool,
    /// Number of cells in a row.
    pub columns: usize,
    /// Names of the columns where there is a header, `[columns]`.
    pub names: Option<Vec<String>>,
    /// Where the label stands.
    pub label: LabelCells,
    /// Where the values of an image stand.
    pub pixels: PixelCells,
    /// What a pixel consists of.
    pub channels: Channels,
    /// Height and width of an image in pixels.
    pub side: usize,
    /// Where the first row of data starts, in bytes of the text.
    pub body: usize,
    /// The first row's line in the file, from 1.
    pub first_line: u64,
    /// What was understood, for people.
    pub reading: Reading,
}

impl Layout {
    /// Values of an image as they stand in a row, all channels.
    pub fn values(&self) -> usize {
        self.channels.count() * self.side * self.side
    }

    /// Bytes that a line takes at least, its end included.
    pub fn least_bytes(&self) -> usize {
        let between = match self.pixels {
            PixelCells::Columns(_) => 0,
            PixelCells::List(_) => self.values() - 1,
        };
        self.columns + self.values() + between
    }

    /// The label's column where it is one.
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

    /// Whether commas separate one label and the pixels of a grey image in their order, or such
    /// pixels alone.
    pub fn is_plain(&self) -> bool {
        let PixelCells::Columns(pixels) = &self.pixels else { return false };
        let label = self.label_column();
        let others = (0..self.columns).filter(|column| Some(*column) != label);
        self.separator == b','
            && self.channels == Channels::Grey
            && !matches!(self.label, LabelCells::OneHot { .. })
            && others.eq(pixels.iter().copied())
    }

    /// The label's column as messages name it.
    pub fn label_name(&self) -> String {
        self.reading.label.as_ref().map_or("label".to_owned(), |label| label.column.clone())
    }

    /// A column (from 0) as messages name it: by its name in the header, or its number from 1.
    pub fn column_name(&self, column: usize) -> String {
        named(self.names.as_deref(), column)
    }
}

/// A column (from 0) as messages name it.
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

/// Finds out how a text is laid out, and gives it as it is to be read from there on.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) where the text is empty, binary or a header only, where
/// the label is not to be found or could be two columns, and where the pixels make no square image.
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
        let problem = "holds a header and no image";
        return Err(Fault::new(file, problem).remedy("add a row for each image").into());
    }
    let width = cells.len();
    let is_mangled = has_header && is_mangled(&cells);
    if is_mangled {
        opened
            .remarks
            .push("the header is an image that pandas took for names, left out".to_owned());
    }
    let names = (has_header && !is_mangled).then_some(cells);
    let plain = names.as_deref().and_then(|names| plain(&opened, body, names, options));
    let (columns, names, width, decimal_commas) = match plain {
        Some(columns) => (columns, names, width, false),
        None => {
            let mut glimpse = Glimpse::new(&opened.text, body, opened.separator);
            let (names, width) = widened(names, width, &glimpse);
            glimpse.keep(width, names.as_deref());
            let sorted = sorted(file, names.as_deref(), width, &glimpse, options);
            let columns = sorted.map_err(|fault| fault.line(line))?;
            let commas = opened.separator != b',' && has_decimal_commas(&glimpse, &columns);
            (columns, names, width, commas)
        }
    };
    let layout = described(&opened, body, columns, (names, width), decimal_commas);
    Ok((opened, layout))
}

/// The layout of a text whose columns are known, with what is to be said of it.
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

/// What other files are read by as this one.
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
    // Names that tell no columns apart match none of another file: the order does.
    let pixels = pixels.filter(|names: &Vec<String>| are_apart(names.iter().map(String::as_str)));
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
        let remedy = "it needs a row for each image: a label and its pixels";
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

/// The first byte from `at` on that ends no line.
pub(super) fn past_line_ends(text: &[u8], at: usize) -> usize {
    let rest = text[at..].iter();
    at + rest.take_while(|&&byte| byte == b'\n' || byte == b'\r').count()
}

/// Whether some number in the pixel columns has a comma that is a decimal one for certain.
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
