//! The confusion matrix as a heat map: true classes down, predicted classes across.

use plotters::element::Rectangle;
use plotters::style::{Color, RGBColor};

use super::axes::{self, Chart};
use super::axis::Axis;
use super::backend::Area;
use super::class_name::ClassName;
use super::elements::{caption, label};
use super::geometry::{Rect, STEPS, at};
use super::heat::{SCALE_ROOM, draw_scale, shade};
use super::palette::{BORDER, FAINT_TEXT, GAP, HAIRLINE, MARGIN, PAGE, QUIET_TEXT, TEXT, TICK};
use super::picture::Picture;
use super::text::{Anchor, TextStyle, shortened, text_width};
use crate::error::{Error, Result};

/// How often each class was predicted as each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confusion<'a> {
    /// The title above the matrix.
    pub title: &'a str,
    /// Names of the C classes.
    pub classes: &'a [String],
    /// C×C counts, row-major: row = true class, column = predicted class.
    pub counts: &'a [u64],
}

/// Up to this many classes the counts are written into the cells.
const NUMBERED: usize = 20;
/// More classes have cells and names that cannot be read; see [`super::confused`].
pub const MOST: usize = 100;
const SIDE: f64 = 700.0;
/// Pixels for a class name beside its row.
const LEAST_CELL: f64 = 11.0;
const NAME_ROOM: f64 = 150.0;
const BAR: f64 = 18.0;

/// Draws the matrix; the shade of a cell is its share of its row, the true class.
///
/// # Errors
/// [`Error::Other`] without a class, with more than 100, or when the number of counts is not the
/// square of the number of classes.
pub fn draw(confusion: &Confusion<'_>) -> Result<Picture> {
    let (classes, counts) = (confusion.classes.len(), confusion.counts.len());
    if classes == 0 || classes > MOST || counts != classes * classes {
        return Err(Error::Other(format!(
            "cannot draw a confusion matrix of {classes} classes and {counts} counts; \
             1 to {MOST} classes and their square of counts can be drawn"
        )));
    }
    let layout = Layout::new(confusion);
    let (matrix, style) = (layout.matrix, TextStyle::title());
    let title = shortened(confusion.title, layout.width - matrix.x - MARGIN, style);
    Picture::draw((layout.width, layout.height), |page| {
        page.draw(&caption(at((matrix.x, MARGIN + 10.0)), &title, style))?;
        let inside = axes::inside(page, matrix);
        let side = classes as f64;
        let across = Axis { high: side, ticks: lines(classes), ..Axis::empty("") };
        let down = Axis { low: side, high: 0.0, ..across.clone() };
        let mut chart = axes::bare(&inside, &across, &down)?;
        draw_cells(&mut chart, confusion, layout.cell)?;
        page.draw(&matrix.outlined())?;
        if has_empty_row(confusion) {
            let position = at((matrix.x, layout.height - MARGIN - 6.0));
            let faint = TextStyle::tick().colour(FAINT_TEXT);
            page.draw(&caption(position, "grey rows: no image of that class", faint))?;
        }
        layout.draw_names(page, confusion.classes)?;
        draw_scale(page, layout.scale, "share of the true class")
    })
}

/// Where two classes meet.
fn lines(classes: usize) -> Vec<f64> {
    (1..classes).map(|line| line as f64).collect()
}

/// Cells with their counts, where these can be read, and lines between them.
fn draw_cells(chart: &mut Chart<'_>, confusion: &Confusion<'_>, cell: f64) -> Result<()> {
    let classes = confusion.classes.len();
    let style = (classes <= NUMBERED).then(|| count_style(confusion.counts, cell)).flatten();
    for (row, counts) in confusion.counts.chunks_exact(classes).enumerate() {
        let total: f64 = counts.iter().map(|count| *count as f64).sum();
        for (column, &count) in counts.iter().enumerate() {
            let (x, y) = (column as f64, row as f64);
            let colour = shade(count as f64 / total);
            let corners = [(x, y), (x + 1.0, y + 1.0)];
            chart.draw_series([Rectangle::new(corners, colour.filled())])?;
            if let Some(style) = style {
                let style = style.colour(readable_on(colour, count));
                chart.draw_series([label((x + 0.5, y + 0.5), count.to_string(), style)])?;
            }
        }
    }
    let lines = PAGE.stroke_width((HAIRLINE * STEPS) as u32);
    chart.configure_mesh().disable_axes().bold_line_style(lines).draw()?;
    Ok(())
}

