//! t-SNE scatter plots: one point per image, coloured and shaped by its class.

use std::collections::BTreeSet;

use super::axes::{self, Chart};
use super::axis::Axis;
use super::class_name::ClassName;
use super::elements::marker;
use super::layout::{Layout, MOST_PANELS, Panel};
use super::legend::{Entry, Legend};
use super::picture::Picture;
use super::series_style::class_style;
use crate::error::{Error, Result};

mod centres;

/// One panel of points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scatter<'a> {
    /// The title above the panel.
    pub title: &'a str,
    /// Coordinates, one pair a point; a pair that is not finite is left out and counted in a note.
    pub points: &'a [[f64; 2]],
    /// The class of each point, as a position in the class names.
    pub labels: &'a [usize],
}

/// More classes than this have names among their points instead of a legend.
pub const MOST_STYLES: usize = 40;

/// Draws the panels side by side with one legend at the right, of all classes that have points. Of
/// more than 40, names are in the middle of their points instead.
///
/// Across and up have the same scale, as distances are what the picture is about.
///
/// # Errors
/// [`Error::Other`] without a panel or with more than 48, when points and labels differ in number or a label has no
/// name.
pub fn draw(panels: &[Scatter<'_>], classes: &[String]) -> Result<Picture> {
    if let Some(problem) = problem(panels, classes.len()) {
        return Err(Error::Other(problem));
    }
    let layout = layout(panels, classes);
    let named = shown(panels).len() > MOST_STYLES;
    layout.draw(|page| {
        for (panel, &area) in panels.iter().zip(&layout.areas) {
            page.draw(&area.outlined())?;
            let Some((x, y)) = axes_of(panel.points) else {
                axes::remark(page, area, "no points to show")?;
                continue;
            };
            let inside = axes::inside(page, area);
            let mut chart = axes::bare(&inside, &x, &y)?;
            draw_points(&mut chart, panel, area.width)?;
            if named {
                centres::name_classes(&mut chart, panel, area, classes)?;
            }
        }
        Ok(())
    })
}

fn problem(panels: &[Scatter<'_>], classes: usize) -> Option<String> {
    if panels.is_empty() || panels.len() > MOST_PANELS {
        let found = panels.len();
        return Some(format!("1 to {MOST_PANELS} panels of points can be drawn, not {found}"));
    }
    for panel in panels {
        let (points, labels) = (panel.points.len(), panel.labels.len());
        if points != labels {
            return Some(format!("{points} points to draw, but {labels} labels"));
        }
        if let Some(label) = panel.labels.iter().find(|label| **label >= classes) {
            return Some(format!("a point has class {label}, but there are {classes} class names"));
        }
    }
    None
}

/// Classes that have points, by number.
fn shown(panels: &[Scatter<'_>]) -> BTreeSet<usize> {
    panels.iter().flat_map(|panel| panel.labels.iter().copied()).collect()
}

/// Size of the panels and the legend beside them.
fn layout(panels: &[Scatter<'_>], classes: &[String]) -> Layout {
    let side = match Layout::columns(panels.len()) {
        1 => 760.0,
        2 => 580.0,
        _ => 390.0,
    };
    let shown = shown(panels);
    let entry = |&number: &usize| {
        Entry::class(class_style(number), ClassName { name: &classes[number], number })
    };
    let entries: Vec<Entry> = match shown.len() > MOST_STYLES {
        true => Vec::new(),
        false => shown.iter().map(entry).collect(),
    };
    let left_out: usize =
        panels.iter().flat_map(|panel| panel.points).filter(|point| !finite(point)).count();
    let mut note = "t-SNE axes have no unit".to_owned();
    if shown.len() > MOST_STYLES {
        note += &format!(
            " · colours and markers cannot distinguish {} classes: names are in the middle of their \
             points, where there is room",
            shown.len()
        );
    }
    if left_out > 0 {
        note += &format!(" · points without finite coordinates, left out: {left_out}");
    }
    let panel = Panel { width: side, height: side, left: 0.0, below: 0.0 };
    let titles: Vec<&str> = panels.iter().map(|panel| panel.title).collect();
    Layout::new(&titles, panel, &note, Legend::new(entries, side))
}

fn finite(point: &[f64; 2]) -> bool {
    point.iter().all(|value| value.abs() < 1e300)
}

fn draw_points(chart: &mut Chart<'_>, panel: &Scatter<'_>, width: f64) -> Result<()> {
    let count = panel.points.len();
    let (radius, alpha) = match count {
        0..=300 => (5.0, 0.9),
        301..=1500 => (3.8, 0.8),
        1501..=6000 => (3.1, 0.7),
        6001..=20000 => (2.2, 0.55),
        // As many points as the panel has room for: small enough that density still shows.
        _ => (1.2, 0.5),
    };
    let radius = radius * (width / 760.0).sqrt();
    let seen = shuffled(count).filter(|&i| finite(&panel.points[i]));
    chart.draw_series(seen.map(|i| {
        let [x, y] = panel.points[i];
        marker((x, y), (class_style(panel.labels[i]), radius, alpha), Some(i))
    }))?;
    Ok(())
}

/// The axes across and up, of one scale, with the points in their middle and some room around them;
/// none without a point that is finite.
fn axes_of(points: &[[f64; 2]]) -> Option<(Axis, Axis)> {
    let range = |axis: usize| {
        let values = points.iter().filter(|point| finite(point)).map(|point| point[axis]);
        values.fold(None, |range: Option<(f64, f64)>, value| {
            let (low, high) = range.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        })
    };
    let (x, y) = (range(0)?, range(1)?);
    let widest = (x.1 - x.0).max(y.1 - y.0);
    let half = if widest > 0.0 { widest / 0.93 / 2.0 } else { 1.0 };
    let axis = |(low, high): (f64, f64)| {
        let middle = low / 2.0 + high / 2.0;
        Axis { low: middle - half, high: middle + half, ..Axis::empty("") }
    };
    Some((axis(x), axis(y)))
}

/// All positions in an order that is the same every time and mixes points that lie together in
/// the data, so that no class covers another only because it comes later.
fn shuffled(count: usize) -> impl Iterator<Item = usize> {
    let coprime = |step: &usize| greatest_common_divisor(*step, count) == 1;
    let start = (count as f64 * 0.618) as usize;
    let step = (start.max(1)..).find(coprime).unwrap_or(1);
    (0..count).map(move |i| (i * step) % count)
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::geometry::Rect;
    use crate::report::chart::pixels::Pixels;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|class| format!("class number {class} of a long name indeed")).collect()
    }

    /// `count` points on a spiral, classes in turn.
    fn spiral(count: usize, classes: usize) -> (Vec<[f64; 2]>, Vec<usize>) {
        let at = |i: usize| {
            let turn = i as f64 * 0.7;
            [i as f64 * turn.cos(), i as f64 * turn.sin()]
        };
        ((0..count).map(at).collect(), (0..count).map(|i| i % classes).collect())
    }

    fn drawn(panels: &[Scatter<'_>], classes: &[String]) -> Pixels {
        Pixels::of(&draw(panels, classes).unwrap())
    }

    #[test]
    fn the_picture_has_points_a_title_and_a_white_edge() {
        let (points, labels) = spiral(3000, 10);
        let panel = Scatter { title: "cross-entropy · KL 0.96", points: &points, labels: &labels };
        for count in [1, 2] {
            let panels = vec![panel; count];
            let picture = drawn(&panels, &names(10));
            assert!((900..=1600).contains(&picture.width), "{}", picture.width);
            assert!(picture.shows_something() && picture.edge_is_white(15.0));
            for area in layout(&panels, &names(10)).areas {
                let title = Rect { y: area.y - 30.0, height: 29.0, ..area };
                assert!(picture.dark(title) > 100);
                assert!(picture.ink(area) > 0.05);
            }
        }
    }

    #[test]
    fn the_legend_shows_the_classes_and_never_the_data() {
        let (points, labels) = spiral(500, 10);
        let moved: Vec<[f64; 2]> = points.iter().map(|[x, y]| [*y, x.abs()]).collect();
        let one = Scatter { title: "a", points: &points, labels: &labels };
        let other = Scatter { title: "a", points: &moved, labels: &labels };
        let (first, second) = (drawn(&[one], &names(10)), drawn(&[other], &names(10)));
        let layout = layout(&[one], &names(10));
        let legend = layout.legend_area;
        assert!(legend.x > layout.areas[0].right());
        assert_eq!(first.pixels(legend), second.pixels(legend));
        assert!(first.dark(legend) > 500);
        assert!(first.pixels(layout.areas[0]) != second.pixels(layout.areas[0]));
        // Each class's colour is in the legend, opaque.
        for class in 0..10 {
            let colour = class_style(class).colour;
            assert!(first.pixels(legend).contains(&[colour.0, colour.1, colour.2]), "{class}");
        }
    }

    #[test]
    fn sixty_classes_and_a_thousand_still_fit() {
        for classes in [60, 1000] {
            let (points, labels) = spiral(1000, classes);
            let panel = Scatter { title: "many", points: &points, labels: &labels };
            let picture = drawn(&[panel], &names(classes));
            assert!(picture.shows_something() && picture.edge_is_white(15.0), "{classes}");
            assert!(picture.width <= 1600, "{}", picture.width);
            let captions = draw(&[panel], &names(classes)).unwrap().captions();
            let note = format!("cannot distinguish {classes} classes");
            assert!(captions.contains(&note), "{captions}");
        }
    }

    #[test]
    fn up_to_forty_classes_have_a_legend_and_more_have_names_among_the_points() {
        let legend = |classes: usize| {
            let (points, labels) = spiral(1000, classes);
            let panel = Scatter { title: "t", points: &points, labels: &labels };
            layout(&[panel], &names(classes)).legend_area.width
        };
        assert!(legend(40) > 100.0);
        assert_eq!(legend(41), 0.0);
    }

    #[test]
    fn odd_points_make_an_honest_picture_and_no_panic() {
        let nan = [f64::NAN, 1.0];
        let cases: [&[[f64; 2]]; 5] = [
            &[],
            &[nan],
            &[[1.0, 1.0]],
            &[[2.0, 3.0], [2.0, 3.0], nan],
            &[[-1e299, 0.0], [1e299, 1.0]],
        ];
        for points in cases {
            let labels = vec![0; points.len()];
            let panel = Scatter { title: "odd", points, labels: &labels };
            let picture = drawn(&[panel], &names(1));
            let area = layout(&[panel], &names(1)).areas[0];
            let inside = Rect {
                x: area.x + 3.0,
                y: area.y + 3.0,
                width: area.width - 6.0,
                height: area.height - 6.0,
            };
            assert!(picture.ink(inside) > 0.0, "{points:?}");
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_an_error() {
        let fails = |panels: &[Scatter<'_>], part: &str| {
            let error = draw(panels, &names(2)).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        fails(&[], "not 0");
        fails(&[Scatter { title: "", points: &[[0.0, 0.0]], labels: &[] }], "1 points");
        fails(&[Scatter { title: "", points: &[[0.0, 0.0]], labels: &[2] }], "class 2");
    }

    #[test]
    fn points_are_drawn_once_each_in_a_mixed_order() {
        for count in [1, 2, 3, 10, 3000] {
            let mut order: Vec<usize> = shuffled(count).collect();
            if count == 3000 {
                let late = order[..300].iter().filter(|i| **i >= 2700).count();
                assert!((20..=40).contains(&late), "{late}");
            }
            order.sort_unstable();
            assert!(order.into_iter().eq(0..count));
        }
    }
}
