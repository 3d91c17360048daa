//! Vote top-k accuracy (the tutorial's recall@k): one line for each loss over k = 1..K.

use super::paint::style::{QUIET_TEXT, STROKE};
use super::paint::{Axis, Canvas, Entry, Frame, Key, Legend, Look, Panel, Point, Sheet, line_look};
use super::series::{CUT, leaves_shares};
use crate::error::{Error, Result};

/// What the axis is called.
const LABEL: &str = "vote top-k accuracy";

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

/// Draws all curves into one frame; the axis of the accuracy is zoomed to them and says so. `note` stands
/// below the title, where it is not empty.
///
/// # Errors
/// [`Error::Other`] without a curve.
pub fn draw(title: &str, note: &str, curves: &[Curve<'_>]) -> Result<Canvas> {
    if curves.is_empty() {
        return Err(Error::Other("no curve of vote top-k accuracy to draw".to_owned()));
    }
    let y = accuracy_axis(curves);
    let last = curves.iter().map(|curve| curve.accuracy.len()).max().unwrap_or(0);
    let x = Axis::counted("k", last);
    let sheet = sheet((title, note), curves, y.as_ref());
    let mut canvas = sheet.without_legend();
    match &y {
        Some(y) => {
            let frame = Frame::new(sheet.areas[0], &x, y);
            frame.draw(&mut canvas);
            for (i, curve) in curves.iter().enumerate() {
                let aside = aside(curves, i);
                draw_curve(&mut canvas, &frame, curve, line_look(i), aside);
            }
            let end = |curve: &Curve<'_>| {
                let last =
                    curve.accuracy.iter().enumerate().rfind(|(_, value)| value.is_finite())?;
                frame.place((last.0 + 1) as f64, *last.1).map(|(_, y)| y)
            };
            let ends: Vec<Option<f64>> = curves.iter().map(end).collect();
            sheet.name_lines(&mut canvas, &ends);
        }
        None => {
            let y = Axis::empty(LABEL);
            Frame::new(sheet.areas[0], &x, &y).remark(&mut canvas, "no finite accuracy to show");
        }
    }
    Ok(canvas)
}

fn accuracy_axis(curves: &[Curve<'_>]) -> Option<Axis> {
    let ends = |curve: &Curve<'_>| {
        let pairs = curve.interval.unwrap_or_default();
        pairs.iter().flat_map(|pair| [pair.0, pair.1]).collect::<Vec<_>>()
    };
    let values = curves.iter().flat_map(|curve| curve.accuracy.iter().copied().chain(ends(curve)));
    Axis::share(LABEL, values)
}

fn sheet((title, note): (&str, &str), curves: &[Curve<'_>], y: Option<&Axis>) -> Sheet {
    let entries =
        curves.iter().enumerate().map(|(i, curve)| Entry::new(Key::Line(line_look(i)), curve.name));
    let panel = Panel { width: 760.0, height: 460.0, left: Frame::LEFT, below: Frame::BELOW };
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
    Sheet::new(&[title], panel, &notes.join(" · "), legend)
}

/// How many pixels from its k a curve is drawn: none without whiskers, which could coincide.
fn aside(curves: &[Curve<'_>], number: usize) -> f64 {
    let whiskers = curves.iter().any(|curve| curve.interval.is_some());
    let from_middle = number as f64 - (curves.len() - 1) as f64 / 2.0;
    if whiskers { (36.0 / curves.len() as f64).min(6.0) * from_middle } else { 0.0 }
}

/// Line, whiskers and points of a curve, `aside` pixels from k.
fn draw_curve(canvas: &mut Canvas, frame: &Frame<'_>, curve: &Curve<'_>, look: Look, aside: f64) {
    let place =
        |i: usize, value: f64| frame.place((i + 1) as f64, value).map(|(x, y)| (x + aside, y));
    let places: Vec<Option<Point>> =
        curve.accuracy.iter().enumerate().map(|(i, &value)| place(i, value)).collect();
    for piece in places.split(Option::is_none) {
        let points: Vec<Point> = piece.iter().copied().flatten().collect();
        canvas.path(&points, look.colour, STROKE, look.dash);
    }
    for (i, &(low, high)) in curve.interval.unwrap_or_default().iter().enumerate() {
        let (low, high) = (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0));
        if let (Some(low), Some(high)) = (place(i, low), place(i, high)) {
            draw_whisker(canvas, low, high);
        }
    }
    for &at in places.iter().flatten() {
        canvas.marker(at, 5.0, look, 1.0);
    }
}

fn draw_whisker(canvas: &mut Canvas, low: Point, high: Point) {
    canvas.line(low, high, QUIET_TEXT, 1.4);
    for end in [low, high] {
        canvas.line((end.0 - 4.0, end.1), (end.0 + 4.0, end.1), QUIET_TEXT, 1.4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::paint::Rect;
    use crate::report::paint::probe::Picture;

    fn drawn(curves: &[Curve<'_>]) -> Picture {
        Picture::of(&draw("Vote top-k accuracy", "", curves).unwrap())
    }

    const UPPER: Curve<'_> =
        Curve { name: "cross-entropy", accuracy: &[0.86, 0.93, 0.96], interval: None };
    const LOWER: Curve<'_> =
        Curve { name: "contrastive", accuracy: &[0.79, 0.88, 0.92], interval: None };

    fn layout(curves: &[Curve<'_>]) -> Sheet {
        sheet(("Vote top-k accuracy", ""), curves, accuracy_axis(curves).as_ref())
    }

    #[test]
    fn both_curves_are_drawn_and_named_off_them() {
        let picture = drawn(&[UPPER, LOWER]);
        assert!((900..=1600).contains(&picture.width), "{}", picture.width);
        assert!(picture.shows_something() && picture.edge_is_white(10.0));
        let sheet = layout(&[UPPER, LOWER]);
        let area = sheet.areas[0];
        for look in [line_look(0), line_look(1)] {
            let colour = [look.colour.0, look.colour.1, look.colour.2];
            let found = picture.pixels(area).iter().filter(|pixel| **pixel == colour).count();
            assert!(found > 300, "{found}");
        }
        let names = Rect { y: area.y, height: area.height, ..sheet.legend_area };
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
        let note = Rect { y: area.bottom() + Frame::BELOW, height: 40.0, ..area };
        assert!(whiskers.ink(note) > plain.ink(note) && plain.ink(note) > 0.0);
        let told = |curve| draw("Vote top-k accuracy", "", &[curve]).unwrap().captions();
        assert!(told(with).ends_with(CUT), "{}", told(with));
        let inside = Curve { interval: Some(&interval[..2]), ..UPPER };
        assert!(!told(inside).contains(CUT), "{}", told(inside));
    }

    #[test]
    fn the_axis_is_zoomed_to_high_accuracies_and_starts_at_zero_for_low_ones() {
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
