//! A metric over the values of a setting: a line for each loss, with a band for its interval.

use super::paint::style::{FAINT_TEXT, PAGE, STROKE};
use super::paint::{
    Anchor, Axis, Canvas, Entry, Frame, Ink, Key, Legend, Look, Panel, Point, Rect, Sheet,
    line_look, text_width,
};
use crate::error::{Error, Result};

mod across;

pub use across::Across;
use across::{across_axis, position};

/// One line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Series<'a> {
    /// What it is of.
    pub name: &'a str,
    /// Its points, from left to right.
    pub points: &'a [SeriesPoint],
}

/// A metric at one value of the setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesPoint {
    /// The value; of words, the place among them from 0.
    pub x: f64,
    /// Mean over the seeds; no number leaves a gap.
    pub mean: f64,
    /// Its 95 % interval.
    pub interval: Option<(f64, f64)>,
}

/// A place where two lines cross.
#[derive(Debug, Clone, PartialEq)]
pub struct Crossing {
    /// The value of the setting.
    pub x: f64,
    /// The metric.
    pub y: f64,
    /// What is written beside it.
    pub label: String,
}

/// All of a picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Picture<'a> {
    /// Above it.
    pub title: &'a str,
    /// Below it, faint; may be empty.
    pub note: &'a str,
    /// The axis across.
    pub across: Across<'a>,
    /// What the metric is, a share in 0..=1.
    pub up: &'a str,
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
pub fn draw(picture: &Picture<'_>) -> Result<Canvas> {
    if picture.series.is_empty() {
        return Err(Error::Other("no line to draw".to_owned()));
    }
    let (x, y) = (across_axis(picture), up_axis(picture));
    let sheet = sheet(picture, &x, y.as_ref());
    let mut canvas = sheet.without_legend();
    let y = y.unwrap_or_else(|| Axis::empty(picture.up));
    let frame = Frame::new(sheet.areas[0], &x, &y);
    frame.draw(&mut canvas);
    if y.ticks.is_empty() {
        frame.remark(&mut canvas, "no finite value to show");
    }
    let pen = Pen { frame: &frame, picture };
    for (i, series) in picture.series.iter().enumerate() {
        pen.band(&mut canvas, series, line_look(i), i);
    }
    for (i, series) in picture.series.iter().enumerate() {
        pen.line(&mut canvas, series, line_look(i), i);
    }
    let ends: Vec<Option<f64>> = picture.series.iter().map(|series| pen.end(series)).collect();
    sheet.name_lines(&mut canvas, &ends);
    for crossing in picture.crossings {
        pen.crossing(&mut canvas, sheet.areas[0], crossing);
    }
    Ok(canvas)
}

fn up_axis(picture: &Picture<'_>) -> Option<Axis> {
    let of_point = |point: &SeriesPoint| {
        let (low, high) = point.interval.unwrap_or((point.mean, point.mean));
        [point.mean, low, high]
    };
    let values = picture.series.iter().flat_map(|series| series.points.iter().flat_map(of_point));
    Axis::share(picture.up, values)
}

/// What a picture says where [`leaves_shares`] is true of an interval in it.
pub const CUT: &str = "intervals end at 0 and 1, which t-intervals of so few seeds leave";

/// Whether an interval holds what no share in 0..=1 can be.
pub fn leaves_shares((low, high): (f64, f64)) -> bool {
    low < 0.0 || high > 1.0
}

fn sheet(picture: &Picture<'_>, x: &Axis, y: Option<&Axis>) -> Sheet {
    let entries = picture
        .series
        .iter()
        .enumerate()
        .map(|(i, series)| Entry::new(Key::Line(line_look(i)), series.name));
    let panel = Panel { width: WIDTH, height: HEIGHT, left: Frame::LEFT, below: Frame::BELOW };
    let given = Some(picture.note.to_owned()).filter(|note| !note.is_empty());
    let mut points = picture.series.iter().flat_map(|series| series.points);
    let cut = points.any(|point| point.interval.is_some_and(leaves_shares));
    let notes = given
        .into_iter()
        .chain(y.into_iter().chain([x]).filter_map(Axis::remark))
        .chain(cut.then(|| CUT.to_owned()));
    let note = notes.collect::<Vec<String>>().join(" · ");
    Sheet::new(&[picture.title], panel, &note, Legend::new(entries.collect(), HEIGHT))
}

