//! Scales pictures by a bilinear filter with the arithmetic of Pillow's `Image.resize`, to the bit.
//!
//! One direction after the other: what the first yields is rounded to bytes. Sums have [`PRECISION`]
//! bits after the point.

use std::ops::Range;

use super::pixels::Header;

/// Bits of a weight after the point.
const PRECISION: u32 = 22;

/// One half.
const HALF: i32 = 1 << (PRECISION - 1);

/// The inputs of one output along an axis: their first, and their weights.
pub(super) struct Weights {
    first: usize,
    weights: Vec<i32>,
}

impl Weights {
    /// After the last input.
    fn end(&self) -> usize {
        self.first + self.weights.len()
    }
}

/// The weights of those outputs in `kept` of an axis that is scaled from `from` values to `to`.
pub(super) fn weights(from: usize, to: usize, kept: Range<usize>) -> Vec<Weights> {
    let scale = from as f64 / to as f64;
    // How far the filter reaches: a pixel when enlarging, as far as an output pixel otherwise.
    let reach = scale.max(1.0);
    let of = |output: usize| {
        let centre = (output as f64 + 0.5) * scale;
        // A conversion rounds towards zero, and from below zero to it.
        let first = (centre - reach + 0.5) as usize;
        let end = ((centre + reach + 0.5) as usize).min(from);
        let shares = (first..end).map(|input| {
            let distance = (input as f64 - centre + 0.5) * (1.0 / reach);
            (1.0 - distance.abs()).max(0.0)
        });
        let shares: Vec<f64> = shares.collect();
        let sum: f64 = shares.iter().sum();
        let unit = f64::from(1 << PRECISION);
        let weights = shares.iter().map(|share| (0.5 + share / sum * unit) as i32).collect();
        Weights { first, weights }
    };
    kept.map(of).collect()
}

/// Whether Pillow 13 scales columns before rows, from the sizes before and after: if the height shrinks,
/// and by more than twice as many pixels as the width. Earlier versions never do; a value may differ by 1.
pub(super) fn columns_first(from: Header, to: Header) -> bool {
    from.height > to.height && from.height + 2 * to.width > to.height + 2 * from.width
}

/// Scales rows of `width` pixels with `C` interleaved values each, then their columns.
///
/// Needs memory for the result alone: each row is added to the sums of the outputs that use it.
pub(super) fn rows_then_columns<const C: usize>(
    pixels: &[u8],
    width: usize,
    rows: &[Weights],
    columns: &[Weights],
) -> Vec<u8> {
    let (pixels, _) = pixels.as_chunks::<C>();
    let values = columns.len() * C;
    let mut sums = vec![HALF; rows.len() * values];
    let mut line = Vec::with_capacity(values);
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Vec::new() };
    let mut done = 0;
    for y in first.first..last.end() {
        line.clear();
        line.extend(scaled_row(&pixels[y * width..(y + 1) * width], columns));
        done += rows[done..].iter().take_while(|row| row.end() <= y).count();
        let using = rows[done..].iter().take_while(|row| row.first <= y);
        for (row, sums) in using.zip(sums[done * values..].chunks_exact_mut(values)) {
            let weight = row.weights[y - row.first];
            sums.iter_mut().zip(&line).for_each(|(sum, value)| *sum += weight * i32::from(*value));
        }
    }
    sums.into_iter().map(byte).collect()
}

/// Scales columns, then rows of `width` pixels with `C` interleaved values each.
pub(super) fn columns_then_rows<const C: usize>(
    pixels: &[u8],
    width: usize,
    rows: &[Weights],
    columns: &[Weights],
) -> Vec<u8> {
    let mut scaled = Vec::with_capacity(rows.len() * columns.len() * C);
    let mut sums = vec![HALF; width * C];
    for row in rows {
        sums.fill(HALF);
        let lines = pixels.chunks_exact(width * C).skip(row.first);
        for (line, weight) in lines.zip(&row.weights) {
            sums.iter_mut().zip(line).for_each(|(sum, value)| *sum += weight * i32::from(*value));
        }
        let line: Vec<u8> = sums.iter().map(|sum| byte(*sum)).collect();
        scaled.extend(scaled_row(line.as_chunks::<C>().0, columns));
    }
    scaled
}

/// The values of a scaled row.
fn scaled_row<const C: usize>(row: &[[u8; C]], columns: &[Weights]) -> impl Iterator<Item = u8> {
    columns.iter().flat_map(|column| {
        let mut sums = [HALF; C];
        for (pixel, weight) in row[column.first..].iter().zip(&column.weights) {
            for (sum, value) in sums.iter_mut().zip(pixel) {
                *sum += weight * i32::from(*value);
            }
        }
        sums.map(byte)
    })
}

fn byte(sum: i32) -> u8 {
    (sum >> PRECISION).clamp(0, 255) as u8
}
