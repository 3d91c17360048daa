//! A canvas as vectors: a file of its own, or a part of a page whose colours it takes.
//!
//! Text stays text, so that it can be searched, read aloud and edited; each line that DejaVu Sans
//! can draw is told its length, so that another font in its place shifts nothing.

mod written;

use std::fmt::Write;

use plotters::style::RGBColor;

use super::canvas::Mark;
use super::style::{
    BORDER, FAINT_TEXT, FIRST, GRID, LABEL, PAGE, QUIET_TEXT, SECOND, Style, TEXT, on_dark, tint,
};
use super::{Anchor, Canvas, Colour, Ink, Look, Point, address_of, text_width};
use crate::files::sha256_hex;
use written::{dashes, escaped, hexadecimal, number, opacity, path};

/// On paper, labels have this size in points.
const PAPER_LABEL: f64 = 8.0;
const BLACK: Colour = RGBColor(0, 0, 0);
const FONT: &str = "DejaVu Sans, Verdana, Noto Sans, Noto Sans CJK JP, sans-serif";

/// Colours that are the page's own where a picture is part of one, and the names of their classes
/// there: `f-text` fills, `s-text` strokes.
const OF_THE_PAGE: [(Colour, &str); 9] = [
    (PAGE, "page"),
    (TEXT, "text"),
    (BLACK, "text"),
    (QUIET_TEXT, "quiet"),
    (FAINT_TEXT, "faint"),
    (BORDER, "border"),
    (GRID, "grid"),
    (FIRST, "first"),
    (SECOND, "second"),
];

/// A file of its own, on white; `caption` is its title to screen readers and tooltips.
pub fn file(picture: &Canvas, caption: &str, style: Style) -> String {
    let unit = match style {
        Style::Screen => (1.0, ""),
        Style::Paper => (PAPER_LABEL / LABEL, "pt"),
    };
    let length = |pixels: f64| format!("{}{}", number(pixels * unit.0), unit.1);
    let mut pen = Pen { out: String::new(), themed: false, looks: Vec::new() };
    let body = pen.body(picture);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" \
         font-family=\"{FONT}\" role=\"img\">\n<title>{}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n",
        length(picture.width),
        length(picture.height),
        number(picture.width),
        number(picture.height),
        escaped(caption),
    )
}

/// A part of a page.
pub fn inline(picture: &Canvas, caption: &str) -> String {
    let mut pen = Pen { out: String::new(), themed: true, looks: Vec::new() };
    // Names have to differ from those of other pictures on the page.
    let body = pen.body(picture);
    let own = &sha256_hex(body.as_bytes())[..6];
    let body = body
        .replace(" id=\"", &format!(" id=\"{own}-"))
        .replace("href=\"#", &format!("href=\"#{own}-"));
    format!(
        "<svg viewBox=\"0 0 {} {}\" width=\"{}\" role=\"img\" aria-label=\"{}\" \
         font-family=\"{FONT}\">\n{body}</svg>",
        number(picture.width),
        number(picture.height),
        number(picture.width),
        escaped(caption),
    )
}

/// What writes marks.
struct Pen {
    out: String,
    themed: bool,
    /// Markers that were met: written once, and used wherever they stand.
    looks: Vec<(Look, f64, f64)>,
}

impl Pen {
    fn body(&mut self, picture: &Canvas) -> String {
        picture.marks.iter().for_each(|mark| self.mark(mark));
        let marks = std::mem::take(&mut self.out);
        if self.looks.is_empty() {
            return marks;
        }
        let shapes: String = self.looks.iter().map(|look| self.shape(*look)).collect();
        format!("<defs>\n{shapes}</defs>\n{marks}")
    }

    fn mark(&mut self, mark: &Mark) {
        let line = match mark {
            Mark::Fill { rect, colour } => format!(
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {}/>",
                number(rect.x),
                number(rect.y),
                number(rect.width.max(0.0)),
                number(rect.height.max(0.0)),
                self.paint("fill", *colour)
            ),
            Mark::Polygon { corners, colour, alpha } => format!(
                "<path d=\"{}Z\" {} fill-rule=\"evenodd\"{}/>",
                path(corners),
                self.paint("fill", *colour),
                opacity(*alpha)
            ),
            Mark::Path { points, colour, width, dash } => format!(
                "<path d=\"{}\" fill=\"none\" {} stroke-width=\"{}\" stroke-linecap=\"square\"{}/>",
                path(points),
                self.paint("stroke", *colour),
                number(*width),
                dashes(*dash, *width)
            ),
            Mark::Marker { at, radius, look, alpha, point } => {
                self.marker(*at, (*look, *radius, *alpha), *point)
            }
            Mark::Image { at, size, side, grey } => format!(
                "<image x=\"{}\" y=\"{}\" width=\"{size}\" height=\"{size}\" \
                 style=\"image-rendering:pixelated\" href=\"{}\"/>",
                number(at.0),
                number(at.1),
                address_of(*side, *side, grey),
                size = number(*size),
            ),
            Mark::Text { words, at, ink, .. } => self.text(&words.text, *at, *ink),
        };
        self.out.push_str(&line);
        self.out.push('\n');
    }

    fn marker(&mut self, at: Point, look: (Look, f64, f64), point: Option<usize>) -> String {
        if !self.looks.contains(&look) {
            self.looks.push(look);
        }
        let (x, y) = (number(at.0), number(at.1));
        let point = point.map(|point| format!(" data-i=\"{point}\"")).unwrap_or_default();
        format!("<use href=\"#{}\" x=\"{x}\" y=\"{y}\"{point}/>", shape_name(look))
    }

