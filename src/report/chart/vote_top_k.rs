//! Vote top-k accuracy (the tutorial's recall@k): one line for each loss over k = 1..K.

use plotters::element::PathElement;
use plotters::style::Color;

use super::axes::{self, BELOW, Chart, LEFT};
use super::axis::{Axis, drawable};
use super::elements::{marker, pieces, polyline};
use super::geometry::STEPS;
use super::layout::{Layout, Panel};
use super::legend::{Entry, Key, Legend};
use super::palette::{QUIET_TEXT, STROKE};
use super::picture::Picture;
use super::series::{CUT, leaves_shares};
use super::series_style::{SeriesStyle, line_style};
use crate::error::{Error, Result};

/// Vote top-k accuracy of one loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve<'a> {
    /// The loss's name.
    pub name: &'a str,
    /// Accuracy in 0..=1; position 0 is k = 1. A value that is not finite leaves a gap.
    pub accuracy: &'a [f64],
    /// Lower and upper end of the 95 % interval at each k, drawn as whiskers.
    pub interval: Option<&'a [(f64, f64)]>,
}

/// Draws all curves into one frame; the accuracy axis is zoomed to them and says so. A non-empty `note`
/// is below the title.
///
/// # Errors
/// [`Error::Other`] without a curve.
pub fn draw(title: &str, note: &str, curves: &[Curve<'_>]) -> Result<Picture> {
    if curves.is_empty() {
        return Err(Error::Other("no curve of vote top-k accuracy to draw".to_owned()));
    }
    let y = accuracy_axis(curves);
    let last = curves.iter().map(|curve| curve.accuracy.len()).max().unwrap_or(0);
    let x = Axis::counted("k", last);
    let layout = layout((title, note), curves, y.as_ref());
    let area = layout.areas[0];
    layout.without_legend(|page| {
        let Some(y) = &y else { return axes::remark(page, area, "no finite accuracy to show") };
        let panel = axes::panel(page, area);
        let mut chart = axes::with_axes(&panel, &x, y)?;
        // A pixel in values of k.
        let pixel = (x.high - x.low) / area.width;
        for (i, curve) in curves.iter().enumerate() {
            draw_curve(&mut chart, curve, line_style(i), (aside(curves, i) * pixel, pixel))?;
        }
        let end = |curve: &Curve<'_>| {
            let last = curve.accuracy.iter().rfind(|value| drawable(**value));
            last.map(|&value| y.height(value, area))
        };
        let ends: Vec<Option<f64>> = curves.iter().map(end).collect();
        layout.name_lines(page, &ends)
    })
}

fn accuracy_axis(curves: &[Curve<'_>]) -> Option<Axis> {
    let ends = |curve: &Curve<'_>| {
        let pairs = curve.interval.unwrap_or_default();
        pairs.iter().flat_map(|pair| [pair.0, pair.1]).collect::<Vec<_>>()
    };
    let values = curves.iter().flat_map(|curve| curve.accuracy.iter().copied().chain(ends(curve)));
    Axis::share("vote top-k accuracy", values)
}

