//! A metric over the values of a setting: a line for each loss, with a band for its interval.

use plotters::element::{Circle, PathElement, Polygon};
use plotters::style::Color;

use super::axes::{self, BELOW, Chart, LEFT};
use super::axis::{Axis, drawable};
use super::backend::Area;
use super::elements::{label, marker, pieces, polyline};
use super::geometry::{Point, Rect, STEPS, at, steps};
use super::layout::{Layout, Panel};
use super::legend::{Entry, Key, Legend};
use super::palette::{FAINT_TEXT, PAGE, STROKE};
use super::picture::Picture;
use super::scale::Scale;
use super::series_style::{SeriesStyle, line_style};
use super::text::{TextStyle, text_width};
use crate::error::{Error, Result};

/// One line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Series<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its points, from left to right.
    pub points: &'a [SeriesPoint],
}

/// A metric at one value of the setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesPoint {
    /// The value; for categories, the index from 0.
    pub x: f64,
    /// Mean over the seeds; NaN leaves a gap.
    pub mean: f64,
    /// Its 95 % interval.
    pub interval: Option<(f64, f64)>,
}

/// A point where two lines cross.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossing {
    /// The value of the setting.
    pub x: f64,
    /// The metric.
    pub y: f64,
    /// The text beside it.
    pub label: String,
}

/// All that is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lines<'a> {
    /// Above it.
    pub title: &'a str,
    /// Below it, faint; may be empty.
    pub note: &'a str,
    /// The name of the setting.
    pub x_label: &'a str,
    /// The scale of its values; points of categories are not joined.
    pub scale: Scale<'a>,
    /// The name of the metric, a share in 0..=1.
    pub y_label: &'a str,
    /// The lines.
    pub series: &'a [Series<'a>],
    /// Where lines cross.
    pub crossings: &'a [Crossing],
}

const WIDTH: f64 = 780.0;
const HEIGHT: f64 = 480.0;
/// How much of a line's colour its band has.
const BAND: f64 = 0.16;

/// Draws all lines into one frame.
///
/// # Errors
/// [`Error::Other`] without a line.
pub fn draw(picture: &Lines<'_>) -> Result<Picture> {
    if picture.series.is_empty() {
        return Err(Error::Other("no line to draw".to_owned()));
    }
    let (x, y) = (x_axis(picture), y_axis(picture));
    let layout = layout(picture, &x, y.as_ref());
    let area = layout.areas[0];
    let y = y.unwrap_or_else(|| Axis::empty(picture.y_label));
    layout.without_legend(|page| {
        let panel = axes::panel(page, area);
        let mut chart = axes::with_axes(&panel, &x, &y)?;
        if y.ticks.is_empty() {
            axes::remark(page, area, "no finite value to show")?;
        }
        // A pixel in units of the x axis.
        let plot = LinePlot { picture, pixel: (x.high - x.low) / area.width };
        for (i, series) in picture.series.iter().enumerate() {
            plot.draw_band(&mut chart, series, line_style(i), i)?;
        }
        for (i, series) in picture.series.iter().enumerate() {
            plot.draw_line(&mut chart, series, line_style(i), i)?;
        }
        let end = |series: &Series<'_>| {
            let last = series.points.iter().rfind(|point| point.mean.is_finite())?;
            plot.position(last.x, last.mean, 0).map(|(_, up)| y.height(up, area))
        };
        let ends: Vec<Option<f64>> = picture.series.iter().map(end).collect();
        layout.name_lines(page, &ends)?;
        for crossing in picture.crossings {
            if let Some((across, up)) = plot.position(crossing.x, crossing.y, 0) {
                let left = area.x + (across - x.low) / (x.high - x.low) * area.width;
                draw_crossing(page, area, (left, y.height(up, area)), &crossing.label)?;
            }
        }
        Ok(())
    })
}

/// The x axis, with a tick at each value.
fn x_axis(picture: &Lines<'_>) -> Axis {
    // A value that no line has a figure at would only take room.
    let points = || picture.series.iter().flat_map(|series| series.points);
    let any = points().any(|point| point.mean.is_finite());
    let mut values: Vec<f64> =
        points().filter(|point| !any || point.mean.is_finite()).map(|point| point.x).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    picture.scale.axis_at(picture.x_label, &values, WIDTH)
}

fn y_axis(picture: &Lines<'_>) -> Option<Axis> {
    let of_point = |point: &SeriesPoint| {
        let (low, high) = point.interval.unwrap_or((point.mean, point.mean));
        [point.mean, low, high]
    };
    let values = picture.series.iter().flat_map(|series| series.points.iter().flat_map(of_point));
    Axis::share(picture.y_label, values)
}

