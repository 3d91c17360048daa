//! Two axes around a rectangle of the page, and where a pair of values lies in it.

use super::axis::drawable;
use super::style::{FAINT_TEXT, GRID, HAIRLINE, QUIET_TEXT};
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
