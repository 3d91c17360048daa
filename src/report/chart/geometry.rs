//! Points and rectangles on the page, in pixels.

use plotters::element::Rectangle;
use plotters::style::Color;
use plotters_backend::BackendCoord;

use super::palette::{BORDER, HAIRLINE};

/// A point on the page: pixels from the left and from the top.
pub type Point = (f64, f64);

/// Integer units of plotters per pixel, many so that lines and points are as smooth as SVG allows.
pub const STEPS: f64 = 50.0;

/// A length in plotters' integer units.
pub fn steps(pixels: f64) -> i32 {
    (pixels * STEPS).round() as i32
}

/// A point in plotters' integer units.
pub fn at(point: Point) -> BackendCoord {
    (steps(point.0), steps(point.1))
}

/// An upright rectangle on the page, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Rect {
    /// The right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// The bottom edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// The point in the middle.
    pub fn centre(&self) -> Point {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// The rectangle filled with a colour.
    pub fn filled(&self, colour: impl Color) -> Rectangle<BackendCoord> {
        let corners = [at((self.x, self.y)), at((self.right(), self.bottom()))];
        Rectangle::new(corners, colour.filled())
    }

    /// A hairline around the rectangle.
    pub fn outlined(&self) -> Rectangle<BackendCoord> {
        let corners = [at((self.x, self.y)), at((self.right(), self.bottom()))];
        Rectangle::new(corners, BORDER.stroke_width((HAIRLINE * STEPS) as u32))
    }
}
