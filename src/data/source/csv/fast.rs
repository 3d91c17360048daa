//! The fast pass: polars splits the text into lines, and each line is parsed directly into a row of
//! values.
//!
//! It returns rows only if it is certain to agree with the exact pass, and never reports faults.
//! Quotes are left to the exact pass, so here each line is a row. Plain files, whose pixels are one
//! to three digits, have a specialised parser; other files are parsed cell by cell, as bytes if
//! possible, otherwise as floats.
//!
//! For polars each line is a single text cell. Having it parse 47 million cells into columns took
//! most of the loading time, and the columns then had to be transposed into rows.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;

use polars::prelude::{
    CsvParseOptions, CsvReadOptions, DataFrame, DataType, Field, PolarsResult, Schema, SerReader,
};
use rayon::prelude::*;

use super::cells::{ReadLine, Roles, Value};
use super::layout::{Layout, PixelCells};
use super::numbers::{list, number as number_of};
use super::rows::Rows;
use crate::data::Pixels;
use crate::data::labels::is_missing;

/// Bytes that a thread reads at a time, few enough to stay in its cache.
const PIECE: usize = 1 << 20;

/// The separator given to polars, which plain text does not contain; lines that do are left to the
/// exact pass.
const NO_SEPARATOR: u8 = 0x1f;

/// The rows of a valid file; `None` if the exact pass has to read it.
pub(super) fn read(text: &[u8], layout: &Layout) -> Option<Rows> {
    rows(text, layout).filter(|rows| !may_repeat_header(rows, layout))
}

/// Whether the values of a row are the names of the pixel columns, as in concatenated files with
/// numbered columns.
fn may_repeat_header(rows: &Rows, layout: &Layout) -> bool {
    let Some(names) = &layout.names else { return false };
    let of = |name: &str| number_of(name).map(|value| value as f32);
    let header: Option<Vec<f32>> = match &layout.pixels {
        PixelCells::Columns(columns) => columns.iter().map(|&column| of(&names[column])).collect(),
        PixelCells::List(column) => list(&names[*column]).and_then(|parts| parts.map(of).collect()),
    };
    let Some(header) = header.filter(|header| header.len() == layout.values()) else {
        return false;
    };
    match &rows.pixels {
        Pixels::Bytes(values) => {
            let is_header =
                |image: &[u8]| image.iter().map(|&v| f32::from(v)).eq(header.iter().copied());
            values.chunks_exact(header.len()).any(is_header)
        }
        Pixels::Floats(values) => values.chunks_exact(header.len()).any(|image| *image == header),
    }
}

fn rows(text: &[u8], layout: &Layout) -> Option<Rows> {
    let body = without_final_line_ends(&text[layout.body..]);
    let pieces = pieces(body);
    let counts: Vec<usize> = pieces.par_iter().map(|piece| lines_in(piece)).collect();
    if !can_hold(body.len(), counts.iter().sum(), layout.least_bytes()) {
        return None;
    }
    let pieces = Pieces { pieces, counts };
    if layout.is_plain()
        && let Some((pixels, distinct, rows)) = read_lines(&pieces, layout, &Plain(layout))
    {
        let is_whole = !distinct.iter().any(|label| is_missing(label));
        let pixels = Pixels::Bytes(pixels);
        return is_whole.then_some(Rows { pixels, distinct, rows, starts: Vec::new() });
    }
    // Quotes may contain separators or line breaks.
    if body.contains(&b'"') {
        return None;
    }
    let roles = Roles::of(layout);
    if let Some((bytes, distinct, rows)) = read_lines::<u8>(&pieces, layout, &roles) {
        return Some(Rows { pixels: Pixels::Bytes(bytes), distinct, rows, starts: Vec::new() });
    }
    let (floats, distinct, rows) = read_lines::<f32>(&pieces, layout, &roles)?;
    Some(Rows { pixels: Pixels::from_floats(floats), distinct, rows, starts: Vec::new() })
}

/// Parser of lines with one label and pixels of only digits, separated by commas.
struct Plain<'a>(&'a Layout);

impl ReadLine<u8> for Plain<'_> {
    fn read<'a>(&'a self, line: &'a str, values: &mut [u8]) -> Option<&'a str> {
        plain_line(line, self.0, values)
    }
}

/// Values of all rows, distinct labels, and the index of each row's label.
type Read<T> = (Vec<T>, Vec<String>, Vec<u32>);

