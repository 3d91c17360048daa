//! The classes that were most often predicted as another: what is read off a confusion matrix, where
//! there are too many classes to draw one.

use super::axes;
use super::axis::Axis;
use super::backend::Area;
use super::class_name::ClassName;
use super::elements::{caption, label};
use super::geometry::{Point, Rect, at};
use super::palette::{FAINT_TEXT, LINE, MARGIN, QUIET_TEXT, SECOND, TITLE};
use super::picture::Picture;
use super::text::{Anchor, TextStyle, lines, text_width};
use crate::error::Result;
use plotters::element::Rectangle;
use plotters::style::Color;

/// Images of one class that were predicted as another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confused<'a> {
    /// The true class.
    pub class: ClassName<'a>,
    /// The predicted class.
    pub taken_for: ClassName<'a>,
    /// How many of them.
    pub count: u64,
    /// Images of their class.
    pub of: u64,
}

const ROW: f64 = 24.0;
/// Least and most room of a name.
const LEAST_NAME: f64 = 80.0;
const NAME: f64 = 170.0;
const ARROW: f64 = 28.0;
const BAR: f64 = 360.0;
/// Thickness of a bar.
const THICK: f64 = 13.0;
/// For the counts at the right of the bars.
const COUNTS: f64 = 170.0;

