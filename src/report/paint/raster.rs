//! A canvas as pixels, drawn several times as fine as the finished picture.
//!
//! Averaging fine pixels smooths the edges of everything alike; plotters smooths some of its
//! elements only.

use std::io;

use ab_glyph::{Font, Glyph};
use image::ImageEncoder;
use image::codecs::png::PngEncoder;
use plotters::backend::{BitMapBackend, DrawingBackend};
use plotters::style::{Color, RGBColor};

use super::canvas::Mark;
use super::fonts::Face;
use super::style::PAGE;
use super::{Canvas, Colour, Dash, Ink, Point, Rect};

/// How fine a picture is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grain {
    /// Fine pixels in a pixel of the layout, across and down.
    fine: usize,
    /// Fine pixels, across and down, that are averaged into a finished one.
    averaged: usize,
}

/// A finished pixel for each of the layout.
pub const SCREEN: Grain = Grain { fine: 3, averaged: 3 };
/// Two each way.
pub const PAPER: Grain = Grain { fine: 4, averaged: 2 };

/// Writes a picture as PNG.
///
/// # Errors
/// Those of the writer.
pub fn write_png(picture: &Canvas, grain: Grain, file: &mut impl io::Write) -> io::Result<()> {
    let (width, height, pixels) = finished(picture, grain);
    PngEncoder::new(file)
        .write_image(&pixels, width, height, image::ColorType::Rgb8)
        .map_err(io::Error::other)
}

/// The finished picture: width, height, RGB rows from the top.
pub fn finished(picture: &Canvas, grain: Grain) -> (u32, u32, Vec<u8>) {
    let Grain { fine, averaged } = grain;
    let mut raster = Raster::new(picture, fine);
    picture.marks.iter().for_each(|mark| raster.draw(mark));
    let (across, down) = (raster.width / averaged, raster.height / averaged);
    let (stride, area) = (raster.width * 3, averaged * averaged);
    let mut finished = Vec::with_capacity(across * down * 3);
    for y in 0..down {
        for x in 0..across {
            for channel in 0..3 {
                let first = y * averaged * stride + x * averaged * 3 + channel;
                let sum: usize = (0..area)
                    .map(|i| first + (i / averaged) * stride + (i % averaged) * 3)
                    .map(|index| usize::from(raster.pixels[index]))
                    .sum();
                finished.push(((sum + area / 2) / area) as u8);
            }
        }
    }
    (across as u32, down as u32, finished)
}

