//! The backend on which plotters draws: it writes SVG.
//!
//! Beside what plotters asks of every backend it has what a page needs: markers that are written
//! once and used by each point, with the point's number; dashes; text that stays text; images.

use std::convert::Infallible;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::style::RGBColor;
use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontStyle, FontTransform,
};

use super::geometry::{Point, STEPS, steps};
use super::marker::Dash;
use super::markup::{colour, dashes, number, opacity, path, shape_name};
use super::palette::HAIRLINE;
use super::picture::{Bounds, Picture};
use super::series_style::SeriesStyle;
use super::text::{Anchor, TextStyle, Words, text_element, text_width};
use crate::data::ImageShape;
use crate::error::Error;
use crate::report::images::data_url;

/// An area of a picture, in pixels times [`STEPS`].
pub type Area = DrawingArea<SvgBackend, Shift>;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl From<DrawingAreaErrorKind<Infallible>> for Error {
    fn from(problem: DrawingAreaErrorKind<Infallible>) -> Error {
        Error::Other(format!("cannot draw: {problem}"))
    }
}

fn pixels((x, y): BackendCoord) -> Point {
    (f64::from(x) / STEPS, f64::from(y) / STEPS)
}

/// Where plotters draws.
pub struct SvgBackend {
    /// The picture drawn so far.
    pub picture: Picture,
}

impl SvgBackend {
    /// A marker of about the area of a disc of `radius` pixels; `point` is the number by which a page
    /// finds it again.
    pub fn marker(
        &mut self,
        centre: BackendCoord,
        (style, radius, alpha): (SeriesStyle, f64, f64),
        point: Option<usize>,
    ) {
        let centre = pixels(centre);
        let marker = (style, radius, alpha);
        if !self.picture.markers.contains(&marker) {
            self.picture.markers.push(marker);
        }
        let point = point.map(|point| format!(" data-i=\"{point}\"")).unwrap_or_default();
        let element = format!(
            "<use href=\"#{}\" x=\"{}\" y=\"{}\"{point}/>\n",
            shape_name(marker),
            number(centre.0),
            number(centre.1),
        );
        self.picture.push(&element, Bounds::around(&[centre], 1.5 * radius));
    }

    /// A line through several points, `width` pixels wide; nothing through one.
    pub fn polyline(
        &mut self,
        points: &[BackendCoord],
        (stroke, width, dash): (RGBColor, f64, Dash),
    ) {
        let points: Vec<Point> = points.iter().map(|point| pixels(*point)).collect();
        if points.len() < 2 {
            return;
        }
        let element = format!(
            "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{}/>\n",
            path(&points),
            colour(stroke),
            number(width),
            dashes(dash, width),
        );
        self.picture.push(&element, Bounds::around(&points, width / 2.0));
    }

    /// Words whose capital letters have their middle at the height (of upward text, the column) of
    /// `at`. A caption describes the whole picture, so the page around it may show it instead.
    pub fn words(&mut self, at: BackendCoord, words: &Words, style: TextStyle, caption: bool) {
        if words.text.trim().is_empty() {
            return;
        }
        let at = pixels(at);
        let (element, foreign) = text_element(&words.text, at, style);
        self.picture.text.foreign |= foreign;
        if let Some(number) = &words.instead {
            self.picture.text.replace(&words.text, number);
        }
        match caption {
            true => self.picture.caption(&words.text, &element),
            false => {
                if style.bold {
                    self.picture.headings.push(words.text.clone());
                }
                let bounds = text_bounds(&words.text, at, style);
                self.picture.push(&element, bounds);
            }
        }
    }

    /// An image of values `[C, H, W]`, its pixels as squares, in the middle of a square of `size`
    /// pixels.
    pub fn image(&mut self, corner: BackendCoord, size: f64, shape: ImageShape, values: &[u8]) {
        let (x, y) = pixels(corner);
        let element = format!(
            "<image x=\"{}\" y=\"{}\" width=\"{size}\" height=\"{size}\" \
             style=\"image-rendering:pixelated\" href=\"{}\"/>\n",
            number(x),
            number(y),
            data_url(shape, values),
            size = number(size),
        );
        self.picture.push(&element, Bounds::around(&[(x, y), (x + size, y + size)], 0.0));
    }

    fn shape(&mut self, element: &str, points: &[Point], room: f64) {
        self.picture.push(element, Bounds::around(points, room));
    }
}

