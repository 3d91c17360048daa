//! A list of image files: a table with a column of their paths, and perhaps one of labels.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use image::io::{Limits, Reader};
use image::{DynamicImage, ImageError};
use rayon::prelude::*;

use super::{Found, Tell};
use crate::data::dataset::listed;
use crate::data::{After, CsvOptions, Header, LabelColumn, Pixels, RawImages, Reading};
use crate::error::{Fault, Result};
use crate::files::sha256_hex;

/// Bytes at the start by which a list is recognised.
const SNIFFED: usize = 8192;

/// A table with more columns has its pixels in it, whatever else.
const MOST_COLUMNS: usize = 32;

/// Endings of image files; of some only to say that they cannot be read.
const ENDINGS: [&str; 12] =
    ["png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp", "pgm", "ppm", "pbm", "ico"];

/// The longest side of an image that is read, in pixels.
const LONGEST_SIDE: u32 = 8192;

/// Files that a message names.
const NAMED: usize = 3;

/// Names of label columns, in lower case.
const LABELS: [&str; 8] =
    ["label", "labels", "class", "target", "y", "category", "species", "class_name"];

/// How a list is laid out.
struct Layout {
    separator: u8,
    header: Option<Vec<String>>,
    /// The column of paths.
    path: usize,
    /// The column of labels.
    label: Option<usize>,
}

/// Whether a text is a list of image files: a column of its first rows holds names of such, and
/// none holds pixels.
pub(super) fn is_list(text: &[u8]) -> bool {
    separator_of(text).is_some()
}

/// The separator of a list, with its first two records.
fn separator_of(text: &[u8]) -> Option<(u8, Vec<Vec<String>>)> {
    let start = &text[..text.len().min(SNIFFED)];
    b",;\t |".iter().find_map(|&separator| {
        let first: Vec<Vec<String>> =
            records(start, separator).take(2).map(|(_, cells)| cells).collect();
        // The first record may be a header.
        let row = first.last()?;
        let holds_pixels = row.len() > MOST_COLUMNS
            || row.iter().any(|cell| cell.split_whitespace().count() > MOST_COLUMNS);
        let is_list = !holds_pixels && row.iter().any(|cell| is_image_file(cell));
        is_list.then_some((separator, first))
    })
}

