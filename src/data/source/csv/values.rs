//! Reports values from which the scale cannot be determined.

use std::path::Path;

use super::super::kind::Report;
use super::layout::{Layout, PixelCells};
use super::rows::Rows;
use crate::data::{Pixels, ReadOptions, Scale};
use crate::error::Fault;

/// Largest value of images of 8 bits.
const LARGEST_BYTE: f32 = 255.0;

/// In a file of 16-bit images, at least one image in this many has a value above 255.
const FEW: usize = 2;

/// Reports values that fit no scale, with line and column of the first: negative ones, too large
/// ones, and ones above 255 in a few images while all others are in 0..255. Returns whether there
/// is a scale.
pub(super) fn report_odd_values(
    file: &Path,
    text: &[u8],
    layout: &Layout,
    found: &Rows,
    options: &ReadOptions,
    report: Report,
) -> bool {
    let Pixels::Floats(values) = &found.pixels else { return true };
    if options.scale != Scale::Auto || options.like.is_some() || layout.values() == 0 {
        return true;
    }
    let at_value = |at: usize, fault: Fault| {
        let line = found.line(text, layout, at / layout.values());
        let column = column(layout, at % layout.values());
        fault.line(line).column(column).value(values[at].to_string())
    };
    let first = |is_odd: &dyn Fn(f32) -> bool| values.iter().position(|&value| is_odd(value));
    let range = found.pixels.range().unwrap_or_default();
    if let Err((_, remedy)) = options.scale.divisor(&found.pixels) {
        let odd = if range.0 < 0.0 { first(&|v| v < 0.0) } else { first(&|v| v == range.1) };
        let problem =
            format!("is outside all known ranges: values are from {} to {}", range.0, range.1);
        let fault = Fault::new(file, problem).remedy(remedy);
        report(at_value(odd.unwrap_or(0), fault));
        return false;
    }
    let images = values.chunks_exact(layout.values());
    let large = images.filter(|image| image.iter().any(|&value| value > LARGEST_BYTE)).count();
    if range.1 > LARGEST_BYTE && found.pixels.are_whole() && large * FEW < found.rows.len() {
        let problem = format!(
            "is outside 0..255, as are values of {large} image{}, unlike all others",
            if large == 1 { "" } else { "s" },
        );
        let remedy = "fix them, or set the divisor of all values with --scale, such as 65535";
        let fault = Fault::new(file, problem).remedy(remedy);
        report(at_value(first(&|value| value > LARGEST_BYTE).unwrap_or(0), fault));
    }
    true
}

/// The column name of an image value.
fn column(layout: &Layout, position: usize) -> String {
    match &layout.pixels {
        PixelCells::Columns(columns) => layout.column_name(columns[position]),
        PixelCells::List(column) => layout.column_name(*column),
    }
}
