//! A white page to draw on, three times as fine as the finished picture.
//!
//! Averaging 3×3 fine pixels into one smooths the edges of everything alike; plotters smooths
//! some of its elements only.

use std::io;
use std::path::Path;

use image::ImageEncoder;
use image::codecs::png::PngEncoder;
use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::{Color, RGBColor};

use super::style::{BORDER, HAIRLINE, PAGE};
use super::{Colour, Dash, Point, Rect};
use crate::error::Result;
use crate::files::write_atomically;

/// Fine pixels in a pixel, across and down.
pub const FINE: usize = 3;

/// Most pixels across or down; a picture never needs more.
const LARGEST: f64 = 8000.0;

/// A page under work.
pub struct Canvas {
    width: usize,
    height: usize,
    /// Fine pixels, rows from the top, RGB.
    pixels: Vec<u8>,
}

impl Canvas {
    /// A blank page of the given size in pixels, rounded up, 1 to 8,000 each way.
    pub fn new(width: f64, height: f64) -> Canvas {
        let width = width.ceil().clamp(1.0, LARGEST) as usize;
        let height = height.ceil().clamp(1.0, LARGEST) as usize;
        let pixels = vec![PAGE.0; width * height * FINE * FINE * 3];
        Canvas { width, height, pixels }
    }

    /// Lets plotters draw on the fine pixels.
    pub fn with_backend(&mut self, draw: impl FnOnce(&mut BitMapBackend<'_>)) {
        let size = ((self.width * FINE) as u32, (self.height * FINE) as u32);
        draw(&mut BitMapBackend::with_buffer(&mut self.pixels, size));
    }

    /// Fills an upright rectangle.
    pub fn fill(&mut self, rect: Rect, colour: Colour) {
        let (left, top) = fine((rect.x, rect.y));
        let (right, bottom) = fine((rect.right(), rect.bottom()));
        self.with_backend(|backend| {
            for y in top..bottom {
                span(backend, y, (left, right), colour, 1.0);
            }
        });
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
    ///
    /// Every fine pixel whose centre is inside is painted once, so a see-through polygon has the
    /// same tone all over (plotters' own polygons have darker and lighter edges).
    pub fn polygon(&mut self, corners: &[Point], colour: Colour, alpha: f64) {
        let rows = corners.iter().map(|corner| fine(*corner).1);
        let (Some(top), Some(bottom)) = (rows.clone().min(), rows.max()) else {
            return;
        };
        let limit = (self.height * FINE) as i32;
        self.with_backend(|backend| {
            for y in top.max(0)..bottom.saturating_add(1).min(limit) {
                for pair in crossings(corners, y).chunks_exact(2) {
                    span(backend, y, (pair[0], pair[1]), colour, alpha);
                }
            }
        });
    }

    /// A straight line with square ends.
    pub fn line(&mut self, from: Point, to: Point, colour: Colour, width: f64) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        if length == 0.0 {
            return;
        }
        let (ax, ay) = (dx / length * width / 2.0, dy / length * width / 2.0);
        let (start, end) = ((from.0 - ax, from.1 - ay), (to.0 + ax, to.1 + ay));
        let corners = [
            (start.0 - ay, start.1 + ax),
            (end.0 - ay, end.1 + ax),
            (end.0 + ay, end.1 - ax),
            (start.0 + ay, start.1 - ax),
        ];
        self.polygon(&corners, colour, 1.0);
    }

    /// A line through several points, dashed on demand; the dashes run on around the corners.
    pub fn path(&mut self, points: &[Point], colour: Colour, width: f64, dash: Dash) {
        for (from, to) in dash.strokes(points, width) {
            self.line(from, to, colour, width);
        }
    }

    /// A grey picture of `side`×`side` pixels (row-major), nearest pixels, filling a square.
    pub fn grey_image(&mut self, at: Point, size: f64, side: usize, image: &[u8]) {
        let (left, top) = fine(at);
        let count = (size * FINE as f64).round() as i32;
        self.with_backend(|backend| {
            for y in 0..count {
                for x in 0..count {
                    let source = |step: i32| (step as usize * side) / count as usize;
                    let grey = image[source(y) * side + source(x)];
                    span(
                        backend,
                        top + y,
                        (left + x, left + x + 1),
                        RGBColor(grey, grey, grey),
                        1.0,
                    );
                }
            }
        });
    }

    /// The finished picture: width, height, RGB rows from the top.
    fn finished(&self) -> (u32, u32, Vec<u8>) {
        let stride = self.width * FINE * 3;
        let mut finished = Vec::with_capacity(self.width * self.height * 3);
        for y in 0..self.height {
            for x in 0..self.width {
                for channel in 0..3 {
                    let first = y * FINE * stride + x * FINE * 3 + channel;
                    let sum: usize = (0..FINE * FINE)
                        .map(|i| first + (i / FINE) * stride + (i % FINE) * 3)
                        .map(|index| usize::from(self.pixels[index]))
                        .sum();
                    finished.push(((sum + FINE * FINE / 2) / (FINE * FINE)) as u8);
                }
            }
        }
        (self.width as u32, self.height as u32, finished)
    }

    /// Writes the picture as PNG.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] with the path that could not be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let (width, height, pixels) = self.finished();
        write_atomically(path, |writer| {
            PngEncoder::new(writer)
                .write_image(&pixels, width, height, image::ColorType::Rgb8)
                .map_err(io::Error::other)
        })
    }
}

