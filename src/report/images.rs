//! Images: as PNG data URLs, and many combined in a contact sheet.
//!
//! Images are row-major `[C, H, W]` with 1 or 3 channels, as in a data set.

use std::borrow::Cow;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::data::ImageShape;

/// A contact sheet: images of one size, each in the middle of a square cell, in rows of equal length.
#[derive(Debug, Clone, PartialEq)]
pub struct ContactSheet {
    /// Rows and columns of a cell.
    pub side: usize,
    /// Images per row, so that the sheet is about square.
    pub across: usize,
    /// Rows of images.
    pub down: usize,
    /// Channels of the sheet.
    channels: usize,
    /// Values `[down · side, across · side, C]`, row-major; 0 beyond the images.
    values: Vec<u8>,
}

impl ContactSheet {
    /// Puts images of one shape together; those larger than `largest`×`largest` are shrunk by the
    /// mean of their pixels.
    pub fn new<'a>(
        shape: ImageShape,
        largest: usize,
        images: impl ExactSizeIterator<Item = &'a [u8]>,
    ) -> ContactSheet {
        let ImageShape { channels, height, width } = shape;
        let step = height.max(width).div_ceil(largest).max(1);
        let (rows, columns) = ((height / step).max(1), (width / step).max(1));
        let side = rows.max(columns);
        let (above, before) = ((side - rows) / 2, (side - columns) / 2);
        let across = (images.len() as f64).sqrt().ceil().max(1.0) as usize;
        let down = images.len().div_ceil(across).max(1);
        let mut values = vec![0; across * side * down * side * channels];
        for (index, image) in images.enumerate() {
            let (left, top) = (index % across * side + before, index / across * side + above);
            for (channel, plane) in image.chunks_exact(shape.pixels()).enumerate() {
                for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
                    let pixel = (top + y) * across * side + left + x;
                    values[pixel * channels + channel] = mean(plane, width, (x, y), step);
                }
            }
        }
        ContactSheet { side, across, down, channels, values }
    }

    /// The same with as many rows as columns.
    pub fn square(mut self) -> ContactSheet {
        self.down = self.across;
        self.values.resize((self.across * self.side).pow(2) * self.channels, 0);
        self
    }

    /// The sheet as a data URL.
    pub fn data_url(&self) -> String {
        address(self.shape(), &self.values)
    }

    /// Writes the whole as PNG.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_png(&self, file: &mut impl io::Write) -> io::Result<()> {
        write_png(self.shape(), &self.values, file)
    }

    /// The shape of the whole.
    fn shape(&self) -> ImageShape {
        let (height, width) = (self.down * self.side, self.across * self.side);
        ImageShape { channels: self.channels, height, width }
    }
}

/// The mean of a plane's pixels in the square at column `x` and row `y` of squares of `step` pixels,
/// as far as they are in the plane.
fn mean(plane: &[u8], width: usize, (x, y): (usize, usize), step: usize) -> u8 {
    let rows = plane.chunks_exact(width).skip(y * step).take(step);
    let values = rows.flat_map(|row| row.iter().skip(x * step).take(step));
    let (sum, count) =
        values.fold((0, 0), |(sum, count), &value| (sum + usize::from(value), count + 1));
    (sum / count) as u8
}

/// An image as the address of itself: a PNG in base64.
///
/// # Shapes
/// values `[C, H, W]`, row-major
pub fn data_url(shape: ImageShape, values: &[u8]) -> String {
    address(shape, &interleaved(shape, values))
}

/// The same from values `[H, W, C]`.
fn address(shape: ImageShape, values: &[u8]) -> String {
    let mut png = Vec::new();
    write_png(shape, values, &mut png).expect("a picture in memory can be written");
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

/// Values `[H, W, C]` from `[C, H, W]`.
fn interleaved(shape: ImageShape, values: &[u8]) -> Cow<'_, [u8]> {
    if shape.channels == 1 {
        return Cow::Borrowed(values);
    }
    let pixel = |pixel: usize| values.iter().skip(pixel).step_by(shape.pixels()).copied();
    (0..shape.pixels()).flat_map(pixel).collect()
}

