//! A sample of a few hundred rows from all over a file, by which columns are classified.

use std::collections::{HashMap, HashSet};

use csv::ByteRecord;

use super::layout::PixelCells;
use super::numbers::{list, number};
use crate::data::labels::shortest_number;

/// Number of rows in the sample; smaller files are sampled completely.
const ROWS: usize = 500;

/// Fewer rows than this may increase by chance without being an index.
const FEWEST: usize = 4;

/// Number of histogram bins for comparing two columns.
const BINS: usize = 16;

/// A sample of rows from all over a file.
pub(super) struct Glimpse {
    rows: Vec<ByteRecord>,
    /// Whether these are all rows.
    pub whole: bool,
}

/// The content of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Only empty cells.
    Blank,
    /// At least half numbers.
    Numbers,
    /// A list of numbers in each cell, a whole image.
    Lists,
    /// Anything else.
    Text,
}

impl Glimpse {
    /// Samples rows of `text` from `body` on.
    pub fn new(text: &[u8], body: usize, separator: u8) -> Glimpse {
        let body = &text[body..];
        let mut reader = super::lines::reader(body, separator);
        let mut rows = Vec::new();
        let mut record = ByteRecord::new();
        while rows.len() < ROWS && reader.read_byte_record(&mut record).unwrap_or(false) {
            rows.push(record.clone());
        }
        let read = reader.position().byte() as usize;
        let whole = read >= body.len();
        if !whole {
            // From here on rows start after any line break, even one within quotes: such rows have
            // the wrong number of cells and are dropped later.
            rows.truncate(ROWS / 10);
            rows.extend((0..ROWS).filter_map(|step| {
                let from = read + (body.len() - read) / ROWS * step;
                let rest = &body[from..];
                let end = rest.iter().position(|&byte| byte == b'\n' || byte == b'\r')?;
                let mut reader = super::lines::reader(&rest[end + 1..], separator);
                let mut record = ByteRecord::new();
                reader.read_byte_record(&mut record).unwrap_or(false).then_some(record)
            }));
        }
        let is_blank = |row: &ByteRecord| row.iter().all(|cell| cell.trim_ascii().is_empty());
        rows.retain(|row| !is_blank(row));
        Glimpse { rows, whole }
    }

    /// The most frequent number of cells per row.
    pub fn width(&self) -> Option<usize> {
        let mut counts: HashMap<usize, usize> = HashMap::new();
        self.rows.iter().for_each(|row| *counts.entry(row.len()).or_default() += 1);
        counts.into_iter().max_by_key(|&(width, count)| (count, width)).map(|(width, _)| width)
    }

    /// Whether all rows of `width` cells end with an empty one.
    pub fn ends_blank(&self, width: usize) -> bool {
        let mut rows = self.rows.iter().filter(|row| row.len() == width);
        rows.all(|row| row[width - 1].trim_ascii().is_empty())
    }

    /// Keeps only rows of `width` cells that do not repeat the header.
    pub fn keep(&mut self, width: usize, names: Option<&[String]>) {
        let repeats = |row: &ByteRecord| {
            let same = |(cell, name): (&[u8], &String)| cell.trim_ascii() == name.as_bytes();
            names.is_some_and(|names| row.iter().zip(names).all(same))
        };
        self.rows.retain(|row| row.len() == width && !repeats(row));
    }

    /// Number of rows in the sample.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The cells of a column, trimmed.
    pub fn column(&self, column: usize) -> impl Iterator<Item = &str> + Clone {
        self.rows.iter().map(move |row| str::from_utf8(&row[column]).unwrap_or("\u{fffd}").trim())
    }

    /// The content of a column; numbers if there are no rows.
    pub fn content(&self, column: usize) -> Content {
        let (mut filled, mut numbers, mut lists) = (0, 0, 0);
        for cell in self.column(column).filter(|cell| !cell.is_empty()) {
            filled += 1;
            if number(cell).is_some() {
                numbers += 1;
            } else if list(cell).is_some() {
                lists += 1;
            }
        }
        match filled {
            0 if self.rows.is_empty() => Content::Numbers,
            0 => Content::Blank,
            _ if 2 * lists > filled => Content::Lists,
            _ if 2 * numbers >= filled => Content::Numbers,
            _ => Content::Text,
        }
    }

    /// Whether a column is an index: increasing whole numbers, or distinct texts.
    pub fn is_index(&self, column: usize) -> bool {
        if self.rows.len() < FEWEST {
            return false;
        }
        let numbers = || self.column(column).map(number);
        let increases = numbers().zip(numbers().skip(1)).all(|pair| match pair {
            (Some(one), Some(next)) => one < next && one.fract() == 0.0 && next.fract() == 0.0,
            _ => false,
        });
        let is_text = self.content(column) == Content::Text;
        increases || (is_text && self.distinct(column) == self.rows.len())
    }

