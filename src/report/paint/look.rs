//! How classes and losses are told apart: by colour and by shape at once.

use plotters::style::RGBColor;

use super::style::{FIRST, SECOND};
use super::{Colour, Dash, Marker, Shape};

/// Ten colours that readers with and without colour-blindness tell apart.
///
/// Source: M. A. Petroff, "Accessible Color Sequences for Data Visualization", arXiv:2107.02270,
/// the sequence of ten, in its order.
const CLASS_COLOURS: [Colour; 10] = [
    RGBColor(0x3f, 0x90, 0xda),
    RGBColor(0xff, 0xa9, 0x0e),
    RGBColor(0xbd, 0x1f, 0x01),
    RGBColor(0x94, 0xa4, 0xa2),
    RGBColor(0x83, 0x2d, 0xb6),
    RGBColor(0xa9, 0x6b, 0x59),
    RGBColor(0xe7, 0x63, 0x00),
    RGBColor(0xb9, 0xac, 0x70),
    RGBColor(0x71, 0x75, 0x81),
    RGBColor(0x92, 0xda, 0xdd),
];

/// The shape of the first ten classes, as a position in [`SHAPES`]: two classes of one shape have
/// colours that lie far apart, and colours that lie close have shapes that look unlike.
const CLASS_SHAPES: [usize; 10] = [1, 3, 0, 3, 2, 2, 4, 1, 4, 0];

/// Okabe and Ito's colours for lines, without the yellow that is lost on white.
///
/// Source: M. Okabe and K. Ito, "Color Universal Design" (2008).
const LINE_COLOURS: [Colour; 7] = [
    FIRST,
    SECOND,
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

const SHAPES: [Shape; 6] =
    [Shape::Circle, Shape::Triangle, Shape::Square, Shape::Cross, Shape::Tip, Shape::Diamond];

/// All by which one class or loss is told from the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Colour of markers and line.
    pub colour: Colour,
    /// Marker of the points.
    pub marker: Marker,
    /// Rhythm of the line.
    pub dash: Dash,
}

/// The look of a class by its number from 0.
///
/// The first 120 classes differ in colour, shape or filling; after that the looks come again.
pub fn class_look(class: usize) -> Look {
    let (position, round) = (class % CLASS_COLOURS.len(), class / CLASS_COLOURS.len());
    let shape = SHAPES[(CLASS_SHAPES[position] + round) % SHAPES.len()];
    let hollow = (round / SHAPES.len()) % 2 == 1;
    Look { colour: CLASS_COLOURS[position], marker: Marker { shape, hollow }, dash: Dash::Solid }
}

/// The look of a line (a loss) by its number from 0; the first 28 differ.
pub fn line_look(number: usize) -> Look {
    let (position, round) = (number % LINE_COLOURS.len(), number / LINE_COLOURS.len());
    let shapes = [Shape::Circle, Shape::Square, Shape::Triangle, Shape::Diamond];
    let dashes = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::Mixed];
    let turn = (position + round) % 4;
    let marker = Marker { shape: shapes[turn], hollow: false };
    Look { colour: LINE_COLOURS[position], marker, dash: dashes[turn] }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    type Matrix = [[f64; 3]; 3];

    const AS_IT_IS: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

    /// Protanopia (severity 1.0) on linear RGB. Source of both: G. M. Machado, M. M. Oliveira,
    /// L. A. F. Fernandes, "A Physiologically-based Model for Simulation of Color Vision
    /// Deficiency", IEEE TVCG 15 (2009).
    const PROTANOPIA: Matrix = [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ];

    /// Deuteranopia (severity 1.0) on linear RGB.
    const DEUTERANOPIA: Matrix = [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ];

    /// Linear sRGB to CIE XYZ under D65 (IEC 61966-2-1).
    const XYZ: Matrix = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ];

    fn times(matrix: &Matrix, vector: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
    }

    /// CIELAB of a colour as an eye with the given matrix sees it.
    fn lab(colour: Colour, eye: &Matrix) -> [f64; 3] {
        let linear = [colour.0, colour.1, colour.2].map(|channel| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        let seen = times(eye, linear).map(|c| c.clamp(0.0, 1.0));
        let [x, y, z] = times(&XYZ, seen);
        let f = |t: f64| {
            if t > (6.0f64 / 29.0).powi(3) { t.cbrt() } else { t * 841.0 / 108.0 + 4.0 / 29.0 }
        };
        let (fx, fy, fz) = (f(x / 0.95047), f(y), f(z / 1.08883));
        [116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)]
    }

    /// The smallest distance (CIE 1976 ΔE) over normal, protan and deutan sight.
    fn distance(a: Colour, b: Colour) -> f64 {
        let under = |eye: &Matrix| {
            let (a, b) = (lab(a, eye), lab(b, eye));
            (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt()
        };
        [AS_IT_IS, PROTANOPIA, DEUTERANOPIA].iter().map(under).fold(f64::INFINITY, f64::min)
    }

    fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
        (0..count).flat_map(move |a| (a + 1..count).map(move |b| (a, b)))
    }

    #[test]
    fn ten_classes_stay_apart_for_colour_blind_readers() {
        // About 2.3 is a just noticeable difference (Mahy, Van Eycken, Oosterlinck 1994).
        for (a, b) in pairs(10) {
            let (a, b) = (class_look(a), class_look(b));
            let least = if a.marker == b.marker { 60.0 } else { 17.0 };
            let found = distance(a.colour, b.colour);
            assert!(found >= least, "{a:?} {b:?}: {found}");
        }
    }

    #[test]
    fn the_distance_finds_red_and_green_too_close() {
        // matplotlib's orange and green, which a protanope can hardly tell apart.
        let (orange, green) = (RGBColor(0xff, 0x7f, 0x0e), RGBColor(0x2c, 0xa0, 0x2c));
        assert!(distance(orange, green) < 6.0);
        assert!((distance(RGBColor(0, 0, 0), RGBColor(255, 255, 255)) - 100.0).abs() < 0.1);
    }

    #[test]
    fn the_first_two_lines_are_strongly_distinct() {
        assert!(distance(FIRST, SECOND) > 60.0);
        assert_ne!(line_look(0).dash, line_look(1).dash);
        assert_ne!(line_look(0).marker, line_look(1).marker);
    }

    #[test]
    fn a_hundred_and_twenty_classes_look_different() {
        let seen: HashSet<_> = (0..120)
            .map(class_look)
            .map(|look| ((look.colour.0, look.colour.1, look.colour.2), look.marker))
            .collect();
        assert_eq!(seen.len(), 120);
        assert_eq!(class_look(120), class_look(0));
    }

    #[test]
    fn twenty_eight_lines_look_different() {
        let looks: Vec<Look> = (0..28).map(line_look).collect();
        assert!(pairs(28).all(|(a, b)| looks[a] != looks[b]));
    }
}
