//! Styles that distinguish classes and losses by colour and by shape at once.

use plotters::style::RGBColor;

use super::marker::{Dash, Marker, Shape};
use super::palette::{FIRST, SECOND};

/// Ten colours that readers with and without colour-blindness can distinguish, each with a common name:
/// blue, ochre, dark green, purple, turquoise, black, pink, yellow, red, lilac.
///
/// Found by a search for the ten whose least distance is greatest; the tests hold the distances.
const CLASS_COLOURS: [RGBColor; 10] = [
    RGBColor(0x00, 0x55, 0xdd),
    RGBColor(0xbb, 0x77, 0x00),
    RGBColor(0x00, 0x77, 0x55),
    RGBColor(0xaa, 0x00, 0x77),
    RGBColor(0x22, 0xdd, 0xcc),
    RGBColor(0x22, 0x22, 0x22),
    RGBColor(0xff, 0x77, 0x99),
    RGBColor(0xbb, 0xcc, 0x22),
    RGBColor(0xaa, 0x00, 0x00),
    RGBColor(0xaa, 0xaa, 0xff),
];

/// Ten markers that look unlike.
const CLASS_MARKERS: [Marker; 10] = [
    filled(Shape::Circle),
    filled(Shape::Triangle),
    filled(Shape::Square),
    filled(Shape::Cross),
    filled(Shape::Tip),
    filled(Shape::Diamond),
    filled(Shape::Plus),
    filled(Shape::Left),
    Marker { shape: Shape::Circle, hollow: true },
    filled(Shape::Right),
];

const fn filled(shape: Shape) -> Marker {
    Marker { shape, hollow: false }
}

/// Okabe and Ito's colours for lines, without the yellow that is lost on white.
///
/// Source: M. Okabe and K. Ito, "Color Universal Design" (2008).
const LINE_COLOURS: [RGBColor; 7] = [
    FIRST,
    SECOND,
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// The style that distinguishes a class or loss from others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeriesStyle {
    /// Colour of markers and line.
    pub colour: RGBColor,
    /// Marker of the points.
    pub marker: Marker,
    /// Rhythm of the line.
    pub dash: Dash,
}

/// The style of a class by its number from 0.
///
/// Of ten classes no two share colour or marker. The first 100 differ in one of them; after that the
/// styles come again.
pub fn class_style(class: usize) -> SeriesStyle {
    let (position, round) = (class % CLASS_COLOURS.len(), class / CLASS_COLOURS.len());
    let marker = CLASS_MARKERS[(position + round) % CLASS_MARKERS.len()];
    SeriesStyle { colour: CLASS_COLOURS[position], marker, dash: Dash::Solid }
}

/// The style of a line (a loss) by its number from 0; the first 28 differ.
pub fn line_style(number: usize) -> SeriesStyle {
    let (position, round) = (number % LINE_COLOURS.len(), number / LINE_COLOURS.len());
    let shapes = [Shape::Circle, Shape::Square, Shape::Triangle, Shape::Diamond];
    let dashes = [Dash::Solid, Dash::Dashed, Dash::Dotted, Dash::Mixed];
    let turn = (position + round) % 4;
    let marker = Marker { shape: shapes[turn], hollow: false };
    SeriesStyle { colour: LINE_COLOURS[position], marker, dash: dashes[turn] }
}

