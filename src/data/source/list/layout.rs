//! Recognises lists of image files, and finds the columns of paths, labels and parts.

use std::path::Path;

use crate::data::dataset::listed;
use crate::data::source::csv::{is_label_name, is_split_name};
use crate::data::source::parts::part_named;
use crate::data::source::picture::EXTENSIONS;
use crate::data::{Header, LabelColumn, LabelFound, ReadOptions};
use crate::error::{Fault, Result};
use crate::words;

/// Bytes at the start that are examined to recognise a list.
const SNIFFED: usize = 8192;

/// A table with more columns is taken to contain pixels.
const MOST_COLUMNS: usize = 32;

/// This many numbers in one cell are taken for an image, 3×3.
const FEWEST_PIXELS: usize = 9;

/// Extensions of image files that are refused later.
const OTHER_EXTENSIONS: [&str; 4] = ["pgm", "ppm", "pbm", "ico"];

/// Possible separators of the cells.
const SEPARATORS: [(u8, &str); 5] =
    [(b',', "commas"), (b';', "semicolons"), (b'\t', "tabs"), (b' ', "spaces"), (b'|', "bars")];

/// The layout of a list.
pub(super) struct Layout {
    /// The separator, by its index in [`SEPARATORS`].
    separator: usize,
    pub header: Option<Vec<String>>,
    /// The column of paths.
    pub path: usize,
    /// The column of labels.
    pub label: Option<(usize, LabelFound)>,
    /// The column that says what each image is for.
    pub part: Option<usize>,
}

impl Layout {
    /// The name of the separator.
    pub fn format(&self) -> &'static str {
        SEPARATORS[self.separator].1
    }

    /// The records below the header, with the lines that they start at.
    pub fn records(&self, text: &[u8]) -> Vec<Record> {
        records(text, self.separator).skip(usize::from(self.header.is_some())).collect()
    }

    /// The name of the column of paths, or its number from 1.
    pub fn path_column(&self) -> String {
        match &self.header {
            Some(names) if self.path < names.len() => names[self.path].clone(),
            _ => (self.path + 1).to_string(),
        }
    }
}

/// The line that a record starts at, and its cells.
pub(super) type Record = (u64, Vec<String>);

/// Whether a text is a list of image files: one of its first rows has a cell with a file name, and
/// none has pixels.
pub(in crate::data::source) fn is_list(text: &[u8]) -> bool {
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
fn records(text: &[u8], separator: usize) -> impl Iterator<Item = Record> + '_ {
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
        let mut known = EXTENSIONS.iter().chain(&OTHER_EXTENSIONS);
        !stem.is_empty() && known.any(|known| known.eq_ignore_ascii_case(ending))
    })
}

/// The layout of a list.
///
/// # Errors
/// No column or several may be the label, or several have paths.
pub(super) fn layout_of(path: &Path, text: &[u8], options: &ReadOptions) -> Result<Layout> {
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
    let part = part_column(path, text, separator, header.as_deref(), options)?;
    let columns = (0..row.len()).filter(|other| other != column && Some(*other) != part);
    let label = label_of(path, columns.collect(), header.as_deref(), options)?;
    Ok(Layout { separator, header, path: *column, label, part })
}

/// The name of a column in the header, or its number from 1.
fn name_of(column: usize, header: Option<&[String]>) -> String {
    match header.and_then(|names| names.get(column)) {
        Some(name) => name.clone(),
        None => (column + 1).to_string(),
    }
}

fn is_dropped(column: usize, header: Option<&[String]>, options: &ReadOptions) -> bool {
    let (name, number) = (name_of(column, header), (column + 1).to_string());
    options.drop.iter().any(|dropped| *dropped == name || *dropped == number)
}

/// The column that says what each image is for: by its name, and as its cells name parts.
///
/// # Errors
/// Some cells of it name parts and others do not: images for testing could be trained on.
fn part_column(
    path: &Path,
    text: &[u8],
    separator: usize,
    header: Option<&[String]>,
    options: &ReadOptions,
) -> Result<Option<usize>> {
    let names = header.unwrap_or_default();
    let is_candidate =
        |column: &usize| is_split_name(&names[*column]) && !is_dropped(*column, header, options);
    for column in (0..names.len()).filter(is_candidate) {
        let cells = records(text, separator).skip(1).map(|(line, mut cells)| {
            (line, if column < cells.len() { cells.swap_remove(column) } else { String::new() })
        });
        let (parts, others): (Vec<_>, Vec<_>) =
            cells.partition(|(_, cell)| part_named(cell).is_some());
        match others.first() {
            None => return Ok(Some(column)),
            Some(_) if parts.is_empty() => {}
            Some((line, cell)) => {
                let remedy = format!(
                    "write train, val or test in each row, or leave the column out with --drop {}",
                    words::word(&names[column])
                );
                let problem = "says what some images are for, but not this one";
                let fault = Fault::new(path, problem).line(*line).column(&names[column]);
                return Err(fault.value(cell).remedy(remedy).into());
            }
        }
    }
    Ok(None)
}

/// The column of the label, and why it was chosen.
fn label_of(
    path: &Path,
    columns: Vec<usize>,
    header: Option<&[String]>,
    options: &ReadOptions,
) -> Result<Option<(usize, LabelFound)>> {
    let name = |column: usize| name_of(column, header);
    let is_kept = |column: &usize| !is_dropped(*column, header, options);
    let others: Vec<usize> = columns.into_iter().filter(is_kept).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_with_a_column_of_file_names_keeps_its_pixels() {
        let pixels = (0..64).map(|i| format!(",{i}")).collect::<String>();
        assert!(!is_list(format!("a.png,x{pixels}\nb.png,y{pixels}\n").as_bytes()));
        assert!(!is_list(format!("a.png,{}\n", "0 ".repeat(64)).as_bytes()));
        assert!(!is_list(b"label,p1\na,1\n") && !is_list(b""));
        assert!(is_list(b"path,label\na.png,1\n"));
    }

    fn layout(text: &str, options: &ReadOptions) -> Result<Layout> {
        layout_of(Path::new("list.csv"), text.as_bytes(), options)
    }

    #[test]
    fn a_column_of_parts_is_found_unless_it_is_dropped() {
        let any = ReadOptions::default();
        let text = "path,set,split,label\na.png,x,train,1\nb.png,y,test,2\n";
        assert_eq!(layout(text, &any).unwrap().part, Some(2));
        let drop = ReadOptions { drop: vec!["split".to_owned()], ..ReadOptions::default() };
        assert_eq!(layout(text, &drop).unwrap().part, None);
    }

    #[test]
    fn a_row_without_a_part_beside_rows_with_one_is_refused() {
        let text = "path,split,label\na.png,train,1\nb.png,holdout,2\n";
        let message = layout(text, &ReadOptions::default()).err().unwrap().to_string();
        let start = "list.csv, line 3, column split: 'holdout' says what some images are for";
        assert!(message.starts_with(start), "{message}");
        assert!(message.ends_with("or leave the column out with --drop split"), "{message}");
    }

    #[test]
    fn a_title_above_a_list_names_no_column_of_paths() {
        let label = LabelColumn::Given("2".to_owned());
        let options = ReadOptions { label, ..ReadOptions::default() };
        let layout = layout("dataset\n0,cat,a.png\n", &options).unwrap();
        assert_eq!(layout.path_column(), "3");
    }
}
