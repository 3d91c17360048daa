//! Columns of a table as a CSV or parquet file holds them.

use std::path::PathBuf;

use crate::words::first_few;

/// Columns of one length, of a CSV or a parquet file.
pub struct Table {
    /// The file.
    pub file: PathBuf,
    /// The columns.
    pub columns: Vec<Column>,
    /// Rows.
    pub rows: usize,
    /// The line of each row, where the file has lines.
    pub lines: Vec<u64>,
    /// Whether the columns have names of their own.
    pub named: bool,
    /// What had to be decided while it was read, for the line that says so.
    pub remarks: Vec<String>,
}

/// A column.
pub struct Column {
    /// Its name; where the file has none, its number from 1.
    pub name: String,
    /// Its values.
    pub cells: Cells,
}

/// Values of a column, one a row.
pub enum Cells {
    /// Whole numbers.
    Whole(Vec<i64>),
    /// Numbers; whether all are numbers of f32.
    Real(Vec<f64>, bool),
    /// Truth values.
    Truth(Vec<bool>),
    /// Text, some of which may be numbers.
    Text(Vec<String>),
    /// Equally many numbers in each row: how many, all of them; whether they are numbers of f32.
    Lists(usize, Vec<f64>, bool),
    /// Numbers, or lists of them, that are not whole: why not.
    Faulty(String),
    /// What cannot be used: why not.
    Unusable(String),
}

impl Cells {
    /// What the values are, in a word.
    pub fn told(&self) -> &str {
        match self {
            Cells::Whole(_) => "whole numbers",
            Cells::Real(..) => "numbers",
            Cells::Truth(_) => "truth values",
            Cells::Text(_) => "text",
            Cells::Lists(..) => "lists",
            Cells::Faulty(why) | Cells::Unusable(why) => why,
        }
    }

    /// Whether an embedding may have such a number.
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

/// A name that is never empty.
pub fn shown(name: &str) -> String {
    if name.trim().is_empty() { "(no name)".to_owned() } else { name.to_owned() }
}

/// The first few of many names: `a, b, c and 7 more`.
pub fn listed(names: &[String]) -> String {
    first_few(names, 8)
}
