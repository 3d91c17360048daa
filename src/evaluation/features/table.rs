//! Reads embeddings and labels from a table with one row per embedding.

use std::path::Path;

use ndarray::Array2;

use super::columns::{Cells, Column, Table, listed, shown};
use super::labels::{Found, Labels, Rows};
use super::numbers::Numbers;
use super::roles::{Features, Roles};
use crate::error::{Fault, Result};
use crate::words::path_word;

impl Table {
    /// The embeddings and a description of them; `key` is a column of lists or the common prefix of
    /// columns, `label` the column of the labels if the user named one.
    ///
    /// # Errors
    /// No such columns; several candidates; a cell that is not a number.
    pub fn embeddings(&self, key: Option<&str>, label: Option<&str>) -> Result<(Numbers, String)> {
        let roles = Roles::new(self, key, label)?;
        let numbers = match &roles.features {
            Features::List(column) => self.lists(*column)?,
            Features::Columns(columns) => self.joined(columns)?,
        };
        let (rows, width) = numbers.dim();
        let columns = self.describe_columns(&roles.features);
        let kind = if matches!(numbers, Numbers::Single(_)) { "float32" } else { "float64" };
        let mut description = format!("{columns}, [{rows}, {width}] {kind}");
        if !roles.left_out.is_empty() {
            description += &format!(", left out {}", listed(&roles.left_out));
        }
        for remark in &self.remarks {
            description += &format!(", {remark}");
        }
        Ok((numbers, description))
    }

    fn describe_columns(&self, features: &Features) -> String {
        let name = |column: &usize| self.columns[*column].name.as_str();
        match features {
            Features::List(column) => format!("column {}", name(column)),
            Features::Columns(columns) => match &columns[..] {
                [one] => format!("column {}", name(one)),
                [first, .., last] => format!("columns {} to {}", name(first), name(last)),
                [] => "no columns".to_owned(),
            },
        }
    }

    fn lists(&self, column: usize) -> Result<Numbers> {
        let column = &self.columns[column];
        match &column.cells {
            Cells::Lists(width, values, single) => {
                let shape = (self.rows, *width);
                let wide = Array2::from_shape_vec(shape, values.clone()).expect("counted");
                Ok(if *single {
                    Numbers::Single(wide.mapv(|v| v as f32))
                } else {
                    Numbers::Double(wide)
                })
            }
            other => Err(Fault::new(&self.file, format!("contains {}", other.describe()))
                .column(&column.name)
                .remedy("name a column of lists of numbers")
                .into()),
        }
    }

    /// Columns side by side.
    fn joined(&self, columns: &[usize]) -> Result<Numbers> {
        for &column in columns {
            self.check_numeric(&self.columns[column])?;
        }
        let cell = |(row, column): (usize, usize)| self.columns[columns[column]].cells.number(row);
        let shape = (self.rows, columns.len());
        let single = columns.iter().all(|&column| self.columns[column].cells.is_single());
        Ok(match single {
            true => Numbers::Single(Array2::from_shape_fn(shape, |at| cell(at) as f32)),
            false => Numbers::Double(Array2::from_shape_fn(shape, cell)),
        })
    }

    fn check_numeric(&self, column: &Column) -> Result<()> {
        let fault = match &column.cells {
            cells if cells.is_number() => return Ok(()),
            Cells::Text(texts) => {
                let odd = texts.iter().position(|text| text.trim().parse::<f64>().is_err());
                let row = odd.unwrap_or(0);
                self.at(column).fault(row, "is not a number").value(&texts[row])
            }
            other => Fault::new(&self.file, format!("contains {}", other.describe()))
                .column(&column.name),
        };
        Err(fault.remedy("correct the cell, or remove the row or the column").into())
    }

    /// The labels of a table with embeddings, whose key is `embeddings` if the user named one.
    ///
    /// # Errors
    /// There are no labels; as [`Table::labels_alone`].
    pub fn labels_beside(
        &self,
        key: Option<&str>,
        embeddings: Option<&str>,
    ) -> Result<(Labels, String)> {
        let roles = Roles::new(self, embeddings, key)?;
        let column = roles.label.ok_or_else(|| {
            let problem = format!("has no column of labels among {}", self.names());
            Fault::new(&self.file, problem).remedy(format!(
                "name a column, --labels {}, or a file of labels",
                self.keyed("COLUMN")
            ))
        })?;
        self.labels_of(column)
    }

    /// The labels of a table without embeddings.
    ///
    /// # Errors
    /// No such column, or several candidates; a label is missing or not an integer.
    pub fn labels_alone(&self, key: Option<&str>) -> Result<(Labels, String)> {
        let column = Roles::label_alone(self, key)?;
        self.labels_of(column)
    }

    fn labels_of(&self, column: usize) -> Result<(Labels, String)> {
        let column = &self.columns[column];
        let texts: Vec<String> = match &column.cells {
            Cells::Whole(values) => values.iter().map(i64::to_string).collect(),
            Cells::Real(values, _) => values.iter().map(f64::to_string).collect(),
            Cells::Truth(values) => values
                .iter()
                .map(|&value| if value { "True" } else { "False" }.to_owned())
                .collect(),
            Cells::Text(texts) => texts.clone(),
            other => {
                let fault = Fault::new(&self.file, format!("contains {}", other.describe()));
                return Err(fault.column(&column.name).remedy("name a column of labels").into());
            }
        };
        let is_text = matches!(column.cells, Cells::Text(_));
        let (mut found, mut rows) = (Vec::<Found>::new(), Vec::with_capacity(texts.len()));
        let mut indices = std::collections::HashMap::new();
        for (row, text) in texts.into_iter().enumerate() {
            let index = *indices.entry(text.clone()).or_insert_with(|| {
                found.push(Found { text, first: row });
                found.len() as u32 - 1
            });
            rows.push(index);
        }
        let labels = Labels::new(found, &rows, is_text, &self.at(column))?;
        let description = format!("column {}, {}", column.name, labels.describe());
        Ok((labels, description))
    }

    fn at(&self, column: &Column) -> Rows {
        Rows::column(&self.file, &column.name, &self.lines)
    }

    /// The names of all columns.
    pub fn names(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|column| shown(&column.name)).collect();
        listed(&names)
    }

    /// An error in this file.
    pub fn fault(&self, problem: impl Into<String>) -> Fault {
        Fault::new(&self.file, problem)
    }

    /// `FILE:KEY`, quoted for a shell.
    pub fn keyed(&self, key: &str) -> String {
        path_word(Path::new(&format!("{}:{key}", self.file.display())))
    }
}