/// A text split at line ends, with the number of lines in each piece.
struct Pieces<'a> {
    pieces: Vec<&'a [u8]>,
    counts: Vec<usize>,
}

/// Reads every line, with all pieces of the text in parallel.
fn read_lines<T: Value>(
    text: &Pieces,
    layout: &Layout,
    reader: &impl ReadLine<T>,
) -> Option<Read<T>> {
    let width = layout.values();
    let mut values = vec![T::default(); text.counts.iter().sum::<usize>() * width];
    let mut rest = values.as_mut_slice();
    let mut parts = Vec::with_capacity(text.pieces.len());
    for (piece, count) in text.pieces.iter().zip(&text.counts) {
        let (part, after) = rest.split_at_mut(count * width);
        rest = after;
        parts.push((*piece, part));
    }
    let labels =
        parts.into_par_iter().map(|(piece, values)| read_piece(piece, layout, values, reader));
    let (distinct, rows) = joined(labels.collect::<Option<Vec<Labels>>>()?)?;
    Some((values, distinct, rows))
}

/// Whether `lines` lines of at least `least` bytes, including the line end, fit into a text of
/// `bytes`. If not, lines lack cells, and allocating memory for all of them could fail.
fn can_hold(bytes: usize, lines: usize, least: usize) -> bool {
    lines.checked_mul(least).is_some_and(|least| least <= bytes + 1)
}

fn without_final_line_ends(body: &[u8]) -> &[u8] {
    let ends = body.iter().rev().take_while(|&&byte| byte == b'\n' || byte == b'\r').count();
    &body[..body.len() - ends]
}

/// Splits a text at a line end after about every [`PIECE`] bytes, without that line end.
fn pieces(mut text: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::with_capacity(text.len() / PIECE + 1);
    while let Some(rest) = text.get(PIECE..)
        && let Some(end) = rest.iter().position(|&byte| byte == b'\n')
    {
        let piece = &text[..PIECE + end];
        pieces.push(piece.strip_suffix(b"\r").unwrap_or(piece));
        text = &text[PIECE + end + 1..];
    }
    pieces.push(text);
    pieces
}

/// Number of lines in a piece, whose last line has no end.
fn lines_in(piece: &[u8]) -> usize {
    // At most 255 bytes at a time, which a `u8` can count, so that the loop is vectorised well.
    let ends = |bytes: &[u8]| bytes.iter().map(|&byte| u8::from(byte == b'\n')).sum::<u8>();
    1 + piece.chunks(255).map(|bytes| usize::from(ends(bytes))).sum::<usize>()
}

/// Labels of some rows.
#[derive(Default)]
struct Labels {
    /// In order of appearance.
    distinct: Vec<String>,
    /// Index into `distinct` of each row.
    rows: Vec<u32>,
}

/// Reads the rows of a piece into `pixels` `[lines, values of an image]`.
fn read_piece<T: Value>(
    piece: &[u8],
    layout: &Layout,
    pixels: &mut [T],
    reader: &impl ReadLine<T>,
) -> Option<Labels> {
    let frame = parse(piece).ok()?;
    let lines = frame.columns().first()?.as_materialized_series().str().ok()?;
    let width = layout.values();
    if lines.null_count() > 0 || lines.len() * width != pixels.len() {
        return None;
    }
    let mut labels = Labels::default();
    let mut known: HashMap<&str, u32> = HashMap::new();
    let mut unread = piece.len() + 1;
    for (line, pixels) in lines.iter().zip(pixels.chunks_exact_mut(width)) {
        let line = line?;
        unread = unread.checked_sub(line.len() + 1)?;
        let label = reader.read(line, pixels)?;
        let index = match known.get(label) {
            Some(&index) => index,
            None => {
                let index = u32::try_from(labels.distinct.len()).ok()?;
                labels.distinct.push(label.to_owned());
                known.insert(label, index);
                index
            }
        };
        labels.rows.push(index);
    }
    // Only carriage returns before line ends may remain unread: rows that contain one are not
    // accepted, and nothing else may be missing, such as text after polars' separator.
    let carriage_returns = || piece.iter().filter(|&&byte| byte == b'\r').count();
    (unread == 0 || unread == carriage_returns()).then_some(labels)
}