/// Records with the lines that they begin at; blank ones are left out.
fn records(text: &[u8], separator: u8) -> impl Iterator<Item = (u64, Vec<String>)> + '_ {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let mut builder = csv::ReaderBuilder::new();
    let reader = builder.delimiter(separator).has_headers(false).flexible(true).from_reader(text);
    let (mut line, mut counted) = (1, 0);
    reader.into_byte_records().flatten().filter_map(move |record| {
        // A record is said to begin before the blank lines that it follows.
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

fn is_label_name(name: &str) -> bool {
    LABELS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn is_image_file(cell: &str) -> bool {
    cell.rsplit_once('.').is_some_and(|(stem, ending)| {
        !stem.is_empty() && ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending))
    })
}

/// Reads the images of a list.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) where no column or several may be the label's, or no
/// image can be read. Images that are missing, damaged, no squares or of another size than the first
/// go to `tell`.
pub(super) fn read(path: &Path, text: &[u8], options: &CsvOptions, tell: Tell) -> Result<Found> {
    let layout = layout_of(path, text, options)?;
    let has_header = layout.header.is_some();
    let rows = records(text, layout.separator).skip(usize::from(has_header));
    let rows: Vec<(u64, Vec<String>)> = rows.collect();
    let folder = path.parent().unwrap_or(Path::new(""));
    let read: Vec<Row> =
        rows.par_iter().map(|(_, cells)| read_row(folder, cells, &layout)).collect();
    let lines: Vec<u64> = rows.iter().map(|(line, _)| *line).collect();
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
    if good.side == 0 {
        return Err(faults
            .into_iter()
            .next()
            .unwrap_or_else(|| Fault::new(path, "names no image"))
            .into());
    }
    let _ = faults.into_iter().any(|fault| tell(fault) == After::Stop);
    let remarks = good.remarks(&layout);
    let hash = sha256_hex(text) + &sha256_hex(&good.pixels);
    let reading =
        Reading { format: "list of image files".to_owned(), remarks, ..Reading::default() };
    let raw = RawImages {
        pixels: Pixels::Bytes(good.pixels),
        side: good.side,
        distinct: layout.label.map(|_| good.distinct),
        rows: good.rows,
        reading,
    };
    Ok(Found { raw, sha256: sha256_hex(hash.as_bytes()), rows: lines.len(), header: has_header })
}

fn layout_of(path: &Path, text: &[u8], options: &CsvOptions) -> Result<Layout> {
    let (separator, mut first) = separator_of(text).expect("it was found to be a list");
    let row = first.pop().expect("a list has a row");
    let files: Vec<usize> = (0..row.len()).filter(|&column| is_image_file(&row[column])).collect();
    let [column] = files.as_slice() else {
        let problem = format!("has image files in {} columns", files.len());
        return Err(Fault::new(path, problem).remedy("leave one of them").into());
    };
    let named =
        first.pop().filter(|names| !names.get(*column).is_some_and(|name| is_image_file(name)));
    let header = match options.header {
        Header::No => None,
        _ => named,
    };
    let label = label_of(path, (&row, *column), header.as_deref(), &options.label)?;
    Ok(Layout { separator, header, path: *column, label })
}

/// The label's column.
fn label_of(
    path: &Path,
    (row, files): (&[String], usize),
    header: Option<&[String]>,
    wanted: &LabelColumn,
) -> Result<Option<usize>> {
    let others: Vec<usize> = (0..row.len()).filter(|&column| column != files).collect();
    let name = |column: usize| match header.and_then(|names| names.get(column)) {
        Some(name) => name.clone(),
        None => (column + 1).to_string(),
    };
    let names: Vec<String> = others.iter().map(|&column| name(column)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if let LabelColumn::Given(wanted) = wanted {
        let by_name = header.and_then(|names| names.iter().position(|name| name == wanted));
        let by_number =
            || wanted.parse().ok().filter(|n| (1..=row.len()).contains(n)).map(|n: usize| n - 1);
        let column = by_name.or_else(by_number).filter(|&column| column != files);
        return column.map(Some).ok_or_else(|| {
            let problem = "is no column with labels of this list of image files";
            let remedy = format!("beside the paths it has {}", listed(&names));
            Fault::new(path, problem).value(wanted).remedy(remedy).into()
        });
    }
    let by_name: Vec<usize> = others
        .iter()
        .copied()
        .filter(|&column| header.is_some() && is_label_name(&name(column)))
        .collect();
    match (by_name.as_slice(), others.as_slice()) {
        ([only], _) | ([], [only]) => Ok(Some(*only)),
        _ if *wanted == LabelColumn::IfThere => Ok(None),
        ([], []) => {
            let problem = "is a list of image files without a column of labels";
            Err(Fault::new(path, problem).remedy("add one: path,label").into())
        }
        _ => {
            let problem = format!("has several columns that may be the label: {}", listed(&names));
            Err(Fault::new(path, problem).remedy("say which with --label").into())
        }
    }
}

/// An image in grey.
struct Grey {
    /// Row-major `[side * side]`.
    pixels: Vec<u8>,
    size: (u32, u32),
    was_coloured: bool,
    had_opacity: bool,
    was_deep: bool,
}

/// Why an image is not read.
enum Refused {
    Missing(String),
    Other(String),
}

/// Label and image of a row.
type Row = std::result::Result<(String, Grey), Refused>;

fn read_row(folder: &Path, cells: &[String], layout: &Layout) -> Row {
    let file = cells.get(layout.path).filter(|file| !file.is_empty());
    let file = file.ok_or_else(|| Refused::Other("names no image file".to_owned()))?;
    let missing = || Refused::Other("the label is missing".to_owned());
    let label = match layout.label {
        Some(column) => {
            let cell = cells.get(column).map(String::as_str);
            cell.filter(|label| !label.is_empty()).ok_or_else(missing)?
        }
        None => "",
    };
    let found = found_file(folder, file).ok_or_else(|| Refused::Missing(file.clone()))?;
    let grey =
        read_image(&found).map_err(|problem| Refused::Other(format!("{file}: {problem}")))?;
    Ok((label.to_owned(), grey))
}

/// The file that a cell names, which Windows may have written.
fn found_file(folder: &Path, cell: &str) -> Option<PathBuf> {
    [folder.join(cell), folder.join(cell.replace('\\', "/"))]
        .into_iter()
        .find(|path| path.is_file())
}

fn read_image(path: &Path) -> std::result::Result<Grey, String> {
    let file = File::open(path).map_err(|refusal| format!("cannot be read ({refusal})"))?;
    let reader = Reader::new(BufReader::new(file)).with_guessed_format();
    let mut reader = reader.map_err(|refusal| format!("cannot be read ({refusal})"))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    reader.limits(limits);
    let image = reader.decode().map_err(|refusal| match refusal {
        ImageError::Unsupported(_) => "is neither PNG nor JPEG: convert it".to_owned(),
        ImageError::Limits(_) => format!("is larger than {LONGEST_SIDE}×{LONGEST_SIDE} pixels"),
        ImageError::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => "is cut off".to_owned(),
        other => format!("is damaged ({other})"),
    })?;
    Ok(grey(image))
}

/// Grey values by ITU-R BT.601 in whole numbers, as Pillow has them; opacity is left out.
fn grey(image: DynamicImage) -> Grey {
    let (size, color) = ((image.width(), image.height()), image.color());
    let was_deep = color.bytes_per_pixel() / color.channel_count() > 1;
    let (was_coloured, had_opacity) = (color.has_color(), color.has_alpha());
    let luma = |[red, green, blue]: [u8; 3]| {
        let [red, green, blue] = [red, green, blue].map(u32::from);
        ((19_595 * red + 38_470 * green + 7_471 * blue + 0x8000) >> 16) as u8
    };
    let pixels = match was_coloured {
        // Without colour, grey values stay as they are.
        false => image.into_luma8().into_raw(),
        true => image.into_rgb8().pixels().map(|pixel| luma(pixel.0)).collect(),
    };
    Grey { pixels, size, was_coloured, had_opacity, was_deep }
}

/// What was read without a fault.
#[derive(Default)]
struct Good {
    pixels: Vec<u8>,
    side: usize,
    /// The line that the side is from.
    first_line: u64,
    distinct: Vec<String>,
    known: HashMap<String, u32>,
    rows: Vec<u32>,
    missing: Vec<(u64, String)>,
    coloured: usize,
    with_opacity: usize,
    deep: usize,
}

impl Good {
    /// Takes an image in, or says why it cannot be.
    fn add(
        &mut self,
        label: String,
        image: Grey,
        fault: &impl Fn(String) -> Fault,
        line: u64,
    ) -> Option<Fault> {
        let (width, height) = image.size;
        let other = || format!("its image has {height}×{width} pixels");
        if width != height {
            let problem = format!("{}, and the network takes squares", other());
            return Some(fault(problem).remedy("pad or crop the images to squares"));
        }
        if self.side == 0 {
            (self.side, self.first_line) = (width as usize, line);
        }
        if width as usize != self.side {
            let (side, first) = (self.side, self.first_line);
            let problem = format!("{}, that of line {first} {side}×{side}", other());
            return Some(fault(problem).remedy("bring all images to one size"));
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

    fn remarks(&self, layout: &Layout) -> Vec<String> {
        let count = self.rows.len();
        let column = |column: usize| match &layout.header {
            Some(names) => names[column].clone(),
            None => (column + 1).to_string(),
        };
        let label = match layout.label {
            Some(label) => format!("labels from column {}", column(label)),
            None => "no labels".to_owned(),
        };
        let files = column(layout.path);
        let mut remarks =
            vec![format!("a list of image files: paths from column {files}, {label}")];
        let some = [
            (self.coloured, "in colour: made grey as 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)"),
            (self.with_opacity, "with opacity, which is left out"),
            (self.deep, "of 16 bits a value, rounded to 8"),
        ];
        let some = some.into_iter().filter(|(number, _)| *number > 0);
        remarks.extend(some.map(|(number, what)| format!("images: {number} of {count} {what}")));
        remarks
    }
}

/// One fault for all files that are not there.
fn missing(path: &Path, folder: &Path, missing: &[(u64, String)]) -> Option<Fault> {
    let (line, _) = missing.first()?;
    let named = missing.iter().take(NAMED).map(|(line, file)| format!("{file} (line {line})"));
    let mut named: Vec<String> = named.collect();
    if missing.len() > NAMED {
        named.push(format!("{} more", missing.len() - NAMED));
    }
    let named = named.join(", ");
    let problem = match missing.len() {
        1 => format!("names an image file that does not exist: {named}"),
        n => format!("names {n} image files that do not exist: {named}"),
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let remedy = format!("paths are taken from the list's folder, {}", folder.display());
    Some(Fault::new(path, problem).line(*line).remedy(remedy))
}
