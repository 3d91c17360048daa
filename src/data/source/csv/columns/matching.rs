//! Matches pixel columns to those of the training file by name.

use std::collections::{HashMap, HashSet};

use super::super::layout::LabelCells;
use super::super::names::are_unique;
use super::Classifier;
use crate::data::{LeftOut, Names, listed};
use crate::error::Fault;

impl Classifier<'_> {
    /// The pixels in the order of the training file, matched by name, if there is one.
    pub(super) fn matched(&mut self, label: &LabelCells) -> Result<Vec<usize>, Fault> {
        let found_here = std::mem::take(&mut self.pixels);
        let Some(like) = &self.options.like else { return Ok(found_here) };
        let wanted = like.columns.names.as_ref().map(Names::list);
        let wanted = wanted.filter(|wanted| are_unique(wanted.iter().map(String::as_str)));
        let (Some(names), Some(wanted)) = (self.names, wanted) else {
            return self.in_their_order(found_here, like.columns.reordered && self.names.is_none());
        };
        let by_name = columns_by_name(names, label);
        let column_of = |name: &String| {
            by_name.get(name).or_else(|| by_name.get(&name.to_lowercase())).copied()
        };
        let found: Vec<Option<usize>> = wanted.iter().map(column_of).collect();
        if let Some(columns) = found.iter().copied().collect::<Option<Vec<usize>>>()
            && (columns.len() == found_here.len() || !self.by_names)
        {
            (self.channels, self.reordered) = (Some(like.columns.channels), columns != found_here);
            let taken: HashSet<usize> = columns.iter().copied().collect();
            for &column in found_here.iter().filter(|column| !taken.contains(column)) {
                let why = "not in the training file".to_owned();
                self.left_out.push(LeftOut { column: self.named(column), why });
            }
            return Ok(columns);
        }
        if wanted.len() != found_here.len() {
            // Images of another size, which is rejected later.
            return Ok(found_here);
        }
        if !are_unique(found_here.iter().map(|&column| names[column].as_str())) {
            return self.in_their_order(found_here, like.columns.reordered);
        }
        Err(self.other_names(&wanted, &found, &found_here))
    }

    /// Pixels without matching names, taken in order if the training file's order allows it.
    fn in_their_order(
        &self,
        found_here: Vec<usize>,
        is_unknown: bool,
    ) -> Result<Vec<usize>, Fault> {
        if !is_unknown || found_here.len() < 2 {
            return Ok(found_here);
        }
        let lacks = match self.names {
            None => "has no header",
            Some(_) => "has unnamed pixel columns, or repeated names",
        };
        let problem = format!("{lacks}, and the training file's columns are not in order");
        Err(Fault::new(self.file, problem).remedy("add the training file's header"))
    }

    fn other_names(
        &self,
        wanted: &[String],
        found: &[Option<usize>],
        found_here: &[usize],
    ) -> Fault {
        let pairs = wanted.iter().zip(found);
        let missing: Vec<&str> =
            pairs.filter(|(_, f)| f.is_none()).map(|(n, _)| n.as_str()).collect();
        let names = self.names.unwrap_or_default();
        let known: HashSet<String> = wanted.iter().map(|name| name.to_lowercase()).collect();
        let extra: Vec<&str> = found_here
            .iter()
            .map(|&column| names[column].as_str())
            .filter(|name| !known.contains(&name.to_lowercase()))
            .collect();
        let problem = format!(
            "lacks pixel columns of the training file, {}, and has others, {}",
            listed(&missing),
            listed(&extra)
        );
        Fault::new(self.file, problem)
            .remedy("rename them, or remove the header to match columns by order")
    }
}

/// Columns by name, and by lower-case name; without the label and without ambiguous names.
fn columns_by_name(names: &[String], label: &LabelCells) -> HashMap<String, usize> {
    let is_label = |column: usize| *label == LabelCells::Column(column);
    let mut counts: HashMap<&str, usize> = HashMap::with_capacity(names.len());
    names.iter().for_each(|name| *counts.entry(name).or_default() += 1);
    let is_sole = |(column, name): &(usize, &String)| {
        !is_label(*column) && !name.is_empty() && counts[name.as_str()] == 1
    };
    let mut columns: HashMap<String, usize> = HashMap::with_capacity(2 * names.len());
    for (column, name) in names.iter().enumerate().filter(is_sole) {
        columns.insert(name.clone(), column);
    }
    for (column, name) in names.iter().enumerate().filter(is_sole) {
        columns.entry(name.to_lowercase()).or_insert(column);
    }
    columns
}
