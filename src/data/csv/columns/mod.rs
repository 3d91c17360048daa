//! What each column of a CSV is: the label, a pixel, or neither.

mod ends;
mod label;
mod matching;
mod shape;

use std::collections::HashSet;
use std::path::Path;

use super::glimpse::{Content, Glimpse};
use super::layout::{LabelCells, PixelCells, named};
use super::{CsvOptions, LabelColumn, names};
use crate::data::{Channels, LabelFound, LeftOut, listed};
use crate::error::Fault;

/// What the columns of a file are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    pub label: LabelCells,
    pub label_found: Option<LabelFound>,
    pub pixels: PixelCells,
    pub channels: Channels,
    pub side: usize,
    pub left_out: Vec<LeftOut>,
    /// Whether the pixels stand in the file in another order.
    pub reordered: bool,
    pub decisions: Vec<String>,
}

/// Columns that are still to be told apart, and what they are told apart by.
struct Sorter<'a> {
    file: &'a Path,
    names: Option<&'a [String]>,
    glimpse: &'a Glimpse,
    options: &'a CsvOptions,
    contents: Vec<Content>,
    /// Columns that could be pixels, in the order of the image as far as that is known.
    pixels: Vec<usize>,
    channels: Option<Channels>,
    reordered: bool,
    /// Whether the names say which columns are pixels.
    by_names: bool,
    left_out: Vec<LeftOut>,
    decisions: Vec<String>,
}

/// Finds the label and the pixels among the columns, and what is neither.
///
/// # Errors
/// Faults that lack the line: no label, two that could be it, pixels that make no square, names
/// that are not those of the training file.
pub(super) fn sorted(
    file: &Path,
    names: Option<&[String]>,
    width: usize,
    glimpse: &Glimpse,
    options: &CsvOptions,
) -> Result<Columns, Fault> {
    let contents: Vec<Content> = (0..width).map(|column| glimpse.content(column)).collect();
    if contents.len() == 1 && contents[0] != Content::Lists {
        let remedy = "it needs a label and the pixels, separated by commas, semicolons or tabs";
        return Err(Fault::new(file, "has a single column").remedy(remedy));
    }
    let mut sorter = Sorter {
        file,
        names,
        glimpse,
        options,
        contents,
        pixels: Vec::new(),
        channels: None,
        reordered: false,
        by_names: false,
        left_out: Vec::new(),
        decisions: Vec::new(),
    };
    let dropped = sorter.dropped(width)?;
    let given = sorter.given(width)?;
    let is_open = |column: &usize| !dropped.contains(column) && Some(*column) != given;
    let open: Vec<usize> = (0..width).filter(is_open).collect();
    let (list, others) = sorter.split(&open)?;
    let (label, found) = match given {
        Some(column) => {
            let why = match options.label {
                LabelColumn::Given(_) => "as --label says",
                LabelColumn::Auto | LabelColumn::IfThere => "as in the training file",
            };
            (LabelCells::Column(column), Some(why.to_owned()))
        }
        None => sorter.label(&others, list, width)?,
    };
    sorter.leave_out(&others, &label);
    let pixels = match list {
        Some(column) => PixelCells::List(column),
        None => PixelCells::Columns(sorter.matched(&label)?),
    };
    let (channels, side) = sorter.shape(&pixels)?;
    sorter.finish(label, found, pixels, (channels, side))
}