fn layout((title, note): (&str, &str), curves: &[Curve<'_>], y: Option<&Axis>) -> Layout {
    let entries = curves
        .iter()
        .enumerate()
        .map(|(i, curve)| Entry::new(Key::Line(line_style(i)), curve.name));
    let panel = Panel { width: 760.0, height: 460.0, left: LEFT, below: BELOW };
    let mut notes = vec!["the tutorial calls it recall@k".to_owned()];
    notes.extend(y.and_then(Axis::remark));
    notes.extend((!note.is_empty()).then(|| note.to_owned()));
    if curves.iter().any(|curve| curve.interval.is_some()) {
        notes.push("whiskers: 95 % interval over the seeds".to_owned());
    }
    let ends = || curves.iter().flat_map(|curve| curve.interval.unwrap_or_default());
    if ends().any(|&ends| leaves_shares(ends)) {
        notes.push(CUT.to_owned());
    }
    let legend = Legend::new(entries.collect(), panel.height);
    Layout::new(&[title], panel, &notes.join(" · "), legend)
}

/// How many pixels from its k a curve is drawn: none without whiskers, which could coincide.
fn aside(curves: &[Curve<'_>], number: usize) -> f64 {
    let whiskers = curves.iter().any(|curve| curve.interval.is_some());
    let from_middle = number as f64 - (curves.len() - 1) as f64 / 2.0;
    if whiskers { (36.0 / curves.len() as f64).min(6.0) * from_middle } else { 0.0 }
}

/// Line, whiskers and points of a curve, `aside` from k; `pixel` is how much of k a pixel is.
fn draw_curve(
    chart: &mut Chart<'_>,
    curve: &Curve<'_>,
    style: SeriesStyle,
    (aside, pixel): (f64, f64),
) -> Result<()> {
    let position =
        |i: usize, value: f64| drawable(value).then_some(((i + 1) as f64 + aside, value));
    let points: Vec<Option<(f64, f64)>> =
        curve.accuracy.iter().enumerate().map(|(i, &value)| position(i, value)).collect();
    let line = (style.colour, STROKE, style.dash);
    chart.draw_series(pieces(points.clone()).into_iter().map(|piece| polyline(piece, line)))?;
    let stroke = QUIET_TEXT.stroke_width((1.4 * STEPS) as u32);
    for (i, &(low, high)) in curve.interval.unwrap_or_default().iter().enumerate() {
        let (low, high) = (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0));
        if let (Some(low), Some(high)) = (position(i, low), position(i, high)) {
            let across = |(x, y): (f64, f64)| vec![(x - 4.0 * pixel, y), (x + 4.0 * pixel, y)];
            let whisker = [vec![low, high], across(low), across(high)];
            chart.draw_series(whisker.map(|line| PathElement::new(line, stroke)))?;
        }
    }
    let points = points.into_iter().flatten();
    chart.draw_series(points.map(|at| marker(at, (style, 5.0, 1.0), None)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::geometry::Rect;
    use crate::report::chart::pixels::Pixels;

    fn drawn(curves: &[Curve<'_>]) -> Pixels {
        Pixels::of(&draw("Vote top-k accuracy", "", curves).unwrap())
    }

    const UPPER: Curve<'_> =
        Curve { name: "cross-entropy", accuracy: &[0.86, 0.93, 0.96], interval: None };
    const LOWER: Curve<'_> =
        Curve { name: "contrastive", accuracy: &[0.79, 0.88, 0.92], interval: None };

    fn layout(curves: &[Curve<'_>]) -> Layout {
        super::layout(("Vote top-k accuracy", ""), curves, accuracy_axis(curves).as_ref())
    }

    #[test]
    fn both_curves_are_drawn_and_named_off_them() {
        let picture = drawn(&[UPPER, LOWER]);
        assert!((900..=1600).contains(&picture.width), "{}", picture.width);
        assert!(picture.shows_something() && picture.edge_is_white(10.0));
        let layout = layout(&[UPPER, LOWER]);
        let area = layout.areas[0];
        for style in [line_style(0), line_style(1)] {
            let colour = [style.colour.0, style.colour.1, style.colour.2];
            let found = picture.pixels(area).iter().filter(|pixel| **pixel == colour).count();
            assert!(found > 300, "{found}");
        }
        let names = Rect { y: area.y, height: area.height, ..layout.legend_area };
        assert!(names.x > area.right() && picture.dark(names) > 100);
        let title = Rect { y: area.y - 30.0, height: 29.0, ..area };
        assert!(picture.dark(title) > 100);
    }

    #[test]
    fn whiskers_add_ink_and_are_explained() {
        let interval = [(0.84, 0.88), (0.92, 0.94), (0.95, 1.2)];
        let with = Curve { interval: Some(&interval), ..UPPER };
        let (plain, whiskers) = (drawn(&[UPPER]), drawn(&[with]));
        let area = layout(&[with]).areas[0];
        assert!(whiskers.dark(area) > plain.dark(area) + 50);
        let note = Rect { y: area.bottom() + BELOW, height: 40.0, ..area };
        assert!(whiskers.ink(note) > plain.ink(note) && plain.ink(note) > 0.0);
        let captions = |curve| draw("Vote top-k accuracy", "", &[curve]).unwrap().captions();
        assert!(captions(with).ends_with(CUT), "{}", captions(with));
        let inside = Curve { interval: Some(&interval[..2]), ..UPPER };
        assert!(!captions(inside).contains(CUT), "{}", captions(inside));
    }

    #[test]
    fn the_axis_is_zoomed_to_high_recalls_and_starts_at_zero_for_low_ones() {
        let axis = accuracy_axis(&[UPPER, LOWER]).unwrap();
        assert_eq!((axis.low, axis.ticks[0]), (0.75, 0.75));
        let low = Curve { accuracy: &[0.1, 0.9], ..UPPER };
        assert_eq!(accuracy_axis(&[low]).unwrap().low, 0.0);
    }

    #[test]
    fn odd_curves_do_not_panic() {
        let nan = Curve { name: "nan", accuracy: &[f64::NAN], interval: Some(&[]) };
        let none = Curve { name: "none", accuracy: &[], interval: None };
        let one = Curve { name: "one", accuracy: &[1.0], interval: Some(&[(f64::NAN, 2.0)]) };
        for curves in [&[nan][..], &[none], &[one], &[nan, one, UPPER]] {
            let picture = drawn(curves);
            assert!(picture.ink(layout(curves).areas[0]) > 0.001, "{curves:?}");
        }
        assert!(draw("", "", &[]).is_err());
    }
}
