//! A picture as SVG: a file of its own, or a part of a page of HTML, whose colours it takes.
//!
//! Text stays text, so that it can be searched, read aloud and edited; each line that DejaVu Sans
//! can draw has its length, so that a substituted font shifts nothing.

use super::markup::{colour, escaped, number, opacity, path, shape_name};
use super::palette::{LABEL, PAPER_COLOURS};
use super::picture::{Bounds, Picture};
use super::series_style::SeriesStyle;
use crate::files::sha256_hex;
use crate::report::Style;

/// On paper, labels have this size in points.
const PAPER_LABEL: f64 = 8.0;
/// The fonts of the text, the first of which is compiled in.
const FONT: &str = "DejaVu Sans, Verdana, Noto Sans, Noto Sans CJK JP, sans-serif";

/// A file of its own, on white; its title is that of screen readers and tooltips.
pub fn file(picture: &Picture, style: Style) -> String {
    let (unit, name) = match style {
        Style::Screen => (1.0, ""),
        Style::Paper => (PAPER_LABEL / LABEL, "pt"),
    };
    let length = |pixels: f64| format!("{}{name}", number(pixels * unit));
    let shown = picture.shown(style);
    let (left, top) = (number(shown.left), number(shown.top));
    let (width, height) = (shown.right - shown.left, shown.bottom - shown.top);
    let (elements, captions) = match style {
        Style::Screen => (picture.elements.clone(), picture.caption_elements.as_str()),
        Style::Paper => (on_paper(&picture.elements), ""),
    };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"{}\" \
         font-family=\"{FONT}\" role=\"img\">\n<title>{}</title>\n\
         <rect x=\"{left}\" y=\"{top}\" width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         {}{elements}{captions}</svg>\n",
        length(width),
        length(height),
        view(shown),
        escaped(&picture.captions()),
        definitions(picture),
    )
}

/// A part of a page, without captions.
pub fn inline(picture: &Picture, label: &str) -> String {
    let body = definitions(picture) + &picture.elements;
    // Names have to differ from those of other pictures on the page.
    let own = &sha256_hex(body.as_bytes())[..6];
    let body = body
        .replace(" id=\"", &format!(" id=\"{own}-"))
        .replace("href=\"#", &format!("href=\"#{own}-"));
    let shown = picture.shown_inline();
    format!(
        "<svg viewBox=\"{}\" width=\"{}\" role=\"img\" aria-label=\"{}\" \
         font-family=\"{FONT}\">\n{body}</svg>",
        view(shown),
        number(shown.right - shown.left),
        escaped(label),
    )
}

fn view(Bounds { left, top, right, bottom }: Bounds) -> String {
    [left, top, right - left, bottom - top].map(number).join(" ")
}

/// The quieter text and the hairlines of a screen are too pale on paper; markers keep their colours.
/// No text has a quotation mark of its own, so that what is replaced is always a colour.
fn on_paper(elements: &str) -> String {
    let quoted = |shade| format!("\"{}\"", colour(shade));
    PAPER_COLOURS.iter().fold(elements.to_owned(), |elements, &(screen, paper)| {
        elements.replace(&quoted(screen), &quoted(paper))
    })
}

/// Markers around the origin, to be used elsewhere.
fn definitions(picture: &Picture) -> String {
    let shape = |&(style, radius, alpha): &(SeriesStyle, f64, f64)| {
        format!(
            "<path id=\"{}\" d=\"{}Z\" fill=\"{}\" fill-rule=\"evenodd\"{}/>\n",
            shape_name((style, radius, alpha)),
            path(&style.marker.outline(radius)),
            colour(style.colour),
            opacity(alpha)
        )
    };
    match picture.markers.is_empty() {
        true => String::new(),
        false => {
            format!("<defs>\n{}</defs>\n", picture.markers.iter().map(shape).collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::elements::{caption, label, marker, polyline};
    use crate::report::chart::geometry::{Rect, at};
    use crate::report::chart::marker::Dash;
    use crate::report::chart::palette::{PAGE, QUIET_TEXT};
    use crate::report::chart::series_style::class_style;
    use crate::report::chart::text::{Anchor, TextStyle};

    fn picture() -> Picture {
        Picture::draw((200.0, 100.0), |page| {
            page.draw(&caption(at((10.0, 10.0)), "a <b> & \"c\"", TextStyle::title()))?;
            let upward = TextStyle::label().upward().anchor(Anchor::End);
            page.draw(&label(at((20.0, 50.0)), "x < y".to_owned(), upward))?;
            let line = vec![at((30.0, 40.0)), at((60.0, 70.0))];
            page.draw(&polyline(line, (QUIET_TEXT, 2.0, Dash::Dashed)))?;
            let square = Rect { x: 90.0, y: 20.0, width: 10.0, height: 10.0 };
            page.draw(&square.filled(PAGE))?;
            for point in 0..3 {
                let position = at((100.0 + point as f64, 50.0));
                page.draw(&marker(position, (class_style(1), 3.0, 0.5), Some(point)))?;
            }
            Ok(())
        })
        .unwrap()
    }

    #[test]
    fn text_stays_text_and_nothing_in_it_is_markup() {
        let text = file(&picture(), Style::Screen);
        assert!(text.contains("<title>a &lt;b&gt; &amp; &quot;c&quot;</title>"), "{text}");
        assert!(text.contains(">x &lt; y</text>") && !text.contains("<b>"));
        assert!(text.contains("rotate(-90 ") && text.contains("text-anchor=\"end\""));
        assert!(text.starts_with("<svg xmlns=") && text.contains("width=\"200\" height=\"100\""));
    }

    #[test]
    fn a_marker_is_written_once_and_used_for_each_point() {
        let text = inline(&picture(), "points");
        assert_eq!(text.matches("<path id=").count(), 1);
        assert_eq!(text.matches("<use href=").count(), 3);
        assert!(text.contains("data-i=\"2\"") && text.contains("fill-opacity=\"0.5\""));
    }

    #[test]
    fn a_page_has_its_own_colours_for_those_of_the_picture() {
        let part = inline(&picture(), "");
        let rules = super::super::css();
        for (attribute, seen) in [("stroke", "#505050"), ("fill", "#ffffff")] {
            assert!(part.contains(&format!("{attribute}=\"{seen}\"")), "{part}");
            assert!(rules.contains(&format!("[{attribute}=\"{seen}\"]{{{attribute}:var(--")));
        }
    }

    #[test]
    fn on_paper_labels_have_eight_points() {
        // 15 pixels of the layout are 8 points of the page.
        let picture = picture();
        let shown = picture.shown(Style::Paper);
        let points = number((shown.right - shown.left) * 8.0 / 15.0);
        let text = file(&picture, Style::Paper);
        assert!(text.contains(&format!("width=\"{points}pt\"")), "{text}");
    }

    #[test]
    fn numbers_are_short_and_finite() {
        assert_eq!([0.1 + 0.2, -0.001, 1e30, 12.0].map(number), ["0.3", "0", "100000", "12"]);
    }
}
