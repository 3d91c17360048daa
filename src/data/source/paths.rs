//! Reads a list of image files: a table with a column of paths, and usually one of labels.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::csv::is_label_name;
use super::kind::{After, Content, Found, Kind, Recognises, Report};
use super::picture::{Grey, read_image};
use crate::data::dataset::listed;
use crate::data::labels::{Merged, is_missing, merged};
use crate::data::{
    Header, ImageShape, LabelColumn, LabelFound, Pixels, RawImages, ReadOptions, Reading,
};
use crate::error::{Fault, Result};
use crate::files::sha256_hex;

/// Bytes at the start that are examined to recognise a list.
const SNIFFED: usize = 8192;

/// A table with more columns is taken to contain pixels.
const MOST_COLUMNS: usize = 32;

/// This many numbers in one cell are taken for an image, 3×3.
const FEWEST_PIXELS: usize = 9;

/// Extensions of image files, including formats that are refused later.
const ENDINGS: [&str; 12] =
    ["png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp", "pgm", "ppm", "pbm", "ico"];

/// Most files that a message names.
const NAMED: usize = 3;

/// Possible separators of the cells.
const SEPARATORS: [(u8, &str); 5] =
    [(b',', "commas"), (b';', "semicolons"), (b'\t', "tabs"), (b' ', "spaces"), (b'|', "bars")];

/// The layout of a list.
struct Layout {
    /// The separator, by its index in [`SEPARATORS`].
    separator: usize,
    header: Option<Vec<String>>,
    /// The column of paths.
    path: usize,
    /// The column of labels.
    label: Option<(usize, LabelFound)>,
}

/// Lists of image files.
pub(super) const KIND: Kind =
    Kind { name: "a list of image files", recognises: Recognises::Text(is_list), read };

/// Whether a text is a list of image files: one of its first rows has a cell with a file name, and
/// none has pixels.
pub(super) fn is_list(text: &[u8]) -> bool {
    separator_of(text).is_some()
}

/// The separator of a list by its index, with the first two records.
fn separator_of(text: &[u8]) -> Option<(usize, Vec<Vec<String>>)> {
    let start = &text[..text.len().min(SNIFFED)];
    (0..SEPARATORS.len()).find_map(|separator| {
        let first = records(start, separator).take(2).map(|(_, cells)| cells);
        let first: Vec<Vec<String>> = first.collect();
        // The first record may be a header.
        let row = first.last()?;
        let has_pixels = row.len() > MOST_COLUMNS || row.iter().any(|cell| is_image(cell));
        let is_list = !has_pixels && row.iter().any(|cell| is_image_file(cell));
        is_list.then_some((separator, first))
    })
}

/// Whether a cell contains enough numbers to be an image rather than a bounding box or the like.
fn is_image(cell: &str) -> bool {
    let inner = cell.trim_matches(['[', ']', '(', ')']);
    let mut parts = inner.split([' ', ',', '\n']).filter(|part| !part.is_empty());
    let numbers = parts.clone().take(FEWEST_PIXELS).filter(|part| part.parse::<f64>().is_ok());
    numbers.count() == FEWEST_PIXELS || parts.nth(MOST_COLUMNS).is_some()
}

/// Records with the lines that they start at, without blank ones.
fn records(text: &[u8], separator: usize) -> impl Iterator<Item = (u64, Vec<String>)> + '_ {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut builder = csv::ReaderBuilder::new();
    let builder = builder.delimiter(SEPARATORS[separator].0).has_headers(false).flexible(true);
    let reader = builder.from_reader(text);
    let (mut line, mut counted) = (1, 0);
    reader.into_byte_records().flatten().filter_map(move |record| {
        // The position of a record is before the blank lines that precede it.
        let start = record.position().map_or(0, |position| position.byte() as usize);
        let blank = text[start..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        let passed = &text[counted..start + blank];
        line += passed.iter().filter(|&&byte| byte == b'\n').count() as u64;
        counted = start + blank;
        let cells = record.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned());
        let cells: Vec<String> = cells.collect();
        cells.iter().any(|cell| !cell.is_empty()).then_some((line, cells))
    })
}

fn is_image_file(cell: &str) -> bool {
    cell.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty() && ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending))
    })
}

