//! Pixel columns matched by their names to those of the training file.

use std::collections::{HashMap, HashSet};

use super::super::layout::LabelCells;
use super::super::names::are_apart;
use super::Sorter;
use crate::data::{LeftOut, Names, listed};
use crate::error::Fault;

impl Sorter<'_> {
    /// The pixels in the order of the training file, by their names, where there is one.
    pub(super) fn matched(&mut self, label: &LabelCells) -> Result<Vec<usize>, Fault> {
        let own = std::mem::take(&mut self.pixels);
        let Some(like) = &self.options.like else { return Ok(own) };
        let wanted = like.columns.names.as_ref().map(Names::list);
        let wanted = wanted.filter(|wanted| are_apart(wanted.iter().map(String::as_str)));
        let (Some(names), Some(wanted)) = (self.names, wanted) else {
            return self.in_their_order(own, like.columns.reordered && self.names.is_none());
        };
        let places = places(names, label);
        let place =
            |name: &String| places.get(name).or_else(|| places.get(&name.to_lowercase())).copied();
        let found: Vec<Option<usize>> = wanted.iter().map(place).collect();
        if let Some(columns) = found.iter().copied().collect::<Option<Vec<usize>>>()
            && (columns.len() == own.len() || !self.by_names)
        {
            (self.channels, self.reordered) = (Some(like.columns.channels), columns != own);
            let taken: HashSet<usize> = columns.iter().copied().collect();
            for &column in own.iter().filter(|column| !taken.contains(column)) {
                let why = "not in the training file".to_owned();
                self.left_out.push(LeftOut { column: self.named(column), why });
            }
            return Ok(columns);
        }
        if wanted.len() != own.len() {
            // Images of another size, which is refused by their size.
            return Ok(own);
        }
        if !are_apart(own.iter().map(|&column| names[column].as_str())) {
            return self.in_their_order(own, like.columns.reordered);
        }
        Err(self.other_names(&wanted, &found, &own))
    }

    /// Pixels that no names match, which are those of the training file by their order if that may be.
    fn in_their_order(&self, own: Vec<usize>, is_unknown: bool) -> Result<Vec<usize>, Fault> {
        if !is_unknown || own.len() < 2 {
            return Ok(own);
        }
        let lacks = match self.names {
            None => "has no header",
            Some(_) => "has pixel columns without names, or some of one name",
        };
        let problem = format!("{lacks}, and the training file's columns are not in their order");
        Err(Fault::new(self.file, problem).remedy("add the training file's header"))
    }

    fn other_names(&self, wanted: &[String], found: &[Option<usize>], own: &[usize]) -> Fault {
        let pairs = wanted.iter().zip(found);
        let missing: Vec<&str> =
            pairs.filter(|(_, f)| f.is_none()).map(|(n, _)| n.as_str()).collect();
        let names = self.names.unwrap_or_default();
        let known: HashSet<String> = wanted.iter().map(|name| name.to_lowercase()).collect();
        let extra: Vec<&str> = own
            .iter()
            .map(|&column| names[column].as_str())
            .filter(|name| !known.contains(&name.to_lowercase()))
            .collect();
        let problem = format!(
            "lacks pixel columns of the training file, {}, and has others, {}",
            listed(&missing),
            listed(&extra)
        );
        Fault::new(self.file, problem).remedy(
            "name them as there, or take the header out: columns are then taken in their order",
        )
    }
}

/// Columns by their names as they stand, or else in lower case; neither the label nor columns of one
/// name, of which either could be meant.
fn places(names: &[String], label: &LabelCells) -> HashMap<String, usize> {
    let is_label = |column: usize| *label == LabelCells::Column(column);
    let mut counts: HashMap<&str, usize> = HashMap::with_capacity(names.len());
    names.iter().for_each(|name| *counts.entry(name).or_default() += 1);
    let is_sole = |(column, name): &(usize, &String)| {
        !is_label(*column) && !name.is_empty() && counts[name.as_str()] == 1
    };
    let mut places: HashMap<String, usize> = HashMap::with_capacity(2 * names.len());
    for (column, name) in names.iter().enumerate().filter(is_sole) {
        places.insert(name.clone(), column);
    }
    for (column, name) in names.iter().enumerate().filter(is_sole) {
        places.entry(name.to_lowercase()).or_insert(column);
    }
    places
}
