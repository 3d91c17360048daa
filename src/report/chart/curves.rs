//! Loss curves: training and validation loss per epoch, of one run or of several seeds.

use plotters::style::RGBColor;

use super::axes::{self, BELOW, Chart, LEFT};
use super::axis::{Axis, drawable};
use super::backend::Area;
use super::elements::{marker, pieces, polyline};
use super::geometry::Rect;
use super::layout::{Layout, MOST_PANELS, Panel};
use super::legend::{Entry, Key, Legend};
use super::marker::Dash;
use super::palette::{FIRST, PALE, QUIET_TEXT, SECOND, STROKE, tint};
use super::picture::Picture;
use super::series_style::{SeriesStyle, line_style};
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
    /// The loss: panels of one share a scale.
    pub loss: &'a str,
    /// The runs; with several, each is thin and their mean thick.
    pub runs: &'a [RunCurve<'a>],
}

/// Draws one panel for each loss. Values of different losses cannot be compared, so each loss has a
/// scale of its own, which the picture says.
///
/// # Errors
/// [`Error::Other`] without a panel or with more than 48.
pub fn draw(panels: &[LossPanel<'_>]) -> Result<Picture> {
    if panels.is_empty() || panels.len() > MOST_PANELS {
        let found = panels.len();
        let problem = format!("1 to {MOST_PANELS} panels of loss curves can be drawn, not {found}");
        return Err(Error::Other(problem));
    }
    let scales = axes(panels);
    let layout = layout(panels, &scales);
    // Two lines are named at their ends; more need the legend.
    if let [LossPanel { runs: [run], .. }] = panels {
        return layout.without_legend(|page| {
            draw_panels(page, &layout, panels, &scales)?;
            let Some(y) = &scales[0] else { return Ok(()) };
            let ends = [run.train, run.validation].map(|line| end(y, layout.areas[0], line));
            layout.name_lines(page, &ends)
        });
    }
    layout.draw(|page| draw_panels(page, &layout, panels, &scales))
}

fn draw_panels(
    page: &Area,
    layout: &Layout,
    panels: &[LossPanel<'_>],
    scales: &[Option<Axis>],
) -> Result<()> {
    for ((panel, y), &area) in panels.iter().zip(scales).zip(&layout.areas) {
        let x = Axis::counted("epoch", epochs(panel.runs));
        let plot = axes::panel(page, area);
        match y {
            Some(y) => draw_runs(&mut axes::with_axes(&plot, &x, y)?, panel.runs)?,
            None => {
                axes::with_axes(&plot, &x, &Axis::empty("loss"))?;
                axes::remark(page, area, "no finite loss to show")?;
            }
        }
    }
    Ok(())
}

/// Whether the panels show more than one loss.
fn differ(panels: &[LossPanel<'_>]) -> bool {
    panels.windows(2).any(|pair| pair[0].loss != pair[1].loss)
}

/// The y axis of each panel; none without a value that can be drawn.
fn axes(panels: &[LossPanel<'_>]) -> Vec<Option<Axis>> {
    let values = |panel: &LossPanel<'_>| {
        let of_run = |run: &RunCurve<'_>| [run.train, run.validation].concat();
        panel.runs.iter().flat_map(of_run).collect::<Vec<f64>>()
    };
    let axis = |panel: &LossPanel<'_>| {
        let label = if differ(panels) { format!("{} loss", panel.loss) } else { "loss".to_owned() };
        // A panel that has nothing to show says so, whatever the others have.
        values(panel).iter().find(|value| value.is_finite())?;
        let alike = panels.iter().filter(|other| other.loss == panel.loss);
        Axis::around(&label, alike.flat_map(values))
    };
    panels.iter().map(axis).collect()
}

/// The remark on the scales.
fn note(panels: &[LossPanel<'_>], scales: &[Option<Axis>]) -> String {
    let own = "each loss has a scale of its own: heights of different losses cannot be compared";
    let mut notes: Vec<String> = differ(panels).then(|| own.to_owned()).into_iter().collect();
    let mut remarks: Vec<String> = scales.iter().flatten().filter_map(Axis::remark).collect();
    remarks.dedup();
    match remarks.len() {
        0 => {}
        1 if panels.len() == 1 => notes.append(&mut remarks),
        _ => notes.push("a broken axis does not start at 0".to_owned()),
    }
    notes.join(" · ")
}

/// Size of the panels and the legend beside them.
fn layout(panels: &[LossPanel<'_>], scales: &[Option<Axis>]) -> Layout {
    let (width, height) = match Layout::columns(panels.len()) {
        1 => (780.0, 480.0),
        2 => (530.0, 420.0),
        _ => (350.0, 300.0),
    };
    let [train, validation] = styles();
    let mut entries = vec![
        Entry::new(Key::Line(train), "training"),
        Entry::new(Key::Line(validation), "validation"),
    ];
    if panels.iter().any(|panel| panel.runs.len() > 1) {
        let stroke = |strength, width| Key::Stroke(tint(QUIET_TEXT, strength), width);
        entries.push(Entry::new(stroke(1.0, MEAN), "mean of the seeds"));
        entries.push(Entry::new(stroke(PALE, SEED), "one seed"));
    }
    let titles: Vec<&str> = panels.iter().map(|panel| panel.title).collect();
    let panel = Panel { width, height, left: LEFT, below: BELOW };
    Layout::new(&titles, panel, &note(panels, scales), Legend::new(entries, height))
}

const MEAN: f64 = STROKE + 0.6;
const SEED: f64 = 1.3;
/// Up to this many epochs each one has a marker.
const MARKED: usize = 30;

/// The styles of training and validation.
fn styles() -> [SeriesStyle; 2] {
    let with = |number, colour: RGBColor| SeriesStyle { colour, ..line_style(number) };
    [with(0, FIRST), with(1, SECOND)]
}

fn draw_runs(chart: &mut Chart<'_>, runs: &[RunCurve<'_>]) -> Result<()> {
    let [train, validation] = styles();
    let parts = [
        (train, runs.iter().map(|run| run.train).collect::<Vec<_>>()),
        (validation, runs.iter().map(|run| run.validation).collect()),
    ];
    if runs.len() > 1 {
        for (style, seeds) in &parts {
            let pale =
                SeriesStyle { colour: tint(style.colour, PALE), dash: Dash::Solid, ..*style };
            for seed in seeds {
                draw_line(chart, seed, pale, SEED)?;
            }
        }
    }
    // The smaller markers come last, so that equal values show both.
    for ((style, seeds), radius) in parts.iter().zip([5.2, 3.8]) {
        let mean = mean(seeds);
        draw_line(chart, &mean, *style, if runs.len() > 1 { MEAN } else { STROKE })?;
        if mean.len() <= MARKED {
            let points = points(&mean).flatten();
            chart.draw_series(points.map(|at| marker(at, (*style, radius, 1.0), None)))?;
        }
    }
    Ok(())
}

/// A point for each epoch whose loss can be drawn.
fn points(values: &[f64]) -> impl Iterator<Item = Option<(f64, f64)>> {
    let point = |(i, &value): (usize, &f64)| drawable(value).then_some(((i + 1) as f64, value));
    values.iter().enumerate().map(point)
}

/// How high on the page a line ends.
fn end(y: &Axis, area: Rect, values: &[f64]) -> Option<f64> {
    values.iter().rfind(|value| drawable(**value)).map(|&value| y.height(value, area))
}

/// A line through the finite values, with gaps; an isolated value is a point.
fn draw_line(chart: &mut Chart<'_>, values: &[f64], style: SeriesStyle, width: f64) -> Result<()> {
    for piece in pieces(points(values)) {
        match piece[..] {
            [alone] => chart.draw_series([marker(alone, (style, width, 1.0), None)])?,
            _ => chart.draw_series([polyline(piece, (style.colour, width, style.dash))])?,
        };
    }
    Ok(())
}

/// The mean at each epoch that all runs reached; not finite if one of them is not.
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
    use crate::report::chart::geometry::Rect;
    use crate::report::chart::pixels::Pixels;

    fn drawn(panels: &[LossPanel<'_>]) -> Pixels {
        Pixels::of(&draw(panels).unwrap())
    }

    fn layout(panels: &[LossPanel<'_>]) -> Layout {
        super::layout(panels, &axes(panels))
    }

    /// Share of an area that is in one colour, give or take the smoothing of edges.
    fn share(picture: &Pixels, area: Rect, colour: RGBColor) -> f64 {
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
        let panels =
            [LossPanel { title: "cross-entropy", loss: "cross-entropy", runs: &[FALLING] }];
        let (picture, layout) = (drawn(&panels), layout(&panels));
        assert!((900..=1600).contains(&picture.width), "{}", picture.width);
        assert!(picture.shows_something() && picture.edge_is_white(10.0));
        let area = layout.areas[0];
        assert!(share(&picture, area, FIRST) > 0.002 && share(&picture, area, SECOND) > 0.001);
        let numbers = Rect { x: area.x - 45.0, width: 43.0, ..area };
        assert!(picture.dark(numbers) > 50);
        assert!(layout.legend_area.x > area.right());
        let names = Rect { y: area.y, height: area.height, ..layout.legend_area };
        assert!(picture.dark(names) > 200);
        // The names are at the ends of the lines: lower in the second run, whose losses end lower.
        let other =
            drawn(&[LossPanel { title: "cross-entropy", loss: "cross-entropy", runs: &[OTHER] }]);
        assert!(picture.pixels(names) != other.pixels(names));
    }

    #[test]
    fn one_epoch_is_a_point_of_each_loss() {
        let run = RunCurve { train: &[0.5], validation: &[0.5] };
        let panels = [LossPanel { title: "one", loss: "triplet", runs: &[run] }];
        let (picture, layout) = (drawn(&panels), layout(&panels));
        for colour in [FIRST, SECOND] {
            assert!(share(&picture, layout.areas[0], colour) > 0.0);
        }
    }

    #[test]
    fn several_seeds_have_pale_lines_beside_the_mean() {
        let several = [LossPanel { title: "two seeds", loss: "triplet", runs: &[FALLING, OTHER] }];
        let alone = [LossPanel { title: "one seed", loss: "triplet", runs: &[FALLING] }];
        let pale = |panels: &[LossPanel<'_>]| {
            share(&drawn(panels), layout(panels).areas[0], tint(FIRST, PALE))
        };
        assert!(pale(&several) > 2.0 * pale(&alone), "{} {}", pale(&several), pale(&alone));
    }

    #[test]
    fn panels_of_one_loss_share_a_scale_and_those_of_different_losses_say_that_they_do_not() {
        let small = [RunCurve { train: &[0.02, 0.01], validation: &[0.02, 0.01] }];
        let panel = |loss, runs| LossPanel { title: loss, loss, runs };
        let alike = [panel("triplet", &[FALLING]), panel("triplet", &small)];
        let range = |axis: &Option<Axis>| axis.as_ref().map(|axis| (axis.low, axis.high)).unwrap();
        let of_alike = axes(&alike);
        assert_eq!(range(&of_alike[0]), range(&of_alike[1]));
        assert_eq!(note(&alike, &of_alike), "");
        let others = [panel("triplet", &[FALLING]), panel("supcon", &small)];
        let of_others = axes(&others);
        assert!(range(&of_others[0]).1 > 10.0 * range(&of_others[1]).1);
        assert_eq!(of_others[1].as_ref().unwrap().label, "supcon loss");
        assert!(note(&others, &of_others).starts_with("each loss has a scale of its own"));
        let far = [RunCurve { train: &[9.1, 9.0], validation: &[9.2, 9.0] }];
        let alone = [panel("triplet", &far)];
        assert!(note(&alone, &axes(&alone)).starts_with("the axis of loss starts at 8.9"));
        let several = [panel("triplet", &far), panel("supcon", &small)];
        assert!(note(&several, &axes(&several)).ends_with("a broken axis does not start at 0"));
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
        let panels = runs.map(|runs| LossPanel { title: "a title", loss: "triplet", runs });
        let picture = drawn(&panels);
        assert!(picture.shows_something() && picture.width <= 1620, "{}", picture.width);
        let error = draw(&[]).unwrap_err().to_string();
        assert!(error.contains("loss curves") && error.contains("not 0"), "{error}");
    }
}
