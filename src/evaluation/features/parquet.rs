//! Reads Parquet tables: plain columns, and lists of numbers.

use std::fmt::Display;
use std::path::Path;

use bytes::Bytes;
use half::f16;
use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::columns::{Cells, Column, Table};
use crate::error::{Error, Fault, Result};
use crate::runtime::panic_as_error;
use crate::words::count;

/// Reads all usable columns.
///
/// # Errors
/// The file is damaged, uses an unsupported compression, or has no rows.
pub fn read(bytes: Vec<u8>, file: &Path) -> Result<Table> {
    // The library panics on some damaged files.
    panic_as_error(|| table(bytes, file)).unwrap_or_else(|panic| Err(damaged(file, &panic)))
}

fn damaged(file: &Path, why: &dyn Display) -> Error {
    let fault = Fault::new(file, format!("cannot be read as Parquet ({why})"));
    fault.remedy("write it again, compressed with snappy or zstd, or as CSV").into()
}

fn table(bytes: Vec<u8>, file: &Path) -> Result<Table> {
    let damaged = |e: ParquetError| damaged(file, &e);
    let reader = SerializedFileReader::new(Bytes::from(bytes)).map_err(damaged)?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let rows = reader.metadata().file_metadata().num_rows();
    let rows = usize::try_from(rows).unwrap_or(0);
    if rows == 0 {
        return Err(Fault::new(file, "has no rows").remedy("save one row per embedding").into());
    }
    let mut columns = Vec::new();
    for (index, leaf) in schema.columns().iter().enumerate() {
        let name = leaf.path().parts().first().cloned().unwrap_or_default();
        let leaves = schema.columns().iter().filter(|other| other.path().parts()[0] == name);
        let cells = match (leaf.max_rep_level(), leaf.path().parts().len(), leaves.count()) {
            (0, 1, _) => plain(&reader, index, leaf, rows),
            (1, _, 1) => lists(&reader, index, leaf, rows),
            _ => Ok(Cells::Unusable("nested values".to_owned())),
        };
        columns.push(Column { name, cells: cells.map_err(damaged)? });
    }
    columns
        .dedup_by(|one, before| one.name == before.name && matches!(one.cells, Cells::Unusable(_)));
    let (lines, remarks) = (Vec::new(), Vec::new());
    Ok(Table { file: file.to_path_buf(), columns, rows, lines, named: true, remarks })
}

type Reader = SerializedFileReader<Bytes>;
type Read<T> = std::result::Result<T, ParquetError>;

/// Values of all row groups, with the levels that mark missing values and the starts of lists.
struct Leaf<T> {
    values: Vec<T>,
    definitions: Vec<i16>,
    repetitions: Vec<i16>,
}

/// Records per read.
const AT_ONCE: usize = 1 << 16;

/// Reads a leaf whose values are of one type.
fn leaf<T: DataType>(
    reader: &Reader,
    index: usize,
    typed: fn(ColumnReader) -> Option<ColumnReaderImpl<T>>,
) -> Read<Leaf<T::T>> {
    let mut leaf = Leaf { values: Vec::new(), definitions: Vec::new(), repetitions: Vec::new() };
    for group in 0..reader.num_row_groups() {
        let column = reader.get_row_group(group)?.get_column_reader(index)?;
        let Some(mut column) = typed(column) else {
            return Err(ParquetError::General("its columns contradict its schema".to_owned()));
        };
        loop {
            let Leaf { values, definitions, repetitions } = &mut leaf;
            let (records, _, levels) =
                column.read_records(AT_ONCE, Some(definitions), Some(repetitions), values)?;
            if records == 0 && levels == 0 {
                break;
            }
        }
    }
    Ok(leaf)
}

macro_rules! leaf_of {
    ($reader:expr, $index:expr, $variant:ident) => {
        leaf($reader, $index, |column| match column {
            ColumnReader::$variant(reader) => Some(reader),
            _ => None,
        })
    };
}

/// The values of a leaf by type.
enum Values {
    Whole(Leaf<i64>),
    Real(Leaf<f64>, bool),
    Truth(Leaf<bool>),
    Text(Leaf<ByteArray>),
    Unusable(String),
}

impl<T> Leaf<T> {
    fn map<U>(self, of: impl Fn(T) -> U) -> Leaf<U> {
        let Leaf { values, definitions, repetitions } = self;
        Leaf { values: values.into_iter().map(of).collect(), definitions, repetitions }
    }

    /// The first row without a value.
    fn missing(&self, most: i16) -> Option<usize> {
        self.definitions.iter().position(|&level| level < most)
    }
}

