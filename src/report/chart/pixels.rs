//! Looking at finished pictures in tests.

use std::collections::HashSet;
use std::path::Path;

use super::geometry::Rect;
use super::picture::Picture;
use super::png::rasterised;
use crate::report::Style;

/// The pixels of a picture.
#[derive(Debug, PartialEq)]
pub struct Pixels {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    rows: Vec<[u8; 3]>,
}

impl Pixels {
    /// A picture in the screen style.
    pub fn of(picture: &Picture) -> Pixels {
        let (width, height, pixels) = rasterised(picture, Style::Screen).unwrap();
        let rows = pixels.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
        Pixels { width, height, rows }
    }

    /// Reads a file and insists that it is a PNG.
    pub fn read(path: &Path) -> Pixels {
        let bytes = std::fs::read(path).expect("the picture was written");
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{} is no PNG", path.display());
        Pixels::decode(&bytes)
    }

    /// Reads the bytes of a PNG.
    pub fn decode(bytes: &[u8]) -> Pixels {
        let picture = image::load_from_memory(bytes).expect("a PNG").to_rgb8();
        let (width, height) = picture.dimensions();
        Pixels { width, height, rows: picture.pixels().map(|pixel| pixel.0).collect() }
    }

    /// The pixels of a rectangle, cut at the picture's edges.
    pub fn pixels(&self, rect: Rect) -> Vec<[u8; 3]> {
        let range = |from: f64, to: f64, limit: u32| {
            (from.max(0.0).floor() as u32).min(limit)..(to.ceil() as u32).min(limit)
        };
        range(rect.y, rect.bottom(), self.height)
            .flat_map(|y| range(rect.x, rect.right(), self.width).map(move |x| (x, y)))
            .map(|(x, y)| self.rows[(y * self.width + x) as usize])
            .collect()
    }

    /// The whole picture as a rectangle.
    pub fn page(&self) -> Rect {
        Rect { x: 0.0, y: 0.0, width: f64::from(self.width), height: f64::from(self.height) }
    }

    /// Share of pixels in a rectangle that are not white.
    pub fn ink(&self, rect: Rect) -> f64 {
        let pixels = self.pixels(rect);
        let inked = pixels.iter().filter(|pixel| **pixel != [255; 3]).count();
        inked as f64 / pixels.len().max(1) as f64
    }

    /// Number of pixels in a rectangle as dark as text.
    pub fn dark(&self, rect: Rect) -> usize {
        self.pixels(rect).iter().filter(|p| p.iter().all(|channel| *channel < 110)).count()
    }

    /// Number of different colours in the picture.
    pub fn colours(&self) -> usize {
        self.rows.iter().collect::<HashSet<_>>().len()
    }

    /// Whether there is a picture to see: ink on a fair part of the page, in many tones.
    pub fn shows_something(&self) -> bool {
        self.ink(self.page()) > 0.01 && self.colours() > 20
    }

    /// Whether a band of `width` pixels around the page is white, so that nothing is cut off.
    pub fn edge_is_white(&self, width: f64) -> bool {
        let page = self.page();
        let bands = [
            Rect { width, ..page },
            Rect { height: width, ..page },
            Rect { x: page.width - width, width, ..page },
            Rect { y: page.height - width, height: width, ..page },
        ];
        bands.into_iter().all(|band| self.ink(band) == 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::elements::label;
    use crate::report::chart::geometry::at;
    use crate::report::chart::text::TextStyle;

    #[test]
    fn a_blank_page_shows_nothing_and_ink_at_the_edge_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blank.png");
        let page = Picture::draw((300.0, 200.0), |_| Ok(())).unwrap();
        page.save(&path, Style::Screen).unwrap();
        let blank = Pixels::read(&path);
        assert_eq!((blank.width, blank.height), (300, 200));
        assert!(!blank.shows_something() && blank.edge_is_white(5.0));
        assert_eq!((blank.colours(), blank.dark(blank.page())), (1, 0));
        let written = Picture::draw((300.0, 200.0), |page| {
            let text = "cut off at the right edge".to_owned();
            page.draw(&label(at((250.0, 100.0)), text, TextStyle::title()))?;
            Ok(())
        });
        let cut = Pixels::of(&written.unwrap());
        assert!(!cut.edge_is_white(5.0) && cut.dark(cut.page()) > 20);
    }
}
