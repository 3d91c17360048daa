//! A legend: keys and names in columns, placed beside the data and never on them.

use super::style::{GAP, GRID, HAIRLINE, LABEL, STROKE, TEXT};
use super::{
    Anchor, Canvas, ClassName, Colour, Dash, Ink, Look, Point, Rect, Words, shortened, text_width,
};

/// What a name in the legend stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Key {
    /// Points of a class.
    Marker(Look),
    /// A line with markers.
    Line(Look),
    /// A plain line of a given width.
    Stroke(Colour, f64),
    /// Nothing: the name is a remark.
    Nothing,
}

/// One line of a legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What is drawn.
    pub key: Key,
    /// What it means.
    name: String,
    /// The number of the class that it names, where it does.
    class: Option<usize>,
}

impl Entry {
    /// A key with what it means.
    pub fn new(key: Key, name: &str) -> Entry {
        Entry { key, name: name.to_owned(), class: None }
    }

    /// The look of a class with its name.
    pub fn class(look: Look, class: ClassName<'_>) -> Entry {
        let ClassName { name, number } = class;
        Entry { key: Key::Marker(look), name: name.to_owned(), class: Some(number) }
    }

    fn within(&self, width: f64) -> Words {
        match self.class {
            Some(number) => ClassName { name: &self.name, number }.within(width, Ink::label()),
            None => shortened(&self.name, width, Ink::label()).into(),
        }
    }
}

/// A legend that knows its size before it is drawn.
pub struct Legend {
    entries: Vec<(Key, Words)>,
    rows: usize,
    key_width: f64,
    column_width: f64,
    /// Width of all columns in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
}

const ROW: f64 = 25.0;
/// Names are shortened to keep the legend within this width.
const WIDEST: f64 = 480.0;
const WIDEST_NAME: f64 = 300.0;
/// More names than this could not be read.
const MOST: usize = 120;

impl Legend {
    /// Lays entries out in columns no higher than `height` pixels.
    ///
    /// More than 120 entries are cut, and the last line says how many are missing.
    pub fn new(mut entries: Vec<Entry>, height: f64) -> Legend {
        if entries.len() > MOST {
            let missing = entries.len() - (MOST - 1);
            entries.truncate(MOST - 1);
            entries.push(Entry::new(Key::Nothing, &format!("{missing} more")));
        }
        let most_rows = ((height / ROW).floor() as usize).max(1);
        let columns = entries.len().div_ceil(most_rows).max(1);
        let rows = entries.len().div_ceil(columns);
        let lines = entries.iter().any(|entry| matches!(entry.key, Key::Line(_)));
        let key_width = if lines { 44.0 } else { 22.0 };
        let spaces = GAP / 2.0 * (columns - 1) as f64;
        let room = ((WIDEST - spaces) / columns as f64 - key_width).clamp(30.0, WIDEST_NAME);
        let entries: Vec<(Key, Words)> =
            entries.iter().map(|entry| (entry.key, entry.within(room))).collect();
        let widest = entries.iter().map(|(_, words)| text_width(&words.text, Ink::label()));
        let column_width = key_width + widest.fold(0.0, f64::max);
        let width = column_width * columns as f64 + spaces;
        Legend { rows, key_width, column_width, width, height: rows as f64 * ROW, entries }
    }

    /// Whether all entries stand below each other.
    pub fn is_column(&self) -> bool {
        self.rows >= self.entries.len()
    }

    /// Draws each entry at the right of where its line ends, as near to that height as the others
    /// leave room; `edge` is the right edge of the lines' rectangle.
    ///
    /// # Shapes
    /// ends `[entries]`; none of a line that is drawn nowhere, which stands at the foot.
    pub fn draw_beside(&self, canvas: &mut Canvas, edge: Rect, left: f64, ends: &[Option<f64>]) {
        let wanted: Vec<f64> = ends.iter().map(|end| end.unwrap_or(edge.bottom())).collect();
        let heights = spread(&wanted, (edge.y + ROW / 2.0, edge.bottom() - ROW / 2.0));
        for (((key, words), &y), end) in self.entries.iter().zip(&heights).zip(ends) {
            if let Some(end) = end {
                let (from, to) = ((edge.right() + 3.0, *end), (left - 5.0, y));
                canvas.line(from, to, GRID, HAIRLINE);
            }
            draw_key(canvas, *key, (left, y), self.key_width - 10.0);
            let at = (left + self.key_width, y);
            canvas.words(words.clone(), at, Ink::label().colour(TEXT));
        }
    }

    /// Draws the legend with its upper left corner at `at`.
    pub fn draw(&self, canvas: &mut Canvas, at: Point) {
        for (i, (key, words)) in self.entries.iter().enumerate() {
            let column = (i / self.rows) as f64 * (self.column_width + GAP / 2.0);
            let row = (i % self.rows) as f64 * ROW;
            let (x, y) = (at.0 + column, at.1 + row + ROW / 2.0);
            draw_key(canvas, *key, (x, y), self.key_width - 10.0);
            let ink = Ink::label().colour(TEXT).anchor(Anchor::Start);
            canvas.words(words.clone(), (x + self.key_width, y), ink);
        }
    }
}

/// Heights as near to the wanted ones as a row's distance between any two allows, from the least to
/// the greatest allowed.
fn spread(wanted: &[f64], (least, greatest): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let mut heights = wanted.to_vec();
    let mut free = least;
    for &place in &order {
        heights[place] = wanted[place].max(free);
        free = heights[place] + ROW;
    }
    let mut free = greatest;
    for &place in order.iter().rev() {
        heights[place] = heights[place].min(free);
        free = heights[place] - ROW;
    }
    heights
}

fn draw_key(canvas: &mut Canvas, key: Key, (x, y): Point, width: f64) {
    let (from, to) = ((x + 1.0, y), (x + width - 1.0, y));
    let middle = (x + width / 2.0, y);
    match key {
        Key::Marker(look) => canvas.marker(middle, LABEL * 0.36, look, 1.0),
        Key::Line(look) => {
            canvas.path(&[from, to], look.colour, STROKE, look.dash);
            canvas.marker(middle, 4.0, look, 1.0);
        }
        Key::Nothing => {}
        Key::Stroke(colour, stroke) => canvas.path(&[from, to], colour, stroke, Dash::Solid),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_where_their_lines_end_and_never_on_each_other() {
        assert_eq!(spread(&[100.0, 300.0], (0.0, 400.0)), [100.0, 300.0]);
        let crowded = spread(&[200.0, 201.0, 199.0], (0.0, 400.0));
        assert_eq!(crowded, [199.0 + ROW, 199.0 + 2.0 * ROW, 199.0]);
        // At the foot they move up.
        assert_eq!(spread(&[399.0, 400.0], (0.0, 400.0)), [400.0 - ROW, 400.0]);
    }
}