/// The position of a text.
fn text_bounds(text: &str, at: Point, style: TextStyle) -> Option<Bounds> {
    let (along, half) = (text_width(text, style), 0.6 * style.size);
    let before = style.anchor.share() * along;
    let ends = match style.upward {
        false => [(at.0 - before, at.1 - half), (at.0 - before + along, at.1 + half)],
        true => [(at.0 - half, at.1 + before), (at.0 + half, at.1 + before - along)],
    };
    Bounds::around(&ends, 0.0)
}

/// The attributes for fill or stroke; empty if invisible.
fn paint<S: BackendStyle>(style: &S, fill: bool) -> Option<String> {
    let BackendColor { alpha, rgb: (red, green, blue) } = style.color();
    let shade = colour(RGBColor(red, green, blue));
    let painted = match fill {
        true => format!("fill=\"{shade}\"{}", opacity(alpha)),
        false => {
            let width = number(stroke_width(style));
            format!("fill=\"none\" stroke=\"{shade}\" stroke-width=\"{width}\"")
        }
    };
    (alpha > 0.0).then_some(painted)
}

fn stroke_width<S: BackendStyle>(style: &S) -> f64 {
    f64::from(style.stroke_width()) / STEPS
}

impl DrawingBackend for SvgBackend {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (steps(self.picture.width) as u32, steps(self.picture.height) as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    /// Edges of rectangles lie on whole pixels, so that neighbours leave no seam.
    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let Some(paint) = paint(style, fill) else { return Ok(()) };
        let ((left, top), (right, bottom)) = (pixels(upper_left), pixels(bottom_right));
        let [x, y] = [left, top].map(number);
        let [width, height] = [right - left, bottom - top].map(|side| number(side.max(0.0)));
        let element = format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" {paint} \
             shape-rendering=\"crispEdges\"/>\n"
        );
        let room = if fill { 0.0 } else { stroke_width(style) / 2.0 };
        self.shape(&element, &[(left, top), (right, bottom)], room);
        Ok(())
    }

    /// Upright and level hairlines have sharp edges.
    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        line: I,
        style: &S,
    ) -> Drawn {
        let Some(paint) = paint(style, false) else { return Ok(()) };
        let points: Vec<Point> = line.into_iter().map(pixels).collect();
        let width = stroke_width(style);
        let level = matches!(points[..], [a, b] if a.0 == b.0 || a.1 == b.1);
        let crisp = match level && width <= HAIRLINE {
            true => " shape-rendering=\"crispEdges\"",
            false => "",
        };
        let element = format!("<path d=\"{}\" {paint}{crisp}/>\n", path(&points));
        self.shape(&element, &points, width / 2.0);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let Some(paint) = paint(style, fill) else { return Ok(()) };
        let (centre, radius) = (pixels(center), f64::from(radius) / STEPS);
        let [x, y, r] = [centre.0, centre.1, radius].map(number);
        let element = format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" {paint}/>\n");
        self.shape(&element, &[centre], radius + stroke_width(style) / 2.0);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        let Some(paint) = paint(style, true) else { return Ok(()) };
        let corners: Vec<Point> = corners.into_iter().map(pixels).collect();
        let element = format!("<path d=\"{}Z\" {paint} fill-rule=\"evenodd\"/>\n", path(&corners));
        self.shape(&element, &corners, 0.0);
        Ok(())
    }

    fn draw_text<TStyle: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &TStyle,
        (x, y): BackendCoord,
    ) -> Drawn {
        let (style, edge) = own_style(style);
        // From the edge of a line to the middle of its capital letters.
        let down = match edge {
            VPos::Top => steps(0.45 * style.size),
            VPos::Center => 0,
            VPos::Bottom => -steps(0.45 * style.size),
        };
        let at = if style.upward { (x + down, y) } else { (x, y + down) };
        self.words(at, &text.to_owned().into(), style, false);
        Ok(())
    }

    fn estimate_text_size<TStyle: BackendTextStyle>(
        &self,
        text: &str,
        style: &TStyle,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let (style, _) = own_style(style);
        Ok((steps(text_width(text, style)) as u32, steps(style.size) as u32))
    }
}

/// Converts plotters' text style, and returns which edge of the text is at its position.
fn own_style<S: BackendTextStyle>(style: &S) -> (TextStyle, VPos) {
    let (anchor, (red, green, blue)) = (style.anchor(), style.color().rgb);
    let own = TextStyle {
        size: style.size() / STEPS,
        bold: matches!(style.style(), FontStyle::Bold),
        colour: RGBColor(red, green, blue),
        anchor: match anchor.h_pos {
            HPos::Left => Anchor::Start,
            HPos::Center => Anchor::Middle,
            HPos::Right => Anchor::End,
        },
        upward: matches!(style.transform(), FontTransform::Rotate270),
    };
    (own, anchor.v_pos)
}
