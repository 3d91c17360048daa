//! A legend: keys and names in columns, beside the data and never on them.

use plotters::style::RGBColor;

use super::backend::Area;
use super::class_name::ClassName;
use super::elements::{label, marker, polyline};
use super::geometry::{Point, Rect, at};
use super::marker::Dash;
use super::palette::{GAP, GRID, HAIRLINE, LABEL, STROKE, TEXT};
use super::series_style::SeriesStyle;
use super::text::{TextStyle, Words, shortened, text_width};
use crate::error::Result;

/// The symbol beside a name in the legend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Key {
    /// Points of a class.
    Marker(SeriesStyle),
    /// A line with markers.
    Line(SeriesStyle),
    /// A plain line of a given width.
    Stroke(RGBColor, f64),
    /// Nothing: the name is a remark.
    Nothing,
}

/// One line of a legend.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The symbol.
    pub key: Key,
    /// Its meaning.
    name: String,
    /// The number of the class, if it names a class.
    class: Option<usize>,
}

impl Entry {
    /// A key with what it means.
    pub fn new(key: Key, name: &str) -> Entry {
        Entry { key, name: name.to_owned(), class: None }
    }

    /// The style of a class with its name.
    pub fn class(style: SeriesStyle, class: ClassName<'_>) -> Entry {
        let ClassName { name, number } = class;
        Entry { key: Key::Marker(style), name: name.to_owned(), class: Some(number) }
    }

    fn within(&self, width: f64) -> Words {
        match self.class {
            Some(number) => {
                ClassName { name: &self.name, number }.within(width, TextStyle::label())
            }
            None => shortened(&self.name, width, TextStyle::label()).into(),
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
        let widest = entries.iter().map(|(_, words)| text_width(&words.text, TextStyle::label()));
        let column_width = key_width + widest.fold(0.0, f64::max);
        let width = match entries.len() {
            0 => 0.0,
            _ => column_width * columns as f64 + spaces,
        };
        Legend { rows, key_width, column_width, width, height: rows as f64 * ROW, entries }
    }

    /// Whether all entries are in one column.
    pub fn is_column(&self) -> bool {
        self.rows >= self.entries.len()
    }

    /// Draws each entry to the right of its line's end, as near to that height as the others
    /// leave room; `edge` is the rectangle of the lines.
    ///
    /// # Shapes
    /// ends `[entries]`; `None` for a line that is not drawn, whose entry is at the bottom.
    ///
    /// # Errors
    /// plotters cannot draw it.
    pub fn draw_beside(
        &self,
        page: &Area,
        edge: Rect,
        left: f64,
        ends: &[Option<f64>],
    ) -> Result<()> {
        let wanted: Vec<f64> = ends.iter().map(|end| end.unwrap_or(edge.bottom())).collect();
        let heights = spread(&wanted, (edge.y + ROW / 2.0, edge.bottom() - ROW / 2.0));
        for ((entry, &y), end) in self.entries.iter().zip(&heights).zip(ends) {
            if let Some(end) = end {
                let lead = vec![at((edge.right() + 3.0, *end)), at((left - 5.0, y))];
                page.draw(&polyline(lead, (GRID, HAIRLINE, Dash::Solid)))?;
            }
            self.draw_entry(page, entry, (left, y))?;
        }
        Ok(())
    }

    /// Draws the legend with its upper left corner at a point.
    ///
    /// # Errors
    /// plotters cannot draw it.
    pub fn draw(&self, page: &Area, (left, top): Point) -> Result<()> {
        for (i, entry) in self.entries.iter().enumerate() {
            let column = (i / self.rows) as f64 * (self.column_width + GAP / 2.0);
            let row = (i % self.rows) as f64 * ROW;
            self.draw_entry(page, entry, (left + column, top + row + ROW / 2.0))?;
        }
        Ok(())
    }

    fn draw_entry(&self, page: &Area, (key, words): &(Key, Words), (x, y): Point) -> Result<()> {
        draw_key(page, *key, (x, y), self.key_width - 10.0)?;
        let style = TextStyle::label().colour(TEXT);
        Ok(page.draw(&label(at((x + self.key_width, y)), words.clone(), style))?)
    }
}

/// Heights as near to the wanted ones as a row's distance between any two allows, from the least to
/// the greatest allowed.
fn spread(wanted: &[f64], (least, greatest): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let mut heights = wanted.to_vec();
    let mut free = least;
    for &index in &order {
        heights[index] = wanted[index].max(free);
        free = heights[index] + ROW;
    }
    let mut free = greatest;
    for &index in order.iter().rev() {
        heights[index] = heights[index].min(free);
        free = heights[index] - ROW;
    }
    heights
}

fn draw_key(page: &Area, key: Key, (x, y): Point, width: f64) -> Result<()> {
    let middle = at((x + width / 2.0, y));
    let line = |colour, stroke, dash| {
        let ends = vec![at((x + 1.0, y)), at((x + width - 1.0, y))];
        page.draw(&polyline(ends, (colour, stroke, dash)))
    };
    match key {
        Key::Marker(style) => page.draw(&marker(middle, (style, LABEL * 0.36, 1.0), None))?,
        Key::Line(style) => {
            line(style.colour, STROKE, style.dash)?;
            page.draw(&marker(middle, (style, 4.0, 1.0), None))?;
        }
        Key::Nothing => {}
        Key::Stroke(colour, stroke) => line(colour, stroke, Dash::Solid)?,
    }
    Ok(())
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
