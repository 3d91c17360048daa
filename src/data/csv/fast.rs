//! The fast pass: polars parses straight into `u8`, then the columns are turned into rows.
//!
//! It answers only where it is certain to agree with the exact pass, and never says what is wrong
//! with a file. Quotes are left to the exact pass, so here each line is a row: a short row and a
//! blank line show as nulls, a long row is refused by polars, and the few things that polars lets
//! through are looked for here (a carriage return inside a line, a comma after the last cell).

use std::collections::HashMap;
use std::io::Cursor;
use std::sync::Arc;

use polars::prelude::{
    CsvParseOptions, CsvReadOptions, DataFrame, DataType, Field, PolarsResult, Schema, SerReader,
};
use rayon::prelude::*;

use super::Rows;
use super::layout::Layout;

/// Rows that are turned at a time; with 784 columns such a block of the result fills 50 kB.
const BLOCK: usize = 64;

/// Rows and columns of the tiles that are turned in registers.
const TILE: usize = 8;

/// The rows of a faultless file; `None` where only the exact pass can tell.
pub(super) fn read(text: &[u8], layout: &Layout) -> Option<Rows> {
    let body = without_final_line_ends(&text[layout.body..]);
    if body.ends_with(b",") {
        return None;
    }
    let (odd, frame) = rayon::join(|| has_lone_carriage_return(body), || parse(body, layout));
    let frame = frame.ok().filter(|_| !odd)?;
    if frame.columns().iter().any(|column| column.null_count() > 0) {
        return None;
    }
    let (distinct, rows) = labels(&frame, layout)?;
    let pixels = rows_of_pixels(&frame, layout)?;
    Some(Rows { pixels, distinct, rows, starts: Vec::new() })
}

fn without_final_line_ends(body: &[u8]) -> &[u8] {
    let ends = body.iter().rev().take_while(|&&byte| byte == b'\n' || byte == b'\r').count();
    &body[..body.len() - ends]
}

fn has_lone_carriage_return(body: &[u8]) -> bool {
    // `contains` alone is several times faster, and most files have no carriage return at all.
    body.contains(&b'\r') && body.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n')
}

fn parse(body: &[u8], layout: &Layout) -> PolarsResult<DataFrame> {
    let kind = |column| if column == layout.label { DataType::String } else { DataType::UInt8 };
    let field = |column: usize| Field::new(column.to_string().into(), kind(column));
    let schema: Schema = (0..layout.columns).map(field).collect();
    CsvReadOptions::default()
        .with_has_header(false)
        .with_schema(Some(Arc::new(schema)))
        .with_parse_options(CsvParseOptions::default().with_quote_char(None))
        .into_reader_with_file_handle(Cursor::new(body))
        .finish()
}

/// Distinct labels in the order in which they appear, and the label of each row.
fn labels(frame: &DataFrame, layout: &Layout) -> Option<(Vec<String>, Vec<u32>)> {
    let column = frame.columns()[layout.label].as_materialized_series().str().ok()?;
    let mut distinct: Vec<String> = Vec::new();
    let mut known: HashMap<&str, u32> = HashMap::new();
    let mut rows = Vec::with_capacity(frame.height());
    for label in column.iter() {
        let label = label?.trim();
        let index = match known.get(label) {
            Some(&index) => index,
            None => {
                if label.is_empty() || label.contains(|c: char| c == '"' || c.is_control()) {
                    return None;
                }
                let index = u32::try_from(distinct.len()).ok()?;
                distinct.push(label.to_owned());
                known.insert(label, index);
                index
            }
        };
        rows.push(index);
    }
    Some((distinct, rows))
}

/// Pixels row by row, `[N, side * side]`.
fn rows_of_pixels(frame: &DataFrame, layout: &Layout) -> Option<Vec<u8>> {
    let pixels = layout.columns - 1;
    let mut columns: Vec<Vec<&[u8]>> = Vec::with_capacity(pixels);
    for (index, column) in frame.columns().iter().enumerate() {
        if index != layout.label {
            let chunks = column.as_materialized_series().u8().ok()?.downcast_iter();
            columns.push(chunks.map(|chunk| chunk.values().as_slice()).collect());
        }
    }
    let mut result = vec![0; frame.height() * pixels];
    let mut rest = result.as_mut_slice();
    let mut parts = Vec::new();
    for (chunk, values) in columns[0].iter().enumerate() {
        let (part, after) = rest.split_at_mut(values.len() * pixels);
        rest = after;
        parts.push((chunk, part));
    }
    // Every column was cut where the lines were, so chunks of one number hold the same rows.
    parts.into_par_iter().for_each(|(chunk, part)| {
        for (block, rows) in part.chunks_mut(BLOCK * pixels).enumerate() {
            turn(&columns, chunk, block * BLOCK, rows);
        }
    });
    Some(result)
}

/// Writes one block of rows, from the row `from` on of a chunk.
fn turn(columns: &[Vec<&[u8]>], chunk: usize, from: usize, rows: &mut [u8]) {
    let width = columns.len();
    let height = rows.len() / width;
    let tiles = (height - height % TILE, width - width % TILE);
    for (place, column) in columns.iter().enumerate() {
        let values = &column[chunk][from..from + height];
        // What the tiles leave: the last rows, and all rows of the last columns.
        let done = if place < tiles.1 { tiles.0 } else { 0 };
        for (row, &value) in values.iter().enumerate().skip(done) {
            rows[row * width + place] = value;
        }
    }
    for (place, group) in columns.chunks_exact(TILE).enumerate() {
        let group: &[Vec<&[u8]>; TILE] = group.try_into().expect("chunks of that size");
        let values = group.each_ref().map(|column| &column[chunk][from..from + height]);
        for row in (0..tiles.0).step_by(TILE) {
            let tile = values.map(|column| word(&column[row..row + TILE]));
            for (offset, line) in turned(tile).into_iter().enumerate() {
                let start = (row + offset) * width + place * TILE;
                rows[start..start + TILE].copy_from_slice(&line.to_le_bytes());
            }
        }
    }
}

fn word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("a tile is as wide as a word"))
}

/// Transposes 8 × 8 bytes, a word a row: halves, then quarters, then single bytes change places.
fn turned(mut tile: [u64; TILE]) -> [u64; TILE] {
    let steps =
        [(4, 0x0000_0000_ffff_ffff), (2, 0x0000_ffff_0000_ffff), (1, 0x00ff_00ff_00ff_00ff)];
    for (step, low) in steps {
        let bits = 8 * step;
        for upper in (0..TILE).filter(|row| row & step == 0) {
            let (a, b) = (tile[upper], tile[upper + step]);
            tile[upper] = (a & low) | ((b & low) << bits);
            tile[upper + step] = ((a >> bits) & low) | (b & !low);
        }
    }
    tile
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_tile_has_rows_for_columns() {
        let tile = std::array::from_fn(|row| {
            u64::from_le_bytes(std::array::from_fn(|column| (row * 16 + column) as u8))
        });
        for (row, line) in turned(tile).into_iter().enumerate() {
            let expected = std::array::from_fn(|column| (column * 16 + row) as u8);
            assert_eq!(line.to_le_bytes(), expected);
        }
    }
}