/// Draws a bar for each pair, as long as its count.
///
/// # Errors
/// plotters cannot draw it.
pub fn draw(title: &str, note: &str, pairs: &[Confused<'_>]) -> Result<Picture> {
    let names = names_room(pairs);
    let width = 2.0 * MARGIN + 2.0 * names + ARROW + 12.0 + BAR + COUNTS;
    let room = width - 2.0 * MARGIN;
    let title = lines(title, room, 2, TextStyle::title());
    let note = lines(note, room, 3, TextStyle::tick());
    let head = MARGIN + title.len() as f64 * TITLE * LINE + 6.0 + ROW;
    let foot = head + pairs.len().max(1) as f64 * ROW + 14.0;
    Picture::draw((width, foot + note.len() as f64 * 18.0 + MARGIN), |page| {
        for (index, line) in title.iter().enumerate() {
            let y = MARGIN + (index as f64 + 0.5) * TITLE * LINE;
            page.draw(&caption(at((MARGIN, y)), line, TextStyle::title()))?;
        }
        let faint = TextStyle::tick().colour(FAINT_TEXT);
        for (index, line) in note.iter().enumerate() {
            let y = foot + (index as f64 + 0.5) * 18.0;
            page.draw(&caption(at((MARGIN, y)), line, faint))?;
        }
        if pairs.is_empty() {
            let text = "no image was taken for one of another class".to_owned();
            let position = at((MARGIN, head + ROW / 2.0));
            return Ok(page.draw(&label(position, text, TextStyle::label().colour(FAINT_TEXT)))?);
        }
        draw_head(page, head - ROW / 2.0, names)?;
        draw_bars(page, head, names, pairs)?;
        for (index, pair) in pairs.iter().enumerate() {
            draw_names(page, pair, (head + (index as f64 + 0.5) * ROW, names))?;
        }
        Ok(())
    })
}

/// Room of the names of either column.
fn names_room(pairs: &[Confused<'_>]) -> f64 {
    let style = TextStyle::label();
    let width = |class: ClassName<'_>| text_width(&class.within(NAME, style).text, style);
    let widths = pairs.iter().flat_map(|pair| [width(pair.class), width(pair.taken_for)]);
    widths.fold(LEAST_NAME, f64::max)
}

/// Draws the column headings.
fn draw_head(page: &Area, middle: f64, names: f64) -> Result<()> {
    let style = TextStyle::tick().colour(QUIET_TEXT);
    let left = MARGIN + names;
    let heads = [
        (left, "true class", style.anchor(Anchor::End)),
        (left + ARROW, "taken for", style),
        (left + ARROW + names + 12.0, "images", style),
    ];
    for (x, text, style) in heads {
        page.draw(&label(at((x, middle)), text.to_owned(), style))?;
    }
    Ok(())
}

/// A bar per row, with its count behind it.
fn draw_bars(page: &Area, top: f64, names: f64, pairs: &[Confused<'_>]) -> Result<()> {
    let longest = pairs.iter().map(|pair| pair.count).max().unwrap_or(1).max(1);
    let (rows, x) = (pairs.len() as f64, MARGIN + names + ARROW + names + 12.0);
    let area = Rect { x, y: top, width: BAR, height: rows * ROW };
    let inside = axes::inside(page, area);
    let across = Axis { high: longest as f64, ..Axis::empty("") };
    let down = Axis { low: rows, high: 0.0, ..Axis::empty("") };
    let mut chart = axes::bare(&inside, &across, &down)?;
    let half = THICK / ROW / 2.0;
    chart.draw_series(pairs.iter().enumerate().map(|(row, pair)| {
        let middle = row as f64 + 0.5;
        let corners = [(0.0, middle - half), (pair.count as f64, middle + half)];
        Rectangle::new(corners, SECOND.filled())
    }))?;
    let style = TextStyle::tick().colour(QUIET_TEXT);
    for (row, pair) in pairs.iter().enumerate() {
        let (end, y) = (x + BAR * pair.count as f64 / longest as f64, (row as f64 + 0.5) * ROW);
        page.draw(&label(at((end + 8.0, top + y)), count_text(pair), style))?;
    }
    Ok(())
}

fn draw_names(page: &Area, pair: &Confused<'_>, (middle, names): Point) -> Result<()> {
    let style = TextStyle::label();
    let left = MARGIN + names;
    let class = pair.class.within(NAME, style);
    page.draw(&label(at((left, middle)), class, style.anchor(Anchor::End)))?;
    let arrow = style.colour(QUIET_TEXT).anchor(Anchor::Middle);
    page.draw(&label(at((left + ARROW / 2.0, middle)), "→".to_owned(), arrow))?;
    let taken_for = pair.taken_for.within(NAME, style);
    Ok(page.draw(&label(at((left + ARROW, middle)), taken_for, style))?)
}

/// `12 of 40 (30.0 %)`
fn count_text(pair: &Confused<'_>) -> String {
    let Confused { count, of, .. } = *pair;
    format!("{count} of {of} ({:.1} %)", 100.0 * count as f64 / of.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::pixels::Pixels;

    fn pair<'a>(names: [&'a str; 2], count: u64) -> Confused<'a> {
        let [class, taken_for] = [0, 1].map(|number| ClassName { name: names[number], number });
        Confused { class, taken_for, count, of: 40 }
    }

    #[test]
    fn a_bar_is_as_long_as_its_count() {
        let pairs = [pair(["Shirt", "Coat"], 40), pair(["Coat", "Shirt"], 10)];
        let picture = Pixels::of(&draw("a title", "a note", &pairs).unwrap());
        assert!(picture.shows_something() && picture.edge_is_white(15.0));
        let head = MARGIN + TITLE * LINE + 6.0 + ROW;
        let orange = |row: f64| {
            let middle = head + (row + 0.5) * ROW;
            let line = Rect { y: middle.floor(), height: 1.0, ..picture.page() };
            let colour = [SECOND.0, SECOND.1, SECOND.2];
            picture.pixels(line).iter().filter(|pixel| **pixel == colour).count()
        };
        assert_eq!((orange(0.0), orange(1.0)), (360, 90));
    }

    #[test]
    fn long_names_none_and_no_pair_leave_a_whole_picture() {
        let long = "a class of a very long name indeed, longer than its room ".repeat(3);
        let pairs = vec![pair([&long, ""], 1); 30];
        for pairs in [&pairs[..], &[]] {
            let picture = Pixels::of(&draw(&long, &long, pairs).unwrap());
            assert!(picture.shows_something() && picture.edge_is_white(15.0));
        }
        assert_eq!(count_text(&pair(["a", "b"], 12)), "12 of 40 (30.0 %)");
    }
}
