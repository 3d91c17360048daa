//! Decodes the first picture of a TIFF.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{Cursor, ErrorKind};

use image::metadata::Orientation;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError, TiffResult};

use super::colour;
use super::pixels::{Header, Picture};
use super::source::{DECODER_MEMORY, Source, damaged, truncated};

/// The first byte of the value of a tag in its entry.
const VALUE: usize = 8;

/// Values of the tag `PhotometricInterpretation`.
const BLACK_IS_ZERO: u8 = 1;
const PALETTE: u16 = 3;

/// A TIFF with its first directory.
pub(super) struct Tiff<'a> {
    decoder: Decoder<Cursor<Cow<'a, [u8]>>>,
    size: Header,
    colour: ColorType,
    /// The palette as RGB.
    palette: Option<Vec<u8>>,
}

impl Tiff<'_> {
    /// Reads the first directory.
    ///
    /// # Errors
    /// What is wrong with it; or it is of a camera, whose first picture is a thumbnail.
    pub fn open(bytes: &[u8]) -> Result<Tiff<'_>, String> {
        let mut decoder = decoder_of(Cow::Borrowed(bytes)).map_err(problem)?;
        let (width, height) = decoder.dimensions().map_err(problem)?;
        let size = Header { height: height as usize, width: width as usize };
        let kind = decoder.find_tag_unsigned::<u32>(Tag::NewSubfileType).ok().flatten();
        if kind.is_some_and(|bits| bits & 1 == 1) {
            let remedy = "develop it, as with darktable-cli FILE FILE.png";
            return Err(format!("begins with a thumbnail, as a camera's RAW file does: {remedy}"));
        }
        let photometric = decoder.find_tag_unsigned(Tag::PhotometricInterpretation);
        let mut palette = None;
        if photometric.ok().flatten() == Some(PALETTE) {
            let map = decoder.get_tag_u16_vec(Tag::ColorMap).map_err(problem)?;
            palette = Some(interleaved(colour::high_bytes(map), 3));
            // The decoder does not read pictures with a palette, but their indices if they are called grey.
            let grey = called_grey(bytes).ok_or_else(|| unusual("a palette in a BigTIFF"))?;
            decoder = decoder_of(Cow::Owned(grey)).map_err(problem)?;
        }
        let colour = decoder.colortype().map_err(problem)?;
        Ok(Tiff { decoder, size, colour, palette })
    }

    /// All values with 8 bits, interleaved by pixel, and whether they had 16. Grey values and indices of
    /// fewer bits stay as they are.
    fn samples(&mut self) -> Result<(Vec<u8>, bool), String> {
        let mut values = DecodingResult::U8(Vec::new());
        let layout = self.decoder.read_image_to_buffer(&mut values).map_err(problem)?;
        let (mut samples, is_deep) = match values {
            DecodingResult::U8(bytes) => (bytes, false),
            DecodingResult::U16(values) => (colour::high_bytes(values), true),
            _ => {
                let problem = "has values that are no integers of up to 16 bits";
                return Err(format!("{problem}: save it with 8 bits"));
            }
        };
        if let ColorType::Gray(bits @ (1 | 2 | 4)) = self.colour {
            samples = colour::unpacked(&samples, bits.into(), self.size.width);
        }
        Ok((interleaved(samples, layout.planes), is_deep))
    }

    /// Whether colours were multiplied by their alpha.
    fn is_premultiplied(&mut self) -> bool {
        let extra = self.decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples);
        extra.ok().flatten().is_some_and(|kinds| kinds.first() == Some(&1))
    }
}

impl Source for Tiff<'_> {
    fn size(&self) -> Header {
        self.size
    }

    fn orientation(&mut self) -> Orientation {
        let found = self.decoder.find_tag_unsigned::<u8>(Tag::Orientation).ok().flatten();
        found.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms)
    }

    fn read(mut self: Box<Self>) -> Result<Picture, String> {
        let (samples, was_deep) = self.samples()?;
        let size = self.size;
        let per_pixel = samples.len() / (size.height * size.width);
        if per_pixel * size.height * size.width != samples.len() {
            return Err(damaged("it has too few pixels"));
        }
        if let (Some(palette), 1) = (&self.palette, per_pixel) {
            return Ok(Picture::of_indices(samples, palette, size));
        }
        let is_premultiplied = self.is_premultiplied();
        let picture = match (self.colour, per_pixel) {
            (ColorType::Gray(bits @ (1 | 2 | 4)), 1) => {
                let step = 255 / ((1 << bits) - 1);
                Picture::of_samples(colour::converted(&samples, |[value]| [value * step]), 1, size)
            }
            (ColorType::RGBA(_), 4) if is_premultiplied => {
                let samples = colour::converted(&samples, colour::divided_by_alpha);
                Picture::of_samples(samples, 4, size)
            }
            (ColorType::Gray(_) | ColorType::Multiband { .. }, 1 | 2)
            | (ColorType::RGB(_), 3)
            | (ColorType::RGBA(_), 4) => Picture::of_samples(samples, per_pixel, size),
            (ColorType::CMYK(_), 4) => {
                Picture::of_samples(colour::converted(&samples, colour::cmyk_to_rgb), 3, size)
            }
            (ColorType::YCbCr(_), 3) => {
                Picture::of_samples(colour::converted(&samples, colour::ycbcr_to_rgb), 3, size)
            }
            (other, _) => return Err(unusual(format!("{other:?}"))),
        };
        Ok(Picture { was_deep, ..picture })
    }
}

fn decoder_of(bytes: Cow<'_, [u8]>) -> TiffResult<Decoder<Cursor<Cow<'_, [u8]>>>> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = DECODER_MEMORY;
    limits.intermediate_buffer_size = DECODER_MEMORY;
    Ok(Decoder::new(Cursor::new(bytes))?.with_limits(limits))
}

/// From a plane per value to pixels.
fn interleaved(samples: Vec<u8>, planes: usize) -> Vec<u8> {
    if planes <= 1 {
        return samples;
    }
    let pixels = samples.len() / planes;
    let samples = &samples;
    (0..pixels)
        .flat_map(|pixel| (0..planes).map(move |plane| samples[plane * pixels + pixel]))
        .collect()
}

/// A copy of a TIFF whose first directory says that its values are grey.
fn called_grey(bytes: &[u8]) -> Option<Vec<u8>> {
    let is_little = bytes.starts_with(b"II");
    let number = |at: usize, length: usize| {
        let bytes = bytes.get(at..at + length)?.iter().map(|&byte| usize::from(byte));
        let add = |sum: usize, byte: usize| sum << 8 | byte;
        Some(if is_little { bytes.rev().fold(0, add) } else { bytes.fold(0, add) })
    };
    let directory = number(4, 4)?;
    let entries = (0..number(directory, 2)?).map(|entry| directory + 2 + 12 * entry);
    let mut of_colour = entries
        .filter(|&entry| number(entry, 2) == Some(Tag::PhotometricInterpretation.to_u16().into()));
    let value = of_colour.next()? + VALUE + usize::from(!is_little);
    let mut copy = bytes.to_vec();
    *copy.get_mut(value)? = BLACK_IS_ZERO;
    Some(copy)
}

fn problem(refusal: TiffError) -> String {
    match refusal {
        TiffError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => truncated(),
        TiffError::UnsupportedError(what) => unusual(what),
        other => damaged(other),
    }
}

fn unusual(what: impl Display) -> String {
    format!("is a TIFF of a rare kind ({what}): convert it, as with magick FILE FILE.png")
}
