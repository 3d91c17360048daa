//! The common style: colours of everything that is not data, font sizes, line widths, margins.

use plotters::style::RGBColor;

pub use super::super::config::Style;

/// An opaque sRGB colour.
pub type Colour = RGBColor;

/// The page.
pub const PAGE: Colour = RGBColor(255, 255, 255);
/// Titles and labels.
pub const TEXT: Colour = RGBColor(34, 34, 34);
/// Numbers on axes and class names: a little quieter than the labels.
pub const QUIET_TEXT: Colour = RGBColor(80, 80, 80);
/// Remarks that most readers skip.
pub const FAINT_TEXT: Colour = RGBColor(120, 120, 120);
/// The axes' box.
pub const BORDER: Colour = RGBColor(150, 150, 150);
/// The lines of the grid.
pub const GRID: Colour = RGBColor(228, 228, 228);

/// First of two strongly distinct colours (Okabe and Ito's blue): training, `same`.
pub const FIRST: Colour = RGBColor(0, 114, 178);
/// Second of two strongly distinct colours (Okabe and Ito's vermillion): validation, `different`.
pub const SECOND: Colour = RGBColor(213, 94, 0);

/// Height of an em, in pixels, of the picture's title.
pub const TITLE: f64 = 19.0;
/// Of axis labels and legends.
pub const LABEL: f64 = 15.0;
/// Of numbers on axes and remarks.
pub const TICK: f64 = 13.5;

/// Distance of one line of text to the next, in ems.
pub const LINE: f64 = 1.3;

/// Width of the grid's lines and of the axes' box.
pub const HAIRLINE: f64 = 1.0;
/// Width of a line of data.
pub const STROKE: f64 = 2.2;

/// White space around the picture.
pub const MARGIN: f64 = 24.0;
/// White space between two panels, and between a panel and the legend.
pub const GAP: f64 = 28.0;

/// A colour as it is printed: the quieter text and the hairlines of a screen are too pale on paper.
pub fn on_paper(colour: Colour) -> Colour {
    let printed = [
        (TEXT, RGBColor(0, 0, 0)),
        (QUIET_TEXT, RGBColor(30, 30, 30)),
        (FAINT_TEXT, RGBColor(80, 80, 80)),
        (BORDER, RGBColor(90, 90, 90)),
    ];
    printed.iter().find(|(screen, _)| *screen == colour).map_or(colour, |(_, paper)| *paper)
}

/// Colours that are darker than this are hard to see on a dark page.
const DARK: f64 = 90.0;

/// A lighter colour for a dark page, of one that would be hard to see there. Little is mixed in, as
/// colours come nearer to each other by it; more to greys, which lie on the page's own.
pub fn on_dark(colour: Colour) -> Option<Colour> {
    let [red, green, blue] = [colour.0, colour.1, colour.2].map(f64::from);
    let brightness = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    let grey = red.max(green).max(blue) - red.min(green).min(blue) < 30.0;
    (brightness < DARK).then(|| mix(colour, PAGE, if grey { 0.4 } else { 0.2 }))
}

/// A colour mixed with the page: `strength` 1 is the colour itself, 0 the page.
pub fn tint(colour: Colour, strength: f64) -> Colour {
    mix(PAGE, colour, strength)
}

/// The colour between two others, `share` in 0..=1 of the way from the first to the second.
pub fn mix(from: Colour, to: Colour, share: f64) -> Colour {
    let channel = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round();
    RGBColor(channel(from.0, to.0) as u8, channel(from.1, to.1) as u8, channel(from.2, to.2) as u8)
}
