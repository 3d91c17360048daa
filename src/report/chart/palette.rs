//! What all charts have in common: colours of everything that is not data, font sizes, line widths,
//! margins.

use plotters::style::RGBColor;

use super::series_style::data_colours;

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

/// Colours that are darker than this are hard to see on a dark page.
const DARK: f64 = 90.0;

/// A lighter colour for a dark page, of one that would be hard to see there. Little is mixed in, as
/// colours come nearer to each other by it; more to greys, which lie on the page's own.
pub fn on_dark(colour: RGBColor) -> Option<RGBColor> {
    let [red, green, blue] = [colour.0, colour.1, colour.2].map(f64::from);
    let brightness = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    let grey = red.max(green).max(blue) - red.min(green).min(blue) < 30.0;
    (brightness < DARK).then(|| mix(colour, PAGE, if grey { 0.4 } else { 0.2 }))
}

/// The rules by which pictures in a page of HTML take its colours, whether it is light or dark: the
/// colours of all but data are variables of the page, and of data those change that a dark page would
/// hide.
pub fn css() -> String {
    let pale = |colour| tint(colour, PALE);
    let of_the_page = [
        (PAGE, "page"),
        (TEXT, "text"),
        (RGBColor(0, 0, 0), "text"),
        (QUIET_TEXT, "quiet"),
        (FAINT_TEXT, "faint"),
        (BORDER, "border"),
        (GRID, "grid"),
        (FIRST, "first"),
        (SECOND, "second"),
        (pale(FIRST), "first-pale"),
        (pale(SECOND), "second-pale"),
        (pale(QUIET_TEXT), "quiet-pale"),
    ];
    let mut rules: String = of_the_page
        .into_iter()
        .map(|(colour, name)| rule(colour, &format!("var(--{name})")))
        .collect();
    for dark in data_colours().filter(|colour| of_the_page.iter().all(|(own, _)| own != colour)) {
        if let Some(light) = on_dark(dark) {
            let pair = [dark, light].map(super::svg::colour).join(",");
            rules += &rule(dark, &format!("light-dark({pair})"));
        }
    }
    rules
}

fn rule(of: RGBColor, becomes: &str) -> String {
    let of = super::svg::colour(of);
    let one = |attribute| format!("[{attribute}=\"{of}\"]{{{attribute}:{becomes}}}\n");
    one("fill") + &one("stroke")
}

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
