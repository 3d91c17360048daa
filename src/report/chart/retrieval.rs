//! Queries and the references nearest to them, as images.

use super::backend::Area;
use super::class_name::ClassName;
use super::elements::{caption, image, label};
use super::geometry::{Point, Rect, at};
use super::palette::{FIRST, LABEL, LINE, MARGIN, PAGE, QUIET_TEXT, SECOND, TITLE};
use super::picture::Picture;
use super::text::{Anchor, TextStyle, lines, shortened, text_width};
use crate::data::ImageShape;
use crate::error::{Error, Result};

/// A query and what was found for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Retrieved<'a> {
    /// The query itself.
    pub query: Pictured<'a>,
    /// The nearest references, nearest first.
    pub nearest: Vec<Pictured<'a>>,
}

/// An image and its class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pictured<'a> {
    /// Values 0..=255, row-major `[C, H, W]`.
    pub image: &'a [u8],
    /// Its class.
    pub class: ClassName<'a>,
}

/// Rows under a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Section<'a> {
    /// The heading of these queries.
    pub heading: String,
    /// One row a query.
    pub rows: Vec<Retrieved<'a>>,
}

/// Three pixels for each of a 28×28 image.
const IMAGE: f64 = 84.0;
const BETWEEN: f64 = 16.0;
/// Between the query and its nearest.
const APART: f64 = 22.0;
const NAME: f64 = 20.0;
const ROW: f64 = IMAGE + NAME + 12.0;
const HEADING: f64 = 40.0;
const KEY: f64 = 30.0;
const FRAME: f64 = 4.0;
const SMALL: f64 = 12.0;
/// More rows than this would not fit on a page.
const MOST: usize = 60;

