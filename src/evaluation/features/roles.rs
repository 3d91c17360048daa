//! Decides which column of a table is the label, and which are the embedding.

use std::collections::HashMap;

use super::choice::Wanted;
use super::columns::{Cells, Table, listed, shown};
use crate::error::{Error, Result};

/// The columns of an embedding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Features {
    /// One column of lists.
    List(usize),
    /// One column per dimension.
    Columns(Vec<usize>),
}

/// The roles of the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// The column of the labels, if any.
    pub label: Option<usize>,
    /// The columns of the embedding.
    pub features: Features,
    /// Names of the other columns.
    pub left_out: Vec<String>,
}

/// Common names of index and split columns, in lower case.
const INDICES: [&str; 19] = [
    "",
    "unnamed: 0",
    "index",
    "idx",
    "id",
    "ids",
    "row",
    "row_id",
    "image_id",
    "sample_id",
    "key",
    "__index_level_0__",
    "level_0",
    "uid",
    "fold",
    "split",
    "part",
    "set",
    "subset",
];

impl Roles {
    /// Finds both in a table; `key` and `label` are the embedding and the labels that the user named.
    ///
    /// # Errors
    /// No such column; several candidates; no column of numbers.
    pub fn new(table: &Table, key: Option<&str>, label: Option<&str>) -> Result<Roles> {
        let label = match label {
            Some(name) => Some(by_name(table, name, Wanted::Labels)?),
            None => label_by_name(table)?,
        };
        let free: Vec<usize> = (0..table.columns.len())
            .filter(|&column| Some(column) != label && !is_index(table, column))
            .collect();
        let features = match key {
            Some(key) => features_by_key(table, key, &free)?,
            None => features(table, &free, label.is_some())?,
        };
        let is_used = |column: &usize| match &features {
            Features::List(list) => list == column,
            Features::Columns(columns) => columns.contains(column),
        };
        let rest: Vec<usize> = free.iter().copied().filter(|column| !is_used(column)).collect();
        let label = label.or_else(|| only_other(table, &rest));
        let left_out = (0..table.columns.len())
            .filter(|column| Some(*column) != label && !is_used(column))
            .map(|column| shown(&table.columns[column].name))
            .collect();
        Ok(Roles { label, features, left_out })
    }

    /// The column of labels in a table without embeddings.
    ///
    /// # Errors
    /// As [`Roles::new`].
    pub fn label_alone(table: &Table, key: Option<&str>) -> Result<usize> {
        if let Some(name) = key {
            return by_name(table, name, Wanted::Labels);
        }
        if let Some(column) = label_by_name(table)? {
            return Ok(column);
        }
        let usable = |column: &usize| {
            let cells = &table.columns[*column].cells;
            !is_index(table, *column)
                && !matches!(cells, Cells::Unusable(_) | Cells::Faulty(_) | Cells::Lists(..))
        };
        let all: Vec<usize> = (0..table.columns.len()).collect();
        let found: Vec<usize> = all.iter().copied().filter(usable).collect();
        match (&found[..], &all[..]) {
            (&[one], _) | (_, &[one]) => Ok(one),
            _ => {
                let problem = format!("has no column of labels among {}", table.names());
                let remedy = format!("name one: --labels {}", table.keyed("COLUMN"));
                Err(table.fault(problem).remedy(remedy).into())
            }
        }
    }
}

fn by_name(table: &Table, name: &str, wanted: Wanted) -> Result<usize> {
    let same = |column: &super::columns::Column| column.name == name;
    let found = table.columns.iter().position(same);
    found.ok_or_else(|| {
        let problem = format!("has no column {name}; it has {}", table.names());
        table.fault(problem).remedy(format!("name a column of {}", wanted.name())).into()
    })
}

fn is_index(table: &Table, column: usize) -> bool {
    let name = table.columns[column].name.trim().to_lowercase();
    // Only a column of row numbers keeps a `#` in its name.
    table.named && (INDICES.contains(&name.as_str()) || name.starts_with('#'))
}

/// The column with a common name of labels. If several divide the rows into the same classes, the first.
fn label_by_name(table: &Table) -> Result<Option<usize>> {
    let is_label = |column: &usize| {
        let column = &table.columns[*column];
        Wanted::Labels.is_called(&column.name) && !matches!(column.cells, Cells::Lists(..))
    };
    let found: Vec<usize> = (0..table.columns.len()).filter(is_label).collect();
    // Numeric columns x and y are more likely coordinates than labels.
    let is_coordinate = |column: &usize| {
        let named =
            |name: &str| table.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
        table.columns[*column].name.eq_ignore_ascii_case("y")
            && named("x")
            && matches!(table.columns[*column].cells, Cells::Real(..))
    };
    let found: Vec<usize> = found.into_iter().filter(|column| !is_coordinate(column)).collect();
    let Some((&first, others)) = found.split_first() else { return Ok(None) };
    let names = |column: usize| texts(table, column);
    if others.iter().all(|&other| same_classes(&names(first), &names(other))) {
        return Ok(Some(first));
    }
    let all: Vec<String> = found.iter().map(|&column| table.columns[column].name.clone()).collect();
    let problem = format!("has several columns that could be the labels: {}", all.join(", "));
    let remedy = format!("name one: --labels {}", table.keyed(&all[0]));
    Err(Error::from(table.fault(problem).remedy(remedy)))
}