/// The remark if [`leaves_shares`] is true for an interval in the picture.
pub const CUT: &str = "intervals end at 0 and 1, which t-intervals of so few seeds leave";

/// Whether an interval holds what no share in 0..=1 can be.
pub fn leaves_shares((low, high): (f64, f64)) -> bool {
    low < 0.0 || high > 1.0
}

fn layout(picture: &Lines<'_>, x: &Axis, y: Option<&Axis>) -> Layout {
    let entries = picture
        .series
        .iter()
        .enumerate()
        .map(|(i, series)| Entry::new(Key::Line(line_style(i)), series.name));
    let panel = Panel { width: WIDTH, height: HEIGHT, left: LEFT, below: BELOW };
    let given = Some(picture.note.to_owned()).filter(|note| !note.is_empty());
    let mut points = picture.series.iter().flat_map(|series| series.points);
    let cut = points.any(|point| point.interval.is_some_and(leaves_shares));
    let notes = given
        .into_iter()
        .chain(y.into_iter().chain([x]).filter_map(Axis::remark))
        .chain(cut.then(|| CUT.to_owned()));
    let note = notes.collect::<Vec<String>>().join(" · ");
    Layout::new(&[picture.title], panel, &note, Legend::new(entries.collect(), HEIGHT))
}

/// Lines in the units of their chart.
struct LinePlot<'a> {
    picture: &'a Lines<'a>,
    /// A pixel in units of the x axis.
    pixel: f64,
}

impl LinePlot<'_> {
    /// The position of a value in the chart; `None` if it cannot be drawn.
    fn position(&self, x: f64, y: f64, number: usize) -> Option<(f64, f64)> {
        let (across, up) = (self.picture.scale.position(x), y.clamp(0.0, 1.0));
        let drawn = drawable(across) && drawable(up);
        drawn.then_some((across + self.aside(number) * self.pixel, up))
    }

    /// Points of categories are side by side rather than on a line; the offset in pixels.
    fn aside(&self, number: usize) -> f64 {
        let lines = self.picture.series.len();
        match self.picture.scale {
            Scale::Categories(_) => {
                (60.0 / lines as f64).min(12.0) * (number as f64 - (lines - 1) as f64 / 2.0)
            }
            _ => 0.0,
        }
    }

    fn joined(&self) -> bool {
        !matches!(self.picture.scale, Scale::Categories(_))
    }

    fn draw_band(
        &self,
        chart: &mut Chart<'_>,
        series: &Series<'_>,
        style: SeriesStyle,
        number: usize,
    ) -> Result<()> {
        let ends = |point: &SeriesPoint| {
            let (low, high) = point.interval?;
            Some((self.position(point.x, low, number)?, self.position(point.x, high, number)?))
        };
        let stroke = style.colour.stroke_width((1.4 * STEPS) as u32);
        for piece in pieces(series.points.iter().map(ends)) {
            if self.joined() && piece.len() > 1 {
                let lows = piece.iter().map(|(low, _)| *low);
                let highs = piece.iter().rev().map(|(_, high)| *high);
                let corners: Vec<(f64, f64)> = lows.chain(highs).collect();
                chart.draw_series([Polygon::new(corners, style.colour.mix(BAND))])?;
            } else {
                let lines = piece.into_iter().map(|(low, high)| vec![low, high]);
                chart.draw_series(lines.map(|line| PathElement::new(line, stroke)))?;
            }
        }
        Ok(())
    }

    fn draw_line(
        &self,
        chart: &mut Chart<'_>,
        series: &Series<'_>,
        style: SeriesStyle,
        number: usize,
    ) -> Result<()> {
        let position = |point: &SeriesPoint| self.position(point.x, point.mean, number);
        let positions: Vec<Option<(f64, f64)>> = series.points.iter().map(position).collect();
        if self.joined() {
            let line = (style.colour, STROKE, style.dash);
            let pieces = pieces(positions.clone()).into_iter();
            chart.draw_series(pieces.map(|piece| polyline(piece, line)))?;
        }
        let points = positions.into_iter().flatten();
        chart.draw_series(points.map(|at| marker(at, (style, 5.0, 1.0), None)))?;
        Ok(())
    }
}

