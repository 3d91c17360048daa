//! A page to draw on: it keeps what is drawn, and writes it as pixels and as vectors.

use std::path::Path;

use super::style::{BORDER, HAIRLINE, Style, on_paper};
use super::{Colour, Dash, Ink, Look, Point, Rect, Words, raster, svg, text_width};
use crate::error::Result;
use crate::files::{write_atomically, write_text};

/// Most pixels across or down; a picture never needs more.
const LARGEST: f64 = 8000.0;
/// White space around a picture on paper, in pixels.
const PAPER_MARGIN: f64 = 6.0;

/// One thing that was drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// An upright rectangle.
    Fill { rect: Rect, colour: Colour },
    /// A polygon under the even-odd rule.
    Polygon { corners: Vec<Point>, colour: Colour, alpha: f64 },
    /// A line through some points.
    Path { points: Vec<Point>, colour: Colour, width: f64, dash: Dash },
    /// A marker; `point` is the number of the point that it stands for, where that matters.
    Marker { at: Point, radius: f64, look: Look, alpha: f64, point: Option<usize> },
    /// A grey picture of `side`×`side` values in a square.
    Image { at: Point, size: f64, side: usize, grey: Vec<u8> },
    /// A text; a caption tells what the whole picture is, and on paper stands below it instead.
    Text { words: Words, at: Point, ink: Ink, caption: bool },
}

/// A page under work.
#[derive(Debug, Clone)]
pub struct Canvas {
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
    /// What was drawn, in its order.
    pub marks: Vec<Mark>,
}

impl Canvas {
    /// A blank page of the given size in pixels, rounded up, 1 to 8,000 each way.
    pub fn new(width: f64, height: f64) -> Canvas {
        let size = |length: f64| length.ceil().clamp(1.0, LARGEST);
        Canvas { width: size(width), height: size(height), marks: Vec::new() }
    }

    /// Fills an upright rectangle.
    pub fn fill(&mut self, rect: Rect, colour: Colour) {
        self.marks.push(Mark::Fill { rect, colour });
    }

    /// Outlines an upright rectangle with a hairline.
    pub fn outline(&mut self, rect: Rect) {
        let (right, bottom) = (rect.right(), rect.bottom());
        let corners = [(rect.x, rect.y), (right, rect.y), (right, bottom), (rect.x, bottom)];
        for (i, &corner) in corners.iter().enumerate() {
            self.line(corner, corners[(i + 1) % 4], BORDER, HAIRLINE);
        }
    }

    /// Fills a polygon (even-odd rule) in an opaque or, with `alpha` below 1, a see-through colour.
    pub fn polygon(&mut self, corners: &[Point], colour: Colour, alpha: f64) {
        self.marks.push(Mark::Polygon { corners: corners.to_vec(), colour, alpha });
    }

    /// A straight line with square ends.
    pub fn line(&mut self, from: Point, to: Point, colour: Colour, width: f64) {
        self.path(&[from, to], colour, width, Dash::Solid);
    }

    /// A line through several points, dashed on demand; the dashes run on around the corners.
    pub fn path(&mut self, points: &[Point], colour: Colour, width: f64, dash: Dash) {
        if points.len() > 1 {
            self.marks.push(Mark::Path { points: points.to_vec(), colour, width, dash });
        }
    }

    /// A marker of about the area of a disc of `radius` pixels.
    pub fn marker(&mut self, at: Point, radius: f64, look: Look, alpha: f64) {
        self.marks.push(Mark::Marker { at, radius, look, alpha, point: None });
    }

    /// The same for a point with a number, by which a page finds it again.
    pub fn point(&mut self, at: Point, radius: f64, look: Look, alpha: f64, point: usize) {
        self.marks.push(Mark::Marker { at, radius, look, alpha, point: Some(point) });
    }

    /// A grey picture of `side`×`side` pixels (row-major), nearest pixels, filling a square.
    pub fn grey_image(&mut self, at: Point, size: f64, side: usize, image: &[u8]) {
        self.marks.push(Mark::Image { at, size, side, grey: image.to_vec() });
    }

    /// A text whose capital letters have their middle at the height (for upward text, the column)
    /// of `at`.
    pub fn text(&mut self, text: &str, at: Point, ink: Ink) {
        self.push_words(text.to_owned().into(), at, ink, false);
    }

    /// The name of a class, or other words, in the same place as [`Canvas::text`].
    pub fn words(&mut self, words: Words, at: Point, ink: Ink) {
        self.push_words(words, at, ink, false);
    }

    /// A text that tells what the whole picture is.
    pub fn caption(&mut self, text: &str, at: Point, ink: Ink) {
        self.push_words(text.to_owned().into(), at, ink, true);
    }

