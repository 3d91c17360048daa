//! Pixel columns matched by their names to those of the training file.

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
        let place = |name: &String| {
            let find = |is: &dyn Fn(&String) -> bool| {
                (0..names.len()).find(|&column| !is_label(column) && is(&names[column]))
            };
            find(&|other| other == name).or_else(|| find(&|other| other.eq_ignore_ascii_case(name)))
        };
        let found: Vec<Option<usize>> = wanted.iter().map(place).collect();
        if let Some(columns) = found.iter().copied().collect::<Option<Vec<usize>>>()
            && (columns.len() == own.len() || !self.by_names)
        {
            (self.channels, self.reordered) = (Some(like.columns.channels), columns != own);
            for &column in own.iter().filter(|column| !columns.contains(column)) {
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
        let extra: Vec<&str> = own
            .iter()
            .map(|&column| names[column].as_str())
            .filter(|name| !wanted.iter().any(|other| other.eq_ignore_ascii_case(name)))
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
