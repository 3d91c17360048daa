//! Reads text tables: dialects of CSV, and the output of numpy.savetxt.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use super::choice::Wanted;
use super::columns::{Cells, Column, Table};
use crate::error::{Error, Fault, Result};
use crate::words::count;

/// Reads a text table.
///
/// # Errors
/// Not text, no rows, or rows of different lengths.
pub fn read(bytes: Vec<u8>, file: &Path) -> Result<Table> {
    let whole = decoded(bytes, file)?;
    let (text, skipped) = without_preamble(&whole);
    let (separator, mut remarks) = separator(text);
    let (records, lines) = match separator {
        Some(separator) => split_rows(text, separator, skipped, file)?,
        None => split_spaced_rows(text, skipped),
    };
    // The records own their cells, so the text can be freed.
    drop(whole);
    let width = records.first().map_or(0, StringRecord::len);
    if width == 0 {
        return Err(Fault::new(file, "has no rows").remedy("save one row per embedding").into());
    }
    for (cells, &line) in records.iter().zip(&lines) {
        if cells.len() != width {
            let problem =
                format!("has {}, but the first line has {width}", count(cells.len(), "cell"));
            let fault = Fault::new(file, problem).line(line);
            return Err(fault
                .remedy("correct the line, or quote cells that contain commas")
                .into());
        }
    }
    let comma = separator != Some(b',');
    let named = is_header(&records, comma);
    let names: Vec<String> = match named {
        true => records[0].iter().map(|name| name.trim().to_owned()).collect(),
        false => (1..=width).map(|number| number.to_string()).collect(),
    };
    let rows = &records[usize::from(named)..];
    if rows.is_empty() {
        return Err(Fault::new(file, "has a header but no rows")
            .remedy("save one row per embedding")
            .into());
    }
    remarks.push(if named { "first line is the header" } else { "no header" }.to_owned());
    let column = |(index, name): (usize, String)| {
        let cells: Vec<&str> = rows.iter().map(|row| row[index].trim()).collect();
        Column { name, cells: infer_type(&cells, comma) }
    };
    let mut columns: Vec<Column> = names.into_iter().enumerate().map(column).collect();
    // `#x` over row numbers is the name of an index; otherwise `#` starts a comment.
    if let Some(first) = columns.first_mut()
        && first.name.len() > 1
        && !counts_rows(&first.cells)
    {
        first.name = first.name.trim_start_matches('#').to_owned();
    }
    let lines = lines[usize::from(named)..].to_vec();
    Ok(Table { file: file.to_path_buf(), columns, rows: rows.len(), lines, named, remarks })
}

/// Decodes UTF-8 or UTF-16, without its byte order mark.
fn decoded(mut bytes: Vec<u8>, file: &Path) -> Result<String> {
    let text = if bytes.starts_with(&[0xff, 0xfe]) {
        utf16(&bytes[2..], u16::from_le_bytes)
    } else if bytes.starts_with(&[0xfe, 0xff]) {
        utf16(&bytes[2..], u16::from_be_bytes)
    } else {
        let mark = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        String::from_utf8(bytes.split_off(mark)).ok()
    };
    let text = text.filter(|text| !text.contains('\0'));
    text.ok_or_else(|| {
        let fault = Fault::new(file, "is neither a NumPy array nor Parquet nor text in UTF-8");
        fault.remedy("save embeddings as .npy, .npz, .csv or .parquet").into()
    })
}

/// Decodes UTF-16.
fn utf16(bytes: &[u8], of: fn([u8; 2]) -> u16) -> Option<String> {
    let units = bytes.chunks_exact(2).map(|pair| of([pair[0], pair[1]]));
    char::decode_utf16(units).collect::<std::result::Result<String, _>>().ok()
}

/// The text from its header or first row on, and the number of lines before it: comments, as
/// numpy.savetxt writes them. The last comment is the header if it has as many cells as the first row.
fn without_preamble(text: &str) -> (&str, u64) {
    let (mut rest, mut skipped) = (text, 0);
    let mut last = None;
    while rest.starts_with('#') || rest.starts_with('\n') || rest.starts_with("\r\n") {
        let Some((line, after)) = rest.split_once('\n') else { break };
        if line.starts_with('#') {
            last = Some((rest, skipped));
        }
        (rest, skipped) = (after, skipped + 1);
    }
    last.and_then(|(line, skipped)| Some((header_in(line, rest)?, skipped)))
        .unwrap_or((rest, skipped))
}

/// Whether a column numbers the rows from 0 or 1.
fn counts_rows(cells: &Cells) -> bool {
    let Cells::Whole(values) = cells else { return false };
    let counts = |from: i64| (from..).zip(values).all(|(count, &value)| count == value);
    counts(0) || counts(1)
}

