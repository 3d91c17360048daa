//! What all charts have in common: colours of everything that is not data, font sizes, line widths,
//! margins.

use plotters::style::RGBColor;

/// The page.
pub const PAGE: RGBColor = RGBColor(255, 255, 255);
/// Titles and labels.
pub const TEXT: RGBColor = RGBColor(34, 34, 34);
/// Numbers on axes and class names: a little quieter than the labels.
pub const QUIET_TEXT: RGBColor = RGBColor(80, 80, 80);
/// Remarks that most readers skip.
pub const FAINT_TEXT: RGBColor = RGBColor(120, 120, 120);
/// The axes' box.
pub const BORDER: RGBColor = RGBColor(150, 150, 150);
/// The lines of the grid.
pub const GRID: RGBColor = RGBColor(228, 228, 228);

/// First of two strongly distinct colours (Okabe and Ito's blue): training, `same`.
pub const FIRST: RGBColor = RGBColor(0, 114, 178);
/// Second of two strongly distinct colours (Okabe and Ito's vermillion): validation, `different`.
pub const SECOND: RGBColor = RGBColor(213, 94, 0);

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

/// Colours of a screen, and darker ones for paper, where they would be too pale.
pub const PAPER_COLOURS: [(RGBColor, RGBColor); 4] = [
    (TEXT, RGBColor(0, 0, 0)),
    (QUIET_TEXT, RGBColor(30, 30, 30)),
    (FAINT_TEXT, RGBColor(80, 80, 80)),
    (BORDER, RGBColor(90, 90, 90)),
];

/// How much of its own colour a pale line has.
pub const PALE: f64 = 0.5;

/// A colour mixed with the page: `strength` 1 is the colour itself, 0 the page.
pub fn tint(colour: RGBColor, strength: f64) -> RGBColor {
    mix(PAGE, colour, strength)
}

/// The colour between two others, `share` in 0..=1 of the way from the first to the second.
pub fn mix(from: RGBColor, to: RGBColor, share: f64) -> RGBColor {
    let channel = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round();
    RGBColor(channel(from.0, to.0) as u8, channel(from.1, to.1) as u8, channel(from.2, to.2) as u8)
}
