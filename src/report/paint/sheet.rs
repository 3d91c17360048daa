//! Panels in a grid with their titles, and one legend for all of them at the right.

use super::style::{FAINT_TEXT, GAP, LINE, MARGIN, TICK};
use super::{Canvas, Ink, Legend, Point, Rect, lines};

/// What a panel needs: its data rectangle, and room for axes around it, in pixels.
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
pub struct Sheet {
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

impl Sheet {
    /// How many panels stand side by side.
    pub fn columns(panels: usize) -> usize {
        match panels {
            0 | 1 => 1,
            2 | 4 => 2,
            _ => 3,
        }
    }

    /// Lays out one panel for each title, a faint note below them (may be empty), and a legend.
    pub fn new(titles: &[&str], panel: Panel, note: &str, legend: Legend) -> Sheet {
        let columns = Sheet::columns(titles.len());
        let rows = titles.len().div_ceil(columns).max(1);
        let ink = Ink::title().size(TITLE);
        let room = panel.left + panel.width;
        let titles: Vec<Vec<String>> =
            titles.iter().map(|title| lines(title, panel.width, 2, ink)).collect();
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
        let note = lines(note, room_for_note, NOTE_LINES, Ink::tick());
        let note_room = match note.iter().all(String::is_empty) {
            true => 0.0,
            false => NOTE_ROOM + (note.len() - 1) as f64 * TICK * LINE,
        };
        let bottom = (panels_bottom + note_room).max(legend_area.bottom());
        let size = (legend_area.right() + MARGIN, bottom + MARGIN);
        Sheet { areas, legend_area, legend, titles, note, left: panel.left, size }
    }

    /// The page with titles, note and legend, ready for the data.
    pub fn canvas(&self) -> Canvas {
        let mut canvas = self.without_legend();
        self.draw_legend(&mut canvas);
        canvas
    }

    /// Names the lines of the only panel where they end, or, where that is not possible, in a
    /// legend: as [`Legend::draw_beside`].
    pub fn name_lines(&self, canvas: &mut Canvas, ends: &[Option<f64>]) {
        match &self.areas[..] {
            [area] if self.legend.is_column() => {
                self.legend.draw_beside(canvas, *area, self.legend_area.x, ends);
            }
            _ => self.draw_legend(canvas),
        }
    }

    fn draw_legend(&self, canvas: &mut Canvas) {
        self.legend.draw(canvas, (self.legend_area.x, self.legend_area.y));
    }

    /// The page with titles and note, for lines that are named where they end.
    pub fn without_legend(&self) -> Canvas {
        let mut canvas = Canvas::new(self.size.0, self.size.1);
        for (area, title) in self.areas.iter().zip(&self.titles) {
            let first = area.y - 8.0 - (title.len() as f64 - 0.5) * TITLE * LINE;
            for (i, line) in title.iter().enumerate() {
                let at = (area.x, first + i as f64 * TITLE * LINE);
                let ink = Ink::title().size(TITLE);
                // The title of one panel is that of the picture; of several it tells them apart.
                match self.titles.len() {
                    1 => canvas.caption(line, at, ink),
                    _ => canvas.text(line, at, ink),
                }
            }
        }
        let last = self.size.1 - MARGIN - NOTE_ROOM / 2.0 + 6.0;
        for (place, line) in self.note.iter().enumerate() {
            let above = (self.note.len() - 1 - place) as f64;
            let at = (MARGIN + self.left, last - above * TICK * LINE);
            canvas.caption(line, at, Ink::tick().colour(FAINT_TEXT));
        }
        canvas
    }
}