    fn text(&self, text: &str, at: Point, ink: Ink) -> String {
        let mut more = String::new();
        let (x, y) = match ink.upward {
            true => {
                let x = number(at.0 + ink.drop());
                let _ = write!(more, " transform=\"rotate(-90 {x} {})\"", number(at.1));
                (at.0 + ink.drop(), at.1)
            }
            false => (at.0, at.1 + ink.drop()),
        };
        match ink.anchor {
            Anchor::Start => {}
            Anchor::Middle => more.push_str(" text-anchor=\"middle\""),
            Anchor::End => more.push_str(" text-anchor=\"end\""),
        }
        if ink.bold {
            more.push_str(" font-weight=\"bold\"");
        }
        // The length of what other fonts draw is theirs.
        let line = ink.line(text, 1);
        let known = !line.foreign && line.lacking.is_empty();
        let length = known.then(|| {
            let length = number(text_width(text, ink));
            format!(" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\"")
        });
        format!(
            "<text x=\"{}\" y=\"{}\" font-size=\"{}\"{} {}{more}>{}</text>",
            number(x),
            number(y),
            number(ink.size),
            length.unwrap_or_default(),
            self.paint("fill", ink.colour),
            escaped(text)
        )
    }

    /// A marker around the origin, to be used elsewhere.
    fn shape(&self, (look, radius, alpha): (Look, f64, f64)) -> String {
        format!(
            "<path id=\"{}\" d=\"{}Z\" {} fill-rule=\"evenodd\"{}/>\n",
            shape_name((look, radius, alpha)),
            path(&look.marker.outline((0.0, 0.0), radius)),
            self.paint("fill", look.colour),
            opacity(alpha)
        )
    }

    /// A colour as an attribute, or as the class of one that the page has.
    fn paint(&self, attribute: &str, colour: Colour) -> String {
        let known = OF_THE_PAGE.iter().map(|&(colour, name)| (colour, name.to_owned()));
        let pale = [(FIRST, "first"), (SECOND, "second"), (QUIET_TEXT, "quiet")]
            .map(|(colour, name)| (tint(colour, 0.5), format!("{name}-pale")));
        match known.chain(pale).find(|(known, _)| self.themed && *known == colour) {
            Some((_, name)) => format!("class=\"{}-{name}\"", &attribute[..1]),
            None => match on_dark(colour).filter(|_| self.themed) {
                Some(dark) => format!(
                    "style=\"{attribute}:light-dark({},{})\"",
                    hexadecimal(colour),
                    hexadecimal(dark)
                ),
                None => format!("{attribute}=\"{}\"", hexadecimal(colour)),
            },
        }
    }
}

/// The same name means the same marker, in whatever pictures one page holds.
fn shape_name((look, radius, alpha): (Look, f64, f64)) -> String {
    let hollow = if look.marker.hollow { "-hollow" } else { "" };
    let hundredths = |value: f64| (value * 100.0).round();
    format!(
        "{:?}{hollow}-{}-{}-{}",
        look.marker.shape,
        &hexadecimal(look.colour)[1..],
        hundredths(radius),
        hundredths(alpha)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::paint::{Dash, Rect, class_look};

    fn canvas() -> Canvas {
        let mut canvas = Canvas::new(200.0, 100.0);
        canvas.caption("a <b> & \"c\"", (10.0, 10.0), Ink::title());
        canvas.text("x < y", (20.0, 50.0), Ink::label().upward().anchor(Anchor::End));
        canvas.path(&[(30.0, 40.0), (60.0, 70.0)], QUIET_TEXT, 2.0, Dash::Dashed);
        canvas.fill(Rect { x: 90.0, y: 20.0, width: 10.0, height: 10.0 }, PAGE);
        for point in 0..3 {
            canvas.point((100.0 + point as f64, 50.0), 3.0, class_look(1), 0.5, point);
        }
        canvas
    }

    #[test]
    fn text_stays_text_and_nothing_in_it_is_markup() {
        let text = file(&canvas(), "a <b> & \"c\"", Style::Screen);
        assert!(text.contains("<title>a &lt;b&gt; &amp; &quot;c&quot;</title>"), "{text}");
        assert!(text.contains(">x &lt; y</text>") && !text.contains("<b>"));
        assert!(text.contains("rotate(-90 ") && text.contains("text-anchor=\"end\""));
        assert!(text.starts_with("<svg xmlns=") && text.contains("width=\"200\" height=\"100\""));
    }

    #[test]
    fn a_marker_is_written_once_and_used_for_each_point() {
        let text = inline(&canvas(), "points");
        assert_eq!(text.matches("<path id=").count(), 1);
        assert_eq!(text.matches("<use href=").count(), 3);
        assert!(text.contains("data-i=\"2\"") && text.contains("fill-opacity=\"0.5\""));
    }

    #[test]
    fn a_page_has_its_own_colours_and_a_file_those_of_the_picture() {
        let (alone, part) = (file(&canvas(), "", Style::Screen), inline(&canvas(), ""));
        assert!(alone.contains("stroke=\"#505050\"") && !alone.contains("class="));
        assert!(part.contains("class=\"s-quiet\"") && part.contains("class=\"f-page\""));
    }

    #[test]
    fn on_paper_labels_have_eight_points() {
        // 15 pixels of the layout are 8 points of the page.
        let text = file(&canvas(), "", Style::Paper);
        assert!(text.contains("width=\"106.67pt\" height=\"53.33pt\" viewBox=\"0 0 200 100\""));
    }

    #[test]
    fn numbers_are_short_and_finite() {
        assert_eq!([0.1 + 0.2, -0.001, 1e30, 12.0].map(number), ["0.3", "0", "100000", "12"]);
    }
}
