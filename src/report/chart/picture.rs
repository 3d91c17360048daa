//! A drawn picture: SVG elements and their bounds.

use super::geometry::Point;
use super::series_style::SeriesStyle;
use crate::report::Style;

/// White space around a picture on paper, in pixels.
const PAPER_MARGIN: f64 = 6.0;
/// White space around a picture in a page.
const PAGE_MARGIN: f64 = 2.0;

/// A drawn picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
    /// SVG elements of all but captions.
    pub(super) elements: String,
    /// Where these are.
    pub(super) bounds: Option<Bounds>,
    /// SVG elements of captions, which describe the whole picture.
    pub(super) caption_elements: String,
    pub(super) captions: Vec<String>,
    /// Texts in bold, which name the panels.
    pub(super) headings: Vec<String>,
    /// Markers, defined once and referenced at every position: style, radius, opacity.
    pub(super) markers: Vec<(SeriesStyle, f64, f64)>,
    /// What the rasteriser needs to know about the texts.
    pub(super) text: Text,
}

/// What the rasteriser needs to know about the texts of a picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Text {
    /// Whether some have letters that the compiled-in fonts lack.
    pub foreign: bool,
    /// Texts that no font can draw, with their substitutes in the PNG. In the SVG they stay as they
    /// are, because the viewer may have a font.
    pub replaced: Vec<(String, String)>,
}

impl Text {
    /// Notes that no font draws a text.
    pub fn replace(&mut self, text: &str, instead: &str) {
        let pair = (text.to_owned(), instead.to_owned());
        if !self.replaced.contains(&pair) {
            self.replaced.push(pair);
        }
    }
}

/// An upright rectangle: left, top, right, bottom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Bounds {
    /// The bounds of some points with room around them; none without a finite point.
    pub fn around(points: &[Point], room: f64) -> Option<Bounds> {
        let finite = points.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
        let boxes = finite.map(|&(x, y)| Bounds {
            left: x - room,
            top: y - room,
            right: x + room,
            bottom: y + room,
        });
        boxes.reduce(Bounds::with)
    }

    fn with(self, other: Bounds) -> Bounds {
        Bounds {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }
}

impl Picture {
    /// Adds an element.
    pub(super) fn push(&mut self, element: &str, bounds: Option<Bounds>) {
        self.elements.push_str(element);
        self.bounds = match (self.bounds, bounds) {
            (Some(all), Some(new)) => Some(all.with(new)),
            (all, new) => all.or(new),
        };
    }

    /// Adds a caption with its element.
    pub(super) fn caption(&mut self, text: &str, element: &str) {
        self.captions.push(text.to_owned());
        self.caption_elements.push_str(element);
    }

    /// All captions, in a line; of several panels, which have none in common, their titles.
    pub fn captions(&self) -> String {
        let shown = if self.captions.is_empty() { &self.headings } else { &self.captions };
        shown.join(" · ")
    }

    /// The part of the page that a style shows: all of it on a screen, on paper what is there without
    /// captions.
    pub(super) fn shown(&self, style: Style) -> Bounds {
        match style {
            Style::Screen => self.page(),
            Style::Paper => self.cropped(PAPER_MARGIN),
        }
    }

    /// The part of the page that a page of HTML shows.
    pub(super) fn shown_inline(&self) -> Bounds {
        self.cropped(PAGE_MARGIN)
    }

    fn page(&self) -> Bounds {
        Bounds { left: 0.0, top: 0.0, right: self.width, bottom: self.height }
    }

    /// The page cropped to its content without captions, plus a margin in pixels.
    fn cropped(&self, margin: f64) -> Bounds {
        let Some(bounds) = self.bounds else { return self.page() };
        let left = (bounds.left - margin).max(0.0).floor();
        let top = (bounds.top - margin).max(0.0).floor();
        let width = ((bounds.right + margin).min(self.width) - left).ceil().max(1.0);
        let height = ((bounds.bottom + margin).min(self.height) - top).ceil().max(1.0);
        Bounds { left, top, right: left + width, bottom: top + height }
    }
}