fn values(reader: &Reader, index: usize, column: &ColumnDescriptor) -> Read<Values> {
    let logical = column.logical_type_ref();
    let is_time = matches!(
        logical,
        Some(LogicalType::Timestamp(_) | LogicalType::Date | LogicalType::Time(_))
    ) || matches!(
        column.converted_type(),
        ConvertedType::DATE | ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS
    );
    let is_decimal = column.converted_type() == ConvertedType::DECIMAL
        || matches!(logical, Some(LogicalType::Decimal { .. }));
    if is_time || is_decimal {
        return Ok(Values::Unusable(if is_time { "times" } else { "decimals" }.to_owned()));
    }
    let unsigned = column.converted_type() == ConvertedType::UINT_32;
    Ok(match column.physical_type() {
        Physical::BOOLEAN => Values::Truth(leaf_of!(reader, index, BoolColumnReader)?),
        Physical::INT32 => {
            Values::Whole(leaf_of!(reader, index, Int32ColumnReader)?.map(|value: i32| {
                if unsigned { i64::from(value as u32) } else { i64::from(value) }
            }))
        }
        Physical::INT64 if column.converted_type() == ConvertedType::UINT_64 => {
            let found = leaf_of!(reader, index, Int64ColumnReader)?;
            match found.values.iter().all(|&value: &i64| value >= 0) {
                true => Values::Whole(found),
                false => Values::Unusable("integers of more than 63 bits".to_owned()),
            }
        }
        Physical::INT64 => Values::Whole(leaf_of!(reader, index, Int64ColumnReader)?),
        Physical::FLOAT => {
            let found: Leaf<f32> = leaf_of!(reader, index, FloatColumnReader)?;
            Values::Real(found.map(f64::from), true)
        }
        Physical::DOUBLE => Values::Real(leaf_of!(reader, index, DoubleColumnReader)?, false),
        Physical::BYTE_ARRAY => Values::Text(leaf_of!(reader, index, ByteArrayColumnReader)?),
        Physical::FIXED_LEN_BYTE_ARRAY if matches!(logical, Some(LogicalType::Float16)) => {
            let found = leaf_of!(reader, index, FixedLenByteArrayColumnReader)?;
            let number = |bytes: parquet::data_type::FixedLenByteArray| match *bytes.data() {
                [low, high] => f16::from_le_bytes([low, high]).to_f64(),
                _ => f64::NAN,
            };
            Values::Real(found.map(number), true)
        }
        _ => Values::Unusable("values of an unsupported type".to_owned()),
    })
}

/// A column with one value per row.
fn plain(reader: &Reader, index: usize, column: &ColumnDescriptor, rows: usize) -> Read<Cells> {
    let most = column.max_def_level();
    let whole = |missing: Option<usize>, found: usize| match missing {
        Some(row) => Some(format!("no value in row {row} (from 0)")),
        None if found != rows => {
            Some(format!("{} for {}", count(found, "value"), count(rows, "row")))
        }
        None => None,
    };
    let numbers = |why: Option<String>, cells: Cells| why.map_or(cells, Cells::Faulty);
    Ok(match values(reader, index, column)? {
        Values::Whole(leaf) => {
            numbers(whole(leaf.missing(most), leaf.values.len()), Cells::Whole(leaf.values))
        }
        Values::Real(leaf, single) => {
            numbers(whole(leaf.missing(most), leaf.values.len()), Cells::Real(leaf.values, single))
        }
        Values::Truth(leaf) => {
            numbers(whole(leaf.missing(most), leaf.values.len()), Cells::Truth(leaf.values))
        }
        Values::Text(leaf) => {
            let why = whole(leaf.missing(most), leaf.values.len());
            let text = |bytes: &ByteArray| bytes.as_utf8().ok().map(str::to_owned);
            let texts: Option<Vec<String>> = leaf.values.iter().map(text).collect();
            match texts {
                Some(texts) => why.map_or(Cells::Text(texts), Cells::Unusable),
                None => Cells::Unusable("bytes".to_owned()),
            }
        }
        Values::Unusable(why) => Cells::Unusable(why),
    })
}

/// A column with one list of numbers per row, all of one length.
fn lists(reader: &Reader, index: usize, column: &ColumnDescriptor, rows: usize) -> Read<Cells> {
    let (leaf, single) = match values(reader, index, column)? {
        Values::Real(leaf, single) => (leaf, single),
        Values::Whole(leaf) => (leaf.map(|value| value as f64), false),
        Values::Truth(_) | Values::Text(_) => {
            return Ok(Cells::Unusable("lists of values other than numbers".to_owned()));
        }
        Values::Unusable(why) => return Ok(Cells::Unusable(format!("lists of {why}"))),
    };
    let most = column.max_def_level();
    // Grows as needed, since the row count of a damaged file may be anything.
    let mut lengths: Vec<usize> = Vec::new();
    for (&repetition, &definition) in leaf.repetitions.iter().zip(&leaf.definitions) {
        if repetition == 0 {
            lengths.push(0);
        }
        match (definition == most, lengths.last_mut()) {
            (true, Some(length)) => *length += 1,
            _ => {
                let row = lengths.len().saturating_sub(1);
                return Ok(Cells::Faulty(format!(
                    "a missing list or number in row {row} (from 0)"
                )));
            }
        }
    }
    let width = lengths.first().copied().unwrap_or(0);
    if let Some(row) = lengths.iter().position(|&length| length != width) {
        let found = lengths[row];
        let why =
            format!("lists of {}, and of {found} in row {row} (from 0)", count(width, "number"));
        return Ok(Cells::Faulty(why));
    }
    if lengths.len() != rows || leaf.values.len() != width * rows || width == 0 {
        return Ok(Cells::Faulty(format!(
            "{} for {}",
            count(lengths.len(), "list"),
            count(rows, "row")
        )));
    }
    Ok(Cells::Lists(width, leaf.values, single))
}
