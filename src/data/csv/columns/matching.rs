//! Pixel columns matched by their names to those of the training file.

use std::collections::{HashMap, HashSet};

use super::super::layout::LabelCells;
use super::Sorter;
use crate::data::{LeftOut, listed};
use crate::error::Fault;

impl Sorter<'_> {
    /// The pixels in the order of the training file, by their names, where there is one.
    pub(super) fn matched(&mut self, label: &LabelCells) -> Result<Vec<usize>, Fault> {
        let own = std::mem::take(&mut self.pixels);
        let Some(like) = &self.options.like else { return Ok(own) };
        let (Some(names), Some(wanted)) = (self.names, &like.columns.names) else {
            if self.names.is_none() && like.columns.reordered && own.len() > 1 {
                let problem =
                    "has no header, and the training file's columns are not in their order";
                return Err(Fault::new(self.file, problem).remedy("add the training file's header"));
            }
            return Ok(own);
        };
        let wanted = wanted.list();
        let is_label = |column: usize| *label == LabelCells::Column(column);
        let mut places: HashMap<String, usize> = HashMap::with_capacity(2 * names.len());
        // Names as they stand come before those that differ in case.
        let lowered = names.iter().map(|name| name.to_lowercase());
        for (column, name) in (0..).zip(names.iter().cloned()).chain((0..).zip(lowered)) {
            if !is_label(column) {
                places.entry(name).or_insert(column);
            }
        }
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
        Err(self.other_names(&wanted, &found, &own))
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
