//! The shapes of markers and the rhythms of lines.

use super::Point;

/// The outline of a marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A disc.
    Circle,
    /// A triangle on its base.
    Triangle,
    /// A square.
    Square,
    /// An x of two thick bars.
    Cross,
    /// A triangle on its tip.
    Tip,
    /// A square on its tip.
    Diamond,
    /// A + of two thick bars.
    Plus,
    /// A triangle on its right side, its tip at the left.
    Left,
    /// A triangle on its left side, its tip at the right.
    Right,
}

/// A marker: a shape, filled or as a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Marker {
    /// Its outline.
    pub shape: Shape,
    /// Only the outline, hollow inside.
    pub hollow: bool,
}

/// The rhythm of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dash {
    /// Without gaps.
    Solid,
    /// Long strokes.
    Dashed,
    /// Points.
    Dotted,
    /// Stroke, point, stroke, point.
    Mixed,
}

impl Shape {
    /// Corners around the origin; all shapes cover about the area of a circle of radius 1.
    fn corners(self) -> Vec<Point> {
        let turned = |count: usize, radius: f64, start: f64| {
            (0..count)
                .map(|i| std::f64::consts::TAU * (start + i as f64 / count as f64))
                .map(|angle| (radius * angle.sin(), -radius * angle.cos()))
                .collect::<Vec<_>>()
        };
        match self {
            Shape::Circle => turned(24, 1.0, 0.0),
            Shape::Triangle => turned(3, 1.5, 0.0),
            Shape::Tip => turned(3, 1.5, 0.5),
            Shape::Left => turned(3, 1.5, 0.75),
            Shape::Right => turned(3, 1.5, 0.25),
            Shape::Square => turned(4, 1.25, 0.125),
            Shape::Diamond => turned(4, 1.35, 0.0),
            Shape::Plus => plus(),
            Shape::Cross => cross(),
        }
    }
}

/// The twelve corners of a +.
fn plus() -> Vec<Point> {
    let (long, thick) = (1.4, 0.42);
    vec![
        (-thick, -long),
        (thick, -long),
        (thick, -thick),
        (long, -thick),
        (long, thick),
        (thick, thick),
        (thick, long),
        (-thick, long),
        (-thick, thick),
        (-long, thick),
        (-long, -thick),
        (-thick, -thick),
    ]
}

/// The twelve corners of an x.
fn cross() -> Vec<Point> {
    let half = std::f64::consts::FRAC_1_SQRT_2;
    plus().iter().map(|(x, y)| (half * (x - y), half * (x + y))).collect()
}

impl Dash {
    /// Strokes and gaps in turn, in line widths; a stroke is a width longer than told, for its
    /// square ends.
    pub fn rhythm(self) -> &'static [f64] {
        match self {
            Dash::Solid => &[],
            Dash::Dashed => &[3.5, 3.0],
            Dash::Dotted => &[0.3, 2.6],
            Dash::Mixed => &[4.5, 2.6, 0.3, 2.6],
        }
    }

    /// The strokes of a line through some points.
    pub fn strokes(self, points: &[Point], width: f64) -> Vec<(Point, Point)> {
        let rhythm = self.rhythm();
        let pieces = points.windows(2).map(|pair| (pair[0], pair[1]));
        if rhythm.is_empty() {
            return pieces.collect();
        }
        let mut strokes = Vec::new();
        let (mut phase, mut left) = (0, rhythm[0] * width);
        for (from, to) in pieces {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            let at = |way: f64| {
                let share = way / length;
                (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share)
            };
            let mut way = 0.0;
            while way < length {
                let next = (way + left).min(length);
                if phase % 2 == 0 {
                    strokes.push((at(way), at(next)));
                }
                left -= next - way;
                way = next;
                // Not zero: what is left after a rounding error would never be walked.
                if left < 1e-9 {
                    phase = (phase + 1) % rhythm.len();
                    left = rhythm[phase] * width;
                }
            }
        }
        strokes
    }
}

impl Marker {
    /// The corners of a marker of about the area of a disc of `radius` pixels.
    pub fn outline(self, at: Point, radius: f64) -> Vec<Point> {
        let ring = |radius: f64| {
            let corners = self.shape.corners();
            let mut ring: Vec<Point> =
                corners.iter().map(|(x, y)| (at.0 + radius * x, at.1 + radius * y)).collect();
            ring.push(ring[0]);
            ring
        };
        let mut corners = ring(radius);
        if self.hollow {
            // Under the even-odd rule the inner ring is a hole, and the way there and back cancels.
            corners.extend(ring(radius * 0.55));
        }
        corners
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_run_on_around_corners_and_cover_part_of_the_line() {
        let points = [(0.0, 0.0), (50.0, 0.0), (50.0, 50.0)];
        let length = |strokes: &[(Point, Point)]| -> f64 {
            strokes.iter().map(|(a, b)| (a.0 - b.0).hypot(a.1 - b.1)).sum()
        };
        assert_eq!(length(&Dash::Solid.strokes(&points, 2.0)), 100.0);
        let dashed = length(&Dash::Dashed.strokes(&points, 2.0));
        assert!((50.0..60.0).contains(&dashed), "{dashed}");
        // Points that coincide are no reason to hang or to divide by nothing.
        assert!(Dash::Dotted.strokes(&[(1.0, 1.0), (1.0, 1.0)], 2.0).is_empty());
    }
}
