//! Finds the label among columns that are not pixels.

use super::super::glimpse::Content;
use super::super::layout::LabelCells;
use super::super::names;
use super::Classifier;
use crate::data::{LabelColumn, listed};
use crate::error::Fault;
use crate::words::flag;

impl Classifier<'_> {
    /// The label among columns that are not pixels, or else among the pixels by content; with the
    /// reason.
    pub(super) fn label(
        &mut self,
        others: &[usize],
        list: Option<usize>,
        width: usize,
    ) -> Result<(LabelCells, Option<String>), Fault> {
        let is_named = |column: &usize| {
            self.contents[*column] != Content::Blank
                && self.name(*column).is_some_and(names::is_label)
        };
        let called: Vec<usize> = others.iter().copied().filter(is_named).collect();
        if let [first, rest @ ..] = called.as_slice() {
            let doubt = rest.iter().find(|&&other| !self.glimpse.divide_alike(*first, other));
            return match doubt {
                None => Ok((LabelCells::Column(*first), Some("by its name".to_owned()))),
                Some(other) => Err(self.question(*first, *other)),
            };
        }
        let rest: Vec<usize> =
            others.iter().copied().filter(|&column| self.may_be_label(column)).collect();
        let are_numbers = rest.iter().all(|&column| self.contents[column] == Content::Numbers);
        if rest.len() > 1 && are_numbers && self.glimpse.is_one_hot(rest.iter().copied()) {
            return Ok((self.one_hot(rest), Some("one 1 in each row".to_owned())));
        }
        match rest.as_slice() {
            [only] => {
                let why = match (self.by_names, self.contents[*only]) {
                    (true, _) => "the one column whose name is no pixel's",
                    (false, Content::Text) => "the one column of text",
                    (false, _) => "the one column beside the pixels",
                };
                Ok((LabelCells::Column(*only), Some(why.to_owned())))
            }
            [one, other, ..] => Err(self.question(*one, *other)),
            [] if list.is_some() => self.unlabelled(others).map(|none| (none, None)),
            [] => self.label_among_pixels(others, width),
        }
    }

    fn may_be_label(&self, column: usize) -> bool {
        let name = self.name(column).unwrap_or_default();
        let is_constant_text =
            || self.contents[column] == Content::Text && self.glimpse.distinct(column) == 1;
        self.contents[column] != Content::Blank
            && !(self.names.is_some() && (names::is_index(name) || names::is_split(name)))
            && !self.glimpse.is_index(column)
            && self.glimpse.could_be_labels(column)
            && !(is_constant_text() && self.glimpse.len() > 1)
    }

    pub(super) fn question(&self, one: usize, other: usize) -> Fault {
        let names = self.names.unwrap_or_default();
        let numbers = [one, other].map(|column| (column + 1).to_string());
        let name = self.named(one);
        let are_alike = name.eq_ignore_ascii_case(&self.named(other));
        let [one, other] = match are_alike {
            true => numbers.clone(),
            false => [name.clone(), self.named(other)],
        };
        let called = match are_alike {
            true => format!("both called {name}: numbers {one} and {other}"),
            false => format!("{one} and {other}"),
        };
        let problem = format!("has two columns that could be the label, {called}");
        if !self.options.has_flags() {
            let remedy = "add the training file's header, or remove one of them";
            return Fault::new(self.file, problem).remedy(remedy);
        }
        // Names take precedence over numbers.
        if are_alike && numbers.iter().any(|number| names.contains(number)) {
            return Fault::new(self.file, problem).remedy("rename or remove one of them");
        }
        let [one, other] = [one, other].map(|column| flag("--label", column));
        let remedy = format!("choose one: {one} or {other}");
        Fault::new(self.file, problem).remedy(remedy)
    }

    pub(super) fn one_hot(&self, columns: Vec<usize>) -> LabelCells {
        let labels = match self.names {
            Some(names) => names::without_common_prefix(
                &columns.iter().map(|&column| names[column].as_str()).collect::<Vec<_>>(),
            ),
            None => (0..columns.len()).map(|class| class.to_string()).collect(),
        };
        LabelCells::OneHot { columns, labels }
    }

    /// No labels, if the options allow that.
    pub(super) fn unlabelled(&self, others: &[usize]) -> Result<LabelCells, Fault> {
        if self.options.label == LabelColumn::IfThere {
            return Ok(LabelCells::None);
        }
        let names: Vec<String> = others.iter().map(|&column| self.named(column)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let beside = match names.as_slice() {
            [] => "only the pixels of an image in each row".to_owned(),
            [name] => format!("only column {name} besides the pixels of an image"),
            names => format!("only columns {} besides the pixels of an image", listed(names)),
        };
        let remedy = match self.options.has_flags() {
            true => {
                "dml embed accepts unlabelled images; if a column is the label, choose it with \
                 --label"
            }
            false => {
                "dml embed accepts unlabelled images; if a column is the label, add the training \
                 file's header"
            }
        };
        Err(Fault::new(self.file, format!("has no label column: {beside}")).remedy(remedy))
    }
}
