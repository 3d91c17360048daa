//! How a CSV of images is laid out: header or not, which column is the label, the image's side.

use std::path::Path;

use super::{CsvOptions, Header, LabelColumn, lines::Lines};
use crate::data::listed;
use crate::error::{Fault, Result};

/// Byte-order mark that some spreadsheet programs put before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Bytes at the start in which a zero byte tells that a file is no text.
const SNIFFED: usize = 8192;

/// How a CSV of images is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Layout {
    /// Number of columns, the label's included.
    pub columns: usize,
    /// Names of the columns where there is a header, `[columns]`.
    pub names: Option<Vec<String>>,
    /// The label's column, from 0; none where there are no labels.
    pub label: Option<usize>,
    /// Height and width of an image in pixels.
    pub side: usize,
    /// Where the first row of data starts, in bytes of the text.
    pub body: usize,
    /// The first row's line in the file, from 1.
    pub first_line: u64,
}

impl Layout {
    /// The label's column as messages name it.
    pub fn label_name(&self) -> String {
        self.label.map_or("label".to_owned(), |column| self.column_name(column))
    }

    /// A column (from 0) as messages name it: by its name in the header, or its number from 1.
    pub fn column_name(&self, column: usize) -> String {
        match self.names.as_ref().and_then(|names| names.get(column)) {
            Some(name) if !name.is_empty() => name.clone(),
            _ => (column + 1).to_string(),
        }
    }
}

/// The text of a file without a byte-order mark.
pub(super) fn text_of(unzipped: &[u8]) -> &[u8] {
    unzipped.strip_prefix(BYTE_ORDER_MARK).unwrap_or(unzipped)
}

/// Reads the first record and finds out how the rest is laid out.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) where the text is empty, binary or a header only,
/// where the label's column is not there, and where the other columns make no square image.
pub(super) fn layout_of(file: &Path, text: &[u8], options: &CsvOptions) -> Result<Layout> {
    refuse_binary(file, text)?;
    let (cells, start, end) = first_record(file, text)?;
    let line = Lines::new(text).line_at(start);
    if cells.len() == 1 {
        return Err(single_column(file, &cells[0]).line(line).into());
    }
    let found = find_label(file, &cells, options).map_err(|fault| fault.line(line))?;
    let has_header = match options.header {
        Header::Yes => true,
        Header::No => false,
        Header::Auto => found.by_name || looks_like_header(&cells, found.column),
    };
    let pixels = cells.len() - usize::from(found.column.is_some());
    let body = if has_header { past_line_ends(text, end) } else { start };
    if body == text.len() {
        let problem = "holds a header and no image";
        return Err(Fault::new(file, problem).remedy("add a row for each image").into());
    }
    Ok(Layout {
        columns: cells.len(),
        label: found.column,
        side: side_of(file, pixels).map_err(|fault| fault.line(line))?,
        body,
        first_line: Lines::new(text).line_at(body),
        names: has_header.then_some(cells),
    })
}

fn refuse_binary(file: &Path, text: &[u8]) -> Result<()> {
    if text.starts_with(b"PK\x03\x04") {
        let remedy = "unpack it and name the CSV in it";
        return Err(Fault::new(file, "is a zip archive").remedy(remedy).into());
    }
    if text[..text.len().min(SNIFFED)].contains(&0) {
        let remedy = "name a .csv or .csv.gz file";
        return Err(Fault::new(file, "is binary, not CSV text").remedy(remedy).into());
    }
    Ok(())
}