/// Writes values `[H, W, C]`.
fn write_png(shape: ImageShape, values: &[u8], file: &mut impl io::Write) -> io::Result<()> {
    let colour = if shape.channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 };
    PngEncoder::new(file)
        .write_image(values, shape.width as u32, shape.height as u32, colour)
        .map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_stand_in_rows_and_large_ones_are_shrunk() {
        let images: Vec<Vec<u8>> = (0..3).map(|i| vec![i * 10; 4]).collect();
        let sheet = ContactSheet::new(ImageShape::square(2), 32, images.iter().map(Vec::as_slice));
        assert_eq!((sheet.side, sheet.across, sheet.down), (2, 2, 2));
        assert_eq!(sheet.values, [0, 0, 10, 10, 0, 0, 10, 10, 20, 20, 0, 0, 20, 20, 0, 0]);
        let large = [[vec![100; 32], vec![200; 32]].concat(), vec![0; 64 * 63]].concat();
        let sheet = ContactSheet::new(ImageShape::square(64), 32, [large.as_slice()].into_iter());
        assert_eq!(sheet.side, 32);
        let row = [0, 15, 16, 32].map(|index| sheet.values[index]);
        assert_eq!(row, [50, 50, 100, 0]);
    }

    const COLOUR: ImageShape = ImageShape { channels: 3, height: 5, width: 7 };

    fn picture(url: &str) -> image::DynamicImage {
        let png = STANDARD.decode(url.split_once(',').unwrap().1).unwrap();
        image::load_from_memory(&png).unwrap()
    }

    #[test]
    fn an_address_is_the_picture_itself() {
        let grey = picture(&data_url(ImageShape::grey(1, 2), &[7, 200])).to_luma8();
        assert_eq!((grey.width(), grey.into_raw()), (2, vec![7, 200]));
        let values: Vec<u8> = (0..105).collect();
        let colour = picture(&data_url(COLOUR, &values)).into_rgb8();
        assert_eq!(colour.dimensions(), (7, 5));
        assert_eq!(colour.get_pixel(6, 2).0, [20, 55, 90], "row 2, column 6 of each channel");
    }

    #[test]
    fn images_of_any_shape_stand_in_the_middle_of_their_cells() {
        let images: Vec<Vec<u8>> = [0, 100].map(|first| (first..first + 105).collect()).to_vec();
        let sheet = ContactSheet::new(COLOUR, 32, images.iter().map(Vec::as_slice));
        assert_eq!((sheet.side, sheet.across, sheet.down), (7, 2, 1));
        let whole = picture(&sheet.data_url()).into_rgb8();
        assert_eq!(whole.dimensions(), (14, 7));
        let at = |x, y| whole.get_pixel(x, y).0;
        assert_eq!([at(0, 1), at(13, 5)], [[0, 35, 70], [134, 169, 204]]);
        assert_eq!([at(3, 0), at(10, 6)], [[0; 3]; 2], "above and below is nothing");
        let square = picture(&sheet.square().data_url()).into_rgb8();
        assert_eq!((square.dimensions(), square.get_pixel(13, 5).0), ((14, 14), [134, 169, 204]));
    }

    #[test]
    fn a_narrow_image_is_shrunk_to_at_least_a_pixel_each_way() {
        let line: Vec<u8> = (0..100).collect();
        let sheet = ContactSheet::new(ImageShape::grey(1, 100), 32, [line.as_slice()].into_iter());
        assert_eq!(sheet.side, 25);
        let middle = &sheet.values[12 * 25..][..25];
        assert_eq!((middle[0], middle[24]), (1, 97), "means of four pixels");
    }
}