/// Draws each query with its nearest images to the right: framed in blue if they are of its class,
/// else in orange with their class in bold.
///
/// # Errors
/// [`Error::Other`] without a row, with more than 60, or when an image does not have the values
/// of its shape.
pub fn draw(title: &str, shape: ImageShape, sections: &[Section<'_>]) -> Result<Picture> {
    if let Some(problem) = problem(shape, sections) {
        return Err(Error::Other(problem));
    }
    let rows = || sections.iter().flat_map(|section| &section.rows);
    let across = rows().map(|row| row.nearest.len()).max().unwrap_or(0).max(6) as f64;
    let width = 2.0 * MARGIN + IMAGE + APART + across * (IMAGE + BETWEEN);
    let title = lines(title, width - 2.0 * MARGIN, 2, TextStyle::title());
    let head = MARGIN + title.len() as f64 * TITLE * LINE + 6.0;
    let height =
        head + KEY + sections.len() as f64 * HEADING + rows().count() as f64 * ROW + MARGIN
            - (ROW - IMAGE - NAME);
    Picture::draw((width, height), |page| {
        for (line, text) in title.iter().enumerate() {
            let y = MARGIN + (line as f64 + 0.5) * TITLE * LINE;
            page.draw(&caption(at((MARGIN, y)), text, TextStyle::title()))?;
        }
        draw_key(page, head + KEY / 2.0)?;
        let mut top = head + KEY;
        for section in sections {
            let style = TextStyle::label().bold();
            let heading = shortened(&section.heading, width - 2.0 * MARGIN, style);
            page.draw(&label(at((MARGIN, top + HEADING / 2.0)), heading, style))?;
            top += HEADING;
            for row in &section.rows {
                draw_row(page, row, shape, top)?;
                top += ROW;
            }
        }
        Ok(())
    })
}

fn problem(shape: ImageShape, sections: &[Section<'_>]) -> Option<String> {
    let rows = || sections.iter().flat_map(|section| &section.rows);
    let count = rows().count();
    if count == 0 || count > MOST || shape.values() == 0 {
        return Some(format!("1 to {MOST} queries can be drawn, not {count} of {shape}"));
    }
    let images = rows().flat_map(|row| row.nearest.iter().chain([&row.query]));
    let odd = images.map(|image| image.image.len()).find(|length| *length != shape.values())?;
    Some(format!("an image of {odd} values is not {shape}"))
}

/// The key of the frames, in a line.
fn draw_key(page: &Area, y: f64) -> Result<()> {
    let mut x = MARGIN;
    for (colour, words) in [(FIRST, "of the query's class"), (SECOND, "of another class")] {
        let side = LABEL;
        page.draw(&Rect { x, y: y - side / 2.0, width: side, height: side }.filled(colour))?;
        let inner = side - 2.0 * FRAME;
        let hole = Rect { x: x + FRAME, y: y - inner / 2.0, width: inner, height: inner };
        page.draw(&hole.filled(PAGE))?;
        let style = TextStyle::label().colour(QUIET_TEXT);
        page.draw(&label(at((x + side + 8.0, y)), words.to_owned(), style))?;
        x += side + 8.0 + text_width(words, style) + 28.0;
    }
    Ok(())
}

fn draw_row(page: &Area, row: &Retrieved<'_>, shape: ImageShape, top: f64) -> Result<()> {
    let name = |picture: &Pictured<'_>, x: f64, style: TextStyle| {
        let style = style.size(SMALL).anchor(Anchor::Middle);
        let words = picture.class.within(IMAGE + BETWEEN - 4.0, style);
        page.draw(&label(at((x + IMAGE / 2.0, top + IMAGE + NAME * 0.65)), words, style))
    };
    page.draw(&image(at((MARGIN, top)), IMAGE, shape, row.query.image))?;
    page.draw(&Rect { x: MARGIN, y: top, width: IMAGE, height: IMAGE }.outlined())?;
    name(&row.query, MARGIN, TextStyle::tick().colour(QUIET_TEXT))?;
    for (rank, found) in row.nearest.iter().enumerate() {
        let (x, y) = corner(rank, top);
        let right = found.class == row.query.class;
        let width = IMAGE + 2.0 * FRAME;
        let frame = Rect { x: x - FRAME, y: y - FRAME, width, height: width };
        page.draw(&frame.filled(if right { FIRST } else { SECOND }))?;
        page.draw(&image(at((x, y)), IMAGE, shape, found.image))?;
        let style = TextStyle::tick();
        let wrong = style.bold().colour(SECOND);
        name(found, x, if right { style.colour(QUIET_TEXT) } else { wrong })?;
    }
    Ok(())
}

/// The upper left corner of the image at this rank among the nearest.
fn corner(rank: usize, top: f64) -> Point {
    (MARGIN + IMAGE + APART + BETWEEN / 2.0 + rank as f64 * (IMAGE + BETWEEN), top)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::pixels::Pixels;

    const GREY: [u8; 9] = [120; 9];

    fn retrieved<'a>(class: &'a str, nearest: &[&'a str]) -> Retrieved<'a> {
        let picture = |name| Pictured { image: &GREY, class: ClassName { name, number: 0 } };
        Retrieved { query: picture(class), nearest: nearest.iter().map(|c| picture(c)).collect() }
    }

    fn section<'a>(rows: Vec<Retrieved<'a>>) -> Section<'a> {
        Section { heading: "One query of each class".to_owned(), rows }
    }

    fn drawn(sections: &[Section<'_>]) -> Pixels {
        Pixels::of(&draw("Nearest training images", ImageShape::square(3), sections).unwrap())
    }

    /// The colour of the frame around the image at this rank in the first row.
    fn frame(picture: &Pixels, rank: usize) -> [u8; 3] {
        let top = MARGIN + TITLE * LINE + 6.0 + KEY + HEADING;
        let (x, y) = corner(rank, top);
        picture.pixels(Rect { x: x + IMAGE / 2.0, y: y - 2.0, width: 1.0, height: 1.0 })[0]
    }

    #[test]
    fn frames_distinguish_right_from_wrong() {
        let picture = drawn(&[section(vec![retrieved("Bag", &["Bag", "Shirt", "Bag"])])]);
        assert!(picture.shows_something() && picture.edge_is_white(15.0));
        let (right, wrong) = ([FIRST.0, FIRST.1, FIRST.2], [SECOND.0, SECOND.1, SECOND.2]);
        assert_eq!([0, 1, 2].map(|rank| frame(&picture, rank)), [right, wrong, right]);
    }

    #[test]
    fn a_colour_image_keeps_its_colours_and_proportions() {
        let shape = ImageShape { channels: 3, height: 5, width: 7 };
        let values = [10, 60, 200].map(|value| [value; 35]).concat();
        let picture = Pictured { image: &values, class: ClassName { name: "a", number: 0 } };
        let row = Retrieved { query: picture, nearest: vec![picture] };
        let drawn = Pixels::of(&draw("", shape, &[section(vec![row])]).unwrap());
        let top = f64::from(drawn.height) - MARGIN - NAME - IMAGE;
        let at = |y| drawn.pixels(Rect { x: MARGIN + 8.0, y, width: 1.0, height: 1.0 })[0];
        assert_eq!([at(top + 4.0), at(top + IMAGE / 2.0)], [[255; 3], [10, 60, 200]]);
    }

    #[test]
    fn each_row_and_section_has_its_room() {
        let row = || retrieved("Bag", &["Bag"; 8]);
        let one = drawn(&[section(vec![row()])]);
        let two = drawn(&[section(vec![row(), row()])]);
        let parts = drawn(&[section(vec![row()]), section(vec![row()])]);
        assert_eq!(f64::from(two.height - one.height), ROW);
        assert_eq!(f64::from(parts.height - two.height), HEADING);
        assert_eq!(one.width, parts.width);
    }

    #[test]
    fn what_cannot_be_drawn_is_an_error() {
        let error = |side: usize, sections: &[Section<'_>]| {
            draw("", ImageShape::square(side), sections).unwrap_err().to_string()
        };
        assert!(error(3, &[]).contains("not 0"));
        let row = section(vec![retrieved("Bag", &["Bag"])]);
        assert!(error(2, &[row]).contains("9 values is not 2×2"));
    }
}