impl Sorter<'_> {
    fn named(&self, column: usize) -> String {
        named(self.names, column)
    }

    fn name(&self, column: usize) -> Option<&str> {
        self.names.map(|names| names[column].as_str())
    }

    /// A column by its name, as it stands or else in any case, or by its number from 1.
    fn find(&self, asked: &str, width: usize) -> Option<usize> {
        let names = self.names.unwrap_or_default();
        let exact = names.iter().position(|name| name == asked);
        let in_any_case = || names.iter().position(|name| name.eq_ignore_ascii_case(asked));
        let number = || asked.parse::<usize>().ok().filter(|number| (1..=width).contains(number));
        exact.or_else(in_any_case).or_else(|| number().map(|number| number - 1))
    }

    fn unknown(&self, asked: &str, width: usize, what: &str) -> Fault {
        let fault = Fault::new(self.file, format!("is no column of this file{what}")).value(asked);
        let Some(names) = self.names else {
            let remedy = match self.options.has_flags() {
                true => format!("it has no header: name a column by its position, 1 to {width}"),
                false => "it has no header: add the training file's".to_owned(),
            };
            return fault.remedy(remedy);
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let nearest = names
            .iter()
            .map(|name| (strsim::jaro_winkler(name, asked), name))
            .filter(|(likeness, _)| *likeness > 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let there = format!("its {} columns are {}", names.len(), listed(&names));
        match nearest {
            Some((_, name)) => fault.remedy(format!("did you mean '{name}'? {there}")),
            None => fault.remedy(there),
        }
    }

    /// Columns that the user drops. Those of the training file may be missing in a file of test images.
    fn dropped(&mut self, width: usize) -> Result<Vec<usize>, Fault> {
        let mut dropped = Vec::new();
        for asked in &self.options.drop {
            match self.find(asked, width) {
                Some(column) => {
                    dropped.push(column);
                    let (column, why) = (self.named(column), "as --drop says".to_owned());
                    self.left_out.push(LeftOut { column, why });
                }
                None if self.options.like.is_some() => {}
                None => return Err(self.unknown(asked, width, ", so it cannot be dropped")),
            }
        }
        Ok(dropped)
    }

    /// The label's column where the user names it.
    fn given(&self, width: usize) -> Result<Option<usize>, Fault> {
        let LabelColumn::Given(asked) = &self.options.label else {
            let trained = self.options.like.as_ref().and_then(|like| like.columns.label.as_ref());
            return Ok(trained.and_then(|name| self.called_as_trained(name, width)));
        };
        let found =
            self.find(asked.trim(), width).or_else(|| self.trained_place(asked.trim(), width));
        let unknown = || self.unknown(asked.trim(), width, ", so there are no labels");
        found.map(Some).ok_or_else(unknown)
    }

    /// The column of the name that the training file's label has; of several, the one that stands where
    /// it stood.
    fn called_as_trained(&self, name: &str, width: usize) -> Option<usize> {
        let names = self.names?;
        let of_name = |column: usize| names.get(column).is_some_and(|other| other == name);
        let trained = self.options.like.as_ref().and_then(|like| like.columns.label_at);
        let stood = trained.filter(|&(column, of)| of == width && of_name(column));
        stood.map(|(column, _)| column).or_else(|| (0..width).find(|&column| of_name(column)))
    }

    /// Where a column stood that was the label of the training file, in a file of as many columns whose
    /// own have no names.
    fn trained_place(&self, asked: &str, width: usize) -> Option<usize> {
        let trained = &self.options.like.as_ref()?.columns;
        let is_it = self.names.is_none() && trained.label.as_deref() == Some(asked);
        trained.label_at.filter(|&(_, of)| is_it && of == width).map(|(column, _)| column)
    }

    /// Divides columns into those that could be pixels and all others; a column that holds whole
    /// images is given by itself.
    fn split(&mut self, open: &[usize]) -> Result<(Option<usize>, Vec<usize>), Fault> {
        let contents = &self.contents;
        let of = |content| {
            let is = move |column: &usize| contents[*column] == content;
            open.iter().copied().filter(is).collect::<Vec<usize>>()
        };
        if let Some(&column) = open.iter().find(|&&column| self.glimpse.is_cut(column)) {
            let problem = format!(
                "has lists that NumPy cut short by ... in column {}, so that most pixels are lost",
                self.named(column)
            );
            let remedy = "write the file anew with a column for each pixel, or all numbers by \
                          np.set_printoptions(threshold=sys.maxsize)";
            return Err(Fault::new(self.file, problem).remedy(remedy));
        }
        let (lists, numbers) = (of(Content::Lists), of(Content::Numbers));
        if let [first, rest @ ..] = lists.as_slice() {
            if let Some(second) = rest.first() {
                let (one, other) = (self.named(*first), self.named(*second));
                let problem = format!("has images in column {one} and in column {other}");
                return Err(Fault::new(self.file, problem).remedy(
                    match self.options.has_flags() {
                        true => "leave one out with --drop",
                        false => "take one of them out",
                    },
                ));
            }
            let others = open.iter().copied().filter(|column| column != first).collect();
            return Ok((Some(*first), others));
        }
        let numbered = self.names.and_then(|names| names::pixels(names, &numbers));
        (self.pixels, self.by_names) = match numbered {
            Some(found) => {
                (self.channels, self.reordered) = (found.channels, found.reordered);
                (found.columns, true)
            }
            None => {
                (numbers.into_iter().filter(|&column| !self.is_set_apart(column)).collect(), false)
            }
        };
        let pixels: HashSet<usize> = self.pixels.iter().copied().collect();
        let others = open.iter().copied().filter(|column| !pixels.contains(column)).collect();
        Ok((None, others))
    }

    /// Whether the name of a column says that it is no pixel's.
    fn is_set_apart(&self, column: usize) -> bool {
        let is_so = |name: &str| {
            let is_index =
                names::is_index(name) && (!name.is_empty() || self.glimpse.is_index(column));
            names::is_label(name) || names::is_split(name) || is_index
        };
        self.name(column).is_some_and(is_so)
    }

    /// Notes what is neither label nor pixel, with the reason.
    fn leave_out(&mut self, others: &[usize], label: &LabelCells) {
        let is_label = |column: usize| match label {
            LabelCells::None => false,
            LabelCells::Column(label) => *label == column,
            LabelCells::OneHot { columns, .. } => columns.contains(&column),
        };
        for &column in others.iter().filter(|&&column| !is_label(column)) {
            let name = self.name(column);
            let why = match self.contents[column] {
                Content::Blank => "empty",
                _ if name.is_some_and(names::is_split) => "says which set a row is of",
                _ if self.glimpse.is_index(column) => "counts or names the rows",
                _ if name.is_some_and(names::is_index) => "an index by its name",
                _ if name.is_some_and(names::is_label) => "its name is a label's, too",
                Content::Text => "text",
                _ => "no pixel's name",
            };
            self.left_out.push(LeftOut { column: self.named(column), why: why.to_owned() });
        }
    }

    fn finish(
        mut self,
        label: LabelCells,
        why: Option<String>,
        pixels: PixelCells,
        (channels, side): (Channels, usize),
    ) -> Result<Columns, Fault> {
        let column = match &label {
            LabelCells::None => None,
            LabelCells::Column(column) => Some(self.named(*column)),
            LabelCells::OneHot { columns, .. } => {
                let (first, last) = (columns[0], columns[columns.len() - 1]);
                Some(format!("{} to {}", self.named(first), self.named(last)))
            }
        };
        let label_found = column.zip(why).map(|(column, why)| LabelFound { column, why });
        self.decide(label_found.as_ref(), &label, channels);
        let Sorter { left_out, reordered, decisions, .. } = self;
        Ok(Columns { label, label_found, pixels, channels, side, left_out, reordered, decisions })
    }

    fn decide(&mut self, found: Option<&LabelFound>, label: &LabelCells, channels: Channels) {
        let is_plain = |found: &LabelFound| {
            let is_given = ["as --label says", "as in the training file"].contains(&&*found.why);
            is_given || found.column.eq_ignore_ascii_case("label")
        };
        if let Some(found) = found.filter(|found| !is_plain(found)) {
            let LabelFound { column, why } = found;
            let columns = match label {
                LabelCells::OneHot { .. } => "columns",
                _ => "column",
            };
            let way_out = match self.options.has_flags() {
                true => "--label names another",
                false => "the training file's header would name it",
            };
            self.decisions.push(format!("label: {columns} {column}, {why}; {way_out}"));
        }
        if !self.left_out.is_empty() {
            let each = self.left_out.iter().map(|left| format!("{} ({})", left.column, left.why));
            let each: Vec<String> = each.collect();
            let each: Vec<&str> = each.iter().map(String::as_str).collect();
            self.decisions.push(format!("columns left out: {}", listed(&each)));
        }
        if self.reordered {
            let order = match self.options.like {
                Some(_) => "matched by name to the training file's",
                None => "put in the order of their numbers",
            };
            self.decisions.push(format!("pixel columns: {order}"));
        }
        let order = match channels {
            Channels::Grey => return,
            Channels::RgbPlanes => "red, green and blue one after the other, as in CIFAR",
            Channels::Rgb => "red, green and blue of each pixel together",
            Channels::Rgba => "red, green, blue and opacity (left out) of each pixel together",
        };
        let told = format!("colours: {order}, made grey by ITU-R BT.601 (0.299, 0.587, 0.114)");
        self.decisions.push(told);
    }
}