/// A ring and, if there is room, its meaning beside it.
fn draw_crossing(page: &Area, area: Rect, centre: Point, words: &str) -> Result<()> {
    let ring = FAINT_TEXT.stroke_width((1.6 * STEPS) as u32);
    page.draw(&Circle::new(at(centre), steps(9.0), ring))?;
    let style = TextStyle::tick().colour(FAINT_TEXT);
    let width = text_width(words, style);
    let right = centre.0 + 16.0 + width < area.right();
    let left = if right { centre.0 + 14.0 } else { centre.0 - 14.0 - width };
    let below = (centre.1 + 18.0).min(area.bottom() - 10.0);
    let behind = Rect { x: left - 2.0, y: below - 8.0, width: width + 4.0, height: 16.0 };
    page.draw(&behind.filled(PAGE))?;
    Ok(page.draw(&label(at((left, below)), words.to_owned(), style))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::pixels::Pixels;

    fn drawn(picture: &Lines<'_>) -> Pixels {
        Pixels::of(&draw(picture).unwrap())
    }

    fn points(means: &[f64]) -> Vec<SeriesPoint> {
        let point = |(index, &mean): (usize, &f64)| SeriesPoint {
            x: 10_f64.powi(index as i32 + 2),
            mean,
            interval: Some((mean - 0.05, mean + 0.05)),
        };
        means.iter().enumerate().map(point).collect()
    }

    fn picture<'a>((x_label, scale): (&'a str, Scale<'a>), series: &'a [Series<'a>]) -> Lines<'a> {
        let (title, note, y_label) = ("1-NN accuracy", "", "1-NN accuracy");
        Lines { title, note, x_label, scale, y_label, series, crossings: &[] }
    }

    #[test]
    fn lines_have_bands_and_a_crossing_its_ring() {
        let (a, b) = (points(&[0.5, 0.7, 0.8]), points(&[0.4, 0.7, 0.9]));
        let series = [Series { name: "a", points: &a }, Series { name: "b", points: &b }];
        let bare = picture(("training images", Scale::Logarithmic), &series);
        let crossing = [Crossing { x: 1000.0, y: 0.7, label: "≈ 1,000".to_owned() }];
        let with = Lines { crossings: &crossing, ..bare };
        let (first, second) = (drawn(&bare), drawn(&with));
        assert!(first.shows_something() && first.edge_is_white(10.0));
        assert_eq!((first.width, first.height), (second.width, second.height));
        let without: Vec<Vec<SeriesPoint>> = [&a, &b]
            .map(|points| points.iter().map(|p| SeriesPoint { interval: None, ..*p }).collect())
            .to_vec();
        let thin =
            [Series { name: "a", points: &without[0] }, Series { name: "b", points: &without[1] }];
        let thin = drawn(&picture(("training images", Scale::Logarithmic), &thin));
        let area = Rect { x: 100.0, y: 100.0, width: 700.0, height: 350.0 };
        let tinted = |picture: &Pixels| {
            let pixels = picture.pixels(area);
            pixels
                .iter()
                .filter(|p| p.iter().any(|&c| c < 240) && p.iter().all(|&c| c > 190))
                .count()
        };
        assert!(tinted(&first) > tinted(&thin) + 5000, "{} {}", tinted(&first), tinted(&thin));
    }

    #[test]
    fn a_note_says_which_axes_leave_out_zero_and_that_intervals_are_cut() {
        let captions = |label: &str, means: &[f64]| {
            let points = points(means);
            let series = [Series { name: "a", points: &points }];
            let scale = if label == "images" { Scale::Linear } else { Scale::Logarithmic };
            draw(&picture((label, scale), &series)).unwrap().captions()
        };
        let high = captions("images", &[0.9, 0.97]);
        assert!(high.contains("the axis of 1-NN accuracy starts at 0.8"), "{high}");
        assert!(high.contains("the axis of images starts at 55, not at 0"), "{high}");
        assert!(high.ends_with(CUT), "{high}");
        assert_eq!(captions("a power", &[0.1, 0.5]), "1-NN accuracy");
    }

    #[test]
    fn words_gaps_and_single_points_do_not_panic() {
        let words = ["constant".to_owned(), "cosine".to_owned()];
        let gap = [
            SeriesPoint { x: 0.0, mean: f64::NAN, interval: None },
            SeriesPoint { x: 1.0, mean: 0.5, interval: Some((f64::NAN, 2.0)) },
        ];
        let series = [Series { name: "a", points: &gap }, Series { name: "b", points: &[] }];
        let across = ("train.schedule", Scale::Categories(&words));
        assert!(drawn(&picture(across, &series)).shows_something());
        let one = [Series { name: "a", points: &gap[1..] }];
        assert!(drawn(&picture(("x", Scale::Linear), &one)).shows_something());
        let none = [Series { name: "a", points: &gap[..1] }];
        drawn(&picture(("x", Scale::Linear), &none));
        let error = draw(&picture(across, &[])).unwrap_err().to_string();
        assert!(error.contains("no line"), "{error}");
    }
}
