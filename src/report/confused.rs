//! The classes that were taken for each other most often: what is read off a confusion matrix, where
//! there are too many classes to draw one.

use super::paint::style::{FAINT_TEXT, LINE, MARGIN, QUIET_TEXT, SECOND, TITLE};
use super::paint::{Anchor, Canvas, ClassName, Ink, Point, Rect, lines, text_width};

/// Images of one class that were taken for another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confused<'a> {
    /// What they are.
    pub class: ClassName<'a>,
    /// What they were taken for.
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
pub fn draw(title: &str, note: &str, pairs: &[Confused<'_>]) -> Canvas {
    let names = names_room(pairs);
    let width = 2.0 * MARGIN + 2.0 * names + ARROW + 12.0 + BAR + COUNTS;
    let room = width - 2.0 * MARGIN;
    let (title, note) = (lines(title, room, 2, Ink::title()), lines(note, room, 3, Ink::tick()));
    let head = MARGIN + title.len() as f64 * TITLE * LINE + 6.0 + ROW;
    let foot = head + pairs.len().max(1) as f64 * ROW + 14.0;
    let mut canvas = Canvas::new(width, foot + note.len() as f64 * 18.0 + MARGIN);
    for (place, line) in title.iter().enumerate() {
        let y = MARGIN + (place as f64 + 0.5) * TITLE * LINE;
        canvas.caption(line, (MARGIN, y), Ink::title());
    }
    if !pairs.is_empty() {
        draw_head(&mut canvas, head - ROW / 2.0, names);
    }
    let longest = pairs.iter().map(|pair| pair.count).max().unwrap_or(1).max(1);
    for (place, pair) in pairs.iter().enumerate() {
        let middle = head + (place as f64 + 0.5) * ROW;
        draw_pair(&mut canvas, pair, (middle, names), pair.count as f64 / longest as f64);
    }
    if pairs.is_empty() {
        let ink = Ink::label().colour(FAINT_TEXT);
        canvas.text("no image was taken for one of another class", (MARGIN, head + ROW / 2.0), ink);
    }
    for (place, line) in note.iter().enumerate() {
        let at = (MARGIN, foot + (place as f64 + 0.5) * 18.0);
        canvas.caption(line, at, Ink::tick().colour(FAINT_TEXT));
    }
    canvas
}

/// Room of the names of either column.
fn names_room(pairs: &[Confused<'_>]) -> f64 {
    let ink = Ink::label();
    let width = |class: ClassName<'_>| text_width(&class.within(NAME, ink).text, ink);
    let widths = pairs.iter().flat_map(|pair| [width(pair.class), width(pair.taken_for)]);
    widths.fold(LEAST_NAME, f64::max)
}

/// What the columns are.
fn draw_head(canvas: &mut Canvas, middle: f64, names: f64) {
    let ink = Ink::tick().colour(QUIET_TEXT);
    let left = MARGIN + names;
    canvas.text("true class", (left, middle), ink.anchor(Anchor::End));
    canvas.text("taken for", (left + ARROW, middle), ink);
    canvas.text("images", (left + ARROW + names + 12.0, middle), ink);
}

fn draw_pair(canvas: &mut Canvas, pair: &Confused<'_>, (middle, names): Point, share: f64) {
    let ink = Ink::label();
    let left = MARGIN + names;
    canvas.words(pair.class.within(NAME, ink), (left, middle), ink.anchor(Anchor::End));
    let arrow = ink.colour(QUIET_TEXT).anchor(Anchor::Middle);
    canvas.text("→", (left + ARROW / 2.0, middle), arrow);
    canvas.words(pair.taken_for.within(NAME, ink), (left + ARROW, middle), ink);
    let x = left + ARROW + names + 12.0;
    let bar = Rect { x, y: middle - THICK / 2.0, width: BAR * share, height: THICK };
    canvas.fill(bar, SECOND);
    let quiet = Ink::tick().colour(QUIET_TEXT);
    canvas.text(&told(pair), (bar.right() + 8.0, middle), quiet);
}

/// `12 of 40 (30.0 %)`
fn told(pair: &Confused<'_>) -> String {
    let Confused { count, of, .. } = *pair;
    format!("{count} of {of} ({:.1} %)", 100.0 * count as f64 / of.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::paint::probe::Picture;

    fn pair<'a>(names: [&'a str; 2], count: u64) -> Confused<'a> {
        let [class, taken_for] = [0, 1].map(|number| ClassName { name: names[number], number });
        Confused { class, taken_for, count, of: 40 }
    }

    #[test]
    fn a_bar_is_as_long_as_its_count() {
        let pairs = [pair(["Shirt", "Coat"], 40), pair(["Coat", "Shirt"], 10)];
        let picture = Picture::of(&draw("a title", "a note", &pairs));
        assert!(picture.shows_something() && picture.edge_is_white(15.0));
        let head = MARGIN + TITLE * LINE + 6.0 + ROW;
        let orange = |row: f64| {
            let middle = head + (row + 0.5) * ROW;
            let line = Rect { y: middle, height: 1.0, ..picture.page() };
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
            let picture = Picture::of(&draw(&long, &long, pairs));
            assert!(picture.shows_something() && picture.edge_is_white(15.0));
        }
        assert_eq!(told(&pair(["a", "b"], 12)), "12 of 40 (30.0 %)");
    }
}
