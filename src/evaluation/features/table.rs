//! Tables: named columns with a row an embedding.

use std::path::Path;

use ndarray::Array2;

use super::columns::{Cells, Column, Table, listed, shown};
use super::labels::{Found, Labels, Where};
use super::numbers::Numbers;
use super::roles::{Features, Roles};
use crate::error::{Fault, Result};
use crate::words::path_word;

impl Table {
    /// The embeddings and what they were taken for; `key` is a column of lists or what the names of
    /// columns begin with, `label` the column of the labels where the user named one.
    ///
    /// # Errors
    /// No such columns; several that could be meant; a cell that is no number.
    pub fn embeddings(&self, key: Option<&str>, label: Option<&str>) -> Result<(Numbers, String)> {
        let roles = Roles::new(self, key, label)?;
        let numbers = match &roles.features {
            Features::List(place) => self.lists(*place)?,
            Features::Columns(places) => self.joined(places)?,
        };
        let (rows, width) = numbers.dim();
        let columns = self.told_columns(&roles.features);
        let kind = if matches!(numbers, Numbers::Single(_)) { "float32" } else { "float64" };
        let mut told = format!("{columns}, [{rows}, {width}] {kind}");
        if !roles.left_out.is_empty() {
            told += &format!(", left out {}", listed(&roles.left_out));
        }
        for remark in &self.remarks {
            told += &format!(", {remark}");
        }
        Ok((numbers, told))
    }

    fn told_columns(&self, features: &Features) -> String {
        let name = |place: &usize| self.columns[*place].name.as_str();
        match features {
            Features::List(place) => format!("column {}", name(place)),
            Features::Columns(places) => match &places[..] {
                [one] => format!("column {}", name(one)),
                [first, .., last] => format!("columns {} to {}", name(first), name(last)),
                [] => "no columns".to_owned(),
            },
        }
    }

    fn lists(&self, place: usize) -> Result<Numbers> {
        let column = &self.columns[place];
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
            other => Err(Fault::new(&self.file, format!("holds {}", other.told()))
                .column(&column.name)
                .remedy("name a column of lists of numbers")
                .into()),
        }
    }

    /// Columns side by side.
    fn joined(&self, places: &[usize]) -> Result<Numbers> {
        for &place in places {
            self.refuse_no_numbers(&self.columns[place])?;
        }
        let cell = |(row, column): (usize, usize)| self.columns[places[column]].cells.number(row);
        let shape = (self.rows, places.len());
        let single = places.iter().all(|&place| self.columns[place].cells.is_single());
        Ok(match single {
            true => Numbers::Single(Array2::from_shape_fn(shape, |at| cell(at) as f32)),
            false => Numbers::Double(Array2::from_shape_fn(shape, cell)),
        })
    }

    fn refuse_no_numbers(&self, column: &Column) -> Result<()> {
        let fault = match &column.cells {
            cells if cells.is_number() => return Ok(()),
            Cells::Text(texts) => {
                let odd = texts.iter().position(|text| text.trim().parse::<f64>().is_err());
                let row = odd.unwrap_or(0);
                self.at(column).fault(row, "is no number").value(&texts[row])
            }
            other => Fault::new(&self.file, format!("holds {}", other.told())).column(&column.name),
        };
        Err(fault.remedy("mend the cell, or leave the row or the column out").into())
    }

    /// The labels beside embeddings of this key.
    ///
    /// # Errors
    /// There are none; as [`Table::labels_alone`].
    pub fn labels_beside(
        &self,
        key: Option<&str>,
        embeddings: Option<&str>,
    ) -> Result<(Labels, String)> {
        let roles = Roles::new(self, embeddings, key)?;
        let place = roles.label.ok_or_else(|| {
            let problem = format!("has no column of labels among {}", self.names());
            Fault::new(&self.file, problem).remedy(format!(
                "name a column, --labels {}, or a file of labels",
                self.keyed("COLUMN")
            ))
        })?;
        self.labels_of(place)
    }

    /// The labels of a table that is about labels.
    ///
    /// # Errors
    /// No such column, or several that could be meant; a label that is missing or no whole number.
    pub fn labels_alone(&self, key: Option<&str>) -> Result<(Labels, String)> {
        let place = Roles::label_alone(self, key)?;
        self.labels_of(place)
    }

    fn labels_of(&self, place: usize) -> Result<(Labels, String)> {
        let column = &self.columns[place];
        let texts: Vec<String> = match &column.cells {
            Cells::Whole(values) => values.iter().map(i64::to_string).collect(),
            Cells::Real(values, _) => values.iter().map(f64::to_string).collect(),
            Cells::Truth(values) => values
                .iter()
                .map(|&value| if value { "True" } else { "False" }.to_owned())
                .collect(),
            Cells::Text(texts) => texts.clone(),
            other => {
                let fault = Fault::new(&self.file, format!("holds {}", other.told()));
                return Err(fault.column(&column.name).remedy("name a column of labels").into());
            }
        };
        let is_text = matches!(column.cells, Cells::Text(_));
        let (mut found, mut rows) = (Vec::<Found>::new(), Vec::with_capacity(texts.len()));
        let mut places = std::collections::HashMap::new();
        for (row, text) in texts.into_iter().enumerate() {
            let place = *places.entry(text.clone()).or_insert_with(|| {
                found.push(Found { text, first: row });
                found.len() as u32 - 1
            });
            rows.push(place);
        }
        let labels = Labels::new(found, &rows, is_text, &self.at(column))?;
        let told = format!("column {}, {}", column.name, labels.told());
        Ok((labels, told))
    }

    fn at(&self, column: &Column) -> Where {
        Where::column(&self.file, &column.name, &self.lines)
    }

    /// The names of all columns.
    pub fn names(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|column| shown(&column.name)).collect();
        listed(&names)
    }

    /// A fault of this file.
    pub fn fault(&self, problem: impl Into<String>) -> Fault {
        Fault::new(&self.file, problem)
    }

    /// `FILE:KEY` as a shell takes it.
    pub fn keyed(&self, key: &str) -> String {
        path_word(Path::new(&format!("{}:{key}", self.file.display())))
    }
}