fn texts(table: &Table, column: usize) -> Vec<String> {
    match &table.columns[column].cells {
        Cells::Whole(values) => values.iter().map(i64::to_string).collect(),
        Cells::Real(values, _) => values.iter().map(f64::to_string).collect(),
        Cells::Truth(values) => values.iter().map(bool::to_string).collect(),
        Cells::Text(texts) => texts.clone(),
        Cells::Lists(..) | Cells::Faulty(_) | Cells::Unusable(_) => Vec::new(),
    }
}

/// Whether two columns divide the rows into the same classes.
fn same_classes(one: &[String], other: &[String]) -> bool {
    let (mut forward, mut back) = (HashMap::new(), HashMap::new());
    one.iter()
        .zip(other)
        .all(|(a, b)| *forward.entry(a).or_insert(b) == b && *back.entry(b).or_insert(a) == a)
}

/// The embedding by the name of its column, or by the common prefix of its numbered columns.
fn features_by_key(table: &Table, key: &str, free: &[usize]) -> Result<Features> {
    let named = |column: &&usize| table.columns[**column].name == key;
    if let Some(&column) = free.iter().find(named) {
        return Ok(match table.columns[column].cells {
            Cells::Lists(..) => Features::List(column),
            _ => Features::Columns(vec![column]),
        });
    }
    let has_prefix = |column: &usize| numbered_prefix(&table.columns[*column].name) == Some(key);
    let found: Vec<usize> = free.iter().copied().filter(has_prefix).collect();
    match found.is_empty() {
        false => Ok(Features::Columns(found)),
        true => {
            let problem = format!("has no column {key}, nor {key}0, {key}1 and so on");
            let remedy = format!("it has {}", table.names());
            Err(table.fault(problem).remedy(remedy).into())
        }
    }
}

/// The prefix before the number in `e12`, `dim_3` or `7`.
fn numbered_prefix(name: &str) -> Option<&str> {
    let name = name.trim();
    let start = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (start.len() < name.len()).then_some(start)
}

/// The embedding: a column of lists, else columns with numbered names, else all numeric columns.
fn features(table: &Table, free: &[usize], labelled: bool) -> Result<Features> {
    let is = |column: &usize, test: fn(&Cells) -> bool| test(&table.columns[*column].cells);
    let lists: Vec<usize> = free
        .iter()
        .copied()
        .filter(|column| is(column, |cells| matches!(cells, Cells::Lists(..))))
        .collect();
    let whole: Vec<usize> = free
        .iter()
        .copied()
        .filter(|column| !is(column, |cells| matches!(cells, Cells::Lists(..))))
        .collect();
    refuse_faulty(table, &whole, lists.is_empty())?;
    let called = |column: &&usize| Wanted::Embeddings.is_called(&table.columns[**column].name);
    match (&lists[..], lists.iter().filter(called).collect::<Vec<_>>().as_slice()) {
        ([], _) => {}
        (&[one], _) | (_, &[&one]) => return Ok(Features::List(one)),
        (several, _) => {
            return Err(ambiguous(
                table,
                several.iter().map(|&column| table.columns[column].name.clone()),
            ));
        }
    }
    if !table.named {
        return unnamed(table, free, labelled);
    }
    let mut prefixes: Vec<(&str, Vec<usize>)> = Vec::new();
    for &column in free {
        let Some(start) = numbered_prefix(&table.columns[column].name) else { continue };
        match prefixes.iter_mut().find(|(known, _)| *known == start) {
            Some((_, columns)) => columns.push(column),
            None => prefixes.push((start, vec![column])),
        }
    }
    prefixes.retain(|(_, columns)| columns.len() > 1);
    match &prefixes[..] {
        [(start, columns)] => {
            refuse_other_numbers(table, free, start, columns)?;
            return Ok(Features::Columns(columns.clone()));
        }
        [] => {}
        several => {
            return Err(ambiguous(table, several.iter().map(|(start, _)| (*start).to_owned())));
        }
    }
    let numbers: Vec<usize> =
        free.iter().copied().filter(|column| is(column, Cells::is_number)).collect();
    refuse_nearly_numeric(table, free)?;
    refuse_none(table, &numbers)?;
    Ok(Features::Columns(numbers))
}

