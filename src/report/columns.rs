//! Tables of typed columns for other programs, as CSV or Parquet.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use ndarray::Array2;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int64Type};
use parquet::errors::{ParquetError, Result as Written};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;

use super::table::Table;
use crate::error::Result;
use crate::files::write_atomically;

/// Values of one type, one per row.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Text in UTF-8.
    Text(Vec<String>),
    /// Whole numbers.
    Whole(Vec<i64>),
    /// Numbers.
    Real(Vec<f32>),
}

/// Columns of one length with their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns(Vec<(String, Column)>);

impl Column {
    /// Integers if each text is the canonical form of one (`07` is not), else text.
    pub fn labels(texts: Vec<String>) -> Column {
        let number = |text: &String| text.parse().ok().filter(|n: &i64| n.to_string() == *text);
        let numbers: Option<Vec<i64>> = texts.iter().map(number).collect();
        numbers.map_or(Column::Text(texts), Column::Whole)
    }

    fn cell(&self, row: usize) -> String {
        match self {
            Column::Text(values) => values[row].clone(),
            Column::Whole(values) => values[row].to_string(),
            Column::Real(values) => values[row].to_string(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Column::Text(values) => values.len(),
            Column::Whole(values) => values.len(),
            Column::Real(values) => values.len(),
        }
    }

    /// Its name and type in a Parquet file; no value may be missing.
    fn field(&self, name: &str) -> Written<Type> {
        let (physical, logical) = match self {
            Column::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Column::Whole(_) => (Physical::INT64, None),
            Column::Real(_) => (Physical::FLOAT, None),
        };
        let field = Type::primitive_type_builder(name, physical);
        field.with_repetition(Repetition::REQUIRED).with_logical_type(logical).build()
    }

    fn write(&self, writer: &mut SerializedColumnWriter<'_>) -> Written<usize> {
        match self {
            Column::Text(values) => {
                let values: Vec<ByteArray> =
                    values.iter().map(|text| text.as_str().into()).collect();
                writer.typed::<ByteArrayType>().write_batch(&values, None, None)
            }
            Column::Whole(values) => writer.typed::<Int64Type>().write_batch(values, None, None),
            Column::Real(values) => writer.typed::<FloatType>().write_batch(values, None, None),
        }
    }
}

impl Columns {
    /// Appends a column.
    pub fn push(&mut self, name: &str, column: Column) {
        self.0.push((name.to_owned(), column));
    }

    /// Appends the dimensions of embeddings `[N, E]` as `e0`, `e1` and so on.
    pub fn push_embeddings(&mut self, embeddings: &Array2<f32>) {
        for (index, dimension) in embeddings.columns().into_iter().enumerate() {
            self.push(&format!("e{index}"), Column::Real(dimension.to_vec()));
        }
    }

    /// Writes them as CSV, each number with the fewest digits that identify it.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] with the path that could not be written.
    pub fn write_csv(&self, path: &Path) -> Result<()> {
        let mut table = Table::new(self.0.iter().map(|(name, _)| name));
        let rows = self.0.first().map_or(0, |(_, column)| column.len());
        for row in 0..rows {
            table.push(self.0.iter().map(|(_, column)| column.cell(row)));
        }
        table.write_csv(path)
    }

    /// Writes them as Parquet: strings in UTF-8, int64 and float32 in one group of rows, none
    /// missing; the same bytes for the same columns. Embeddings hardly shrink, so nothing is
    /// compressed and no codec comes into the program; repeated text is stored once.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] with the path that could not be written.
    pub fn write_parquet(&self, path: &Path) -> Result<()> {
        write_atomically(path, |file| self.parquet(file).map_err(io_error))
    }

    fn parquet(&self, file: impl Write + Send) -> Written<()> {
        let field = |(name, column): &(String, Column)| column.field(name).map(Arc::new);
        let fields = self.0.iter().map(field).collect::<Written<Vec<_>>>()?;
        let schema = Type::group_type_builder("embeddings").with_fields(fields).build()?;
        let mut properties = WriterProperties::builder();
        for (name, column) in &self.0 {
            // Numbers of an embedding seldom occur twice.
            let repeats = !matches!(column, Column::Real(_));
            properties = properties.set_column_dictionary_enabled(name.as_str().into(), repeats);
        }
        let properties = Arc::new(properties.build());
        let mut file = SerializedFileWriter::new(file, Arc::new(schema), properties)?;
        let mut rows = file.next_row_group()?;
        for (_, column) in &self.0 {
            let mut writer = rows.next_column()?.expect("the schema has a field for each column");
            column.write(&mut writer)?;
            writer.close()?;
        }
        rows.close()?;
        file.close().map(drop)
    }
}

/// The system's error, if the error came from the system.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(cause) => {
            cause.downcast::<io::Error>().map_or_else(io::Error::other, |error| *error)
        }
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    use ndarray::array;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    /// Two images of a class whose name no format likes, with embeddings at the ends of f32.
    fn columns() -> Columns {
        let mut columns = Columns::default();
        columns.push("label", Column::labels(texts(&["-3", "900"])));
        columns.push("class", Column::Text(texts(&["a \"b\", ö", ""])));
        columns.push_embeddings(&array![[0.1_f32, -0.0], [f32::MIN_POSITIVE / 4.0, f32::MAX]]);
        columns
    }

    #[test]
    fn labels_are_whole_numbers_only_where_all_are_written_as_such() {
        assert_eq!(Column::labels(texts(&["7", "-1"])), Column::Whole(vec![7, -1]));
        for text in [["7", "07"], ["7", "cat"], ["7", "+1"], ["7", ""], ["7", "1.0"]] {
            assert_eq!(Column::labels(texts(&text)), Column::Text(texts(&text)));
        }
    }

    #[test]
    fn parquet_gives_back_names_types_and_values_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        columns().write_parquet(&path).unwrap();
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let rows: Vec<Vec<(String, Field)>> =
            reader.get_row_iter(None).unwrap().map(|row| row.unwrap().into_columns()).collect();
        let names: Vec<&str> = rows[0].iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["label", "class", "e0", "e1"]);
        let expected =
            [("a \"b\", ö", -3, [0.1_f32, -0.0]), ("", 900, [f32::MIN_POSITIVE / 4.0, f32::MAX])];
        assert_eq!(rows.len(), expected.len());
        for (row, (class, label, embedding)) in rows.iter().zip(expected) {
            assert_eq!(row[0].1, Field::Long(label));
            assert_eq!(row[1].1, Field::Str(class.to_owned()));
            for ((_, found), value) in row[2..].iter().zip(embedding) {
                assert!(matches!(found, Field::Float(f) if f.to_bits() == value.to_bits()));
            }
        }
    }

    #[test]
    fn the_bytes_are_reproducible_and_a_missing_folder_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| columns().write_parquet(&folder.path().join(name));
        let bytes = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
        write("a").unwrap();
        write("b").unwrap();
        assert_eq!(bytes("a"), bytes("b"));
        assert!(write("gone/c").unwrap_err().to_string().contains("gone was removed"));
        let full = columns().parquet(&mut Full).map_err(io_error).unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    }

    /// A disk without room.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn csv_has_the_same_values() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut columns = columns();
        columns.0.truncate(3);
        columns.write_csv(&path).unwrap();
        let csv = std::fs::read_to_string(path).unwrap();
        let tiny = f32::MIN_POSITIVE / 4.0;
        assert_eq!(csv, format!("label,class,e0\n-3,\"a \"\"b\"\", ö\",0.1\n900,,{tiny}\n"));
    }
}
