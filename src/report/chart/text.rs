//! Text in pictures: measuring, wrapping, shortening.

use std::fmt::Write;

use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor};
use unicode_segmentation::UnicodeSegmentation;

use super::fonts::{MEASURED, shaped};
use super::geometry::{Point, STEPS};
use super::markup::{colour, escaped, number};
use super::palette::{LABEL, TEXT, TICK, TITLE};

/// Longest text that is looked at, in characters: more never fits a picture.
const LONGEST: usize = 300;

/// Which point along the text is at the given position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Its start.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

impl Anchor {
    /// The share of the text before its position.
    pub fn share(self) -> f64 {
        match self {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5,
            Anchor::End => 1.0,
        }
    }
}

/// Text in a picture, and its substitute in the PNG if no font has its characters. In the SVG it
/// stays unchanged, because the viewer may have a font.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// The words.
    pub text: String,
    /// The substitute to draw instead.
    pub instead: Option<String>,
}

impl From<String> for Words {
    fn from(text: String) -> Words {
        Words { text: printable(&text), instead: None }
    }
}

/// How a text is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextStyle {
    /// Height of an em in pixels.
    pub size: f64,
    /// Bold instead of regular.
    pub bold: bool,
    /// Colour of the letters.
    pub colour: RGBColor,
    /// Which point of the text is at its position.
    pub anchor: Anchor,
    /// Reads upwards instead of to the right.
    pub upward: bool,
}

impl TextStyle {
    /// A title: bold, from its start.
    pub fn title() -> TextStyle {
        TextStyle { size: TITLE, bold: true, colour: TEXT, anchor: Anchor::Start, upward: false }
    }

    /// A label: regular, from its start.
    pub fn label() -> TextStyle {
        TextStyle { size: LABEL, bold: false, ..TextStyle::title() }
    }

    /// A number on an axis or a remark: small, from its start.
    pub fn tick() -> TextStyle {
        TextStyle { size: TICK, ..TextStyle::label() }
    }

    /// The same in another colour.
    pub fn colour(self, colour: RGBColor) -> TextStyle {
        TextStyle { colour, ..self }
    }

    /// The same with another anchor.
    pub fn anchor(self, anchor: Anchor) -> TextStyle {
        TextStyle { anchor, ..self }
    }

    /// The same in bold.
    pub fn bold(self) -> TextStyle {
        TextStyle { bold: true, ..self }
    }

    /// The same in another size (an em in pixels).
    pub fn size(self, size: f64) -> TextStyle {
        TextStyle { size, ..self }
    }

    /// The same, reading upwards.
    pub fn upward(self) -> TextStyle {
        TextStyle { upward: true, ..self }
    }

    /// From the middle of capital letters down to the line they stand on, in pixels.
    pub fn drop(self) -> f64 {
        0.36 * self.size
    }

    /// The same as plotters has it, in its whole numbers; it chooses the anchor itself.
    pub fn plotters(self) -> plotters::style::TextStyle<'static> {
        let weight = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = FontDesc::new(FontFamily::SansSerif, self.size * STEPS, weight);
        let color = self.colour.to_backend_color();
        plotters::style::TextStyle { color, ..font.into() }
    }
}

/// Width of a text in pixels.
pub fn text_width(text: &str, style: TextStyle) -> f64 {
    shaped(&printable(text), style.bold).length * style.size / MEASURED
}