/// All colours of classes and lines.
pub fn data_colours() -> impl Iterator<Item = RGBColor> {
    CLASS_COLOURS.into_iter().chain(LINE_COLOURS)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::report::chart::css::on_dark;

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
    fn lab(colour: RGBColor, eye: &Matrix) -> [f64; 3] {
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

    /// The distance of two colours in CIELAB (CIEDE2000 ΔE).
    ///
    /// Source: G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 Color-Difference Formula", Color
    /// Research & Application 30 (2005), equations 2 to 22.
    fn ciede2000([l1, a1, b1]: [f64; 3], [l2, a2, b2]: [f64; 3]) -> f64 {
        let seventh = |c: f64| (c.powi(7) / (c.powi(7) + 25f64.powi(7))).sqrt();
        let stretch = 1.5 - 0.5 * seventh((a1.hypot(b1) + a2.hypot(b2)) / 2.0);
        let polar = |a: f64, b: f64| {
            let a = a * stretch;
            (a.hypot(b), b.atan2(a).to_degrees().rem_euclid(360.0))
        };
        let ((c1, h1), (c2, h2)) = (polar(a1, b1), polar(a2, b2));
        let grey = c1 * c2 == 0.0;
        let turn = match h2 - h1 {
            _ if grey => 0.0,
            turn if turn > 180.0 => turn - 360.0,
            turn if turn < -180.0 => turn + 360.0,
            turn => turn,
        };
        let hue = match h1 + h2 {
            sum if grey => sum,
            sum if (h1 - h2).abs() <= 180.0 => sum / 2.0,
            sum if sum < 360.0 => (sum + 360.0) / 2.0,
            sum => (sum - 360.0) / 2.0,
        };
        let (light, chroma) = ((l1 + l2) / 2.0, (c1 + c2) / 2.0);
        let cosine = |times: f64, less: f64| (times * hue - less).to_radians().cos();
        let t = 1.0 - 0.17 * cosine(1.0, 30.0) + 0.24 * cosine(2.0, 0.0) + 0.32 * cosine(3.0, -6.0)
            - 0.20 * cosine(4.0, 63.0);
        let from_middle = (light - 50.0).powi(2);
        let dl = (l2 - l1) / (1.0 + 0.015 * from_middle / (20.0 + from_middle).sqrt());
        let dc = (c2 - c1) / (1.0 + 0.045 * chroma);
        let chord = 2.0 * (c1 * c2).sqrt() * (turn.to_radians() / 2.0).sin();
        let dh = chord / (1.0 + 0.015 * chroma * t);
        let blue = 30.0 * (-((hue - 275.0) / 25.0).powi(2)).exp();
        let rotation = -(2.0 * blue).to_radians().sin() * 2.0 * seventh(chroma);
        (dl * dl + dc * dc + dh * dh + rotation * dc * dh).sqrt()
    }

    fn seen(a: RGBColor, b: RGBColor, eye: &Matrix) -> f64 {
        ciede2000(lab(a, eye), lab(b, eye))
    }

    /// The smallest distance over normal, protan and deutan sight.
    fn distance(a: RGBColor, b: RGBColor) -> f64 {
        let eyes = [AS_IT_IS, PROTANOPIA, DEUTERANOPIA];
        eyes.iter().map(|eye| seen(a, b, eye)).fold(f64::INFINITY, f64::min)
    }

    fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
        (0..count).flat_map(move |a| (a + 1..count).map(move |b| (a, b)))
    }

    #[test]
    fn the_distance_is_that_of_sharma_wu_and_dalal() {
        // Their test data: pairs 1, 7, 10, 17, 20, 25 and 32 of table 1.
        let pairs = [
            ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
            ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
            ([50.0, 2.49, -0.001], [50.0, -2.49, 0.001], 7.1792),
            ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
            ([50.0, 2.5, 0.0], [58.0, 24.0, 15.0], 19.4535),
            ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
            ([6.7747, -0.2908, -2.4247], [5.8714, -0.0985, -2.2286], 0.6377),
        ];
        for (a, b, expected) in pairs {
            let found = ciede2000(a, b);
            assert!((found - expected).abs() < 5e-5, "{a:?} {b:?}: {found}, not {expected}");
        }
    }

    #[test]
    fn of_ten_classes_no_two_share_a_colour_or_a_marker() {
        for (a, b) in pairs(10) {
            let (a, b) = (class_style(a), class_style(b));
            assert_ne!(a.marker, b.marker);
            // About 2.3 is a just noticeable difference.
            let (to_most, to_all) =
                (seen(a.colour, b.colour, &AS_IT_IS), distance(a.colour, b.colour));
            assert!(to_most >= 30.0 && to_all >= 16.0, "{a:?} {b:?}: {to_most} {to_all}");
        }
    }

    #[test]
    fn ten_classes_stay_apart_on_a_dark_page() {
        for (a, b) in pairs(10) {
            let dark = |class: usize| {
                let colour = class_style(class).colour;
                on_dark(colour).unwrap_or(colour)
            };
            let (a, b) = (dark(a), dark(b));
            let (to_most, to_all) = (seen(a, b, &AS_IT_IS), distance(a, b));
            assert!(to_most >= 20.0 && to_all >= 9.0, "{a:?} {b:?}: {to_most} {to_all}");
        }
    }

    #[test]
    fn a_class_is_seen_on_a_white_page_and_only_one_is_without_a_hue() {
        let labs = CLASS_COLOURS.map(|colour| lab(colour, &AS_IT_IS));
        assert!(labs.iter().all(|[light, ..]| *light < 82.0), "{labs:?}");
        let grey = labs.iter().filter(|[_, a, b]| a.hypot(*b) < 30.0);
        assert_eq!(grey.count(), 1);
    }

    #[test]
    fn the_distance_finds_red_and_green_too_close() {
        // matplotlib's orange and green, which a protanope can hardly distinguish.
        let (orange, green) = (RGBColor(0xff, 0x7f, 0x0e), RGBColor(0x2c, 0xa0, 0x2c));
        assert!(distance(orange, green) < 6.0);
        assert!((distance(RGBColor(0, 0, 0), RGBColor(255, 255, 255)) - 100.0).abs() < 0.1);
    }

    #[test]
    fn the_first_two_lines_are_strongly_distinct() {
        assert!(distance(FIRST, SECOND) > 40.0);
        assert_ne!(line_style(0).dash, line_style(1).dash);
        assert_ne!(line_style(0).marker, line_style(1).marker);
    }

    #[test]
    fn a_hundred_classes_look_different() {
        let seen: HashSet<_> = (0..100)
            .map(class_style)
            .map(|style| ((style.colour.0, style.colour.1, style.colour.2), style.marker))
            .collect();
        assert_eq!(seen.len(), 100);
        assert_eq!(class_style(100), class_style(0));
    }

    #[test]
    fn twenty_eight_lines_look_different() {
        let styles: Vec<SeriesStyle> = (0..28).map(line_style).collect();
        assert!(pairs(28).all(|(a, b)| styles[a] != styles[b]));
    }
}
