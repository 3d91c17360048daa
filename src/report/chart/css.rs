//! The colours of pictures within a page of HTML, which may be light or dark.

use plotters::style::RGBColor;

use super::markup::colour;
use super::palette::{
    BORDER, FAINT_TEXT, FIRST, GRID, PAGE, PALE, QUIET_TEXT, SECOND, TEXT, mix, tint,
};
use super::series_style::data_colours;

/// Colours that are darker than this are hard to see on a dark page.
const DARK: f64 = 90.0;

/// A lighter colour for a dark page, of one that would be hard to see there. Little is mixed in, as
/// that makes colours more similar; greys become close to the page's own.
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
            let pair = [dark, light].map(colour).join(",");
            rules += &rule(dark, &format!("light-dark({pair})"));
        }
    }
    rules
}

fn rule(of: RGBColor, becomes: &str) -> String {
    let of = colour(of);
    let one = |attribute| format!("[{attribute}=\"{of}\"]{{{attribute}:{becomes}}}\n");
    one("fill") + &one("stroke")
}