/// A text that fits `width` pixels: unchanged, or its start and `…`.
pub fn shortened(text: &str, width: f64, style: TextStyle) -> String {
    let text = printable(text);
    if text_width(&text, style) <= width {
        return text;
    }
    let letters: Vec<&str> = text.graphemes(true).collect();
    let cut = |count: usize| format!("{}…", letters[..count].concat().trim_end());
    let (mut fits, mut too_long) = (0, letters.len());
    while too_long - fits > 1 {
        let middle = (fits + too_long) / 2;
        if text_width(&cut(middle), style) <= width {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    cut(fits)
}

/// A text broken into at most `most` lines of `width` pixels: at its middle dots where that is
/// enough, else at spaces, the last line shortened.
pub fn lines(text: &str, width: f64, most: usize, style: TextStyle) -> Vec<String> {
    let text = printable(text);
    let parts = filled_lines(text.split(" · "), " · ", width, style);
    if parts.len() <= most && parts.iter().all(|line| text_width(line, style) <= width) {
        return parts;
    }
    let mut lines = filled_lines(text.split_whitespace(), " ", width, style);
    if lines.len() > most {
        let rest = lines.split_off(most.saturating_sub(1)).join(" ");
        lines.push(rest);
    }
    lines.iter().map(|line| shortened(line, width, style)).collect()
}

/// As many pieces into each line as fit `width` pixels, at least one.
fn filled_lines<'a>(
    pieces: impl Iterator<Item = &'a str>,
    between: &str,
    width: f64,
    style: TextStyle,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for piece in pieces {
        let longer = lines.last().map(|line| format!("{line}{between}{piece}"));
        match longer.filter(|longer| text_width(longer, style) <= width) {
            Some(longer) => *lines.last_mut().expect("it was made longer") = longer,
            None => lines.push(piece.to_owned()),
        }
    }
    lines
}

/// The text on one line, without what cannot be printed, and not endlessly long.
///
/// A file of XML may hold neither control characters nor U+FFFE and U+FFFF. Overrides of the
/// direction would reverse what is beside the text.
pub fn printable(text: &str) -> String {
    let seen = |letter: char| match letter {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        '\u{2028}' | '\u{2029}' => Some(' '),
        '\u{fffe}' | '\u{ffff}' => Some(char::REPLACEMENT_CHARACTER),
        letter if letter.is_control() => Some(' '),
        letter => Some(letter),
    };
    let mut shown = String::new();
    for letter in text.chars().filter_map(seen).take(LONGEST) {
        if letter != ' ' || !shown.ends_with(' ') {
            shown.push(letter);
        }
    }
    shown
}

/// A text, and whether it has letters that the compiled-in fonts lack.
pub fn text_element(text: &str, at: Point, style: TextStyle) -> (String, bool) {
    let mut more = String::new();
    let (x, y) = match style.upward {
        true => (at.0 + style.drop(), at.1),
        false => (at.0, at.1 + style.drop()),
    };
    let (x, y) = (number(x), number(y));
    if style.upward {
        let _ = write!(more, " transform=\"rotate(-90 {x} {y})\"");
    }
    match style.anchor {
        Anchor::Start => {}
        Anchor::Middle => more.push_str(" text-anchor=\"middle\""),
        Anchor::End => more.push_str(" text-anchor=\"end\""),
    }
    if style.bold {
        more.push_str(" font-weight=\"bold\"");
    }
    // The length of what other fonts draw is theirs.
    let foreign = shaped(text, style.bold).foreign;
    if !foreign {
        let length = number(text_width(text, style));
        let _ = write!(more, " textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\"");
    }
    let (size, fill) = (number(style.size), colour(style.colour));
    let text = escaped(text);
    let element = format!(
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{fill}\"{more}>{text}</text>\n"
    );
    (element, foreign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::elements::label;
    use crate::report::chart::geometry::{Rect, at};
    use crate::report::chart::picture::Picture;
    use crate::report::chart::pixels::Pixels;

    #[test]
    fn a_shortened_text_fits_and_says_that_it_was_cut() {
        let (style, long) = (TextStyle::label(), "Klasse mit äußerst langem Namen ".repeat(50));
        for width in [0.0, 10.0, 60.0, 200.0] {
            let text = shortened(&long, width, style);
            assert!(text.ends_with('…'), "{text}");
            assert!(text == "…" || text_width(&text, style) <= width, "{text}");
        }
        assert_eq!(shortened("Bag", 100.0, style), "Bag");
        assert_eq!(shortened("a\nb\u{1b}c", 100.0, style), "a b c");
        assert_eq!(shortened("a\t\u{2028} \u{202e}b\u{ffff}", 100.0, style), "a b\u{fffd}");
        // A letter and its accent stay together.
        let accents = shortened(&"e\u{301}".repeat(40), 50.0, style);
        assert!(accents.ends_with("e\u{301}…"), "{accents}");
    }

    #[test]
    fn a_title_breaks_at_its_dots_first_and_never_loses_its_end_unsaid() {
        let style = TextStyle::title();
        let title = "cross-entropy · 1-NN accuracy 0.863 · KL 0.96";
        assert_eq!(lines(title, 2000.0, 2, style), [title]);
        let broken = lines(title, 400.0, 2, style);
        assert_eq!(broken, ["cross-entropy · 1-NN accuracy 0.863", "KL 0.96"]);
        let cut = lines(&"word ".repeat(100), 300.0, 2, style);
        assert!(cut.len() == 2 && cut[1].ends_with('…'), "{cut:?}");
        assert!(lines("", 300.0, 2, style).iter().all(String::is_empty));
    }

    #[test]
    fn capital_letters_are_centred_on_their_place() {
        for upward in [false, true] {
            let style =
                TextStyle { upward, ..TextStyle::label().size(40.0).anchor(Anchor::Middle) };
            let picture = Picture::draw((100.0, 100.0), |page| {
                page.draw(&label(at((50.0, 50.0)), "HH".to_owned(), style))?;
                Ok(())
            });
            let picture = Pixels::of(&picture.unwrap());
            let half = |rect: Rect| picture.ink(rect);
            let upper = half(Rect { x: 0.0, y: 0.0, width: 100.0, height: 50.0 });
            let lower = half(Rect { x: 0.0, y: 50.0, width: 100.0, height: 50.0 });
            let left = half(Rect { x: 0.0, y: 0.0, width: 50.0, height: 100.0 });
            let right = half(Rect { x: 50.0, y: 0.0, width: 50.0, height: 100.0 });
            for (a, b) in [(upper, lower), (left, right)] {
                assert!(a > 0.02 && (a / b - 1.0).abs() < 0.2, "{upward}: {a} {b}");
            }
        }
    }
}
