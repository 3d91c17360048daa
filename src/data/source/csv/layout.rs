//! The layout of a CSV of images: separator, roles of the columns, size of the images.

use crate::data::{Channels, ImageShape, Reading};

/// The label cells of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LabelCells {
    /// No label.
    None,
    /// This column.
    Column(usize),
    /// One-hot: a 1 in one of these columns, 0 in all others.
    OneHot {
        /// The columns.
        columns: Vec<usize>,
        /// The label of each column.
        labels: Vec<String>,
    },
}

/// The pixel cells of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PixelCells {
    /// These columns, in image order.
    Columns(Vec<usize>),
    /// All in one column, separated by spaces or commas.
    List(usize),
}

/// The layout of a CSV of images.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    /// The separator of cells.
    pub separator: u8,
    /// Whether commas in numbers are decimal commas, because some of them can be nothing else.
    pub decimal_commas: bool,
    /// Number of cells in a row.
    pub columns: usize,
    /// Names of the columns if there is a header, `[columns]`.
    pub names: Option<Vec<String>>,
    /// The label cells.
    pub label: LabelCells,
    /// The pixel cells.
    pub pixels: PixelCells,
    /// The channels of a pixel in the file.
    pub channels: Channels,
    /// The shape of an image once it is grey.
    pub shape: ImageShape,
    /// Byte offset of the first data row.
    pub body: usize,
    /// Line number of the first data row, from 1.
    pub first_line: u64,
    /// The interpretation, for the user.
    pub reading: Reading,
}

impl Layout {
    /// Number of values of an image in a row, with all channels.
    pub fn values(&self) -> usize {
        self.channels.count() * self.shape.pixels()
    }

    /// Minimum number of bytes of a line, including its end.
    pub fn least_bytes(&self) -> usize {
        let between = match self.pixels {
            PixelCells::Columns(_) => 0,
            PixelCells::List(_) => self.values() - 1,
        };
        self.columns + self.values() + between
    }

    /// The label column if there is exactly one.
    pub fn label_column(&self) -> Option<usize> {
        match self.label {
            LabelCells::Column(column) => Some(column),
            _ => None,
        }
    }

    /// Whether there are labels.
    pub fn is_labelled(&self) -> bool {
        self.label != LabelCells::None
    }

    /// Whether lines are comma-separated, with at most one label column and all other columns being
    /// the pixels of a grey image in order.
    pub fn is_plain(&self) -> bool {
        let PixelCells::Columns(pixels) = &self.pixels else { return false };
        let label = self.label_column();
        let others = (0..self.columns).filter(|column| Some(*column) != label);
        self.separator == b','
            && self.channels == Channels::Grey
            && !matches!(self.label, LabelCells::OneHot { .. })
            && others.eq(pixels.iter().copied())
    }

    /// The name of the label column in messages.
    pub fn label_name(&self) -> String {
        self.reading.label.as_ref().map_or("label".to_owned(), |label| label.column.clone())
    }

    /// The name of a column (from 0) in messages: its name in the header, or its number from 1.
    pub fn column_name(&self, column: usize) -> String {
        named(self.names.as_deref(), column)
    }
}

/// The name of a column (from 0) in messages.
pub(super) fn named(names: Option<&[String]>, column: usize) -> String {
    match names.and_then(|names| names.get(column)) {
        Some(name) if !name.is_empty() => name.clone(),
        _ => (column + 1).to_string(),
    }
}
