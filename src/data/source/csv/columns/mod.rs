//! Classifies the columns of a CSV as label, pixels, or ignored.

mod ends;
mod label;
mod matching;
mod shape;

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::glimpse::{Content, Glimpse};
use super::layout::{LabelCells, PixelCells, named};
use super::names;
use crate::data::{
    ChannelChoice, Channels, ImageShape, LabelColumn, LabelFound, LeftOut, ReadOptions, listed,
};
use crate::error::Fault;

/// The roles of a file's columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    pub label: LabelCells,
    pub label_found: Option<LabelFound>,
    pub pixels: PixelCells,
    pub channels: Channels,
    pub shape: ImageShape,
    pub left_out: Vec<LeftOut>,
    /// Whether the pixels are in another order in the file.
    pub reordered: bool,
    pub decisions: Vec<String>,
}

/// The state of classifying the columns.
struct Classifier<'a> {
    file: &'a Path,
    names: Option<&'a [String]>,
    glimpse: &'a Glimpse,
    options: &'a ReadOptions,
    contents: Vec<Content>,
    /// Candidate pixel columns, in image order as far as it is known.
    pixels: Vec<usize>,
    channels: Option<Channels>,
    reordered: bool,
    /// Whether the pixels were found by name.
    by_names: bool,
    left_out: Vec<LeftOut>,
    decisions: Vec<String>,
}

