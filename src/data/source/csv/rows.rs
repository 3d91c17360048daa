//! The rows of a table.

use super::layout::Layout;
use super::lines::Lines;
use crate::data::Pixels;

/// The rows of a file before labels become classes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Rows {
    /// All channels of each image, `[N, values of an image]`.
    pub pixels: Pixels,
    /// Distinct labels in order of appearance, `[C]`.
    pub distinct: Vec<String>,
    /// Index into `distinct` of each row, `[N]`.
    pub rows: Vec<u32>,
    /// Byte offset of each row, `[N]`; empty if each line of the file is a row.
    pub starts: Vec<usize>,
}

impl Rows {
    /// Line of a row, from 1.
    pub fn line(&self, text: &[u8], layout: &Layout, row: usize) -> u64 {
        match self.starts.get(row) {
            Some(&start) => Lines::new(text).line_at(start),
            None => layout.first_line + row as u64,
        }
    }
}
