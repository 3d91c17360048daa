//! The shapes of markers and the dash patterns of lines.

use super::geometry::Point;

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

/// The dash pattern of a line.
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
    /// Strokes and gaps in turn, in line widths; a stroke is a width longer than that, for its
    /// square ends.
    pub fn pattern(self) -> &'static [f64] {
        match self {
            Dash::Solid => &[],
            Dash::Dashed => &[3.5, 3.0],
            Dash::Dotted => &[0.3, 2.6],
            Dash::Mixed => &[4.5, 2.6, 0.3, 2.6],
        }
    }
}

impl Marker {
    /// The corners, around the origin, of a marker of about the area of a disc of `radius` pixels.
    pub fn outline(self, radius: f64) -> Vec<Point> {
        let ring = |radius: f64| {
            let corners = self.shape.corners();
            let mut ring: Vec<Point> =
                corners.iter().map(|(x, y)| (radius * x, radius * y)).collect();
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