fn parse(piece: &[u8]) -> PolarsResult<DataFrame> {
    let line = Field::new("line".into(), DataType::String);
    let parse = CsvParseOptions::default().with_quote_char(None).with_separator(NO_SEPARATOR);
    CsvReadOptions::default()
        .with_has_header(false)
        .with_schema(Some(Arc::new(Schema::from_iter([line]))))
        .with_infer_schema_length(Some(0))
        // Pieces are already read in parallel.
        .with_n_threads(Some(1))
        .with_parse_options(parse)
        .into_reader_with_file_handle(Cursor::new(piece))
        .finish()
}

/// Writes the pixels of a line into `pixels` and returns its label, empty in a file without labels.
fn plain_line<'a>(line: &'a str, layout: &Layout, pixels: &mut [u8]) -> Option<&'a str> {
    let Some(label) = layout.label_column() else {
        let (last, before) = pixels.split_last_mut()?;
        *last = number(line.as_bytes().get(read_cells(line.as_bytes(), before)?..)?)?;
        return Some("");
    };
    let (before, after) = pixels.split_at_mut(label);
    let rest = line.get(read_cells(line.as_bytes(), before)?..)?;
    let label = match after.split_last_mut() {
        None => rest,
        Some((last, after)) => {
            let (label, rest) = rest.split_once(',')?;
            let rest = rest.as_bytes();
            *last = number(rest.get(read_cells(rest, after)?..)?)?;
            label
        }
    };
    let odd = |mark: char| mark == ',' || mark == '"' || mark.is_control();
    let trimmed = label.trim();
    (!trimmed.is_empty() && !label.contains(odd)).then_some(trimmed)
}

/// Reads cells that are followed by a comma, and returns their length in bytes.
///
/// The last comma may be past the end of the text.
fn read_cells(text: &[u8], pixels: &mut [u8]) -> Option<usize> {
    const DIGITS: u32 = u32::from_le_bytes([b'0'; 4]);
    let mut at = 0;
    let mut odd = 0;
    for pixel in pixels {
        let rest = text.get(at..)?;
        let word = u32::from_le_bytes(match rest.first_chunk() {
            Some(word) => *word,
            None => padded(rest),
        });
        // Commas become 0, and the subtraction sets their highest bit.
        let others = word ^ u32::from_le_bytes([b','; 4]);
        let commas = others.wrapping_sub(0x0101_0101) & !others & 0x8080_8080;
        let digits = commas.trailing_zeros() / 8;
        if !(1..=3).contains(&digits) {
            return None;
        }
        // Shift the digits to the end of the word, padding with zeros.
        let cell = (word ^ DIGITS) << (8 * (4 - digits));
        let [_, hundreds, tens, ones] = cell.to_le_bytes().map(u32::from);
        let value = 100 * hundreds + 10 * tens + ones;
        // Bytes that are not digits are now above 9.
        odd |= (cell | cell.wrapping_add(0x7676_7676)) & 0x8080_8080;
        odd |= u32::from(value > 255);
        *pixel = value as u8;
        at += digits as usize + 1;
    }
    (odd == 0).then_some(at)
}

/// The first bytes of a word, padded with commas.
fn padded(bytes: &[u8]) -> [u8; 4] {
    std::array::from_fn(|index| bytes.get(index).copied().unwrap_or(b','))
}

/// Parses a whole text as a pixel value.
fn number(text: &[u8]) -> Option<u8> {
    let mut pixel = [0];
    (read_cells(text, &mut pixel)? == text.len() + 1).then_some(pixel[0])
}

/// Concatenates the labels of all pieces.
fn joined(pieces: Vec<Labels>) -> Option<(Vec<String>, Vec<u32>)> {
    let mut known: HashMap<String, u32> = HashMap::new();
    let mut all = Labels::default();
    for piece in pieces {
        let mut indices = Vec::with_capacity(piece.distinct.len());
        for label in piece.distinct {
            let next = u32::try_from(all.distinct.len()).ok()?;
            indices.push(*known.entry(label).or_insert_with_key(|label| {
                all.distinct.push(label.clone());
                next
            }));
        }
        all.rows.extend(piece.rows.into_iter().map(|row| indices[row as usize]));
    }
    Some((all.distinct, all.rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_too_short_for_the_header_allocate_no_memory() {
        assert!(can_hold("1,2\n3,4".len(), 2, 4) && can_hold("1,2\n3,4\n".len(), 2, 4));
        assert!(!can_hold("1,2\n3".len(), 2, 4));
        assert!(!can_hold(200_000_000, 100_000_000, 1570));
        assert!(!can_hold(usize::MAX - 1, usize::MAX / 2, 1570));
    }
}
