//! Drawing a picture, and writing it as a file or into a page of HTML.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use super::backend::{Area, SvgBackend};
use super::geometry::Point;
use super::picture::Picture;
use super::{png, svg};
use crate::error::Result;
use crate::files::{write_atomically, write_text};
use crate::report::Style;

/// Most pixels across or down; a picture never needs more.
const LARGEST: f64 = 8000.0;

impl Picture {
    /// Draws on a blank page of a size in pixels, which is rounded up, 1 to 8,000 each way.
    ///
    /// # Errors
    /// Those of the drawing.
    pub(super) fn draw(
        (width, height): Point,
        paint: impl FnOnce(&Area) -> Result<()>,
    ) -> Result<Picture> {
        let size = |length: f64| length.ceil().clamp(1.0, LARGEST);
        let picture = Picture { width: size(width), height: size(height), ..Picture::default() };
        let backend = Rc::new(RefCell::new(SvgBackend { picture }));
        paint(&Area::from(&backend))?;
        let picture = std::mem::take(&mut backend.borrow_mut().picture);
        Ok(picture)
    }

    /// Writes the picture as PNG, and beside it as SVG.
    ///
    /// # Errors
    /// [`crate::error::Error::Io`] with the path that could not be written.
    pub fn save(&self, path: &Path, style: Style) -> Result<()> {
        let text = svg::file(self, style);
        write_atomically(path, |file| png::write(self, style, file))?;
        write_text(&path.with_extension("svg"), &text)
    }

    /// The picture as an element of a page of HTML, whose colours it takes; screen readers read the
    /// description and the captions.
    pub fn inline(&self, description: &str) -> String {
        let label = match self.captions().as_str() {
            "" => description.to_owned(),
            captions if captions == description => description.to_owned(),
            captions => format!("{description}. {captions}"),
        };
        svg::inline(self, &label)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::elements::{caption, label, polyline};
    use crate::report::chart::geometry::{Rect, at};
    use crate::report::chart::marker::Dash;
    use crate::report::chart::palette::{FIRST, QUIET_TEXT};
    use crate::report::chart::pixels::Pixels;
    use crate::report::chart::text::{TextStyle, Words, text_width};

    fn picture() -> Picture {
        Picture::draw((400.0, 300.0), |page| {
            page.draw(&caption(at((20.0, 20.0)), "Title", TextStyle::title()))?;
            page.draw(&caption(at((20.0, 280.0)), "a remark", TextStyle::tick()))?;
            let bar = Rect { x: 100.0, y: 100.0, width: 50.0, height: 40.0 };
            page.draw(&bar.filled(FIRST))?;
            let quiet = TextStyle::label().colour(QUIET_TEXT);
            page.draw(&label(at((160.0, 120.0)), "label".to_owned(), quiet))?;
            Ok(())
        })
        .unwrap()
    }

    #[test]
    fn paper_has_no_captions_no_margins_and_two_dots_a_pixel() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        picture().save(&path, Style::Screen).unwrap();
        let screen = Pixels::read(&path);
        assert_eq!((screen.width, screen.height), (400, 300));
        picture().save(&path, Style::Paper).unwrap();
        let paper = Pixels::read(&path);
        let label = text_width("label", TextStyle::label());
        let (width, height) = ((60.0 + label + 12.0).ceil() as u32, 40 + 12);
        assert!(paper.width.abs_diff(2 * width) <= 4, "{} {width}", paper.width);
        assert_eq!(paper.height, 2 * height);
        let svg = std::fs::read_to_string(path.with_extension("svg")).unwrap();
        assert!(svg.contains("<title>Title · a remark</title>") && !svg.contains(">Title</text>"));
        assert!(svg.contains(">label</text>") && svg.contains("fill=\"#1e1e1e\""), "{svg}");
    }

    #[test]
    fn several_panels_are_called_by_their_titles() {
        let headed = |remark: Option<&str>| {
            Picture::draw((300.0, 100.0), |page| {
                let title = TextStyle::title();
                page.draw(&label(at((10.0, 10.0)), "contrastive".to_owned(), title))?;
                page.draw(&label(at((10.0, 50.0)), "epoch".to_owned(), TextStyle::label()))?;
                page.draw(&label(at((150.0, 10.0)), "cross-entropy".to_owned(), title))?;
                if let Some(remark) = remark {
                    page.draw(&caption(at((10.0, 90.0)), remark, TextStyle::tick()))?;
                }
                Ok(())
            })
            .unwrap()
            .captions()
        };
        assert_eq!(headed(None), "contrastive · cross-entropy");
        assert_eq!(headed(Some("a remark")), "a remark");
    }

    #[test]
    fn an_empty_page_is_cut_to_nothing_less() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let blank = Picture::draw((30.0, 20.0), |_| Ok(())).unwrap();
        blank.save(&path, Style::Paper).unwrap();
        assert_eq!(Pixels::read(&path).width, 60);
    }

    #[test]
    fn a_line_of_one_point_and_an_empty_text_leave_no_mark() {
        let picture = Picture::draw((30.0, 20.0), |page| {
            page.draw(&polyline(vec![at((1.0, 1.0))], (FIRST, 1.0, Dash::Solid)))?;
            page.draw(&label(at((1.0, 1.0)), " ".to_owned(), TextStyle::label()))?;
            Ok(())
        })
        .unwrap();
        assert_eq!(picture.elements, "");
    }

    #[test]
    fn what_no_font_draws_is_replaced_in_pixels_and_stays_text_in_vectors() {
        let folder = tempfile::tempdir().unwrap();
        let written = |words: Words| {
            let picture = Picture::draw((100.0, 40.0), |page| {
                page.draw(&label(at((10.0, 20.0)), words.clone(), TextStyle::label()))?;
                Ok(())
            });
            let path = folder.path().join("a.png");
            picture.unwrap().save(&path, Style::Screen).unwrap();
            let svg = std::fs::read_to_string(path.with_extension("svg")).unwrap();
            (std::fs::read(&path).unwrap(), svg)
        };
        let words = Words { text: "日本".to_owned(), instead: Some("#3".to_owned()) };
        let ((pixels, vectors), (number, _)) = (written(words), written("#3".to_owned().into()));
        assert_eq!(Pixels::decode(&pixels), Pixels::decode(&number));
        assert!(vectors.contains(">日本</text>") && !vectors.contains("#3"), "{vectors}");
    }

    #[test]
    fn the_same_picture_has_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = |name: &str| {
            let path = folder.path().join(name);
            picture().save(&path, Style::Paper).unwrap();
            (std::fs::read(&path).unwrap(), std::fs::read(path.with_extension("svg")).unwrap())
        };
        assert_eq!(bytes("a.png"), bytes("b.png"));
    }
}
