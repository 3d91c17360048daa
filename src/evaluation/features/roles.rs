//! Which column of a table is the label, and which are the embedding.

use std::collections::HashMap;

use super::choice::Wanted;
use super::columns::{Cells, Table, listed, shown};
use crate::error::{Error, Result};

/// The columns of an embedding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Features {
    /// One column of lists.
    List(usize),
    /// A column a dimension.
    Columns(Vec<usize>),
}

/// What each column is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    /// The column of the labels, where there is one.
    pub label: Option<usize>,
    /// The columns of the embedding.
    pub features: Features,
    /// Names of the other columns.
    pub left_out: Vec<String>,
}

/// Names of columns that count, name or divide the rows, in lower case.
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
    /// Finds both in a table; `key` names the embedding and `label` the labels, where the user did.
    ///
    /// # Errors
    /// No such column; several that could be meant; no column of numbers.
    pub fn new(table: &Table, key: Option<&str>, label: Option<&str>) -> Result<Roles> {
        let label = match label {
            Some(name) => Some(by_name(table, name, Wanted::Labels)?),
            None => label_by_name(table)?,
        };
        let free: Vec<usize> = (0..table.columns.len())
            .filter(|&place| Some(place) != label && !is_index(table, place))
            .collect();
        let features = match key {
            Some(key) => features_by_key(table, key, &free)?,
            None => features(table, &free, label.is_some())?,
        };
        let is_used = |place: &usize| match &features {
            Features::List(list) => list == place,
            Features::Columns(columns) => columns.contains(place),
        };
        let rest: Vec<usize> = free.iter().copied().filter(|place| !is_used(place)).collect();
        let label = label.or_else(|| only_other(table, &rest));
        let left_out = (0..table.columns.len())
            .filter(|place| Some(*place) != label && !is_used(place))
            .map(|place| shown(&table.columns[place].name))
            .collect();
        Ok(Roles { label, features, left_out })
    }

    /// The column of labels in a table that is about nothing else.
    ///
    /// # Errors
    /// As [`Roles::new`].
    pub fn label_alone(table: &Table, key: Option<&str>) -> Result<usize> {
        if let Some(name) = key {
            return by_name(table, name, Wanted::Labels);
        }
        if let Some(place) = label_by_name(table)? {
            return Ok(place);
        }
        let usable = |place: &usize| {
            let cells = &table.columns[*place].cells;
            !is_index(table, *place)
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

fn is_index(table: &Table, place: usize) -> bool {
    let name = table.columns[place].name.trim().to_lowercase();
    // A name keeps its mark where the column counts the rows.
    table.named && (INDICES.contains(&name.as_str()) || name.starts_with('#'))
}

/// The column that is called as labels are. Two that part the rows alike are one question less.
fn label_by_name(table: &Table) -> Result<Option<usize>> {
    let is_label = |place: &usize| {
        let column = &table.columns[*place];
        Wanted::Labels.is_called(&column.name) && !matches!(column.cells, Cells::Lists(..))
    };
    let found: Vec<usize> = (0..table.columns.len()).filter(is_label).collect();
    // Columns x and y of numbers are places in a plane, more often than labels.
    let plane = |place: &usize| {
        let named =
            |name: &str| table.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
        table.columns[*place].name.eq_ignore_ascii_case("y")
            && named("x")
            && matches!(table.columns[*place].cells, Cells::Real(..))
    };
    let found: Vec<usize> = found.into_iter().filter(|place| !plane(place)).collect();
    let Some((&first, others)) = found.split_first() else { return Ok(None) };
    let names = |place: usize| texts(table, place);
    if others.iter().all(|&other| parts_alike(&names(first), &names(other))) {
        return Ok(Some(first));
    }
    let all: Vec<String> = found.iter().map(|&place| table.columns[place].name.clone()).collect();
    let problem = format!("has several columns that could be the labels: {}", all.join(", "));
    let remedy = format!("name one: --labels {}", table.keyed(&all[0]));
    Err(Error::from(table.fault(problem).remedy(remedy)))
}

fn texts(table: &Table, place: usize) -> Vec<String> {
    match &table.columns[place].cells {
        Cells::Whole(values) => values.iter().map(i64::to_string).collect(),
        Cells::Real(values, _) => values.iter().map(f64::to_string).collect(),
        Cells::Truth(values) => values.iter().map(bool::to_string).collect(),
        Cells::Text(texts) => texts.clone(),
        Cells::Lists(..) | Cells::Faulty(_) | Cells::Unusable(_) => Vec::new(),
    }
}

/// Whether two columns name the same classes, each in its own words.
fn parts_alike(one: &[String], other: &[String]) -> bool {
    let (mut there, mut back) = (HashMap::new(), HashMap::new());
    one.iter()
        .zip(other)
        .all(|(a, b)| *there.entry(a).or_insert(b) == b && *back.entry(b).or_insert(a) == a)
}

/// The embedding by the name of a column of lists, or by what the names of its columns begin with.
fn features_by_key(table: &Table, key: &str, free: &[usize]) -> Result<Features> {
    let named = |place: &&usize| table.columns[**place].name == key;
    if let Some(&place) = free.iter().find(named) {
        return Ok(match table.columns[place].cells {
            Cells::Lists(..) => Features::List(place),
            _ => Features::Columns(vec![place]),
        });
    }
    let of_family = |place: &usize| family(&table.columns[*place].name) == Some(key);
    let found: Vec<usize> = free.iter().copied().filter(of_family).collect();
    match found.is_empty() {
        false => Ok(Features::Columns(found)),
        true => {
            let problem = format!("has no column {key} and none {key}0, {key}1 and so on");
            let remedy = format!("it has {}", table.names());
            Err(table.fault(problem).remedy(remedy).into())
        }
    }
}

/// What stands before the number in `e12`, `dim_3` or `7`.
fn family(name: &str) -> Option<&str> {
    let name = name.trim();
    let start = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (start.len() < name.len()).then_some(start)
}

/// The embedding: a column of lists, else columns with numbered names, else all of numbers.
fn features(table: &Table, free: &[usize], labelled: bool) -> Result<Features> {
    let is = |place: &usize, test: fn(&Cells) -> bool| test(&table.columns[*place].cells);
    let lists: Vec<usize> = free
        .iter()
        .copied()
        .filter(|place| is(place, |cells| matches!(cells, Cells::Lists(..))))
        .collect();
    let whole: Vec<usize> = free
        .iter()
        .copied()
        .filter(|place| !is(place, |cells| matches!(cells, Cells::Lists(..))))
        .collect();
    refuse_faulty(table, &whole, lists.is_empty())?;
    let called = |place: &&usize| Wanted::Embeddings.is_called(&table.columns[**place].name);
    match (&lists[..], lists.iter().filter(called).collect::<Vec<_>>().as_slice()) {
        ([], _) => {}
        (&[one], _) | (_, &[&one]) => return Ok(Features::List(one)),
        (several, _) => {
            return Err(which(
                table,
                several.iter().map(|&place| table.columns[place].name.clone()),
            ));
        }
    }
    if !table.named {
        return unnamed(table, free, labelled);
    }
    let mut families: Vec<(&str, Vec<usize>)> = Vec::new();
    for &place in free {
        let Some(start) = family(&table.columns[place].name) else { continue };
        match families.iter_mut().find(|(known, _)| *known == start) {
            Some((_, places)) => places.push(place),
            None => families.push((start, vec![place])),
        }
    }
    families.retain(|(_, places)| places.len() > 1);
    match &families[..] {
        [(start, places)] => {
            refuse_other_numbers(table, free, start, places)?;
            return Ok(Features::Columns(places.clone()));
        }
        [] => {}
        several => return Err(which(table, several.iter().map(|(start, _)| (*start).to_owned()))),
    }
    let numbers: Vec<usize> =
        free.iter().copied().filter(|place| is(place, Cells::is_number)).collect();
    refuse_nearly_numbers(table, free)?;
    refuse_none(table, &numbers)?;
    Ok(Features::Columns(numbers))
}

/// Refuses to drop as many columns of numbers as the embedding would have: which are its own is the
/// user's to say.
fn refuse_other_numbers(
    table: &Table,
    free: &[usize],
    start: &str,
    places: &[usize],
) -> Result<()> {
    let is_other =
        |place: &&usize| !places.contains(place) && table.columns[**place].cells.is_number();
    let others: Vec<usize> = free.iter().filter(is_other).copied().collect();
    if others.len() < places.len() {
        return Ok(());
    }
    let names = |places: &[usize]| {
        listed(&places.iter().map(|&place| table.columns[place].name.clone()).collect::<Vec<_>>())
    };
    let problem =
        format!("has other columns of numbers beside {}: {}", names(places), names(&others));
    let remedy = format!(
        "take the former alone with --embeddings {}, or number all columns of the embedding alike",
        table.keyed(start)
    );
    Err(table.fault(problem).remedy(remedy).into())
}

/// Without names: all columns of numbers, but for one of whole numbers among others at an end,
/// where nothing else can be the label.
fn unnamed(table: &Table, free: &[usize], labelled: bool) -> Result<Features> {
    refuse_nearly_numbers(table, free)?;
    let cells = |place: usize| &table.columns[place].cells;
    let numbers: Vec<usize> =
        free.iter().copied().filter(|&place| cells(place).is_number()).collect();
    refuse_none(table, &numbers)?;
    let is_whole = |place: usize| matches!(cells(place), Cells::Whole(_));
    let whole: Vec<usize> = numbers.iter().copied().filter(|&place| is_whole(place)).collect();
    if let (false, &[one], true) = (labelled, &whole[..], numbers.len() == free.len()) {
        let at_an_end = one == numbers[0] || one == numbers[numbers.len() - 1];
        if at_an_end && numbers.len() > 1 {
            return Ok(Features::Columns(
                numbers.into_iter().filter(|&place| place != one).collect(),
            ));
        }
    }
    Ok(Features::Columns(numbers))
}

/// A question put to the user.
fn which(table: &Table, candidates: impl Iterator<Item = String>) -> Error {
    let all: Vec<String> = candidates.collect();
    let problem = format!("has several embeddings: {}", listed(&all));
    let remedy = format!("name one: --embeddings {}", table.keyed(&all[0]));
    table.fault(problem).remedy(remedy).into()
}

/// Refuses columns that would be part of the embedding, were they whole: any where there are no
/// lists, beside those one that is called as embeddings are.
fn refuse_faulty(table: &Table, places: &[usize], any: bool) -> Result<()> {
    let faulty = places.iter().map(|&place| &table.columns[place]).find(|column| {
        let meant = any || Wanted::Embeddings.is_called(&column.name);
        meant && matches!(column.cells, Cells::Faulty(_))
    });
    faulty.map_or(Ok(()), |column| {
        let fault = table.fault(format!("holds {}", column.cells.told())).column(&column.name);
        Err(fault.remedy("mend the row, or leave the row or the column out").into())
    })
}

fn refuse_none(table: &Table, numbers: &[usize]) -> Result<()> {
    if !numbers.is_empty() {
        return Ok(());
    }
    let all = table
        .columns
        .iter()
        .map(|column| format!("{} ({})", shown(&column.name), column.cells.told()));
    let problem = format!("has no column of numbers: {}", listed(&all.collect::<Vec<_>>()));
    Err(table.fault(problem).remedy("save one number a column").into())
}

/// Refuses a column of numbers with some other cells: left out, it would be missed.
fn refuse_nearly_numbers(table: &Table, free: &[usize]) -> Result<()> {
    for &place in free {
        let column = &table.columns[place];
        let Cells::Text(texts) = &column.cells else { continue };
        let is_number = |text: &&String| text.trim().parse::<f64>().is_ok();
        let numbers = texts.iter().filter(is_number).count();
        let odd = texts.iter().position(|text| !is_number(&text));
        if let (true, Some(row)) = (2 * numbers > texts.len(), odd) {
            let at = super::labels::Where::column(&table.file, &column.name, &table.lines);
            let fault = at.fault(row, "is no number").value(&texts[row]);
            return Err(fault.remedy("mend the cell, or leave the row or the column out").into());
        }
    }
    Ok(())
}

/// The one other column, which can only be the label.
fn only_other(table: &Table, rest: &[usize]) -> Option<usize> {
    let usable = |place: &usize| {
        let cells = &table.columns[*place].cells;
        !matches!(cells, Cells::Lists(..) | Cells::Unusable(_) | Cells::Faulty(_) | Cells::Real(..))
    };
    let found: Vec<usize> = rest.iter().copied().filter(usable).collect();
    match found[..] {
        [one] => Some(one),
        _ => None,
    }
}
