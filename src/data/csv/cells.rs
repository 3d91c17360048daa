//! A line's cells one by one, for the fast pass over files that are not plain.

use super::layout::{LabelCells, Layout, PixelCells};
use super::numbers::{list, may_be_thousands, number};
use crate::data::labels::is_missing;

/// What pixel values are kept as.
pub(super) trait Value: Copy + Default + Send {
    /// The value, if it can be kept so.
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

/// What a column is to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The label.
    Label,
    /// The value at this position of the image.
    Pixel(usize),
    /// The one-hot column of this class.
    Hot(usize),
    /// All values of the image.
    List,
    /// Neither.
    Nothing,
}

/// Parses the values of an image from a line.
pub(super) trait ReadLine<T>: Sync {
    /// The label of a line, empty in a file without labels, its values written into `values`; none
    /// where the exact pass has to look.
    fn read<'a>(&'a self, line: &'a str, values: &mut [T]) -> Option<&'a str>;
}

/// What each column is, for lines without quotes.
pub(super) struct Roles<'a> {
    columns: Vec<Role>,
    layout: &'a Layout,
}

/// What each column of a layout is, `[columns]`.
pub(super) fn roles(layout: &Layout) -> Vec<Role> {
    let mut roles = vec![Role::Nothing; layout.columns];
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
        let separator = char::from(self.layout.separator);
        let mut cells = line.split(separator);
        let mut label = None;
        for role in &self.columns {
            let cell = cells.next()?;
            match role {
                Role::Nothing if cell.bytes().any(|byte| byte.is_ascii_control()) => return None,
                Role::Nothing => {}
                Role::Pixel(position) => values[*position] = self.value(cell)?,
                Role::List => read_list(cell, values)?,
                Role::Hot(class) => match cell.trim() {
                    "0" | "0.0" => {}
                    "1" | "1.0" if label.is_none() => label = Some(self.hot(*class)),
                    _ => return None,
                },
                Role::Label => {
                    let odd = cell.contains(|mark: char| mark.is_control());
                    label = Some(cell.trim())
                        .filter(|text| !odd && !text.is_empty() && !is_missing(text));
                    label?;
                }
            }
        }
        let has_label = label.is_some() || !self.layout.is_labelled();
        (has_label && cells.next().is_none()).then_some(label.unwrap_or_default())
    }
}

impl<'a> Roles<'a> {
    /// What each column of a layout is.
    pub fn of(layout: &'a Layout) -> Roles<'a> {
        Roles { columns: roles(layout), layout }
    }

    fn hot(&self, class: usize) -> &str {
        match &self.layout.label {
            LabelCells::OneHot { labels, .. } => &labels[class],
            _ => "",
        }
    }

    fn value<T: Value>(&self, cell: &str) -> Option<T> {
        let cell = cell.trim_ascii();
        let is_doubtful =
            cell.contains(',') && self.layout.separator == b',' && may_be_thousands(cell);
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