/// Reads the images of a list.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if no column or several may be the label, or no image
/// can be read. Images that are missing, damaged or of another size than the first go to `report`.
fn read(content: &Content, options: &ReadOptions, report: Report) -> Result<Found> {
    let (path, text) = (content.path, content.text());
    let layout = layout_of(path, text, options)?;
    let has_header = layout.header.is_some();
    let records = records(text, layout.separator).skip(usize::from(has_header));
    let records: Vec<(u64, Vec<String>)> = records.collect();
    let folder = path.parent().unwrap_or(Path::new(""));
    let read: Vec<Row> =
        records.par_iter().map(|(_, cells)| read_row(folder, cells, &layout)).collect();
    let lines: Vec<u64> = records.iter().map(|(line, _)| *line).collect();
    let mut good = Good::default();
    let mut faults = Vec::new();
    for (row, &line) in read.into_iter().zip(&lines) {
        let fault = |problem: String| Fault::new(path, problem).line(line);
        match row {
            Ok((label, image)) => faults.extend(good.add(label, image, &fault, line)),
            Err(Refused::Missing(file)) => good.missing.push((line, file)),
            Err(Refused::Other(problem)) => faults.push(fault(problem)),
        }
    }
    faults.splice(..0, missing(path, folder, &good.missing));
    let Some((shape, _)) = good.first else {
        let none = || Fault::new(path, "lists no image");
        return Err(faults.into_iter().next().unwrap_or_else(none).into());
    };
    let _ = faults.into_iter().any(|fault| report(fault) == After::Stop);
    let Merged { distinct, rows, respelled } =
        merged(std::mem::take(&mut good.distinct), std::mem::take(&mut good.rows));
    let column = match &layout.header {
        Some(names) => names[layout.path].clone(),
        None => (layout.path + 1).to_string(),
    };
    let mut remarks = good.remarks(&column, rows.len());
    remarks.extend(respelled.first().map(|(label, same)| {
        format!("labels: {label} and {same} are one class, and so are other equal numbers")
    }));
    let hash = sha256_hex(text) + &sha256_hex(&good.pixels);
    let (_, format) = SEPARATORS[layout.separator];
    let label = layout.label.as_ref().map(|(_, found)| found.clone());
    let named = |(_, cells): &(u64, Vec<String>)| find_file(folder, cells.get(layout.path)?);
    let files = records.iter().filter_map(named).collect();
    let format = format.to_owned();
    let reading = Reading { format, label, remarks, files, ..Reading::default() };
    let images = RawImages {
        pixels: Pixels::Bytes(good.pixels),
        shape,
        distinct: layout.label.map(|_| distinct),
        rows,
        reading,
    };
    let sha256 = sha256_hex(hash.as_bytes());
    Ok(Found { images, sha256, rows: lines.len(), header: has_header, is_scaled: true })
}

fn layout_of(path: &Path, text: &[u8], options: &ReadOptions) -> Result<Layout> {
    let (separator, mut first) = separator_of(text).expect("is_list was true");
    let row = first.pop().expect("a list has a row");
    let files: Vec<usize> = (0..row.len()).filter(|&column| is_image_file(&row[column])).collect();
    let [column] = files.as_slice() else {
        let problem = format!("has image files in {} columns", files.len());
        return Err(Fault::new(path, problem).remedy("keep one of them").into());
    };
    let named =
        first.pop().filter(|names| !names.get(*column).is_some_and(|name| is_image_file(name)));
    let header = match options.header {
        Header::No => None,
        _ => named,
    };
    let label = label_of(path, (&row, *column), header.as_deref(), options)?;
    Ok(Layout { separator, header, path: *column, label })
}