/// The column names in a comment, if it names the columns of these rows.
fn header_in<'a>(comment: &'a str, rows: &str) -> Option<&'a str> {
    let names = comment.trim_start_matches('#').trim_start_matches(' ');
    // A `#` directly before a name or a separator may belong to the header.
    let is_apart = comment[..comment.len() - names.len()].ends_with(' ');
    let marked = if is_apart { names } else { comment };
    let (separator, _) = separator(rows);
    let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    let count = |line: &str| match separator {
        Some(separator) => {
            let mut reader = ReaderBuilder::new();
            let reader =
                reader.delimiter(separator).has_headers(false).from_reader(line.as_bytes());
            reader.into_records().next().and_then(|record| record.ok()).map_or(0, |r| r.len())
        }
        None => line.split_whitespace().count(),
    };
    let (names, row) = (first(marked), first(rows));
    let is_named = names.split([',', ';', '|', '\t', ' ']).any(|name| real(name, true).is_none());
    (is_named && count(&row) > 1 && count(&names) == count(&row)).then_some(marked)
}

/// The separator of the cells; `None` for whitespace.
fn separator(text: &str) -> (Option<u8>, Vec<String>) {
    let line = text.lines().next().unwrap_or_default();
    if let Some(separator) = line.strip_prefix("sep=").and_then(|rest| rest.bytes().next()) {
        return (Some(separator), Vec::new());
    }
    // Separators within quotes or brackets do not count.
    let (mut counts, mut quoted, mut depth) = ([0_usize; 4], false, 0_usize);
    for byte in line.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'[' if !quoted => depth += 1,
            b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let Some(index) =
            b"\t;|,".iter().position(|known| *known == byte && !quoted && depth == 0)
        {
            counts[index] += 1;
        }
    }
    match counts {
        [tabs, ..] if tabs > 0 => (Some(b'\t'), vec!["separated by tabs".to_owned()]),
        [_, semicolons, ..] if semicolons > 0 => {
            (Some(b';'), vec!["separated by semicolons".to_owned()])
        }
        [_, _, bars, _] if bars > 0 => (Some(b'|'), vec!["separated by |".to_owned()]),
        [.., commas] if commas > 0 => (Some(b','), Vec::new()),
        _ if is_spaced(line) || names_spaced(text) => {
            (None, vec!["separated by spaces".to_owned()])
        }
        _ => (Some(b','), Vec::new()),
    }
}

/// Whether a line is numbers separated by spaces; the first word may be a name.
fn is_spaced(line: &str) -> bool {
    let mut words = line.split_whitespace().rev();
    let last = words.next().is_some_and(|word| word.parse::<f64>().is_ok());
    let numbers = 1 + words.by_ref().take_while(|word| word.parse::<f64>().is_ok()).count();
    last && words.next().is_none() && numbers + 1 >= 2 && line.trim().contains([' ', '\t'])
}

/// Whether the second line is space-separated numbers and the first has as many words.
fn names_spaced(text: &str) -> bool {
    let mut lines = text.lines();
    let words = lines.next().map_or(0, |line| line.split_whitespace().count());
    lines.next().is_some_and(|row| is_spaced(row) && row.split_whitespace().count() == words)
}

/// The cells and the line number of each row.
type Records = (Vec<StringRecord>, Vec<u64>);

fn split_rows(text: &str, separator: u8, skipped: u64, file: &Path) -> Result<Records> {
    let has_sep_line = text.starts_with("sep=");
    let text = if has_sep_line { text.split_once('\n').map_or("", |(_, rest)| rest) } else { text };
    let skipped = skipped + u64::from(has_sep_line);
    let mut reader = ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let (mut records, mut lines) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record =
            record.map_err(|e| Error::from(Fault::new(file, format!("is not valid CSV ({e})"))))?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        lines.push(skipped + record.position().map_or(0, csv::Position::line));
        records.push(record);
    }
    Ok((records, lines))
}

fn split_spaced_rows(text: &str, skipped: u64) -> Records {
    let rows = text.lines().zip(skipped + 1..).filter(|(line, _)| !line.trim().is_empty());
    let cells = |line: &str| line.split_whitespace().collect();
    rows.map(|(line, number)| (cells(line), number)).unzip()
}

