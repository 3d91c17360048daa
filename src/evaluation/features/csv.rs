//! Tables of text: CSV in its dialects, and what numpy.savetxt writes.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use super::choice::Wanted;
use super::columns::{Cells, Column, Table};
use crate::error::{Error, Fault, Result};
use crate::words::count;

/// Reads a table of text.
///
/// # Errors
/// No text, no rows, or rows of different lengths.
pub fn read(bytes: Vec<u8>, file: &Path) -> Result<Table> {
    let whole = decoded(bytes, file)?;
    let (text, skipped) = without_preamble(&whole);
    let (separator, mut remarks) = separator(text);
    let (records, lines) = match separator {
        Some(separator) => parted(text, separator, skipped, file)?,
        None => spaced(text, skipped),
    };
    // The cells hold all that is needed from here on.
    drop(whole);
    let width = records.first().map_or(0, StringRecord::len);
    if width == 0 {
        return Err(Fault::new(file, "has no rows").remedy("save one row an embedding").into());
    }
    for (cells, &line) in records.iter().zip(&lines) {
        if cells.len() != width {
            let problem = format!("has {}, the first line has {width}", count(cells.len(), "cell"));
            let fault = Fault::new(file, problem).line(line);
            return Err(fault.remedy("mend the line, or quote cells that hold commas").into());
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
        return Err(Fault::new(file, "has a header and no rows")
            .remedy("save one row an embedding")
            .into());
    }
    remarks.push(if named { "first line names the columns" } else { "no header" }.to_owned());
    let column = |(place, name): (usize, String)| {
        let cells: Vec<&str> = rows.iter().map(|row| row[place].trim()).collect();
        Column { name, cells: typed(&cells, comma) }
    };
    let mut columns: Vec<Column> = names.into_iter().enumerate().map(column).collect();
    // `#x` over a count of the rows names an index; elsewhere the mark is that of a comment.
    if let Some(first) = columns.first_mut()
        && first.name.len() > 1
        && !counts_rows(&first.cells)
    {
        first.name = first.name.trim_start_matches('#').to_owned();
    }
    let lines = lines[usize::from(named)..].to_vec();
    Ok(Table { file: file.to_path_buf(), columns, rows: rows.len(), lines, named, remarks })
}

/// The text of bytes in UTF-8 or UTF-16, without a mark of its order.
fn decoded(mut bytes: Vec<u8>, file: &Path) -> Result<String> {
    let text = if bytes.starts_with(&[0xff, 0xfe]) {
        wide(&bytes[2..], u16::from_le_bytes)
    } else if bytes.starts_with(&[0xfe, 0xff]) {
        wide(&bytes[2..], u16::from_be_bytes)
    } else {
        let mark = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        String::from_utf8(bytes.split_off(mark)).ok()
    };
    let text = text.filter(|text| !text.contains('\0'));
    text.ok_or_else(|| {
        let fault =
            Fault::new(file, "is neither an array of NumPy's nor parquet nor text in UTF-8");
        fault.remedy("save embeddings as .npy, .npz, .csv or .parquet").into()
    })
}

/// The text of UTF-16.
fn wide(bytes: &[u8], of: fn([u8; 2]) -> u16) -> Option<String> {
    let units = bytes.chunks_exact(2).map(|pair| of([pair[0], pair[1]]));
    char::decode_utf16(units).collect::<std::result::Result<String, _>>().ok()
}

/// The text from its header or first row on, and the lines before it: comments, as numpy.savetxt
/// writes them. The last of them is the header where it has a cell for each of the first row.
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

/// Whether a column counts the rows from 0 or 1.
fn counts_rows(cells: &Cells) -> bool {
    let Cells::Whole(values) = cells else { return false };
    let counts = |from: i64| (from..).zip(values).all(|(count, &value)| count == value);
    counts(0) || counts(1)
}

/// The text from the names on in a comment that names the columns of these rows.
fn header_in<'a>(comment: &'a str, rows: &str) -> Option<&'a str> {
    let names = comment.trim_start_matches('#').trim_start_matches(' ');
    // A mark right before a name may be a part of it, and all of it before a separator.
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

/// What parts the cells; none where it is blanks.
fn separator(text: &str) -> (Option<u8>, Vec<String>) {
    let line = text.lines().next().unwrap_or_default();
    if let Some(separator) = line.strip_prefix("sep=").and_then(|rest| rest.bytes().next()) {
        return (Some(separator), Vec::new());
    }
    // Commas within quotes or brackets part nothing.
    let (mut counts, mut quoted, mut depth) = ([0_usize; 4], false, 0_usize);
    for byte in line.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'[' if !quoted => depth += 1,
            b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let Some(place) =
            b"\t;|,".iter().position(|known| *known == byte && !quoted && depth == 0)
        {
            counts[place] += 1;
        }
    }
    match counts {
        [tabs, ..] if tabs > 0 => (Some(b'\t'), vec!["parted by tabs".to_owned()]),
        [_, semicolons, ..] if semicolons > 0 => {
            (Some(b';'), vec!["parted by semicolons".to_owned()])
        }
        [_, _, bars, _] if bars > 0 => (Some(b'|'), vec!["parted by bars".to_owned()]),
        [.., commas] if commas > 0 => (Some(b','), Vec::new()),
        _ if is_spaced(line) || names_spaced(text) => (None, vec!["parted by blanks".to_owned()]),
        _ => (Some(b','), Vec::new()),
    }
}

