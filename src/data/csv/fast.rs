//! The fast pass: polars reads the lines, and each line is parsed straight into a row of values.
//!
//! It answers only where it is certain to agree with the exact pass, and never says what is wrong
//! with a file. Quotes are left to the exact pass, so here each line is a row. Plain files, whose
//! pixels are one to three digits and nothing else, have a parser of their own; all others have
//! their cells looked at one by one, as bytes if they are such, else as floats.
//!
//! To polars a line is one cell of text. To parse 47 million cells into columns took it most of the
//! time of a load, and the columns were then to be turned into rows.

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;

use polars::prelude::{
    CsvParseOptions, CsvReadOptions, DataFrame, DataType, Field, PolarsResult, Schema, SerReader,
};
use rayon::prelude::*;

use super::Rows;
use super::cells::{ReadLine, Roles, Value};
use super::layout::{Layout, PixelCells};
use super::numbers::{list, number as number_of};
use crate::data::Pixels;
use crate::data::labels::is_missing;

/// Bytes that one thread reads at a time: few enough to stay in its cache.
const PIECE: usize = 1 << 20;

/// What polars is told to separate cells by; a line with it in it is left to the exact pass.
const NO_SEPARATOR: u8 = 0x1f;

/// The rows of a faultless file; `None` where only the exact pass can tell.
pub(super) fn read(text: &[u8], layout: &Layout) -> Option<Rows> {
    rows(text, layout).filter(|rows| !may_repeat_header(rows, layout))
}

/// Whether the values of a row are the names of the pixel columns, as where files with numbered
/// columns were put together with their headers.
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
            let is_it =
                |image: &[u8]| image.iter().map(|&v| f32::from(v)).eq(header.iter().copied());
            values.chunks_exact(header.len()).any(is_it)
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
    // A quote may hide a separator or a line end.
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

/// Lines of one label and pixels that are digits alone, all separated by commas.
struct Plain<'a>(&'a Layout);

impl ReadLine<u8> for Plain<'_> {
    fn read<'a>(&'a self, line: &'a str, values: &mut [u8]) -> Option<&'a str> {
        plain_line(line, self.0, values)
    }
}

/// Values of all rows, distinct labels, and the index of each row's label among them.
type Read<T> = (Vec<T>, Vec<String>, Vec<u32>);

/// A text cut where lines end, and the number of lines in each piece.
struct Pieces<'a> {
    pieces: Vec<&'a [u8]>,
    counts: Vec<usize>,
}

/// Reads every line, all pieces of the text side by side.
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

/// Whether so many lines of at least so many bytes, with the line end, fit into a text. Where they do
/// not, lines are missing cells, and room for all of them could be more than there is.
fn can_hold(bytes: usize, lines: usize, least: usize) -> bool {
    lines.checked_mul(least).is_some_and(|least| least <= bytes + 1)
}

fn without_final_line_ends(body: &[u8]) -> &[u8] {
    let ends = body.iter().rev().take_while(|&&byte| byte == b'\n' || byte == b'\r').count();
    &body[..body.len() - ends]
}

/// Cuts a text after about every [`PIECE`] bytes, where a line ends; that end is left out.
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

/// Lines in a piece, of which the last has no end.
fn lines_in(piece: &[u8]) -> usize {
    // As many bytes at a time as a `u8` can count, which the processor does 16 and more at once.
    let ends = |bytes: &[u8]| bytes.iter().map(|&byte| u8::from(byte == b'\n')).sum::<u8>();
    1 + piece.chunks(255).map(|bytes| usize::from(ends(bytes))).sum::<usize>()
}

/// Labels of some rows.
#[derive(Default)]
struct Labels {
    /// In the order in which they appear.
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
    let mut left_out = piece.len() + 1;
    for (line, pixels) in lines.iter().zip(pixels.chunks_exact_mut(width)) {
        let line = line?;
        left_out = left_out.checked_sub(line.len() + 1)?;
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
    // Only a carriage return before the end of a line is no part of it. No row was read with one
    // in it, so all were left out; and nothing else was, as a cell behind polars' separator.
    let carriage_returns = || piece.iter().filter(|&&byte| byte == b'\r').count();
    (left_out == 0 || left_out == carriage_returns()).then_some(labels)
}

fn parse(piece: &[u8]) -> PolarsResult<DataFrame> {
    let line = Field::new("line".into(), DataType::String);
    let parse = CsvParseOptions::default().with_quote_char(None).with_separator(NO_SEPARATOR);
    CsvReadOptions::default()
        .with_has_header(false)
        .with_schema(Some(Arc::new(Schema::from_iter([line]))))
        .with_infer_schema_length(Some(0))
        // The pieces are what is read side by side.
        .with_n_threads(Some(1))
        .with_parse_options(parse)
        .into_reader_with_file_handle(Cursor::new(piece))
        .finish()
}

/// The label of a line, empty in a file without labels, its pixels written into `pixels`.
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

/// Reads cells that a comma follows, and returns how many bytes they take.
///
/// The comma after the last of them may lie behind the end of the text.
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
        // A byte that is a comma becomes 0, and the subtraction then sets its highest bit.
        let others = word ^ u32::from_le_bytes([b','; 4]);
        let commas = others.wrapping_sub(0x0101_0101) & !others & 0x8080_8080;
        let digits = commas.trailing_zeros() / 8;
        if !(1..=3).contains(&digits) {
            return None;
        }
        // The digits move to the end of the word, so that zeros fill up what is missing before.
        let cell = (word ^ DIGITS) << (8 * (4 - digits));
        let [_, hundreds, tens, ones] = cell.to_le_bytes().map(u32::from);
        let value = 100 * hundreds + 10 * tens + ones;
        // A byte that is no digit is more than 9 by now.
        odd |= (cell | cell.wrapping_add(0x7676_7676)) & 0x8080_8080;
        odd |= u32::from(value > 255);
        *pixel = value as u8;
        at += digits as usize + 1;
    }
    (odd == 0).then_some(at)
}

/// The first bytes of a word, commas for what is missing.
fn padded(bytes: &[u8]) -> [u8; 4] {
    std::array::from_fn(|place| bytes.get(place).copied().unwrap_or(b','))
}

/// A pixel value from all of a text.
fn number(text: &[u8]) -> Option<u8> {
    let mut pixel = [0];
    (read_cells(text, &mut pixel)? == text.len() + 1).then_some(pixel[0])
}

/// The labels of all pieces, one after the other.
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
    fn lines_too_short_for_the_header_get_no_room() {
        assert!(can_hold("1,2\n3,4".len(), 2, 4) && can_hold("1,2\n3,4\n".len(), 2, 4));
        assert!(!can_hold("1,2\n3".len(), 2, 4));
        assert!(!can_hold(200_000_000, 100_000_000, 1570));
        assert!(!can_hold(usize::MAX - 1, usize::MAX / 2, 1570));
    }
}