/// What draws into the frame.
struct Pen<'a> {
    frame: &'a Frame<'a>,
    picture: &'a Picture<'a>,
}

impl Pen<'_> {
    fn place(&self, x: f64, y: f64, number: usize) -> Option<Point> {
        let (across, up) = self.frame.place(position(self.picture.across, x), y.clamp(0.0, 1.0))?;
        Some((across + self.aside(number), up))
    }

    /// Words have no line to follow: their points stand beside each other.
    fn aside(&self, number: usize) -> f64 {
        let lines = self.picture.series.len();
        match self.picture.across {
            Across::Words { .. } => {
                (60.0 / lines as f64).min(12.0) * (number as f64 - (lines - 1) as f64 / 2.0)
            }
            _ => 0.0,
        }
    }

    /// How high a line ends.
    fn end(&self, series: &Series<'_>) -> Option<f64> {
        let last = series.points.iter().rfind(|point| point.mean.is_finite())?;
        self.place(last.x, last.mean, 0).map(|(_, up)| up)
    }

    fn joined(&self) -> bool {
        !matches!(self.picture.across, Across::Words { .. })
    }

    fn band(&self, canvas: &mut Canvas, series: &Series<'_>, look: Look, number: usize) {
        let ends = |point: &SeriesPoint| {
            let (low, high) = point.interval?;
            Some((self.place(point.x, low, number)?, self.place(point.x, high, number)?))
        };
        let ends: Vec<Option<(Point, Point)>> = series.points.iter().map(ends).collect();
        for piece in ends.split(Option::is_none) {
            let piece: Vec<(Point, Point)> = piece.iter().copied().flatten().collect();
            if self.joined() && piece.len() > 1 {
                let lows = piece.iter().map(|(low, _)| *low);
                let highs = piece.iter().rev().map(|(_, high)| *high);
                let corners: Vec<Point> = lows.chain(highs).collect();
                canvas.polygon(&corners, look.colour, BAND);
            } else {
                for (low, high) in piece {
                    canvas.line(low, high, look.colour, 1.4);
                }
            }
        }
    }

    fn line(&self, canvas: &mut Canvas, series: &Series<'_>, look: Look, number: usize) {
        let places: Vec<Option<Point>> =
            series.points.iter().map(|point| self.place(point.x, point.mean, number)).collect();
        if self.joined() {
            for piece in places.split(Option::is_none) {
                let points: Vec<Point> = piece.iter().copied().flatten().collect();
                canvas.path(&points, look.colour, STROKE, look.dash);
            }
        }
        for &at in places.iter().flatten() {
            canvas.marker(at, 5.0, look, 1.0);
        }
    }

    /// A ring, and beside it, where there is room, what it means.
    fn crossing(&self, canvas: &mut Canvas, area: Rect, crossing: &Crossing) {
        let Some(at) = self.place(crossing.x, crossing.y, 0) else { return };
        let ring: Vec<Point> = (0..=32)
            .map(|i| f64::from(i) / 32.0 * std::f64::consts::TAU)
            .map(|angle| (at.0 + 9.0 * angle.cos(), at.1 + 9.0 * angle.sin()))
            .collect();
        canvas.path(&ring, FAINT_TEXT, 1.6, super::paint::Dash::Solid);
        let ink = Ink::tick().colour(FAINT_TEXT).anchor(Anchor::Start);
        let width = text_width(&crossing.label, ink);
        let right = at.0 + 16.0 + width < area.right();
        let left = if right { at.0 + 14.0 } else { at.0 - 14.0 - width };
        let below = (at.1 + 18.0).min(area.bottom() - 10.0);
        let behind = Rect { x: left - 2.0, y: below - 8.0, width: width + 4.0, height: 16.0 };
        canvas.fill(behind, PAGE);
        canvas.text(&crossing.label, (left, below), ink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::paint::probe;

    fn drawn(picture: &Picture<'_>) -> probe::Picture {
        probe::Picture::of(&draw(picture).unwrap())
    }

    fn points(means: &[f64]) -> Vec<SeriesPoint> {
        let point = |(place, &mean): (usize, &f64)| SeriesPoint {
            x: 10_f64.powi(place as i32 + 2),
            mean,
            interval: Some((mean - 0.05, mean + 0.05)),
        };
        means.iter().enumerate().map(point).collect()
    }

    fn picture<'a>(across: Across<'a>, series: &'a [Series<'a>]) -> Picture<'a> {
        let (title, note, up) = ("1-NN accuracy", "", "1-NN accuracy");
        Picture { title, note, across, up, series, crossings: &[] }
    }

    #[test]
    fn lines_have_bands_and_a_crossing_its_ring() {
        let (a, b) = (points(&[0.5, 0.7, 0.8]), points(&[0.4, 0.7, 0.9]));
        let series = [Series { name: "a", points: &a }, Series { name: "b", points: &b }];
        let bare = picture(Across::Logarithm { label: "training images" }, &series);
        let crossing = [Crossing { x: 1000.0, y: 0.7, label: "≈ 1,000".to_owned() }];
        let with = Picture { crossings: &crossing, ..bare };
        let (first, second) = (drawn(&bare), drawn(&with));
        assert!(first.shows_something() && first.edge_is_white(10.0));
        assert_eq!((first.width, first.height), (second.width, second.height));
        let without: Vec<Vec<SeriesPoint>> = [&a, &b]
            .map(|points| points.iter().map(|p| SeriesPoint { interval: None, ..*p }).collect())
            .to_vec();
        let thin =
            [Series { name: "a", points: &without[0] }, Series { name: "b", points: &without[1] }];
        let thin = drawn(&picture(Across::Logarithm { label: "training images" }, &thin));
        let area = Rect { x: 100.0, y: 100.0, width: 700.0, height: 350.0 };
        let tinted = |picture: &probe::Picture| {
            let pixels = picture.pixels(area);
            pixels
                .iter()
                .filter(|p| p.iter().any(|&c| c < 240) && p.iter().all(|&c| c > 190))
                .count()
        };
        assert!(tinted(&first) > tinted(&thin) + 5000, "{} {}", tinted(&first), tinted(&thin));
    }

    #[test]
    fn axes_that_leave_out_zero_and_intervals_that_are_cut_are_told() {
        let told = |label: &str, means: &[f64]| {
            let points = points(means);
            let series = [Series { name: "a", points: &points }];
            let across = match label {
                "images" => Across::Numbers { label },
                _ => Across::Logarithm { label },
            };
            draw(&picture(across, &series)).unwrap().captions()
        };
        let high = told("images", &[0.9, 0.97]);
        assert!(high.contains("the axis of 1-NN accuracy starts at 0.8"), "{high}");
        assert!(high.contains("the axis of images starts at 55, not at 0"), "{high}");
        assert!(high.ends_with(CUT), "{high}");
        assert_eq!(told("a power", &[0.1, 0.5]), "1-NN accuracy");
    }

    #[test]
    fn words_gaps_and_single_points_do_not_panic() {
        let words = ["constant".to_owned(), "cosine".to_owned()];
        let gap = [
            SeriesPoint { x: 0.0, mean: f64::NAN, interval: None },
            SeriesPoint { x: 1.0, mean: 0.5, interval: Some((f64::NAN, 2.0)) },
        ];
        let series = [Series { name: "a", points: &gap }, Series { name: "b", points: &[] }];
        let across = Across::Words { label: "train.schedule", words: &words };
        assert!(drawn(&picture(across, &series)).shows_something());
        let one = [Series { name: "a", points: &gap[1..] }];
        assert!(drawn(&picture(Across::Numbers { label: "x" }, &one)).shows_something());
        let none = [Series { name: "a", points: &gap[..1] }];
        drawn(&picture(Across::Numbers { label: "x" }, &none));
        let error = draw(&picture(across, &[])).unwrap_err().to_string();
        assert!(error.contains("no line"), "{error}");
    }
}
