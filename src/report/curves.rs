//! Loss curves: training and validation loss per epoch, of one run or of several seeds.

use super::paint::style::{FIRST, QUIET_TEXT, SECOND, STROKE, tint};
use super::paint::{
    Axis, Canvas, Colour, Dash, Entry, Frame, Key, Legend, Look, MOST_PANELS, Panel, Point, Sheet,
    line_look,
};
use crate::error::{Error, Result};

/// Losses of one run; position 0 is epoch 1. A value that is not finite leaves a gap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunCurve<'a> {
    /// Mean training loss of each epoch.
    pub train: &'a [f64],
    /// Mean validation loss of each epoch.
    pub validation: &'a [f64],
}

/// One panel: the runs of one loss, which differ in their seeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossPanel<'a> {
    /// The title above the panel.
    pub title: &'a str,
    /// The runs; one is drawn as it is, of several each is thin and their mean thick.
    pub runs: &'a [RunCurve<'a>],
}

/// Draws one panel for each loss, with axes of its own: losses have different scales.
///
/// # Errors
/// [`Error::Other`] without a panel or with more than 48.
pub fn draw(panels: &[LossPanel<'_>]) -> Result<Canvas> {
    if panels.is_empty() || panels.len() > MOST_PANELS {
        let found = panels.len();
        let problem = format!("1 to {MOST_PANELS} panels of loss curves can be drawn, not {found}");
        return Err(Error::Other(problem));
    }
    let sheet = sheet(panels);
    // Two lines are named where they end; more need the legend.
    let alone = matches!(panels, [LossPanel { runs: [_], .. }]);
    let mut canvas = if alone { sheet.without_legend() } else { sheet.canvas() };
    for (panel, area) in panels.iter().zip(&sheet.areas) {
        let values = panel.runs.iter().flat_map(|run| run.train.iter().chain(run.validation));
        let y = Axis::around("loss", values.copied());
        let x = Axis::counted("epoch", epochs(panel.runs));
        let frame = |y| Frame::new(*area, &x, y);
        match &y {
            Some(y) => {
                frame(y).draw(&mut canvas);
                draw_panel(&mut canvas, &frame(y), panel.runs);
                if alone {
                    let run = panel.runs[0];
                    let ends = [run.train, run.validation].map(|line| end(&frame(y), line));
                    sheet.name_lines(&mut canvas, &ends);
                }
            }
            None => {
                let y = Axis::empty("loss");
                frame(&y).draw(&mut canvas);
                frame(&y).remark(&mut canvas, "no finite loss to show");
            }
        }
    }
    Ok(canvas)
}

/// Size of the panels and the legend beside them.
fn sheet(panels: &[LossPanel<'_>]) -> Sheet {
    let (width, height) = match Sheet::columns(panels.len()) {
        1 => (780.0, 480.0),
        2 => (530.0, 420.0),
        _ => (350.0, 300.0),
    };
    let [train, validation] = looks();
    let mut entries = vec![
        Entry { key: Key::Line(train), name: "training".to_owned() },
        Entry { key: Key::Line(validation), name: "validation".to_owned() },
    ];
    if panels.iter().any(|panel| panel.runs.len() > 1) {
        let stroke = |strength, width| Key::Stroke(tint(QUIET_TEXT, strength), width);
        entries.push(Entry { key: stroke(1.0, MEAN), name: "mean of the seeds".to_owned() });
        entries.push(Entry { key: stroke(PALE, SEED), name: "one seed".to_owned() });
    }
    let titles: Vec<&str> = panels.iter().map(|panel| panel.title).collect();
    let panel = Panel { width, height, left: Frame::LEFT, below: Frame::BELOW };
    Sheet::new(&titles, panel, "", Legend::new(entries, height))
}

const MEAN: f64 = STROKE + 0.6;
const SEED: f64 = 1.3;
const PALE: f64 = 0.5;
/// Up to this many epochs each one has a marker.
const MARKED: usize = 30;

/// The looks of training and validation.
fn looks() -> [Look; 2] {
    let with = |number, colour: Colour| Look { colour, ..line_look(number) };
    [with(0, FIRST), with(1, SECOND)]
}

fn draw_panel(canvas: &mut Canvas, frame: &Frame<'_>, runs: &[RunCurve<'_>]) {
    let [train, validation] = looks();
    let parts = [
        (train, runs.iter().map(|run| run.train).collect::<Vec<_>>()),
        (validation, runs.iter().map(|run| run.validation).collect()),
    ];
    if runs.len() > 1 {
        for (look, seeds) in &parts {
            let pale = Look { colour: tint(look.colour, PALE), dash: Dash::Solid, ..*look };
            for seed in seeds {
                draw_line(canvas, frame, seed, pale, SEED);
            }
        }
    }
    // The smaller markers come last, so that equal values show both.
    for ((look, seeds), radius) in parts.iter().zip([4.8, 3.8]) {
        let mean = mean(seeds);
        draw_line(canvas, frame, &mean, *look, if runs.len() > 1 { MEAN } else { STROKE });
        let marked = if mean.len() <= MARKED { &mean[..] } else { &[] };
        for (i, &value) in marked.iter().enumerate() {
            if let Some(at) = frame.place((i + 1) as f64, value) {
                canvas.marker(at, radius, *look, 1.0);
            }
        }
    }
}

/// How high a line ends.
fn end(frame: &Frame<'_>, values: &[f64]) -> Option<f64> {
    let (place, value) = values.iter().enumerate().rfind(|(_, value)| value.is_finite())?;
    frame.place((place + 1) as f64, *value).map(|(_, y)| y)
}

/// A line through the finite values, broken where there is none; a value alone is a point.
fn draw_line(canvas: &mut Canvas, frame: &Frame<'_>, values: &[f64], look: Look, width: f64) {
    let places: Vec<Option<Point>> =
        values.iter().enumerate().map(|(i, &value)| frame.place((i + 1) as f64, value)).collect();
    for piece in places.split(Option::is_none) {
        let points: Vec<Point> = piece.iter().copied().flatten().collect();
        canvas.path(&points, look.colour, width, look.dash);
        if let [alone] = points[..] {
            canvas.marker(alone, width, look, 1.0);
        }
    }
}

/// The mean at each epoch that all runs reached; not finite where one of them is not.
fn mean(runs: &[&[f64]]) -> Vec<f64> {
    let epochs = runs.iter().map(|run| run.len()).min().unwrap_or(0);
    let at = |i: usize| runs.iter().map(|run| run[i]).sum::<f64>() / runs.len() as f64;
    (0..epochs).map(at).collect()
}

fn epochs(runs: &[RunCurve<'_>]) -> usize {
    runs.iter().map(|run| run.train.len().max(run.validation.len())).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::paint::Rect;
    use crate::report::paint::probe::Picture;

    fn drawn(panels: &[LossPanel<'_>]) -> Picture {
        Picture::of(&draw(panels).unwrap())
    }

    /// Share of an area that is in one colour, give or take the smoothing of edges.
    fn share(picture: &Picture, area: Rect, colour: Colour) -> f64 {
        let near = |pixel: &&[u8; 3]| {
            let channels = pixel.iter().zip([colour.0, colour.1, colour.2]);
            channels.into_iter().all(|(a, b)| a.abs_diff(b) < 30)
        };
        let pixels = picture.pixels(area);
        pixels.iter().filter(near).count() as f64 / pixels.len() as f64
    }

    const FALLING: RunCurve<'_> =
        RunCurve { train: &[0.9, 0.6, 0.5, 0.45], validation: &[0.7, 0.6, 0.55, 0.5] };
    const OTHER: RunCurve<'_> =
        RunCurve { train: &[1.0, 0.7, 0.4, 0.3], validation: &[0.8, 0.5, 0.5, 0.4] };

    #[test]
    fn a_run_shows_both_losses_axes_and_a_legend_off_the_data() {
        let panels = [LossPanel { title: "cross-entropy", runs: &[FALLING] }];
        let (picture, sheet) = (drawn(&panels), sheet(&panels));
        assert!((900..=1600).contains(&picture.width), "{}", picture.width);
        assert!(picture.shows_something() && picture.edge_is_white(10.0));
        let area = sheet.areas[0];
        assert!(share(&picture, area, FIRST) > 0.002 && share(&picture, area, SECOND) > 0.001);
        let numbers = Rect { x: area.x - 45.0, width: 43.0, ..area };
        assert!(picture.dark(numbers) > 50);
        assert!(sheet.legend_area.x > area.right());
        let names = Rect { y: area.y, height: area.height, ..sheet.legend_area };
        assert!(picture.dark(names) > 200);
        // The names stand where the lines end: lower in the second run, whose losses end lower.
        let other = drawn(&[LossPanel { title: "cross-entropy", runs: &[OTHER] }]);
        assert!(picture.pixels(names) != other.pixels(names));
    }

    #[test]
    fn one_epoch_is_a_point_of_each_loss() {
        let run = RunCurve { train: &[0.5], validation: &[0.5] };
        let panels = [LossPanel { title: "one", runs: &[run] }];
        let (picture, sheet) = (drawn(&panels), sheet(&panels));
        for colour in [FIRST, SECOND] {
            assert!(share(&picture, sheet.areas[0], colour) > 0.0);
        }
    }

    #[test]
    fn several_seeds_have_pale_lines_beside_the_mean() {
        let several = [LossPanel { title: "two seeds", runs: &[FALLING, OTHER] }];
        let alone = [LossPanel { title: "one seed", runs: &[FALLING] }];
        let pale = |panels: &[LossPanel<'_>]| {
            share(&drawn(panels), sheet(panels).areas[0], tint(FIRST, PALE))
        };
        assert!(pale(&several) > 2.0 * pale(&alone), "{} {}", pale(&several), pale(&alone));
    }

    #[test]
    fn the_mean_stops_where_a_run_stops_and_has_a_gap_where_one_has() {
        let mean = mean(&[&[1.0, 2.0, 3.0], &[3.0, f64::NAN]]);
        assert!(mean.len() == 2 && mean[0] == 2.0 && mean[1].is_nan(), "{mean:?}");
        assert!(super::mean(&[]).is_empty());
    }

    #[test]
    fn gaps_empty_runs_and_many_panels_do_not_panic() {
        let gap = RunCurve { train: &[1.0, f64::NAN, 0.5, 0.4], validation: &[f64::INFINITY] };
        let empty = RunCurve { train: &[], validation: &[] };
        let long = vec![0.25; 5000];
        let flat = RunCurve { train: &long, validation: &[0.0] };
        let runs: [&[RunCurve<'_>]; 6] =
            [&[], &[gap], &[empty], &[flat, gap], &[gap, empty], &[FALLING]];
        let panels = runs.map(|runs| LossPanel { title: "a title ".trim(), runs });
        let picture = drawn(&panels);
        assert!(picture.shows_something() && picture.width <= 1620, "{}", picture.width);
        let error = draw(&[]).unwrap_err().to_string();
        assert!(error.contains("loss curves") && error.contains("not 0"), "{error}");
    }
}
