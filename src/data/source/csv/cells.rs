//! Parses a line cell by cell, for the fast pass over files that are not plain.

use super::layout::{LabelCells, Layout, PixelCells};
use super::numbers::{LONGEST, decimal, list, may_be_thousands, number};
use crate::data::labels::is_missing;

/// The type in which pixel values are stored.
pub(super) trait Value: Copy + Default + Send {
    /// The value, if the type can hold it.
    fn of(value: f64) -> Option<Self>;
}

impl Value for u8 {
    fn of(value: f64) -> Option<u8> {
        let byte = value as u8;
        (f64::from(byte) == value).then_some(byte)
    }
}

impl Value for f32 {
    fn of(value: f64) -> Option<f32> {
        Some(value as f32).filter(|value| value.is_finite())
    }
}

/// The role of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The label.
    Label,
    /// The pixel value at this position of the image.
    Pixel(usize),
    /// The one-hot column of this class.
    Hot(usize),
    /// All pixel values of the image.
    List,
    /// Ignored.
    Ignored,
}

/// Parses the values of an image from a line.
pub(super) trait ReadLine<T>: Sync {
    /// Writes the values of a line into `values` and returns its label, empty in a file without
    /// labels; `None` if the exact pass has to read the line.
    fn read<'a>(&'a self, line: &'a str, values: &mut [T]) -> Option<&'a str>;
}

/// The role of each column, for lines without quotes.
pub(super) struct Roles<'a> {
    columns: Vec<Role>,
    layout: &'a Layout,
}

/// The role of each column of a layout, `[columns]`.
pub(super) fn roles(layout: &Layout) -> Vec<Role> {
    let mut roles = vec![Role::Ignored; layout.columns];
    match &layout.pixels {
        PixelCells::Columns(columns) => {
            for (position, &column) in columns.iter().enumerate() {
                roles[column] = Role::Pixel(position);
            }
        }
        PixelCells::List(column) => roles[*column] = Role::List,
    }
    match &layout.label {
        LabelCells::None => {}
        LabelCells::Column(column) => roles[*column] = Role::Label,
        LabelCells::OneHot { columns, .. } => {
            for (class, &column) in columns.iter().enumerate() {
                roles[column] = Role::Hot(class);
            }
        }
    }
    roles
}

impl<T: Value> ReadLine<T> for Roles<'_> {
    fn read<'a>(&'a self, line: &'a str, values: &mut [T]) -> Option<&'a str> {
        if line.contains('\r') {
            return None;
        }
        let mut label = None;
        let mut at = 0;
        for role in &self.columns {
            if let Role::Pixel(position) = role {
                let (value, next) = self.value_at(line, at)?;
                values[*position] = value;
                at = next;
                continue;
            }
            let cell = self.cell_at(line, at)?;
            at += cell.len() + 1;
            match role {
                Role::Pixel(_) => {}
                Role::Ignored if cell.bytes().any(|byte| byte.is_ascii_control()) => return None,
                Role::Ignored => {}
                Role::List => read_list(cell, values)?,
                Role::Hot(class) => match cell.trim() {
                    "0" | "0.0" => {}
                    "1" | "1.0" if label.is_none() => label = Some(self.hot(*class)),
                    _ => return None,
                },
                Role::Label => label = Some(valid_label(cell)?),
            }
        }
        let has_label = label.is_some() || !self.layout.is_labelled();
        // No separator follows the last cell.
        (has_label && at == line.len() + 1).then_some(label.unwrap_or_default())
    }
}

/// A label that the exact pass would accept unchanged.
fn valid_label(cell: &str) -> Option<&str> {
    let label = cell.trim();
    let is_odd = cell.contains(|mark: char| mark.is_control());
    (!is_odd && !label.is_empty() && !is_missing(label)).then_some(label)
}

impl<'a> Roles<'a> {
    /// The roles of the columns of a layout.
    pub fn of(layout: &'a Layout) -> Roles<'a> {
        Roles { columns: roles(layout), layout }
    }

    fn hot(&self, class: usize) -> &str {
        match &self.layout.label {
            LabelCells::OneHot { labels, .. } => &labels[class],
            _ => "",
        }
    }

    /// The cell that starts at a byte.
    fn cell_at<'l>(&self, line: &'l str, at: usize) -> Option<&'l str> {
        let rest = line.get(at..)?;
        let end = rest.bytes().position(|byte| byte == self.layout.separator);
        Some(&rest[..end.unwrap_or(rest.len())])
    }

    /// The value that starts at a byte, and the start of the next cell.
    ///
    /// Digits with at most one point, which nearly all cells are, are parsed in one pass.
    fn value_at<T: Value>(&self, line: &str, at: usize) -> Option<(T, usize)> {
        let bytes = line.as_bytes();
        let mut digits: u64 = 0;
        let mut point = None;
        let mut end = at;
        let is_plain = loop {
            match bytes.get(end) {
                Some(byte @ b'0'..=b'9') => {
                    digits = digits.wrapping_mul(10).wrapping_add(u64::from(byte - b'0'));
                }
                Some(b'.') if point.is_none() => point = Some(end),
                Some(byte) if *byte != self.layout.separator => break false,
                _ => break true,
            }
            end += 1;
        };
        let count = end - at - usize::from(point.is_some());
        let after = point.map_or(0, |point| end - point - 1);
        let is_short = is_plain && (1..=LONGEST).contains(&count);
        match decimal(digits, after).filter(|_| is_short) {
            Some(value) => Some((T::of(value)?, end + 1)),
            None => {
                let cell = self.cell_at(line, at)?;
                Some((self.value(cell)?, at + cell.len() + 1))
            }
        }
    }

    fn value<T: Value>(&self, cell: &str) -> Option<T> {
        let cell = cell.trim_ascii();
        let is_doubtful =
            cell.contains(',') && !self.layout.decimal_commas && may_be_thousands(cell);
        number(cell).filter(|_| !is_doubtful).and_then(T::of)
    }
}

fn read_list<T: Value>(cell: &str, values: &mut [T]) -> Option<()> {
    let mut parts = list(cell)?;
    for value in values {
        *value = number(parts.next()?).and_then(T::of)?;
    }
    parts.next().is_none().then_some(())
}