/// Fine pixels under work, rows from the top, RGB.
struct Raster {
    fine: usize,
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Raster {
    fn new(picture: &Canvas, fine: usize) -> Raster {
        let (width, height) = (picture.width as usize * fine, picture.height as usize * fine);
        Raster { fine, width, height, pixels: vec![PAGE.0; width * height * 3] }
    }

    fn draw(&mut self, mark: &Mark) {
        match mark {
            Mark::Fill { rect, colour } => self.fill(*rect, *colour),
            Mark::Polygon { corners, colour, alpha } => self.polygon(corners, *colour, *alpha),
            Mark::Path { points, colour, width, dash } => {
                self.path(points, *colour, *width, *dash);
            }
            Mark::Marker { at, radius, look, alpha, .. } => {
                self.polygon(&look.marker.outline(*at, *radius), look.colour, *alpha);
            }
            Mark::Image { at, size, side, grey } => self.grey_image(*at, *size, *side, grey),
            Mark::Text { words, at, ink, .. } => {
                self.text(words.instead.as_ref().unwrap_or(&words.text), *at, *ink);
            }
        }
    }

    /// Lets plotters draw on the fine pixels.
    fn with_backend(&mut self, draw: impl FnOnce(&mut BitMapBackend<'_>)) {
        let size = (self.width as u32, self.height as u32);
        draw(&mut BitMapBackend::with_buffer(&mut self.pixels, size));
    }

    /// The fine pixel at a place; far outside the page is as good as just outside.
    fn place(&self, point: Point) -> (i32, i32) {
        let one = |value: f64| (value * self.fine as f64).round().clamp(-1e5, 1e5) as i32;
        (one(point.0), one(point.1))
    }

    fn fill(&mut self, rect: Rect, colour: Colour) {
        let (left, top) = self.place((rect.x, rect.y));
        let (right, bottom) = self.place((rect.right(), rect.bottom()));
        self.with_backend(|backend| {
            for y in top..bottom {
                span(backend, y, (left, right), colour, 1.0);
            }
        });
    }

    /// Every fine pixel whose centre is inside is painted once, so a see-through polygon has the
    /// same tone all over (plotters' own polygons have darker and lighter edges).
    fn polygon(&mut self, corners: &[Point], colour: Colour, alpha: f64) {
        let rows = corners.iter().map(|corner| self.place(*corner).1);
        let (Some(top), Some(bottom)) = (rows.clone().min(), rows.max()) else {
            return;
        };
        let rows = top.max(0)..bottom.saturating_add(1).min(self.height as i32);
        let spans: Vec<(i32, Vec<i32>)> = rows.map(|y| (y, self.crossings(corners, y))).collect();
        self.with_backend(|backend| {
            for (y, columns) in spans {
                for pair in columns.chunks_exact(2) {
                    span(backend, y, (pair[0], pair[1]), colour, alpha);
                }
            }
        });
    }

    /// Where the polygon's edges cross the middle of a fine row: fine columns, left to right.
    fn crossings(&self, corners: &[Point], row: i32) -> Vec<i32> {
        let y = (f64::from(row) + 0.5) / self.fine as f64;
        let edges = corners.iter().zip(corners.iter().cycle().skip(1));
        let mut columns: Vec<i32> = edges
            .filter(|(a, b)| (a.1 <= y) != (b.1 <= y))
            .map(|(a, b)| self.place((a.0 + (b.0 - a.0) * (y - a.1) / (b.1 - a.1), y)).0)
            .collect();
        columns.sort_unstable();
        columns
    }

    fn path(&mut self, points: &[Point], colour: Colour, width: f64, dash: Dash) {
        for (from, to) in dash.strokes(points, width) {
            if let Some(corners) = stroke(from, to, width) {
                self.polygon(&corners, colour, 1.0);
            }
        }
    }

    fn grey_image(&mut self, at: Point, size: f64, side: usize, image: &[u8]) {
        let (left, top) = self.place(at);
        let count = (size * self.fine as f64).round() as i32;
        self.with_backend(|backend| {
            for y in 0..count {
                for x in 0..count {
                    let source = |step: i32| (step as usize * side) / count as usize;
                    let grey = image[source(y) * side + source(x)];
                    let columns = (left + x, left + x + 1);
                    span(backend, top + y, columns, RGBColor(grey, grey, grey), 1.0);
                }
            }
        });
    }

    fn text(&mut self, text: &str, at: Point, ink: Ink) {
        let line = ink.line(text, self.fine);
        let back = (line.end * ink.anchor.share() as f32).round() as i32;
        let (x, y) = self.place(at);
        let drop = (ink.drop() * self.fine as f64).round() as i32;
        let dot = |along: i32, down: i32| {
            let (along, down) = (along - back, down + drop);
            if ink.upward { (x + down, y - along) } else { (x + along, y + down) }
        };
        self.with_backend(|backend| {
            let outline = |(face, glyph): (&Face, Glyph)| face.outlines.outline_glyph(glyph);
            for glyph in line.glyphs.into_iter().filter_map(outline) {
                let first = glyph.px_bounds().min;
                glyph.draw(|along, down, cover| {
                    let place = dot(along as i32 + first.x as i32, down as i32 + first.y as i32);
                    let colour = ink.colour.mix(f64::from(cover)).to_backend_color();
                    backend
                        .draw_pixel(place, colour)
                        .expect("a buffer in memory takes every pixel");
                });
            }
        });
    }
}

/// The corners of a straight line with square ends; none of a line without a length.
fn stroke(from: Point, to: Point, width: f64) -> Option<[Point; 4]> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy);
    if length == 0.0 {
        return None;
    }
    let (ax, ay) = (dx / length * width / 2.0, dy / length * width / 2.0);
    let (start, end) = ((from.0 - ax, from.1 - ay), (to.0 + ax, to.1 + ay));
    Some([
        (start.0 - ay, start.1 + ax),
        (end.0 - ay, end.1 + ax),
        (end.0 + ay, end.1 - ax),
        (start.0 + ay, start.1 - ax),
    ])
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
        let (width, _, pixels) = finished(&canvas, SCREEN);
        let first = (30 * width as usize + 30) * 3;
        (canvas, [pixels[first], pixels[first + 1], pixels[first + 2]])
    }

    #[test]
    fn an_opaque_polygon_covers_exactly_its_area() {
        let (canvas, middle) = painted(1.0);
        assert_eq!(middle, [10, 200, 90]);
        let (_, _, pixels) = finished(&canvas, SCREEN);
        let inked = pixels.chunks_exact(3).filter(|pixel| *pixel != [255; 3]).count();
        assert_eq!(inked, 40 * 40);
    }

    #[test]
    fn a_see_through_polygon_has_one_tone_between_its_colour_and_the_page() {
        let (canvas, middle) = painted(0.5);
        for (found, expected) in middle.iter().zip([132.0, 227.0, 172.0]) {
            assert!((f64::from(*found) - expected).abs() <= 2.0, "{middle:?}");
        }
        let (_, _, pixels) = finished(&canvas, SCREEN);
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
        assert!(finished(&canvas, SCREEN).2.iter().all(|channel| *channel == 255));
    }

    #[test]
    fn edges_are_smooth() {
        let mut canvas = Canvas::new(40.0, 40.0);
        canvas.line((2.0, 3.0), (38.0, 31.0), RGBColor(0, 0, 0), 3.0);
        let tones: std::collections::HashSet<u8> =
            finished(&canvas, SCREEN).2.into_iter().collect();
        assert!(tones.len() > 6, "{tones:?}");
    }

    #[test]
    fn a_grey_image_keeps_its_orientation() {
        let mut canvas = Canvas::new(20.0, 20.0);
        canvas.grey_image((0.0, 0.0), 20.0, 2, &[0, 80, 160, 240]);
        let (_, _, pixels) = finished(&canvas, SCREEN);
        let at = |x: usize, y: usize| pixels[(y * 20 + x) * 3];
        assert_eq!([at(5, 5), at(15, 5), at(5, 15), at(15, 15)], [0, 80, 160, 240]);
    }
}