/// Where things are.
struct Layout {
    matrix: Rect,
    /// The bar that explains the shades.
    scale: Rect,
    cell: f64,
    /// Room of the class names, to the left and below alike.
    names: f64,
    /// Whether the predicted names are written upwards.
    upward: bool,
    width: f64,
    height: f64,
}

impl Layout {
    fn new(confusion: &Confusion<'_>) -> Layout {
        let classes = confusion.classes.len() as f64;
        // Cells of whole pixels, so that all look the same.
        let cell = (SIDE / classes).floor().max(LEAST_CELL);
        let style = name_style(cell);
        let widths = confusion.classes.iter().map(|name| text_width(name, style));
        let widest = widths.fold(0.0, f64::max);
        let names = widest.min(NAME_ROOM);
        let upward = widest > cell - 8.0;
        let side = cell * classes;
        let matrix =
            Rect { x: MARGIN + 32.0 + names + 8.0, y: MARGIN + 36.0, width: side, height: side };
        let scale = Rect { x: matrix.right() + GAP, width: BAR, ..matrix };
        let width = scale.right() + SCALE_ROOM + MARGIN;
        let below = if upward { names } else { TICK };
        let note = if has_empty_row(confusion) { 28.0 } else { 0.0 };
        let height = matrix.bottom() + 8.0 + below + 34.0 + note + MARGIN;
        Layout { matrix, scale, cell, names, upward, width, height }
    }

    /// Names beside the rows and below the columns.
    fn draw_names(&self, page: &Area, classes: &[String]) -> Result<()> {
        let style = name_style(self.cell);
        for (number, name) in classes.iter().enumerate() {
            let along = (number as f64 + 0.5) * self.cell;
            let name = ClassName { name, number }.within(self.names, style);
            let left = at((self.matrix.x - 8.0, self.matrix.y + along));
            page.draw(&label(left, name.clone(), style.anchor(Anchor::End)))?;
            let (x, y) = (self.matrix.x + along, self.matrix.bottom() + 8.0);
            let (y, style) = match self.upward {
                true => (y, style.upward().anchor(Anchor::End)),
                false => (y + TICK / 2.0, style.anchor(Anchor::Middle)),
            };
            page.draw(&label(at((x, y)), name, style))?;
        }
        let style = TextStyle::label().anchor(Anchor::Middle);
        let (x, y) = self.matrix.centre();
        page.draw(&label(at((MARGIN + 8.0, y)), "true class".to_owned(), style.upward()))?;
        let below = if self.upward { self.names } else { TICK };
        let below = at((x, self.matrix.bottom() + 8.0 + below + 22.0));
        Ok(page.draw(&label(below, "predicted class".to_owned(), style))?)
    }
}

fn has_empty_row(confusion: &Confusion<'_>) -> bool {
    let mut rows = confusion.counts.chunks_exact(confusion.classes.len());
    rows.any(|row| row.iter().all(|count| *count == 0))
}

fn name_style(cell: f64) -> TextStyle {
    TextStyle::tick().colour(QUIET_TEXT).size(TICK.min((cell * 0.95).max(10.0)))
}

/// The largest text in which every count fits its cell; `None` if that is too small to read.
fn count_style(counts: &[u64], cell: f64) -> Option<TextStyle> {
    let widest = counts.iter().max().map(u64::to_string).unwrap_or_default();
    let style = TextStyle::tick().anchor(Anchor::Middle);
    let fitting = style.size * (cell - 6.0) / text_width(&widest, style);
    let size = fitting.min(cell * 0.5).min(16.0);
    (size >= 8.0).then(|| style.size(size))
}

