//! Names of classes in the middle of their points, if there are too many for a legend.

use plotters::style::Color;
use plotters_backend::BackendCoord;

use super::super::axes::Chart;
use super::super::class_name::ClassName;
use super::super::elements::label;
use super::super::geometry::{Point, Rect, STEPS, at};
use super::super::palette::PAGE;
use super::super::text::{Anchor, TextStyle, Words, text_width};
use super::{Scatter, finite};
use crate::error::Result;

/// Height of an em of a name, in pixels.
const SIZE: f64 = 12.0;
/// Longest name, in pixels.
const WIDEST: f64 = 110.0;
/// Around a name.
const ROOM: f64 = 2.0;
/// How much of what is below a name shows through.
const COVER: f64 = 0.75;

/// Writes the names of as many classes as have room, those of the most points first.
///
/// # Errors
/// plotters cannot draw it.
pub fn name_classes(
    chart: &mut Chart<'_>,
    panel: &Scatter<'_>,
    area: Rect,
    classes: &[String],
) -> Result<()> {
    let to_page = |point: [f64; 2]| {
        let (x, y): BackendCoord = chart.backend_coord(&(point[0], point[1]));
        (f64::from(x) / STEPS, f64::from(y) / STEPS)
    };
    let page = chart.plotting_area().use_screen_coord();
    for (words, behind) in names(panel, to_page, area, classes) {
        page.draw(&behind.filled(PAGE.mix(COVER)))?;
        page.draw(&label(at(behind.centre()), words, style()))?;
    }
    Ok(())
}

fn style() -> TextStyle {
    TextStyle::tick().size(SIZE).bold().anchor(Anchor::Middle)
}

/// Names that have room, with the rectangles that they cover; `to_page` maps a point to pixels.
fn names(
    panel: &Scatter<'_>,
    to_page: impl Fn([f64; 2]) -> Point,
    area: Rect,
    classes: &[String],
) -> Vec<(Words, Rect)> {
    let mut names: Vec<(Words, Rect)> = Vec::new();
    for (number, (x, y)) in middles(panel, to_page, classes.len()) {
        let words = ClassName { name: &classes[number], number }.within(WIDEST, style());
        let width = text_width(&words.text, style()) + 2.0 * ROOM;
        let height = SIZE + 2.0 * ROOM;
        // A class of one point is seen below its name.
        let behind = Rect { x: x - width / 2.0, y: y - SIZE - height / 2.0, width, height };
        if inside(behind, area) && !names.iter().any(|(_, other)| overlap(behind, *other)) {
            names.push((words, behind));
        }
    }
    names
}

/// The classes that have points, those of the most first, each with the one of its points that is
/// nearest to their middle: half of them lie to either side of that, and half above.
fn middles(
    panel: &Scatter<'_>,
    to_page: impl Fn([f64; 2]) -> Point,
    classes: usize,
) -> Vec<(usize, Point)> {
    let mut of_class: Vec<(usize, Vec<Point>)> =
        (0..classes).map(|class| (class, Vec::new())).collect();
    let finite = panel.points.iter().zip(panel.labels).filter(|(point, _)| finite(point));
    for (point, &label) in finite {
        of_class[label].1.push(to_page(*point));
    }
    of_class.retain(|(_, points)| !points.is_empty());
    of_class.sort_by_key(|(class, points)| (usize::MAX - points.len(), *class));
    of_class.into_iter().map(|(class, points)| (class, central(&points))).collect()
}

/// The point that is nearest to the middle of all.
fn central(points: &[Point]) -> Point {
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let (x, y) = (
        median(points.iter().map(|p| p.0).collect()),
        median(points.iter().map(|p| p.1).collect()),
    );
    let distance = |point: &&Point| (point.0 - x).hypot(point.1 - y);
    let nearest = points.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    *nearest.expect("a class here has a point")
}

fn inside(part: Rect, area: Rect) -> bool {
    part.x >= area.x
        && part.y >= area.y
        && part.right() <= area.right()
        && part.bottom() <= area.bottom()
}

fn overlap(a: Rect, b: Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::scatter::axes_of;

    const AREA: Rect = Rect { x: 0.0, y: 0.0, width: 500.0, height: 500.0 };

    fn named(points: &[[f64; 2]], labels: &[usize], classes: &[&str]) -> Vec<(String, Point)> {
        let classes: Vec<String> = classes.iter().map(|name| (*name).to_owned()).collect();
        let (x, y) = axes_of(points).unwrap();
        let to_page = |point: [f64; 2]| {
            let across = (point[0] - x.low) / (x.high - x.low) * AREA.width;
            (across, y.height(point[1], AREA))
        };
        let found = names(&Scatter { title: "", points, labels }, to_page, AREA, &classes);
        found.into_iter().map(|(words, behind)| (words.text, behind.centre())).collect()
    }

    #[test]
    fn names_stand_in_the_middle_of_their_points_and_an_outlier_does_not_move_them() {
        let points = [[0.0, 0.0], [10.0, 10.0], [0.0, 1.0], [0.0, -1.0], [5.0, 5.0]];
        let found = named(&points, &[0, 0, 0, 0, 1], &["many", "one"]);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["many", "one"]);
        let (many, one) = (found[0].1, found[1].1);
        assert!(many.0 < one.0 && many.1 > one.1, "{many:?} {one:?}");
        assert!((one.0 - 250.0).abs() < 60.0, "{one:?}");
    }

    #[test]
    fn a_name_stands_at_a_point_of_its_class_and_never_between_two() {
        let points = [(0.0, 10.0), (100.0, 0.0), (0.0, 12.0), (90.0, 1.0)];
        assert!(points.contains(&central(&points)));
        assert_eq!(central(&[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (1.0, 9.0)]), (1.0, 1.0));
        assert_eq!(central(&points[..1]), points[0]);
    }

    #[test]
    fn of_names_that_would_cover_each_other_the_larger_class_keeps_its_own() {
        let points = [[0.0, 0.0], [0.0, 0.0], [0.0, 0.01], [9.0, 9.0], [-9.0, -9.0]];
        let found = named(&points, &[1, 1, 0, 2, 2], &["small", "large", "wide"]);
        let names: Vec<String> = found.into_iter().map(|(name, _)| name).collect();
        assert!(names.contains(&"large".to_owned()) && !names.contains(&"small".to_owned()));
    }
}
