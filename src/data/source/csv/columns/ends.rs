//! Finds the label among number columns with uninformative names, by examining those at the ends.

use super::super::layout::LabelCells;
use super::Classifier;
use super::shape::is_image;
use crate::data::LeftOut;
use crate::error::Fault;

impl Classifier<'_> {
    /// The label among the candidate pixel columns, in a file without a header or whose header
    /// numbers all columns.
    pub(super) fn label_among_pixels(
        &mut self,
        others: &[usize],
        width: usize,
    ) -> Result<(LabelCells, Option<String>), Fault> {
        let like = self.options.like.as_ref().and_then(|like| like.columns.label_at);
        if let Some((column, _)) = like.filter(|&(column, of)| {
            self.names.is_none() && of == width && self.pixels.contains(&column)
        }) {
            self.pixels.retain(|&other| other != column);
            return Ok((LabelCells::Column(column), Some("as in the training file".to_owned())));
        }
        let count = self.pixels.len();
        if self.channels.is_some() || is_image(count) {
            return self.unlabelled(others).map(|none| (none, None));
        }
        let counts_rows = !self.pixels.is_empty() && self.glimpse.is_index(self.pixels[0]);
        if !is_image(count.saturating_sub(1)) && is_image(count.saturating_sub(2)) && counts_rows {
            let column = self.pixels.remove(0);
            self.left_out
                .push(LeftOut { column: self.named(column), why: "counts the rows".to_owned() });
        }
        if is_image(self.pixels.len().saturating_sub(1)) {
            return match counts_rows && self.pixels.len() == count {
                true => {
                    let column = self.pixels.remove(0);
                    let why = "counts the rows".to_owned();
                    self.left_out.push(LeftOut { column: self.named(column), why });
                    self.unlabelled(&[column]).map(|none| (none, None))
                }
                false => self.first_or_last(),
            };
        }
        self.one_hot_at_an_end()
    }

    /// The first or the last column, by comparing them with their neighbours.
    fn first_or_last(&mut self) -> Result<(LabelCells, Option<String>), Fault> {
        let pixels = &self.pixels;
        let (first, last) = (pixels[0], pixels[pixels.len() - 1]);
        let column = match (pixels.len(), self.by_content(first, last)) {
            // A label and one pixel: there are no neighbours to compare with.
            (2, _) => first,
            (_, Some(column)) => column,
            (_, None) => return Err(self.question(first, last)),
        };
        self.pixels.retain(|&other| other != column);
        let (which, other) = if column == first { ("first", "last") } else { ("last", "first") };
        let values = self.glimpse.distinct(column);
        let why = format!(
            "the {which} one: its {values} values are unlike those beside it, the {other} \
             column's are like its neighbour's"
        );
        Ok((LabelCells::Column(column), Some(why)))
    }

    /// Which of the two end columns differs from the pixels next to it.
    fn by_content(&self, first: usize, last: usize) -> Option<usize> {
        let glimpse = self.glimpse;
        let [next, before] = [self.pixels[1], self.pixels[self.pixels.len() - 2]];
        let of = |column: usize, beside: usize| match glimpse.could_be_labels(column) {
            true => glimpse.difference(column, beside),
            false => 0.0,
        };
        let (at_first, at_last) = (of(first, next), of(last, before));
        let clearly = |one: f64, other: f64| one > 2.0 * other + 0.05 && one >= 0.1;
        if clearly(at_first, at_last) {
            return Some(first);
        }
        if clearly(at_last, at_first) {
            return Some(last);
        }
        let both = |is: &dyn Fn(usize) -> bool| match (is(first), is(last)) {
            (true, false) => Some(first),
            (false, true) => Some(last),
            _ => None,
        };
        let differs = |column: usize| if column == first { at_first > 0.2 } else { at_last > 0.2 };
        let varies = |column: usize| differs(column) && glimpse.distinct(column) > 1;
        let repeats = |column: usize| differs(column) && glimpse.whole && glimpse.repeats(column);
        both(&varies).or_else(|| both(&repeats))
    }

    /// One-hot columns at one end, if the others form an image.
    fn one_hot_at_an_end(&mut self) -> Result<(LabelCells, Option<String>), Fault> {
        let count = self.pixels.len();
        let sizes = (1..=count.isqrt()).rev().flat_map(|side| [3 * side * side, side * side]);
        let mut classes: Vec<usize> =
            sizes.filter(|&size| is_image(size) && size < count).map(|size| count - size).collect();
        classes.sort_unstable();
        for classes in classes.into_iter().filter(|&classes| (2..=count / 2).contains(&classes)) {
            let (head, tail) = (&self.pixels[..classes], &self.pixels[count - classes..]);
            let is_hot = |columns: &[usize]| self.glimpse.is_one_hot(columns.iter().copied());
            let columns = match (is_hot(head), is_hot(tail)) {
                (true, true) => return Err(self.question(head[0], tail[0])),
                (true, false) => head.to_vec(),
                (false, true) => tail.to_vec(),
                (false, false) => continue,
            };
            self.pixels.retain(|column| !columns.contains(column));
            return Ok((self.one_hot(columns), Some("one 1 in each row".to_owned())));
        }
        // The shape check then rejects it, with valid numbers of columns.
        let first = *self.pixels.first().unwrap_or(&0);
        self.pixels.retain(|&other| other != first);
        Ok((LabelCells::Column(first), Some("the first column".to_owned())))
    }
}
