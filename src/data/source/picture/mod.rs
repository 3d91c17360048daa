//! Turns the bytes of a picture file into pixels as Pillow does, and fits them into a size.
//!
//! The bytes decide the format, never the name of the file ([`mod@format`]); a file per decoder implements
//! [`Source`]. What `Image.open`, `ImageOps.exif_transpose` and `convert` make of a file comes out here,
//! from lossless formats to the bit. `tests/reference/pictures.py` compares all kinds. Where Pillow does
//! what one may not expect, so does this:
//!
//! - Alpha is ignored, not blended with a background: the colours under transparent pixels show.
//! - Values of 16 bits lose their low byte and are not rounded.
//! - In the first frame of a GIF, what the frame does not cover has the transparent colour, or else the
//!   first of the palette.
//! - Indices beyond a palette are black.
//! - A JPEG without its end is truncated, even if all of its pixels are there. Damage within the pixels
//!   of a JPEG goes unnoticed.
//! - Colour profiles and gamma are ignored.
//!
//! It differs where Pillow loses the picture: of 16-bit grey without alpha, Pillow cuts off values above
//! 255, which leaves white. The high byte is taken here, as of all other pictures. Further, orientation is
//! read from EXIF alone, not from XMP, and of a PNG only if it precedes the pixels; a PNG is truncated
//! without its end, too; 16-bit TIFFs in which zero is white are inverted; 32 bits and floats are refused.
//!
//! Decoders of JPEG round differently. Values of grey JPEGs differ from Pillow's by up to 1, those in
//! colour by up to 3; if pixels share their colour, by up to 4, and by up to 23 in the last column or row,
//! at which libjpeg smooths otherwise; on average by 0.3. Those of a BMP with 16 bits per pixel differ by
//! 1, for Pillow rounds down.

mod colour;
mod fit;
mod format;
mod gif;
mod jpeg;
mod orientation;
mod pixels;
mod plain;
mod resize;
mod source;
mod tiff;

use std::io::Cursor;

use image::codecs::bmp::BmpDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;

use self::format::Format;
use self::gif::Gif;
use self::jpeg::Jpeg;
pub(super) use self::pixels::{Header, Picture};
use self::plain::Plain;
use self::source::{MOST_PIXELS, Source, damaged};
use self::tiff::Tiff;
use crate::words::grouped;

/// Extensions of picture files, in lower case.
pub(super) const EXTENSIONS: [&str; 10] =
    ["png", "jpg", "jpeg", "jpe", "jfif", "webp", "bmp", "tif", "tiff", "gif"];

/// Reads the size of an upright picture, without its pixels.
///
/// # Errors
/// As [`decode`], but for faults of the pixels.
pub(super) fn read_header(bytes: &[u8]) -> Result<Header, String> {
    let mut source = open(bytes)?;
    let Header { height, width } = source.size();
    Ok(match orientation::swaps_sides(source.orientation()) {
        true => Header { height: width, width: height },
        false => Header { height, width },
    })
}

/// Decodes a picture and turns it upright.
///
/// # Errors
/// What is wrong with it, as a phrase that follows the file's name: it is empty, truncated, damaged, too
/// large, or of another format.
pub(super) fn decode(bytes: &[u8]) -> Result<Picture, String> {
    let mut source = open(bytes)?;
    let orientation = source.orientation();
    Ok(orientation::upright(source.read()?, orientation))
}

/// Opens a picture of an accepted size with the decoder of its format.
fn open(bytes: &[u8]) -> Result<Box<dyn Source + '_>, String> {
    let file = Cursor::new(bytes);
    let limits = plain::limits();
    let format = Format::of(bytes)?;
    let source: Box<dyn Source> = match format {
        Format::Jpeg => Box::new(Jpeg::open(bytes)?),
        Format::Gif => Box::new(Gif::open(bytes)?),
        Format::Tiff => Box::new(Tiff::open(bytes)?),
        Format::Png => Box::new(Plain::new(format, bytes, PngDecoder::with_limits(file, limits))?),
        Format::WebP => Box::new(Plain::new(format, bytes, WebPDecoder::new(file))?),
        Format::Bmp => Box::new(Plain::new(format, bytes, BmpDecoder::new(file))?),
    };
    let Header { height, width } = source.size();
    match height.saturating_mul(width) {
        0 => Err(damaged("it has no pixels")),
        1..=MOST_PIXELS => Ok(source),
        _ => Err(format!(
            "has {height}×{width} pixels, more than the {} of 8192×8192: scale it down",
            grouped(MOST_PIXELS)
        )),
    }
}

#[cfg(test)]
mod tests;
