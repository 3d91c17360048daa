//! Panels in a grid with their titles, and one legend for all of them at the right.

use super::backend::Area;
use super::elements::{caption, label};
use super::geometry::{Point, Rect, at};
use super::legend::Legend;
use super::palette::{FAINT_TEXT, GAP, LINE, MARGIN, TICK};
use super::picture::Picture;
use super::text::{TextStyle, lines};
use crate::error::Result;

/// The size of a panel: its data rectangle and the margins for axes, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Panel {
    /// Width of the data rectangle.
    pub width: f64,
    /// Height of the data rectangle.
    pub height: f64,
    /// Room to the left of it.
    pub left: f64,
    /// Room below it.
    pub below: f64,
}

/// A page laid out: where each panel's data and the legend go.
pub struct Layout {
    /// Data rectangles of the panels, row by row.
    pub areas: Vec<Rect>,
    /// Where the legend is.
    pub legend_area: Rect,
    legend: Legend,
    titles: Vec<Vec<String>>,
    note: Vec<String>,
    left: f64,
    size: Point,
}

/// More panels than this would not fit on one page.
pub const MOST_PANELS: usize = 48;

const TITLE: f64 = 17.0;
/// Above and below the note.
const NOTE_ROOM: f64 = 26.0;
/// Lines that a note may have.
const NOTE_LINES: usize = 4;

impl Layout {
    /// Number of panels side by side.
    pub fn columns(panels: usize) -> usize {
        match panels {
            0 | 1 => 1,
            2 | 4 => 2,
            _ => 3,
        }
    }

    /// Lays out one panel for each title, a faint note below them (may be empty), and a legend.
    pub fn new(titles: &[&str], panel: Panel, note: &str, legend: Legend) -> Layout {
        let columns = Layout::columns(titles.len());
        let rows = titles.len().div_ceil(columns).max(1);
        let style = TextStyle::title().size(TITLE);
        let room = panel.left + panel.width;
        let titles: Vec<Vec<String>> =
            titles.iter().map(|title| lines(title, panel.width, 2, style)).collect();
        let most_lines = titles.iter().map(Vec::len).max().unwrap_or(0);
        let above = most_lines as f64 * TITLE * LINE + 8.0;
        let (across, down) = (room + GAP, above + panel.height + panel.below);
        let areas: Vec<Rect> = (0..titles.len())
            .map(|i| Rect {
                x: MARGIN + (i % columns) as f64 * across + panel.left,
                y: MARGIN + (i / columns) as f64 * (down + GAP) + above,
                width: panel.width,
                height: panel.height,
            })
            .collect();
        let legend_area = Rect {
            x: MARGIN + columns as f64 * across,
            y: MARGIN + above,
            width: legend.width,
            height: legend.height,
        };
        let panels_bottom = MARGIN + rows as f64 * (down + GAP) - GAP;
        let room_for_note = legend_area.right() - MARGIN - panel.left;
        let note = lines(note, room_for_note, NOTE_LINES, TextStyle::tick());
        let note_room = match note.iter().all(String::is_empty) {
            true => 0.0,
            false => NOTE_ROOM + (note.len() - 1) as f64 * TICK * LINE,
        };
        let bottom = (panels_bottom + note_room).max(legend_area.bottom());
        let size = (legend_area.right() + MARGIN, bottom + MARGIN);
        Layout { areas, legend_area, legend, titles, note, left: panel.left, size }
    }

    /// A picture with titles and note, on which the data are drawn, and a legend.
    ///
    /// # Errors
    /// Those of the drawing.
    pub fn draw(&self, data: impl FnOnce(&Area) -> Result<()>) -> Result<Picture> {
        self.without_legend(|page| {
            self.draw_legend(page)?;
            data(page)
        })
    }

    /// The same for lines that are named at their ends.
    ///
    /// # Errors
    /// Those of the drawing.
    pub fn without_legend(&self, data: impl FnOnce(&Area) -> Result<()>) -> Result<Picture> {
        Picture::draw(self.size, |page| {
            self.draw_titles(page)?;
            self.draw_note(page)?;
            data(page)
        })
    }

    /// Names the lines of the only panel at their ends or, if that is not possible, in a
    /// legend: as [`Legend::draw_beside`].
    ///
    /// # Errors
    /// plotters cannot draw it.
    pub fn name_lines(&self, page: &Area, ends: &[Option<f64>]) -> Result<()> {
        match &self.areas[..] {
            [area] if self.legend.is_column() => {
                self.legend.draw_beside(page, *area, self.legend_area.x, ends)
            }
            _ => self.draw_legend(page),
        }
    }

    fn draw_legend(&self, page: &Area) -> Result<()> {
        self.legend.draw(page, (self.legend_area.x, self.legend_area.y))
    }

    fn draw_titles(&self, page: &Area) -> Result<()> {
        let style = TextStyle::title().size(TITLE);
        for (area, title) in self.areas.iter().zip(&self.titles) {
            let first = area.y - 8.0 - (title.len() as f64 - 0.5) * TITLE * LINE;
            for (i, line) in title.iter().enumerate() {
                let position = at((area.x, first + i as f64 * TITLE * LINE));
                // A single panel's title is that of the picture; with several, it distinguishes them.
                match self.titles.len() {
                    1 => page.draw(&caption(position, line, style))?,
                    _ => page.draw(&label(position, line.clone(), style))?,
                }
            }
        }
        Ok(())
    }

    fn draw_note(&self, page: &Area) -> Result<()> {
        let last = self.size.1 - MARGIN - NOTE_ROOM / 2.0 + 6.0;
        let style = TextStyle::tick().colour(FAINT_TEXT);
        for (index, line) in self.note.iter().enumerate() {
            let above = (self.note.len() - 1 - index) as f64;
            let position = at((MARGIN + self.left, last - above * TICK * LINE));
            page.draw(&caption(position, line, style))?;
        }
        Ok(())
    }
}
