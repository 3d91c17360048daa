//! Grey images: as PNG within the text of a page or of a picture, and many of them in one, in rows.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::png::PngEncoder;
use image::{ColorType, ImageEncoder};

/// A contact sheet: images of one size in rows of equal length.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactSheet {
    /// Rows and columns of one of them.
    pub side: usize,
    /// Images in a row, as many as makes the whole about a square.
    pub across: usize,
    /// Rows of images.
    pub down: usize,
    /// Grey values `[down · side, across · side]`, row-major; 0 where there is no image.
    pub grey: Vec<u8>,
}

impl ContactSheet {
    /// Puts images of `side`×`side` grey values together; those larger than `largest`×`largest` are
    /// shrunk by the mean of their pixels.
    pub fn new<'a>(
        side: usize,
        largest: usize,
        images: impl ExactSizeIterator<Item = &'a [u8]>,
    ) -> ContactSheet {
        let step = side.div_ceil(largest).max(1);
        let small = (side / step).max(1);
        let across = (images.len() as f64).sqrt().ceil().max(1.0) as usize;
        let down = images.len().div_ceil(across).max(1);
        let width = across * small;
        let mut grey = vec![0; width * down * small];
        for (place, image) in images.enumerate() {
            let (left, top) = (place % across * small, place / across * small);
            for y in 0..small {
                for x in 0..small {
                    grey[(top + y) * width + left + x] =
                        mean(image, side, (x * step, y * step), step);
                }
            }
        }
        ContactSheet { side: small, across, down, grey }
    }

    /// The same with as many rows as columns.
    pub fn square(mut self) -> ContactSheet {
        self.down = self.across;
        self.grey.resize((self.across * self.side).pow(2), 0);
        self
    }

    /// The whole as the address of itself.
    pub fn data_url(&self) -> String {
        data_url(self.across * self.side, self.down * self.side, &self.grey)
    }

    /// Writes the whole as PNG.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_png(&self, file: &mut impl io::Write) -> io::Result<()> {
        write_png(self.across * self.side, self.down * self.side, &self.grey, file)
    }
}

/// The mean of a square of pixels.
fn mean(image: &[u8], side: usize, (x, y): (usize, usize), step: usize) -> u8 {
    let row = |dy: usize| &image[(y + dy) * side + x..(y + dy) * side + x + step];
    let sum: usize = (0..step).flat_map(|dy| row(dy).iter().map(|&grey| usize::from(grey))).sum();
    (sum / (step * step)) as u8
}

/// A picture as the address of itself: a PNG in base64.
///
/// # Shapes
/// grey `[height, width]`, row-major
pub fn data_url(width: usize, height: usize, grey: &[u8]) -> String {
    let mut png = Vec::new();
    write_png(width, height, grey, &mut png).expect("a picture in memory can be written");
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

fn write_png(
    width: usize,
    height: usize,
    grey: &[u8],
    file: &mut impl io::Write,
) -> io::Result<()> {
    PngEncoder::new(file)
        .write_image(grey, width as u32, height as u32, ColorType::L8)
        .map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_stand_in_rows_and_large_ones_are_shrunk() {
        let images: Vec<Vec<u8>> = (0..3).map(|i| vec![i * 10; 4]).collect();
        let sheet = ContactSheet::new(2, 32, images.iter().map(Vec::as_slice));
        assert_eq!((sheet.side, sheet.across, sheet.down), (2, 2, 2));
        assert_eq!(sheet.grey, [0, 0, 10, 10, 0, 0, 10, 10, 20, 20, 0, 0, 20, 20, 0, 0]);
        let large = [[vec![100; 32], vec![200; 32]].concat(), vec![0; 64 * 63]].concat();
        let sheet = ContactSheet::new(64, 32, [large.as_slice()].into_iter());
        assert_eq!(sheet.side, 32);
        let row = [0, 15, 16, 32].map(|place| sheet.grey[place]);
        assert_eq!(row, [50, 50, 100, 0]);
    }

    #[test]
    fn an_address_is_the_picture_itself() {
        let url = data_url(2, 1, &[7, 200]);
        let png = STANDARD.decode(url.split_once(',').unwrap().1).unwrap();
        let picture = image::load_from_memory(&png).unwrap().to_luma8();
        assert_eq!((picture.width(), picture.into_raw()), (2, vec![7, 200]));
    }
}
