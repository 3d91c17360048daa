//! The columns of a CSV or Parquet file.

use std::path::PathBuf;

use crate::words::first_few;

/// The columns of a CSV or Parquet file, all of one length.
pub struct Table {
    /// The file.
    pub file: PathBuf,
    /// The columns.
    pub columns: Vec<Column>,
    /// Number of rows.
    pub rows: usize,
    /// The line of each row; empty for Parquet.
    pub lines: Vec<u64>,
    /// Whether the file names the columns.
    pub named: bool,
    /// What was decided while reading, for the message to the user.
    pub remarks: Vec<String>,
}

/// A column.
pub struct Column {
    /// Its name; if the file has none, its number from 1.
    pub name: String,
    /// Its values.
    pub cells: Cells,
}

/// Values of a column, one per row.
pub enum Cells {
    /// Integers.
    Whole(Vec<i64>),
    /// Numbers; whether all are exact in f32.
    Real(Vec<f64>, bool),
    /// Booleans.
    Truth(Vec<bool>),
    /// Text, some of which may be numbers.
    Text(Vec<String>),
    /// Lists of one length: the length, all values, and whether all are exact in f32.
    Lists(usize, Vec<f64>, bool),
    /// Numbers, or lists of numbers, with a fault: which.
    Faulty(String),
    /// Values that cannot be used: why not.
    Unusable(String),
}

impl Cells {
    /// The kind of the values, or what is wrong with them.
    pub fn describe(&self) -> &str {
        match self {
            Cells::Whole(_) => "integers",
            Cells::Real(..) => "numbers",
            Cells::Truth(_) => "booleans",
            Cells::Text(_) => "text",
            Cells::Lists(..) => "lists",
            Cells::Faulty(why) | Cells::Unusable(why) => why,
        }
    }

    /// Whether the values may be a dimension of embeddings.
    pub fn is_number(&self) -> bool {
        matches!(self, Cells::Whole(_) | Cells::Real(..))
    }

    pub fn number(&self, row: usize) -> f64 {
        match self {
            Cells::Whole(values) => values[row] as f64,
            Cells::Real(values, _) => values[row],
            _ => f64::NAN,
        }
    }

    pub fn is_single(&self) -> bool {
        matches!(self, Cells::Whole(_) | Cells::Real(_, true) | Cells::Lists(_, _, true))
    }
}

/// The name, or a placeholder if it is empty.
pub fn shown(name: &str) -> String {
    if name.trim().is_empty() { "(no name)".to_owned() } else { name.to_owned() }
}

/// The first few of many names: `a, b, c and 7 more`.
pub fn listed(names: &[String]) -> String {
    first_few(names, 8)
}