/// The fine pixel at a place; far outside the page is as good as just outside.
fn fine(point: Point) -> (i32, i32) {
    let one = |value: f64| ((value * FINE as f64).round()).clamp(-1e5, 1e5) as i32;
    (one(point.0), one(point.1))
}

/// Where the polygon's edges cross the middle of a fine row: fine columns, left to right.
fn crossings(corners: &[Point], row: i32) -> Vec<i32> {
    let y = (f64::from(row) + 0.5) / FINE as f64;
    let edges = corners.iter().zip(corners.iter().cycle().skip(1));
    let mut columns: Vec<i32> = edges
        .filter(|(a, b)| (a.1 <= y) != (b.1 <= y))
        .map(|(a, b)| fine((a.0 + (b.0 - a.0) * (y - a.1) / (b.1 - a.1), y)).0)
        .collect();
    columns.sort_unstable();
    columns
}

/// Paints fine pixels `columns.0..columns.1` of a row; what is off the page is left out.
fn span(
    backend: &mut BitMapBackend<'_>,
    row: i32,
    columns: (i32, i32),
    colour: Colour,
    alpha: f64,
) {
    let (width, height) = backend.get_size();
    let (left, right) = (columns.0.max(0), columns.1.min(width as i32));
    if row < 0 || row >= height as i32 || left >= right {
        return;
    }
    let colour = colour.mix(alpha).to_backend_color();
    backend
        .draw_rect((left, row), (right, row + 1), &colour, true)
        .expect("a buffer in memory takes every pixel on the page");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square of 40 pixels in the middle of a page of 60, and the colour found in its middle.
    fn painted(alpha: f64) -> (Canvas, [u8; 3]) {
        let mut canvas = Canvas::new(60.0, 60.0);
        let corners = [(10.0, 10.0), (50.0, 10.0), (50.0, 50.0), (10.0, 50.0)];
        canvas.polygon(&corners, RGBColor(10, 200, 90), alpha);
        let (width, _, pixels) = canvas.finished();
        let first = (30 * width as usize + 30) * 3;
        (canvas, [pixels[first], pixels[first + 1], pixels[first + 2]])
    }

    #[test]
    fn an_opaque_polygon_covers_exactly_its_area() {
        let (canvas, middle) = painted(1.0);
        assert_eq!(middle, [10, 200, 90]);
        let (_, _, pixels) = canvas.finished();
        let inked = pixels.chunks_exact(3).filter(|pixel| *pixel != [255; 3]).count();
        assert_eq!(inked, 40 * 40);
    }

    #[test]
    fn a_see_through_polygon_has_one_tone_between_its_colour_and_the_page() {
        let (canvas, middle) = painted(0.5);
        for (found, expected) in middle.iter().zip([132.0, 227.0, 172.0]) {
            assert!((f64::from(*found) - expected).abs() <= 2.0, "{middle:?}");
        }
        let (_, _, pixels) = canvas.finished();
        // plotters rounds differently at the ends of a row, by one step of 256.
        let is_tone = |pixel: &[u8]| pixel.iter().zip(middle).all(|(a, b)| a.abs_diff(b) <= 1);
        assert!(pixels.chunks_exact(3).all(|pixel| pixel == [255; 3] || is_tone(pixel)));
    }

    #[test]
    fn what_lies_off_the_page_or_nowhere_is_left_out() {
        let mut canvas = Canvas::new(10.0, 10.0);
        let black = RGBColor(0, 0, 0);
        canvas.line((1e30, 5.0), (2e30, 5.0), black, 2.0);
        canvas.polygon(&[(f64::NAN, 0.0), (5.0, f64::NAN), (5.0, 5.0)], black, 1.0);
        canvas.polygon(&[], black, 1.0);
        canvas.fill(Rect { x: -50.0, y: -50.0, width: 20.0, height: 20.0 }, black);
        assert!(canvas.finished().2.iter().all(|channel| *channel == 255));
    }

    #[test]
    fn edges_are_smooth() {
        let mut canvas = Canvas::new(40.0, 40.0);
        canvas.line((2.0, 3.0), (38.0, 31.0), RGBColor(0, 0, 0), 3.0);
        let tones: std::collections::HashSet<u8> = canvas.finished().2.into_iter().collect();
        assert!(tones.len() > 6, "{tones:?}");
    }

    #[test]
    fn a_grey_image_keeps_its_orientation() {
        let mut canvas = Canvas::new(20.0, 20.0);
        canvas.grey_image((0.0, 0.0), 20.0, 2, &[0, 80, 160, 240]);
        let (_, _, pixels) = canvas.finished();
        let at = |x: usize, y: usize| pixels[(y * 20 + x) * 3];
        assert_eq!([at(5, 5), at(15, 5), at(5, 15), at(15, 15)], [0, 80, 160, 240]);
    }
}