/// Whether a line is numbers with blanks between them; the first may be a name.
fn is_spaced(line: &str) -> bool {
    let mut words = line.split_whitespace().rev();
    let last = words.next().is_some_and(|word| word.parse::<f64>().is_ok());
    let numbers = 1 + words.by_ref().take_while(|word| word.parse::<f64>().is_ok()).count();
    last && words.next().is_none() && numbers + 1 >= 2 && line.trim().contains([' ', '\t'])
}

/// Whether the first line has a word for each number of the second, which blanks part.
fn names_spaced(text: &str) -> bool {
    let mut lines = text.lines();
    let words = lines.next().map_or(0, |line| line.split_whitespace().count());
    lines.next().is_some_and(|row| is_spaced(row) && row.split_whitespace().count() == words)
}

/// Cells of each row.
type Records = (Vec<StringRecord>, Vec<u64>);

fn parted(text: &str, separator: u8, skipped: u64, file: &Path) -> Result<Records> {
    let told = text.starts_with("sep=");
    let text = if told { text.split_once('\n').map_or("", |(_, rest)| rest) } else { text };
    let skipped = skipped + u64::from(told);
    let mut reader = ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let (mut records, mut lines) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record =
            record.map_err(|e| Error::from(Fault::new(file, format!("is no CSV ({e})"))))?;
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        lines.push(skipped + record.position().map_or(0, csv::Position::line));
        records.push(record);
    }
    Ok((records, lines))
}

fn spaced(text: &str, skipped: u64) -> Records {
    let rows = text.lines().zip(skipped + 1..).filter(|(line, _)| !line.trim().is_empty());
    let cells = |line: &str| line.split_whitespace().collect();
    rows.map(|(line, number)| (cells(line), number)).unzip()
}

/// Whether the first row names the columns: it has text where the rows below have numbers, or names
/// that labels have, or it counts the columns as pandas does.
fn is_header(records: &[StringRecord], comma: bool) -> bool {
    let first = &records[0];
    let is_number = |cell: &str| real(cell.trim(), comma).is_some();
    let below = records.get(1);
    let text_over_number = |place: usize| {
        let over =
            |row: &StringRecord| is_number(&row[place]) || row[place].trim().starts_with('[');
        !is_number(&first[place]) && below.is_some_and(over)
    };
    // A letter may be a label itself.
    let is_new =
        |cell: &str| records.iter().skip(1).all(|row| row.iter().all(|other| other != cell));
    let named =
        |cell: &str| cell.trim().len() > 1 && Wanted::Labels.is_called(cell) && is_new(cell);
    let numbers: Vec<&str> = first.iter().map(str::trim).filter(|cell| is_number(cell)).collect();
    // Beside names of other columns R counts these from 1.
    let start = if numbers.len() == first.len() { 0..1 } else { 0..2_usize };
    let counted = start.into_iter().any(|start| {
        let places = (start..).map(|place| place.to_string());
        numbers.iter().zip(places).all(|(cell, place)| *cell == place)
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

/// Whether numbers in a first row can be names of columns: pandas counts these from 0, R from 1, and
/// rows of such a table may name some of many. Other numbers are those of an embedding.
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

/// A number, with a decimal comma where that is none between cells.
fn real(text: &str, comma: bool) -> Option<f64> {
    let plain = text.parse().ok();
    match plain {
        None if comma && !text.contains('.') && text.matches(',').count() == 1 => {
            text.replace(',', ".").parse().ok()
        }
        plain => plain,
    }
}

/// The values of a column by what all its cells are.
fn typed(cells: &[&str], comma: bool) -> Cells {
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

/// Whether a text is what a number of f32 is written as, so that the number itself is meant.
fn is_single(text: &str, value: f64) -> bool {
    let single: f32 = text.parse().unwrap_or(value as f32);
    f64::from(single) == value || single.to_string().parse() == Ok(value)
}

/// Lists as Python prints them, `[0.1, 0.2]` or NumPy's `[0.1 0.2]`.
fn lists(cells: &[&str]) -> Cells {
    let (mut values, mut width, mut single) = (Vec::new(), None, true);
    for (row, cell) in cells.iter().enumerate() {
        let inside = cell.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let words = inside.unwrap_or_default().split([',', ' ', '\n', '\r', '\t']);
        let before = values.len();
        for word in words.filter(|word| !word.is_empty()) {
            if word == "..." {
                let why =
                    "lists that NumPy cut short by ...: save them with numpy.savez or to_parquet";
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