/// Classifies the columns as label, pixels, or ignored.
///
/// # Errors
/// Faults without a line: a missing or ambiguous label, pixels that do not form a square, names
/// that do not match the training file.
pub(super) fn classified(
    file: &Path,
    names: Option<&[String]>,
    width: usize,
    glimpse: &Glimpse,
    options: &ReadOptions,
) -> Result<Columns, Fault> {
    let contents: Vec<Content> = (0..width).map(|column| glimpse.content(column)).collect();
    if contents.len() == 1 && contents[0] != Content::Lists {
        let remedy = "it needs a label and pixels, separated by commas, semicolons or tabs";
        return Err(Fault::new(file, "has a single column").remedy(remedy));
    }
    let mut classifier = Classifier {
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
    let dropped = classifier.dropped(width)?;
    let given = classifier.given(width)?;
    let is_open = |column: &usize| !dropped.contains(column) && Some(*column) != given;
    let open: Vec<usize> = (0..width).filter(is_open).collect();
    let (list, others) = classifier.split(&open)?;
    let (label, found) = match given {
        Some(column) => {
            let why = match options.label {
                LabelColumn::Given(_) => "as --label says",
                LabelColumn::Auto | LabelColumn::IfThere => "as in the training file",
            };
            (LabelCells::Column(column), Some(why.to_owned()))
        }
        None => classifier.label(&others, list, width)?,
    };
    classifier.leave_out(&others, &label);
    classifier.refuse_repeated()?;
    let pixels = match list {
        Some(column) => PixelCells::List(column),
        None => PixelCells::Columns(classifier.matched(&label)?),
    };
    let (channels, shape) = classifier.shape(&pixels)?;
    classifier.finish(label, found, pixels, (channels, shape))
}

impl Classifier<'_> {
    fn named(&self, column: usize) -> String {
        named(self.names, column)
    }

    fn name(&self, column: usize) -> Option<&str> {
        self.names.map(|names| names[column].as_str())
    }

    /// Finds a column by exact name, by name in any case, or by its number from 1.
    fn find(&self, wanted: &str, width: usize) -> Option<usize> {
        let names = self.names.unwrap_or_default();
        let exact = names.iter().position(|name| name == wanted);
        let in_any_case = || names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        let number = || wanted.parse::<usize>().ok().filter(|number| (1..=width).contains(number));
        exact.or_else(in_any_case).or_else(|| number().map(|number| number - 1))
    }

    fn unknown(&self, wanted: &str, width: usize, what: &str) -> Fault {
        let fault =
            Fault::new(self.file, format!("is not a column of this file{what}")).value(wanted);
        let Some(names) = self.names else {
            let remedy = match self.options.has_flags() {
                true => format!("it has no header: give the column's position, 1 to {width}"),
                false => "it has no header: add the training file's".to_owned(),
            };
            return fault.remedy(remedy);
        };
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let nearest = names
            .iter()
            .map(|name| (strsim::jaro_winkler(name, wanted), name))
            .filter(|(likeness, _)| *likeness > 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let available = format!("its {} columns are {}", names.len(), listed(&names));
        match nearest {
            Some((_, name)) => fault.remedy(format!("did you mean '{name}'? {available}")),
            None => fault.remedy(available),
        }
    }

    /// Columns dropped by the user. Those of the training file may be missing in a file of test
    /// images.
    fn dropped(&mut self, width: usize) -> Result<Vec<usize>, Fault> {
        let mut dropped = Vec::new();
        for wanted in &self.options.drop {
            match self.find(wanted, width) {
                Some(column) => {
                    dropped.push(column);
                    let (column, why) = (self.named(column), "as --drop says".to_owned());
                    self.left_out.push(LeftOut { column, why });
                }
                None if self.options.like.is_some() => {}
                None => return Err(self.unknown(wanted, width, ", so it cannot be dropped")),
            }
        }
        Ok(dropped)
    }

    /// The label column given by the user or the training file.
    fn given(&self, width: usize) -> Result<Option<usize>, Fault> {
        let LabelColumn::Given(wanted) = &self.options.label else {
            let trained = self.options.like.as_ref().and_then(|like| like.columns.label.as_ref());
            return Ok(trained.and_then(|name| self.named_as_trained(name, width)));
        };
        let found =
            self.find(wanted.trim(), width).or_else(|| self.trained_position(wanted.trim(), width));
        let unknown = || self.unknown(wanted.trim(), width, ", so there are no labels");
        found.map(Some).ok_or_else(unknown)
    }

    /// The column with the name of the training file's label; of several, the one at the same
    /// position.
    fn named_as_trained(&self, name: &str, width: usize) -> Option<usize> {
        let names = self.names?;
        let of_name = |column: usize| names.get(column).is_some_and(|other| other == name);
        let trained = self.options.like.as_ref().and_then(|like| like.columns.label_at);
        let same_position = trained.filter(|&(column, of)| of == width && of_name(column));
        same_position
            .map(|(column, _)| column)
            .or_else(|| (0..width).find(|&column| of_name(column)))
    }

    /// Position of the training file's label, for a file without a header and with as many columns.
    fn trained_position(&self, wanted: &str, width: usize) -> Option<usize> {
        let trained = &self.options.like.as_ref()?.columns;
        let is_it = self.names.is_none() && trained.label.as_deref() == Some(wanted);
        trained.label_at.filter(|&(_, of)| is_it && of == width).map(|(column, _)| column)
    }

    /// Splits columns into candidate pixels and others; a column of whole images is returned
    /// separately.
    fn split(&mut self, open: &[usize]) -> Result<(Option<usize>, Vec<usize>), Fault> {
        let contents = &self.contents;
        let of = |content| {
            let is = move |column: &usize| contents[*column] == content;
            open.iter().copied().filter(is).collect::<Vec<usize>>()
        };
        if let Some(&column) = open.iter().find(|&&column| self.glimpse.is_abbreviated(column)) {
            let problem = format!(
                "has lists that NumPy abbreviated with ... in column {}, so most pixels are lost",
                self.named(column)
            );
            let remedy = "write the file again with a column for each pixel, or with \
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
                        true => "drop one with --drop",
                        false => "remove one of them",
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
            None => (
                numbers.into_iter().filter(|&column| !self.is_named_otherwise(column)).collect(),
                false,
            ),
        };
        let pixels: HashSet<usize> = self.pixels.iter().copied().collect();
        let others = open.iter().copied().filter(|column| !pixels.contains(column)).collect();
        Ok((None, others))
    }

    /// Whether the name of a column rules out that it is a pixel.
    fn is_named_otherwise(&self, column: usize) -> bool {
        let is_so = |name: &str| {
            let is_index =
                names::is_index(name) && (!name.is_empty() || self.glimpse.is_index(column));
            names::is_label(name) || names::is_split(name) || is_index
        };
        self.name(column).is_some_and(is_so)
    }

    /// Records ignored columns with the reason.
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

    /// Refuses two pixel columns of one name, as one of them may be there twice and another missing.
    /// Where all have the same name, it names no pixel, and they are taken in order.
    fn refuse_repeated(&self) -> Result<(), Fault> {
        let mut columns = self.pixels.clone();
        columns.sort_unstable();
        let mut known: HashMap<&str, usize> = HashMap::with_capacity(columns.len());
        let mut repeated = None;
        for column in columns {
            let Some(name) = self.name(column).filter(|name| !name.is_empty()) else { continue };
            let first = *known.entry(name).or_insert(column);
            repeated = repeated.or((first != column).then_some((name, first, column)));
        }
        let Some((name, one, other)) = repeated.filter(|_| known.len() > 1) else { return Ok(()) };
        let problem = format!(
            "has two pixel columns of the name {name}, columns {} and {}",
            one + 1,
            other + 1
        );
        let number = (other + 1).to_string();
        // Names take precedence over numbers.
        let can_drop = self.options.has_flags() && !known.contains_key(number.as_str());
        let remedy = match can_drop {
            true => format!("rename one of them, or leave one out with --drop {number}"),
            false => "rename one of them".to_owned(),
        };
        Err(Fault::new(self.file, problem).remedy(remedy))
    }

    fn finish(
        mut self,
        label: LabelCells,
        why: Option<String>,
        pixels: PixelCells,
        (channels, shape): (Channels, ImageShape),
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
        let Classifier { left_out, reordered, decisions, .. } = self;
        Ok(Columns { label, label_found, pixels, channels, shape, left_out, reordered, decisions })
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
            let remedy = match self.options.has_flags() {
                true => "choose another with --label",
                false => "to be certain, add the training file's header",
            };
            self.decisions.push(format!("label: {columns} {column}, {why}; {remedy}"));
        }
        if !self.left_out.is_empty() {
            let each = self.left_out.iter().map(|left| format!("{} ({})", left.column, left.why));
            let each: Vec<String> = each.collect();
            let each: Vec<&str> = each.iter().map(String::as_str).collect();
            self.decisions.push(format!("ignored columns: {}", listed(&each)));
        }
        if self.reordered {
            let order = match self.options.like {
                Some(_) => "matched by name to the training file",
                None => "sorted by their numbers",
            };
            self.decisions.push(format!("pixel columns: {order}"));
        }
        let order = match channels {
            Channels::Grey => return,
            Channels::RgbPlanes => "red, green and blue planes, as in CIFAR",
            Channels::Rgb => "red, green and blue interleaved by pixel",
            Channels::Rgba => "red, green, blue and alpha (ignored) interleaved by pixel",
        };
        let what = match self.options.pictures.channels {
            ChannelChoice::Grey => ", converted to grey by ITU-R BT.601 (0.299, 0.587, 0.114)",
            _ if self.options.has_flags() => "; --channels grey converts them",
            _ => "",
        };
        self.decisions.push(format!("colours: {order}{what}"));
    }
}