/// Refuses to drop at least as many numeric columns as the embedding would have: the user must say
/// which belong to it.
fn refuse_other_numbers(
    table: &Table,
    free: &[usize],
    start: &str,
    columns: &[usize],
) -> Result<()> {
    let is_other =
        |column: &&usize| !columns.contains(column) && table.columns[**column].cells.is_number();
    let others: Vec<usize> = free.iter().filter(is_other).copied().collect();
    if others.len() < columns.len() {
        return Ok(());
    }
    let names = |columns: &[usize]| {
        listed(
            &columns.iter().map(|&column| table.columns[column].name.clone()).collect::<Vec<_>>(),
        )
    };
    let problem = format!("has numeric columns besides {}: {}", names(columns), names(&others));
    let remedy = format!(
        "use only the former with --embeddings {}, or give all columns of the embedding the same prefix",
        table.keyed(start)
    );
    Err(table.fault(problem).remedy(remedy).into())
}

/// Without a header: all numeric columns, except a single integer column at either end if nothing else
/// can be the label.
fn unnamed(table: &Table, free: &[usize], labelled: bool) -> Result<Features> {
    refuse_nearly_numeric(table, free)?;
    let cells = |column: usize| &table.columns[column].cells;
    let numbers: Vec<usize> =
        free.iter().copied().filter(|&column| cells(column).is_number()).collect();
    refuse_none(table, &numbers)?;
    let is_whole = |column: usize| matches!(cells(column), Cells::Whole(_));
    let whole: Vec<usize> = numbers.iter().copied().filter(|&column| is_whole(column)).collect();
    if let (false, &[one], true) = (labelled, &whole[..], numbers.len() == free.len()) {
        let at_an_end = one == numbers[0] || one == numbers[numbers.len() - 1];
        if at_an_end && numbers.len() > 1 {
            return Ok(Features::Columns(
                numbers.into_iter().filter(|&column| column != one).collect(),
            ));
        }
    }
    Ok(Features::Columns(numbers))
}

/// A question put to the user.
fn ambiguous(table: &Table, candidates: impl Iterator<Item = String>) -> Error {
    let all: Vec<String> = candidates.collect();
    let problem = format!("has several embeddings: {}", listed(&all));
    let remedy = format!("name one: --embeddings {}", table.keyed(&all[0]));
    table.fault(problem).remedy(remedy).into()
}

/// Refuses faulty columns that may belong to the embedding: any if there is no column of lists, else
/// one with a common name of embeddings.
fn refuse_faulty(table: &Table, columns: &[usize], any: bool) -> Result<()> {
    let faulty = columns.iter().map(|&column| &table.columns[column]).find(|column| {
        let meant = any || Wanted::Embeddings.is_called(&column.name);
        meant && matches!(column.cells, Cells::Faulty(_))
    });
    faulty.map_or(Ok(()), |column| {
        let fault =
            table.fault(format!("contains {}", column.cells.describe())).column(&column.name);
        Err(fault.remedy("correct the row, or remove the row or the column").into())
    })
}

fn refuse_none(table: &Table, numbers: &[usize]) -> Result<()> {
    if !numbers.is_empty() {
        return Ok(());
    }
    let all = table
        .columns
        .iter()
        .map(|column| format!("{} ({})", shown(&column.name), column.cells.describe()));
    let problem = format!("has no column of numbers: {}", listed(&all.collect::<Vec<_>>()));
    Err(table.fault(problem).remedy("save one number per column").into())
}

/// Refuses a column that is mostly numeric, rather than silently leaving it out of the embedding.
fn refuse_nearly_numeric(table: &Table, free: &[usize]) -> Result<()> {
    for &column in free {
        let column = &table.columns[column];
        let Cells::Text(texts) = &column.cells else { continue };
        let is_number = |text: &&String| text.trim().parse::<f64>().is_ok();
        let numbers = texts.iter().filter(is_number).count();
        let odd = texts.iter().position(|text| !is_number(&text));
        if let (true, Some(row)) = (2 * numbers > texts.len(), odd) {
            let at = super::labels::Rows::column(&table.file, &column.name, &table.lines);
            let fault = at.fault(row, "is not a number").value(&texts[row]);
            return Err(fault.remedy("correct the cell, or remove the row or the column").into());
        }
    }
    Ok(())
}

/// The label, if only one other column can be it.
fn only_other(table: &Table, rest: &[usize]) -> Option<usize> {
    let usable = |column: &usize| {
        let cells = &table.columns[*column].cells;
        !matches!(cells, Cells::Lists(..) | Cells::Unusable(_) | Cells::Faulty(_) | Cells::Real(..))
    };
    let found: Vec<usize> = rest.iter().copied().filter(usable).collect();
    match found[..] {
        [one] => Some(one),
        _ => None,
    }
}
