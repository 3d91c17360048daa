//! plotters' elements that only our backend draws: markers, dashed lines, words, grey images.
//!
//! plotters computes their positions, in the units of a chart or in pixels; see its guide to custom
//! elements, `plotters::element`.

use plotters::element::{Drawable, PointCollection};
use plotters::style::RGBColor;
use plotters_backend::{BackendCoord, DrawingBackend, DrawingErrorKind};

use super::backend::SvgBackend;
use super::marker::Dash;
use super::series_style::SeriesStyle;
use super::text::{TextStyle, Words};
use crate::data::ImageShape;

/// Points that plotters maps to pixels, and what to draw there.
pub struct Element<C, F> {
    points: Vec<C>,
    draw: F,
}

impl<'a, C, F> PointCollection<'a, C> for &'a Element<C, F> {
    type Point = &'a C;
    type IntoIter = &'a [C];

    fn point_iter(self) -> &'a [C] {
        &self.points
    }
}

impl<C, F: Fn(&mut SvgBackend, &[BackendCoord])> Drawable<SvgBackend> for Element<C, F> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        positions: I,
        backend: &mut SvgBackend,
        _: (u32, u32),
    ) -> Result<(), DrawingErrorKind<<SvgBackend as DrawingBackend>::ErrorType>> {
        let positions: Vec<BackendCoord> = positions.collect();
        if !positions.is_empty() {
            (self.draw)(backend, &positions);
        }
        Ok(())
    }
}

/// A marker of about the area of a disc of `radius` pixels; `point` is the number by which a page
/// finds it again.
pub fn marker<C>(
    at: C,
    (style, radius, alpha): (SeriesStyle, f64, f64),
    point: Option<usize>,
) -> Element<C, impl Fn(&mut SvgBackend, &[BackendCoord])> {
    let draw = move |backend: &mut SvgBackend, positions: &[BackendCoord]| {
        backend.marker(positions[0], (style, radius, alpha), point);
    };
    Element { points: vec![at], draw }
}

/// A line through some points, `width` pixels wide.
pub fn polyline<C>(
    points: Vec<C>,
    (colour, width, dash): (RGBColor, f64, Dash),
) -> Element<C, impl Fn(&mut SvgBackend, &[BackendCoord])> {
    let draw = move |backend: &mut SvgBackend, positions: &[BackendCoord]| {
        backend.polyline(positions, (colour, width, dash));
    };
    Element { points, draw }
}

/// The points of a line in pieces: each missing one leaves a gap. No piece is empty.
pub fn pieces<C>(points: impl IntoIterator<Item = Option<C>>) -> Vec<Vec<C>> {
    let mut pieces: Vec<Vec<C>> = vec![Vec::new()];
    for point in points {
        match point {
            Some(point) => pieces.last_mut().expect("never empty").push(point),
            None => pieces.push(Vec::new()),
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// A text at `at`: the middle of its capital letters is at that height or, if it runs upwards, in
/// that column.
pub fn label<C>(
    at: C,
    words: impl Into<Words>,
    style: TextStyle,
) -> Element<C, impl Fn(&mut SvgBackend, &[BackendCoord])> {
    text(at, words.into(), style, false)
}

/// A text that describes the whole picture; on paper it is below the picture instead.
pub fn caption<C>(
    at: C,
    words: &str,
    style: TextStyle,
) -> Element<C, impl Fn(&mut SvgBackend, &[BackendCoord])> {
    text(at, words.to_owned().into(), style, true)
}

fn text<C>(
    at: C,
    words: Words,
    style: TextStyle,
    caption: bool,
) -> Element<C, impl Fn(&mut SvgBackend, &[BackendCoord])> {
    let draw = move |backend: &mut SvgBackend, positions: &[BackendCoord]| {
        backend.words(positions[0], &words, style, caption);
    };
    Element { points: vec![at], draw }
}

/// An image of values `[C, H, W]` in a square of `size` pixels whose upper left corner is given; one
/// that is not square is as large as fits, in the middle.
pub fn image<C>(
    corner: C,
    size: f64,
    shape: ImageShape,
    values: &[u8],
) -> Element<C, impl Fn(&mut SvgBackend, &[BackendCoord])> {
    let draw = move |backend: &mut SvgBackend, positions: &[BackendCoord]| {
        backend.image(positions[0], size, shape, values);
    };
    Element { points: vec![corner], draw }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_point_leaves_a_gap() {
        let points = [Some(1), Some(2), None, Some(4), None, None, Some(5), Some(6)];
        assert_eq!(pieces(points), [vec![1, 2], vec![4], vec![5, 6]]);
        assert!(pieces([None::<i32>]).is_empty() && pieces(Vec::<Option<i32>>::new()).is_empty());
    }
}