    fn push_words(&mut self, words: Words, at: Point, ink: Ink, caption: bool) {
        let text = super::text::printable(&words.text);
        if !text.trim().is_empty() {
            let words = Words { text, ..words };
            self.marks.push(Mark::Text { words, at, ink, caption });
        }
    }

    /// All captions, in a line; of several panels, which have none in common, their titles.
    pub fn captions(&self) -> String {
        let of = |wanted: fn(&Ink, bool) -> bool| -> Vec<&str> {
            let text = |mark| match mark {
                &Mark::Text { ref words, ref ink, caption, .. } if wanted(ink, caption) => {
                    Some(words.text.as_str())
                }
                _ => None,
            };
            self.marks.iter().filter_map(text).collect()
        };
        let captions = of(|_, caption| caption);
        match captions.is_empty() {
            true => of(|ink, _| ink.bold).join(" · "),
            false => captions.join(" · "),
        }
    }

    /// Writes the picture as PNG, and beside it as SVG.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] with the path that could not be written.
    pub fn save(&self, path: &Path, style: Style) -> Result<()> {
        let (picture, grain) = match style {
            Style::Screen => (self.clone(), raster::SCREEN),
            Style::Paper => (self.on_paper(), raster::PAPER),
        };
        write_atomically(path, |file| raster::write_png(&picture, grain, file))?;
        let text = svg::file(&picture, &self.captions(), style);
        write_text(&path.with_extension("svg"), &text)
    }

    /// The picture to be set into a page of HTML, whose colours it takes; `told` is what a screen
    /// reader says of it, beside its captions.
    pub fn inline(&self, told: &str) -> String {
        let plain = Canvas { marks: self.without_captions(), ..self.clone() };
        let told = match self.captions().as_str() {
            "" => told.to_owned(),
            captions if captions == told => told.to_owned(),
            captions => format!("{told}. {captions}"),
        };
        svg::inline(&plain.cropped(2.0), &told)
    }

    fn without_captions(&self) -> Vec<Mark> {
        let is_caption = |mark: &Mark| matches!(mark, Mark::Text { caption: true, .. });
        self.marks.iter().filter(|mark| !is_caption(mark)).cloned().collect()
    }

    /// Without captions and margins, in darker greys.
    fn on_paper(&self) -> Canvas {
        let mut paper = Canvas { marks: self.without_captions(), ..self.clone() };
        for mark in &mut paper.marks {
            match mark {
                Mark::Fill { colour, .. }
                | Mark::Polygon { colour, .. }
                | Mark::Path { colour, .. } => *colour = on_paper(*colour),
                Mark::Text { ink, .. } => ink.colour = on_paper(ink.colour),
                Mark::Marker { .. } | Mark::Image { .. } => {}
            }
        }
        paper.cropped(PAPER_MARGIN)
    }

    /// The page cut to what is on it, with so many pixels around.
    fn cropped(mut self, margin: f64) -> Canvas {
        let bounds = self
            .marks
            .iter()
            .filter_map(extent)
            .reduce(|a, b| (a.0.min(b.0), a.1.min(b.1), a.2.max(b.2), a.3.max(b.3)));
        let Some((left, top, right, bottom)) = bounds else { return self };
        let (left, top) = ((left - margin).max(0.0).floor(), (top - margin).max(0.0).floor());
        let (right, bottom) =
            ((right + margin).min(self.width), (bottom + margin).min(self.height));
        for mark in &mut self.marks {
            shift(mark, (-left, -top));
        }
        Canvas { marks: self.marks, ..Canvas::new(right - left, bottom - top) }
    }
}

/// Left, top, right and bottom of what a mark covers; none where it lies nowhere.
fn extent(mark: &Mark) -> Option<(f64, f64, f64, f64)> {
    let around = |points: &[Point], room: f64| {
        let finite = points.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
        let boxes = finite.map(|&(x, y)| (x - room, y - room, x + room, y + room));
        boxes.reduce(|a, b| (a.0.min(b.0), a.1.min(b.1), a.2.max(b.2), a.3.max(b.3)))
    };
    match mark {
        Mark::Fill { rect, .. } => around(&[(rect.x, rect.y), (rect.right(), rect.bottom())], 0.0),
        Mark::Polygon { corners, .. } => around(corners, 0.0),
        Mark::Path { points, width, .. } => around(points, width / 2.0),
        Mark::Marker { at, radius, .. } => around(&[*at], radius * 1.5),
        Mark::Image { at, size, .. } => around(&[*at, (at.0 + size, at.1 + size)], 0.0),
        Mark::Text { words, at, ink, .. } => {
            let (along, half) = (text_width(&words.text, *ink), 0.6 * ink.size);
            let before = ink.anchor.share() * along;
            let ends = match ink.upward {
                false => [(at.0 - before, at.1 - half), (at.0 - before + along, at.1 + half)],
                true => [(at.0 - half, at.1 + before), (at.0 + half, at.1 + before - along)],
            };
            around(&ends, 0.0)
        }
    }
}