/// Cells of the first record (trimmed), and the bytes where it starts and ends.
fn first_record(file: &Path, text: &[u8]) -> Result<(Vec<String>, usize, usize)> {
    let start = past_line_ends(text, 0);
    let mut reader = super::reader(&text[start..]);
    let mut record = csv::ByteRecord::new();
    let any = reader.read_byte_record(&mut record).expect("a slice of bytes can always be read");
    if !any || (record.len() == 1 && record[0].trim_ascii().is_empty()) {
        let remedy = "it needs a row for each image: a label and its pixels";
        return Err(Fault::new(file, "is empty").remedy(remedy).into());
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
    Ok((cells, start, start + reader.position().byte() as usize))
}

/// The first byte from `at` on that ends no line.
pub(super) fn past_line_ends(text: &[u8], at: usize) -> usize {
    let rest = text[at..].iter();
    at + rest.take_while(|&&byte| byte == b'\n' || byte == b'\r').count()
}

fn single_column(file: &Path, cell: &str) -> Fault {
    let fault = Fault::new(file, "has a single column");
    match [(';', "semicolons"), ('\t', "tabs")].iter().find(|(mark, _)| cell.contains(*mark)) {
        Some((_, marks)) => fault.remedy(format!("separate the columns by commas, not {marks}")),
        None => fault.remedy("it needs a label and the pixels, separated by commas"),
    }
}

struct FoundLabel {
    /// None in a file without labels.
    column: Option<usize>,
    /// Found by its name, so the first record is a header.
    by_name: bool,
}

fn find_label(
    file: &Path,
    cells: &[String],
    options: &CsvOptions,
) -> std::result::Result<FoundLabel, Fault> {
    let named = |name: &str| cells.iter().position(|cell| cell == name);
    let asked = match &options.label {
        LabelColumn::IfThere if is_square(cells.len()) => {
            return Ok(FoundLabel { column: None, by_name: false });
        }
        LabelColumn::Auto | LabelColumn::IfThere => {
            let column = named("label").filter(|_| options.header != Header::No);
            return Ok(FoundLabel { column: column.or(Some(0)), by_name: column.is_some() });
        }
        LabelColumn::Given(asked) => asked.trim(),
    };
    // In a file without a header `7` can only be a position; in one with a header that has a
    // column of that name, the name wins.
    let header_is_known = match options.header {
        Header::Auto => looks_like_header(cells, Some(0)),
        given => given == Header::Yes,
    };
    let number = asked.parse::<usize>().ok();
    if options.header != Header::No
        && (number.is_none() || header_is_known)
        && let Some(column) = named(asked)
    {
        return Ok(FoundLabel { column: Some(column), by_name: true });
    }
    match number {
        Some(position) if (1..=cells.len()).contains(&position) => {
            Ok(FoundLabel { column: Some(position - 1), by_name: false })
        }
        _ => Err(label_not_found(file, cells, asked, header_is_known)),
    }
}

fn label_not_found(file: &Path, cells: &[String], asked: &str, has_header: bool) -> Fault {
    let fault = Fault::new(file, "is no column of this file, so there are no labels").value(asked);
    if !has_header {
        let last = cells.len();
        return fault
            .remedy(format!("it has no header: name the label by its position, 1 to {last}"));
    }
    let names = cells.iter().map(String::as_str).collect::<Vec<_>>();
    let nearest = names
        .iter()
        .map(|name| (strsim::jaro_winkler(name, asked), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let there = format!("its {} columns are {}", names.len(), listed(&names));
    match nearest {
        Some((_, name)) => fault.remedy(format!("did you mean '{name}'? {there}")),
        None => fault.remedy(there),
    }
}

/// Whether the first record is a header: more than half of its pixel cells are no numbers, or
/// they count up from 0 or 1 in steps of one over at least four columns, as numbered columns do.
fn looks_like_header(cells: &[String], label: Option<usize>) -> bool {
    let pixels = || cells.iter().enumerate().filter(|(column, _)| Some(*column) != label);
    let numbers: Vec<f64> = pixels().filter_map(|(_, cell)| cell.parse().ok()).collect();
    let count = pixels().count();
    let counts_up =
        |from: usize| numbers.iter().enumerate().all(|(i, &value)| value == (from + i) as f64);
    numbers.len() * 2 < count
        || (numbers.len() == count && count >= 4 && (counts_up(0) || counts_up(1)))
}

fn is_square(number: usize) -> bool {
    number.isqrt().pow(2) == number
}

fn side_of(file: &Path, pixels: usize) -> std::result::Result<usize, Fault> {
    let side = pixels.isqrt();
    if is_square(pixels) {
        return Ok(side);
    }
    let (below, above) = (side * side, (side + 1) * (side + 1));
    let problem = format!("has {pixels} pixel columns beside the label, which make no square");
    Err(Fault::new(file, problem).remedy(format!("square images near it have {below} or {above}")))
}