    /// Number of different cells in a column.
    pub fn distinct(&self, column: usize) -> usize {
        self.column(column).collect::<HashSet<_>>().len()
    }

    /// Whether all cells of a column are whole numbers, text or empty.
    pub fn could_be_labels(&self, column: usize) -> bool {
        let is_label = |cell: &str| number(cell).is_none_or(|value| value.fract() == 0.0);
        self.content(column) != Content::Blank && self.column(column).all(is_label)
    }

    /// Whether every value of a column occurs at least twice.
    pub fn repeats(&self, column: usize) -> bool {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        self.column(column).for_each(|cell| *counts.entry(cell).or_default() += 1);
        counts.values().all(|&count| count > 1)
    }

    /// Whether two columns group the rows in the same way.
    pub fn divide_alike(&self, one: usize, other: usize) -> bool {
        let pairs: HashSet<(&str, &str)> = self.column(one).zip(self.column(other)).collect();
        pairs.len() == self.distinct(one) && pairs.len() == self.distinct(other)
    }

    /// Total variation distance, 0 to 1, between the values of two columns, over bins with about
    /// equally many values of both together. Text and numbers have distance 1.
    pub fn difference(&self, one: usize, other: usize) -> f64 {
        let numbers = |column| self.column(column).map(number).collect::<Option<Vec<f64>>>();
        let (Some(one), Some(other)) = (numbers(one), numbers(other)) else { return 1.0 };
        let signed =
            |values: Vec<f64>, sign: f64| values.into_iter().map(move |value| (value, sign));
        let rows = one.len() as f64;
        let mut all: Vec<(f64, f64)> = signed(one, 1.0).chain(signed(other, -1.0)).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut sum, mut balance, mut held) = (0.0, 0.0, 0);
        for (index, &(value, sign)) in all.iter().enumerate() {
            balance += sign;
            held += 1;
            // Equal values stay in one bin.
            let is_last = all.get(index + 1).is_none_or(|next| next.0 != value);
            if is_last && (held * BINS >= all.len() || index + 1 == all.len()) {
                sum += f64::abs(balance) / rows / 2.0;
                (balance, held) = (0.0, 0);
            }
        }
        sum
    }

    /// Whether these columns are one-hot in each row, with a 1 in at least two of them over all
    /// rows.
    pub fn is_one_hot(&self, columns: impl Iterator<Item = usize> + Clone) -> bool {
        let mut seen = HashSet::new();
        let one = |row: usize| {
            let mut hot = None;
            for column in columns.clone() {
                let cell = str::from_utf8(&self.rows[row][column]).unwrap_or_default().trim();
                match shortest_number(cell).as_deref() {
                    Some("0") => {}
                    Some("1") if hot.is_none() => hot = Some(column),
                    _ => return None,
                }
            }
            hot
        };
        let all =
            (0..self.rows.len()).all(|row| one(row).map(|column| seen.insert(column)).is_some());
        all && seen.len() > 1
    }

    /// The mean absolute difference of pixel values `apart` columns apart.
    pub fn mean_step(&self, pixels: &PixelCells, apart: usize) -> f64 {
        let (mut sum, mut count) = (0.0, 0.0);
        for row in self.rows.iter().take(ROWS / 5) {
            let cell = |column: usize| str::from_utf8(&row[column]).unwrap_or_default().trim();
            let values: Vec<f64> = match pixels {
                PixelCells::Columns(columns) => {
                    columns.iter().map(|&column| number(cell(column)).unwrap_or_default()).collect()
                }
                PixelCells::List(column) => {
                    list(cell(*column)).into_iter().flatten().filter_map(number).collect()
                }
            };
            for (one, other) in values.iter().zip(values.iter().skip(apart)) {
                sum += (one - other).abs();
                count += 1.0;
            }
        }
        sum / count
    }

    /// Whether a column has arrays that NumPy abbreviated when printing, `[0 0 0 ... 0 0 0]`.
    pub fn is_abbreviated(&self, column: usize) -> bool {
        let is_so = |cell: &str| cell.starts_with('[') && cell.contains("...");
        self.column(column).any(is_so)
    }

    /// Length of the first list in a column.
    pub fn list_length(&self, column: usize) -> usize {
        self.column(column).find_map(|cell| list(cell).map(Iterator::count)).unwrap_or(0)
    }
}