fn shift(mark: &mut Mark, by: Point) {
    let moved = |point: &mut Point| *point = (point.0 + by.0, point.1 + by.1);
    match mark {
        Mark::Fill { rect, .. } => (rect.x, rect.y) = (rect.x + by.0, rect.y + by.1),
        Mark::Polygon { corners: points, .. } | Mark::Path { points, .. } => {
            points.iter_mut().for_each(moved);
        }
        Mark::Marker { at, .. } | Mark::Image { at, .. } | Mark::Text { at, .. } => moved(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::paint::probe::Picture;
    use crate::report::paint::style::{FIRST, QUIET_TEXT};

    fn canvas() -> Canvas {
        let mut canvas = Canvas::new(400.0, 300.0);
        canvas.caption("Title", (20.0, 20.0), Ink::title());
        canvas.caption("a remark", (20.0, 280.0), Ink::tick());
        canvas.fill(Rect { x: 100.0, y: 100.0, width: 50.0, height: 40.0 }, FIRST);
        canvas.text("label", (160.0, 120.0), Ink::label().colour(QUIET_TEXT));
        canvas
    }

    #[test]
    fn paper_has_no_captions_no_margins_and_two_dots_a_pixel() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        canvas().save(&path, Style::Screen).unwrap();
        let screen = Picture::read(&path);
        assert_eq!((screen.width, screen.height), (400, 300));
        canvas().save(&path, Style::Paper).unwrap();
        let paper = Picture::read(&path);
        let label = text_width("label", Ink::label());
        let (width, height) = ((60.0 + label + 12.0).ceil() as u32, 40 + 12);
        assert!(paper.width.abs_diff(2 * width) <= 4, "{} {width}", paper.width);
        assert_eq!(paper.height, 2 * height);
        let svg = std::fs::read_to_string(path.with_extension("svg")).unwrap();
        assert!(svg.contains("<title>Title · a remark</title>") && !svg.contains(">Title</text>"));
        assert!(svg.contains(">label</text>") && svg.contains("fill=\"#1e1e1e\""), "{svg}");
    }

    #[test]
    fn several_panels_are_called_by_their_titles() {
        let mut canvas = Canvas::new(300.0, 100.0);
        canvas.text("contrastive", (10.0, 10.0), Ink::title());
        canvas.text("epoch", (10.0, 50.0), Ink::label());
        canvas.text("cross-entropy", (150.0, 10.0), Ink::title());
        assert_eq!(canvas.captions(), "contrastive · cross-entropy");
        canvas.caption("a remark", (10.0, 90.0), Ink::tick());
        assert_eq!(canvas.captions(), "a remark");
    }

    #[test]
    fn an_empty_page_is_cut_to_nothing_less() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        Canvas::new(30.0, 20.0).save(&path, Style::Paper).unwrap();
        assert_eq!(Picture::read(&path).width, 60);
    }

    #[test]
    fn a_line_of_one_point_and_an_empty_text_leave_no_mark() {
        let mut canvas = Canvas::new(30.0, 20.0);
        canvas.path(&[(1.0, 1.0)], FIRST, 1.0, Dash::Solid);
        canvas.text(" ", (1.0, 1.0), Ink::label());
        assert!(canvas.marks.is_empty());
    }

    #[test]
    fn what_no_font_draws_is_replaced_in_pixels_and_stays_text_in_vectors() {
        let folder = tempfile::tempdir().unwrap();
        let written = |words: Words| {
            let mut canvas = Canvas::new(100.0, 40.0);
            canvas.words(words, (10.0, 20.0), Ink::label());
            let path = folder.path().join("a.png");
            canvas.save(&path, Style::Screen).unwrap();
            let svg = std::fs::read_to_string(path.with_extension("svg")).unwrap();
            (std::fs::read(&path).unwrap(), svg)
        };
        let words = Words { text: "日本".to_owned(), instead: Some("#3".to_owned()) };
        let ((pixels, vectors), (number, _)) = (written(words), written("#3".to_owned().into()));
        assert_eq!(pixels, number);
        assert!(vectors.contains(">日本</text>") && !vectors.contains("#3"), "{vectors}");
    }
}