/// Dark or light text, whichever can be read; zeros are quiet.
fn readable_on(colour: RGBColor, count: u64) -> RGBColor {
    let light =
        0.2126 * f64::from(colour.0) + 0.7152 * f64::from(colour.1) + 0.0722 * f64::from(colour.2);
    match (light < 150.0, count) {
        (true, _) => PAGE,
        (false, 0) => BORDER,
        (false, _) => TEXT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::pixels::Pixels;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|class| format!("class {class}")).collect()
    }

    /// 90 right and a few wrong in each row.
    fn counts(classes: usize) -> Vec<u64> {
        let count = |i: usize| match (i / classes, i % classes) {
            (row, column) if row == column => 90,
            (row, column) if (row + 1) % classes == column => 10,
            _ => 0,
        };
        (0..classes * classes).map(count).collect()
    }

    fn drawn(confusion: &Confusion<'_>) -> Pixels {
        Pixels::of(&draw(confusion).unwrap())
    }

    #[test]
    fn true_classes_run_down_and_predicted_ones_across() {
        let classes = names(10);
        let mut counts = vec![0; 100];
        counts[3] = 5;
        let confusion =
            Confusion { title: "only 0 taken for 3", classes: &classes, counts: &counts };
        let (picture, layout) = (drawn(&confusion), Layout::new(&confusion));
        let corner = |row: usize, column: usize| {
            let x = layout.matrix.x + (column as f64 + 0.1) * layout.cell;
            let y = layout.matrix.y + (row as f64 + 0.1) * layout.cell;
            picture.pixels(Rect { x, y, width: 1.0, height: 1.0 })[0]
        };
        let colour = |share| {
            let colour = shade(share);
            [colour.0, colour.1, colour.2]
        };
        assert_eq!(corner(0, 3), colour(1.0));
        assert_eq!(corner(0, 0), colour(0.0));
        assert_eq!(corner(3, 0), colour(f64::NAN));
    }

    #[test]
    fn any_number_of_classes_gives_a_whole_picture() {
        for count in [1, 2, 10, 20, 21, 60, 100] {
            let (classes, counts) = (names(count), counts(count));
            let confusion = Confusion { title: "a title", classes: &classes, counts: &counts };
            let (picture, layout) = (drawn(&confusion), Layout::new(&confusion));
            assert!((800..=1600).contains(&picture.width), "{count}: {}", picture.width);
            assert!(picture.shows_something() && picture.edge_is_white(10.0), "{count}");
            let title = Rect { y: MARGIN, height: 22.0, ..layout.matrix };
            assert!(picture.dark(title) > 50, "{count}");
            let left = Rect {
                x: layout.matrix.x - 8.0 - layout.names,
                width: layout.names,
                ..layout.matrix
            };
            assert!(picture.ink(left) > 0.0, "{count}");
        }
    }

    #[test]
    fn counts_are_written_for_up_to_twenty_classes() {
        let written = |count: usize| {
            let (classes, counts) = (names(count), vec![1; count * count]);
            let confusion = Confusion { title: "", classes: &classes, counts: &counts };
            drawn(&confusion).dark(Layout::new(&confusion).matrix)
        };
        assert!(written(20) > 2000 && written(21) < 50, "{} {}", written(20), written(21));
    }

    #[test]
    fn very_long_names_and_large_counts_are_kept_in_their_places() {
        let classes: Vec<String> =
            (0..10).map(|class| format!("{class} {}", "long ".repeat(100))).collect();
        let counts = vec![u64::MAX / 100; 100];
        let title = "words ".repeat(200);
        let confusion = Confusion { title: &title, classes: &classes, counts: &counts };
        let picture = drawn(&confusion);
        assert!(picture.width < 1200 && picture.edge_is_white(10.0));
    }

    #[test]
    fn counts_that_do_not_match_the_classes_are_an_error() {
        let classes = names(2);
        for counts in [&[1, 2, 3][..], &[]] {
            let confusion = Confusion { title: "", classes: &classes, counts };
            let error = draw(&confusion).unwrap_err().to_string();
            assert!(error.contains("2 classes"), "{error}");
        }
        let nothing = Confusion { title: "", classes: &[], counts: &[] };
        assert!(draw(&nothing).is_err());
        let (classes, counts) = (names(101), vec![0; 101 * 101]);
        let many = Confusion { title: "", classes: &classes, counts: &counts };
        let error = draw(&many).unwrap_err().to_string();
        assert!(error.contains("1 to 100 classes"), "{error}");
    }
}
