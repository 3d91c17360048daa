//! A chart of plotters with two axes: grid, numbers and names as all charts here have them.

use plotters::chart::{ChartBuilder, ChartContext, LabelAreaPosition};
use plotters::coord::cartesian::Cartesian2d;
use plotters::element::PathElement;
use plotters::style::{Color, TRANSPARENT};

use super::axis::Axis;
use super::backend::{Area, SvgBackend};
use super::elements::label;
use super::geometry::{Point, Rect, STEPS, at, steps};
use super::palette::{FAINT_TEXT, GRID, HAIRLINE, PAGE, QUIET_TEXT};
use super::text::{Anchor, TextStyle};
use crate::error::Result;

/// A chart in which points are pairs of values of its axes.
pub type Chart<'a> = ChartContext<'a, SvgBackend, Cartesian2d<Axis, Axis>>;

/// Room that the numbers and the label take to the left of a chart's rectangle, in pixels.
pub const LEFT: f64 = 76.0;
/// Room that the numbers and the label take below a chart's rectangle, in pixels.
pub const BELOW: f64 = 56.0;

/// Of [`LEFT`], what is between label and rectangle; the rest is margin.
const LABELS_LEFT: f64 = 71.0;
/// The same of [`BELOW`].
const LABELS_BELOW: f64 = 46.0;
/// Half of the distance from numbers to the rectangle.
const TO_NUMBERS: f64 = 4.0;

/// The part of a page that a chart with this rectangle needs, numbers and labels included.
pub fn panel(page: &Area, area: Rect) -> Area {
    let corner = at((area.x - LABELS_LEFT, area.y));
    let size = at((LABELS_LEFT + area.width, area.height + LABELS_BELOW));
    page.clone().shrink(corner, size)
}

/// The part of a page that is a chart's rectangle.
pub fn inside(page: &Area, area: Rect) -> Area {
    page.clone().shrink(at((area.x, area.y)), at((area.width, area.height)))
}

/// A chart without numbers and labels, on its rectangle.
///
/// # Errors
/// plotters cannot draw it.
pub fn bare<'a>(area: &'a Area, x: &Axis, y: &Axis) -> Result<Chart<'a>> {
    Ok(ChartBuilder::on(area).build_cartesian_2d(x.clone(), y.clone())?)
}

/// A chart with grid, box, numbers and labels on a [`panel`].
///
/// # Errors
/// plotters cannot draw it.
pub fn with_axes<'a>(panel: &'a Area, x: &Axis, y: &Axis) -> Result<Chart<'a>> {
    let mut chart = ChartBuilder::on(panel)
        .set_label_area_size(LabelAreaPosition::Left, steps(LABELS_LEFT))
        .set_label_area_size(LabelAreaPosition::Bottom, steps(LABELS_BELOW))
        .build_cartesian_2d(x.clone(), y.clone())?;
    chart
        .configure_mesh()
        .axis_style(TRANSPARENT)
        .bold_line_style(GRID.stroke_width((HAIRLINE * STEPS) as u32))
        .set_all_tick_mark_size(steps(TO_NUMBERS))
        .label_style(TextStyle::tick().colour(QUIET_TEXT).plotters())
        .axis_desc_style(TextStyle::label().plotters())
        .x_desc(&x.label)
        .y_desc(&y.label)
        .draw()?;
    let page = panel.use_screen_coord();
    let area = area_of(&chart);
    page.draw(&area.outlined())?;
    if y.broken {
        draw_break(&page, (area.x, area.bottom() - BREAK), true)?;
    }
    if x.broken {
        draw_break(&page, (area.x + BREAK, area.bottom()), false)?;
    }
    Ok(chart)
}

/// The rectangle of a chart.
fn area_of(chart: &Chart<'_>) -> Rect {
    let (across, down) = chart.plotting_area().get_pixel_range();
    let pixels = |steps: i32| f64::from(steps) / STEPS;
    Rect {
        x: pixels(across.start),
        y: pixels(down.start),
        width: pixels(across.end - across.start),
        height: pixels(down.end - down.start),
    }
}

/// Writes a remark into the empty middle of a chart that has nothing to show.
///
/// # Errors
/// plotters cannot draw it.
pub fn remark(page: &Area, area: Rect, text: &str) -> Result<()> {
    let style = TextStyle::label().colour(FAINT_TEXT).anchor(Anchor::Middle);
    Ok(page.draw(&label(at(area.centre()), text.to_owned(), style))?)
}

/// How far from the corner an axis is broken, in pixels.
const BREAK: f64 = 12.0;

/// Interrupts an axis that leaves out 0 by two short strokes.
fn draw_break(page: &Area, (x, y): Point, upright: bool) -> Result<()> {
    let (half, long, rise) = (3.0, 7.0, 3.0);
    let gap = match upright {
        true => Rect { x: x - 2.0, y: y - half, width: 4.0, height: 2.0 * half },
        false => Rect { x: x - half, y: y - 2.0, width: 2.0 * half, height: 4.0 },
    };
    page.draw(&gap.filled(PAGE))?;
    for side in [-half, half] {
        let (from, to) = match upright {
            true => ((x - long, y + side + rise), (x + long, y + side - rise)),
            false => ((x + side - rise, y + long), (x + side + rise, y - long)),
        };
        let stroke = QUIET_TEXT.stroke_width((1.5 * HAIRLINE * STEPS) as u32);
        page.draw(&PathElement::new(vec![at(from), at(to)], stroke))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::picture::Picture;
    use crate::report::chart::pixels::Pixels;

    const AREA: Rect = Rect { x: 100.0, y: 20.0, width: 200.0, height: 200.0 };

    fn drawn(x: &Axis, y: &Axis) -> Pixels {
        let picture = Picture::draw((320.0, 300.0), |page| {
            with_axes(&panel(page, AREA), x, y)?;
            Ok(())
        });
        Pixels::of(&picture.unwrap())
    }

    #[test]
    fn an_axis_that_leaves_out_zero_is_broken_near_its_start() {
        let axis = |low: f64| Axis::around("value", [low, 1.0].into_iter()).unwrap();
        let (whole, broken) = (axis(0.0), axis(0.9));
        let left = Rect { x: AREA.x - 8.0, y: AREA.bottom() - 22.0, width: 7.0, height: 20.0 };
        let below = Rect { x: AREA.x + 4.0, y: AREA.bottom() + 2.0, width: 20.0, height: 5.0 };
        let dark = |x: &Axis, y: &Axis| [left, below].map(|part| drawn(x, y).dark(part) > 5);
        assert_eq!(dark(&whole, &whole), [false, false]);
        assert_eq!(dark(&whole, &broken), [true, false]);
        assert_eq!(dark(&broken, &whole), [false, true]);
    }

    #[test]
    fn the_rectangle_of_a_chart_is_where_it_was_asked_for() {
        let axis = Axis::around("value", [0.0, 1.0].into_iter()).unwrap();
        let _ = Picture::draw((320.0, 300.0), |page| {
            let panel = panel(page, AREA);
            assert_eq!(area_of(&with_axes(&panel, &axis, &axis)?), AREA);
            Ok(())
        });
    }
}
