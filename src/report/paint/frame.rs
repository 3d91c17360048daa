//! Two axes around a rectangle of the page, and where a pair of values lies in it.

use super::axis::drawable;
use super::style::{FAINT_TEXT, GRID, HAIRLINE, PAGE, QUIET_TEXT};
use super::{Anchor, Axis, Canvas, Ink, Point, Rect};

/// A rectangle with axes.
pub struct Frame<'a> {
    area: Rect,
    x: &'a Axis,
    y: &'a Axis,
}

impl<'a> Frame<'a> {
    /// Room that the numbers and the label take to the left of the rectangle, in pixels.
    pub const LEFT: f64 = 76.0;
    /// Room that the numbers and the label take below the rectangle, in pixels.
    pub const BELOW: f64 = 56.0;

    /// Axes around a rectangle, which itself is where the data go.
    pub fn new(area: Rect, x: &'a Axis, y: &'a Axis) -> Frame<'a> {
        Frame { area, x, y }
    }

    /// Where a pair of values lies; `None` where it cannot be drawn.
    pub fn place(&self, x: f64, y: f64) -> Option<Point> {
        let share = |axis: &Axis, value: f64| (value - axis.low) / (axis.high - axis.low);
        (drawable(x) && drawable(y)).then(|| {
            let (across, up) = (share(self.x, x), share(self.y, y));
            (self.area.x + across * self.area.width, self.area.bottom() - up * self.area.height)
        })
    }

    /// Draws grid, box, numbers and labels.
    pub fn draw(&self, canvas: &mut Canvas) {
        let (area, quiet) = (self.area, Ink::tick().colour(QUIET_TEXT));
        for (number, &tick) in self.x.ticks.iter().enumerate() {
            let Some((x, _)) = self.place(tick, self.y.low) else {
                continue;
            };
            canvas.line((x, area.y), (x, area.bottom()), GRID, HAIRLINE);
            let below = (x, area.bottom() + 14.0);
            canvas.text(&self.x.name(number), below, quiet.anchor(Anchor::Middle));
        }
        for &tick in &self.y.ticks {
            let Some((_, y)) = self.place(self.x.low, tick) else {
                continue;
            };
            canvas.line((area.x, y), (area.right(), y), GRID, HAIRLINE);
            let left = (area.x - 8.0, y);
            canvas.text(&self.y.number(tick), left, quiet.anchor(Anchor::End));
        }
        canvas.outline(area);
        if self.y.broken {
            draw_break(canvas, (area.x, area.bottom() - BREAK), true);
        }
        if self.x.broken {
            draw_break(canvas, (area.x + BREAK, area.bottom()), false);
        }
        let (middle, _) = area.centre();
        let label = Ink::label().anchor(Anchor::Middle);
        canvas.text(&self.x.label, (middle, area.bottom() + 39.0), label);
        let left = area.x - Frame::LEFT + 12.0;
        canvas.text(&self.y.label, (left, area.centre().1), label.upward());
    }

    /// Draws a remark into the empty middle, for a picture that has nothing to show.
    pub fn remark(&self, canvas: &mut Canvas, text: &str) {
        let ink = Ink::label().colour(FAINT_TEXT).anchor(Anchor::Middle);
        canvas.text(text, self.area.centre(), ink);
    }
}

/// How far from the corner an axis is broken, in pixels.
const BREAK: f64 = 12.0;

/// Interrupts an axis that leaves out 0 by two short strokes.
fn draw_break(canvas: &mut Canvas, (x, y): Point, upright: bool) {
    let (half, long, rise) = (3.0, 7.0, 3.0);
    let gap = match upright {
        true => Rect { x: x - 2.0, y: y - half, width: 4.0, height: 2.0 * half },
        false => Rect { x: x - half, y: y - 2.0, width: 2.0 * half, height: 4.0 },
    };
    canvas.fill(gap, PAGE);
    for side in [-half, half] {
        let (from, to) = match upright {
            true => ((x - long, y + side + rise), (x + long, y + side - rise)),
            false => ((x + side - rise, y + long), (x + side + rise, y - long)),
        };
        canvas.line(from, to, QUIET_TEXT, 1.5 * HAIRLINE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::paint::probe::Picture;

    const AREA: Rect = Rect { x: 100.0, y: 20.0, width: 200.0, height: 200.0 };

    fn drawn(x: &Axis, y: &Axis) -> Picture {
        let mut canvas = Canvas::new(320.0, 300.0);
        Frame::new(AREA, x, y).draw(&mut canvas);
        Picture::of(&canvas)
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
}
