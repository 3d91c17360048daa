//! Detects the layout of a CSV of images: header, roles of the columns, size of the images.

use std::path::Path;

use super::columns::{Columns, classified};
use super::dialect::{Opened, open};
use super::exact::{CLOSE, UNCLOSED, is_unclosed};
use super::glimpse::Glimpse;
use super::header::{has_header, is_mangled, widened};
use super::layout::{LabelCells, Layout, PixelCells};
use super::lines::{Lines, past_line_ends};
use super::names::are_unique;
use super::numbers::{may_be_thousands, number};
use super::plain::plain;
use crate::data::{ImageColumns, Names, ReadOptions, Reading};
use crate::error::{Fault, Result};

/// Byte-order mark that some spreadsheet programs put before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

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
    options: &ReadOptions,
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
    let Columns { label, label_found, pixels, channels, shape, left_out, mut decisions, .. } =
        found;
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
        shape,
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
        transposed: false,
    }
}

/// Cells of the first record (trimmed), and the byte where it ends.
fn first_record(file: &Path, opened: &Opened) -> Result<(Vec<String>, usize)> {
    let (text, start) = (&*opened.text, opened.start);
    let mut reader = super::lines::reader(&text[start..], opened.separator);
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