/// The column of the label, and why it was chosen.
fn label_of(
    path: &Path,
    (row, files): (&[String], usize),
    header: Option<&[String]>,
    options: &ReadOptions,
) -> Result<Option<(usize, LabelFound)>> {
    let name = |column: usize| match header.and_then(|names| names.get(column)) {
        Some(name) => name.clone(),
        None => (column + 1).to_string(),
    };
    let is_dropped = |column: &usize| {
        let number = (column + 1).to_string();
        options.drop.iter().any(|dropped| *dropped == name(*column) || *dropped == number)
    };
    let others = (0..row.len()).filter(|column| *column != files && !is_dropped(column));
    let others: Vec<usize> = others.collect();
    let names: Vec<String> = others.iter().map(|&column| name(column)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let found = |column: usize, why: &str| {
        Ok(Some((column, LabelFound { column: name(column), why: why.to_owned() })))
    };
    if let LabelColumn::Given(wanted) = &options.label {
        let by_name = others.iter().find(|&&column| name(column) == *wanted);
        let by_number = || others.iter().find(|&&column| (column + 1).to_string() == *wanted);
        return match by_name.or_else(by_number) {
            Some(&column) => found(column, "as --label says"),
            None => {
                let problem = "is not a label column of this list of image files";
                let remedy = format!("besides the paths it has {}", listed(&names));
                Err(Fault::new(path, problem).value(wanted).remedy(remedy).into())
            }
        };
    }
    let by_name = others.iter().filter(|&&column| header.is_some() && is_label_name(&name(column)));
    match (by_name.collect::<Vec<_>>().as_slice(), others.as_slice()) {
        ([only], _) => found(**only, "by its name"),
        ([], [only]) => found(*only, "the only one besides the paths"),
        _ if options.label == LabelColumn::IfThere => Ok(None),
        ([], []) => {
            let problem = "is a list of image files without a label column";
            Err(Fault::new(path, problem).remedy("add one: path,label").into())
        }
        _ => {
            let problem = format!("has several columns that may be the label: {}", listed(&names));
            let remedy = match options.has_flags() {
                true => "say which with --label",
                false => "name it as in the training file",
            };
            Err(Fault::new(path, problem).remedy(remedy).into())
        }
    }
}

/// Why an image was not read.
enum Refused {
    Missing(String),
    Other(String),
}

/// Label and image of a row.
type Row = std::result::Result<(String, Grey), Refused>;

fn read_row(folder: &Path, cells: &[String], layout: &Layout) -> Row {
    let file = cells.get(layout.path).filter(|file| !file.is_empty());
    let file = file.ok_or_else(|| Refused::Other("has no path".to_owned()))?;
    let missing = || Refused::Other("the label is missing".to_owned());
    let label = match &layout.label {
        Some((column, _)) => {
            let cell = cells.get(*column).map(String::as_str);
            cell.filter(|label| !label.is_empty() && !is_missing(label)).ok_or_else(missing)?
        }
        None => "",
    };
    let found = find_file(folder, file).ok_or_else(|| Refused::Missing(file.clone()))?;
    let grey =
        read_image(&found).map_err(|problem| Refused::Other(format!("{file}: {problem}")))?;
    Ok((label.to_owned(), grey))
}

/// The existing file that a cell names, also with backslashes from Windows.
fn find_file(folder: &Path, cell: &str) -> Option<PathBuf> {
    [folder.join(cell), folder.join(cell.replace('\\', "/"))]
        .into_iter()
        .find(|path| path.is_file())
}

/// The images that were read without a fault.
#[derive(Default)]
struct Good {
    pixels: Vec<u8>,
    /// The shape of the first image, and its line.
    first: Option<(ImageShape, u64)>,
    distinct: Vec<String>,
    known: HashMap<String, u32>,
    rows: Vec<u32>,
    missing: Vec<(u64, String)>,
    coloured: usize,
    with_opacity: usize,
    deep: usize,
}

impl Good {
    /// Adds an image; returns a fault if it does not fit.
    fn add(
        &mut self,
        label: String,
        image: Grey,
        fault: &impl Fn(String) -> Fault,
        line: u64,
    ) -> Option<Fault> {
        let (first, first_line) = *self.first.get_or_insert((image.shape, line));
        if image.shape != first {
            let found = image.shape;
            let problem =
                format!("its image has {found} pixels, but that of line {first_line} has {first}");
            return Some(fault(problem).remedy("resize all images to one size"));
        }
        self.pixels.extend_from_slice(&image.pixels);
        self.coloured += usize::from(image.was_coloured);
        self.with_opacity += usize::from(image.had_opacity);
        self.deep += usize::from(image.was_deep);
        let next = self.distinct.len() as u32;
        self.rows.push(*self.known.entry(label).or_insert_with_key(|label| {
            self.distinct.push(label.clone());
            next
        }));
        None
    }

    /// Remarks on the `count` images read from this column.
    fn remarks(&self, column: &str, count: usize) -> Vec<String> {
        let mut remarks =
            vec![format!("a list of image files: their paths are in column {column}")];
        let some = [
            (
                self.coloured,
                "in colour, converted to grey as 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)",
            ),
            (self.with_opacity, "with an alpha channel, which is ignored"),
            (self.deep, "with 16 bits per value, rounded to 8"),
        ];
        let some = some.into_iter().filter(|(number, _)| *number > 0);
        remarks.extend(some.map(|(number, what)| format!("images: {number} of {count} {what}")));
        remarks
    }
}

/// One fault for all missing files.
fn missing(path: &Path, folder: &Path, missing: &[(u64, String)]) -> Option<Fault> {
    let (line, _) = missing.first()?;
    let named = missing.iter().take(NAMED).map(|(line, file)| format!("{file} (line {line})"));
    let mut named: Vec<String> = named.collect();
    if missing.len() > NAMED {
        named.push(format!("{} more", missing.len() - NAMED));
    }
    let named = named.join(", ");
    let problem = match missing.len() {
        1 => format!("lists an image file that does not exist: {named}"),
        n => format!("lists {n} image files that do not exist: {named}"),
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let remedy = format!("paths are relative to the list's folder, {}", folder.display());
    Some(Fault::new(path, problem).line(*line).remedy(remedy))
}