/// Whether the first row is a header: it has text above numbers, or a common name of labels, or it
/// numbers the columns as pandas does.
fn is_header(records: &[StringRecord], comma: bool) -> bool {
    let first = &records[0];
    let is_number = |cell: &str| real(cell.trim(), comma).is_some();
    let below = records.get(1);
    let text_over_number = |index: usize| {
        let over =
            |row: &StringRecord| is_number(&row[index]) || row[index].trim().starts_with('[');
        !is_number(&first[index]) && below.is_some_and(over)
    };
    // A single letter may be a label itself.
    let is_new =
        |cell: &str| records.iter().skip(1).all(|row| row.iter().all(|other| other != cell));
    let named =
        |cell: &str| cell.trim().len() > 1 && Wanted::Labels.is_called(cell) && is_new(cell);
    let numbers: Vec<&str> = first.iter().map(str::trim).filter(|cell| is_number(cell)).collect();
    // Besides named columns, R numbers the others from 1.
    let start = if numbers.len() == first.len() { 0..1 } else { 0..2_usize };
    let counted = start.into_iter().any(|start| {
        let counted = (start..).map(|number| number.to_string());
        numbers.iter().zip(counted).all(|(cell, number)| *cell == number)
    });
    let has_point = |row: &StringRecord| {
        row.iter().any(|cell| is_number(cell) && cell.contains(['.', 'e', 'E']))
    };
    if !numbers.is_empty() && !count_columns(&numbers) && !first.iter().any(named) {
        return false;
    }
    (0..first.len()).any(text_over_number)
        || first.iter().any(|cell| Wanted::Labels.is_called(cell) && is_new(cell))
        || (counted && numbers.len() > 1 && below.is_some_and(has_point))
}

/// Whether numbers in a first row can be column names: pandas numbers columns from 0, R from 1, and a
/// selection of columns keeps increasing numbers. Other numbers are values of an embedding.
fn count_columns(numbers: &[&str]) -> bool {
    let Ok(whole) =
        numbers.iter().map(|text| text.parse()).collect::<std::result::Result<Vec<u64>, _>>()
    else {
        return false;
    };
    match whole.len() {
        0 | 1 => whole.iter().all(|&number| number <= 1),
        2..=4 => whole.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1])),
        _ => whole.is_sorted_by(|one, next| one < next),
    }
}

/// A number; with `comma`, it may have a decimal comma.
fn real(text: &str, comma: bool) -> Option<f64> {
    let plain = text.parse().ok();
    match plain {
        None if comma && !text.contains('.') && text.matches(',').count() == 1 => {
            text.replace(',', ".").parse().ok()
        }
        plain => plain,
    }
}

/// The values of a column, with the narrowest type that fits all its cells.
fn infer_type(cells: &[&str], comma: bool) -> Cells {
    if cells.iter().all(|cell| cell.is_empty()) {
        return Cells::Unusable("nothing".to_owned());
    }
    let whole = |cell: &&str| cell.parse::<i64>().ok();
    if let Some(values) = cells.iter().map(whole).collect::<Option<Vec<i64>>>() {
        return Cells::Whole(values);
    }
    if let Some(values) = cells.iter().map(|cell| real(cell, comma)).collect::<Option<Vec<f64>>>() {
        let single = cells.iter().zip(&values).all(|(cell, &value)| is_single(cell, value));
        return Cells::Real(values, single);
    }
    if cells[0].starts_with('[') && cells[0].ends_with(']') {
        return lists(cells);
    }
    Cells::Text(cells.iter().map(|cell| (*cell).to_owned()).collect())
}

/// Whether a text is the shortest decimal of an f32, which is then the exact value.
fn is_single(text: &str, value: f64) -> bool {
    let single: f32 = text.parse().unwrap_or(value as f32);
    f64::from(single) == value || single.to_string().parse() == Ok(value)
}

/// Lists in Python's notation, `[0.1, 0.2]`, or NumPy's, `[0.1 0.2]`.
fn lists(cells: &[&str]) -> Cells {
    let (mut values, mut width, mut single) = (Vec::new(), None, true);
    for (row, cell) in cells.iter().enumerate() {
        let inside = cell.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let words = inside.unwrap_or_default().split([',', ' ', '\n', '\r', '\t']);
        let before = values.len();
        for word in words.filter(|word| !word.is_empty()) {
            if word == "..." {
                let why =
                    "lists that NumPy shortened with ...: save them with numpy.savez or to_parquet";
                return Cells::Faulty(why.to_owned());
            }
            let Ok(value) = word.parse::<f64>() else {
                return Cells::Text(cells.iter().map(|cell| (*cell).to_owned()).collect());
            };
            single = single && is_single(word, value);
            values.push(value);
        }
        let found = values.len() - before;
        if *width.get_or_insert(found) != found {
            let first = width.unwrap_or_default();
            return Cells::Faulty(format!(
                "lists of {}, and of {found} in row {row} (from 0)",
                count(first, "number")
            ));
        }
    }
    match width {
        None | Some(0) => Cells::Faulty("empty lists".to_owned()),
        Some(width) => Cells::Lists(width, values, single),
    }
}
