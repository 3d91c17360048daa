//! Decodes PNG, WebP and BMP.
//!
//! A BMP does not say that it is grey; without a coloured pixel it is taken to be.

use std::io::ErrorKind;

use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, ImageError, ImageResult, Limits};

use super::colour;
use super::format::Format;
use super::pixels::{Header, Picture};
use super::source::{DECODER_MEMORY, Source, damaged, truncated};

/// A picture that a decoder of the crate `image` has opened.
pub(super) struct Plain<D> {
    decoder: D,
    format: Format,
    is_cut: bool,
}

/// Limits of the decoders.
pub(super) fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(DECODER_MEMORY as u64);
    limits
}

impl<D: ImageDecoder> Plain<D> {
    /// An opened picture.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(format: Format, bytes: &[u8], opened: ImageResult<D>) -> Result<Plain<D>, String> {
        let is_cut = format == Format::WebP && is_cut_webp(bytes);
        match opened {
            Ok(decoder) => Ok(Plain { decoder, format, is_cut }),
            Err(_) if is_cut => Err(truncated()),
            Err(refusal) => Err(problem(refusal)),
        }
    }
}

impl<D: ImageDecoder> Source for Plain<D> {
    fn size(&self) -> Header {
        let (width, height) = self.decoder.dimensions();
        Header { height: height as usize, width: width as usize }
    }

    fn orientation(&mut self) -> Orientation {
        // A picture is not worse for damaged EXIF.
        self.decoder.orientation().unwrap_or(Orientation::NoTransforms)
    }

    fn read(self: Box<Self>) -> Result<Picture, String> {
        let size = self.size();
        let Plain { mut decoder, format, is_cut } = *self;
        if is_cut {
            return Err(truncated());
        }
        let colour = decoder.color_type();
        decoder.set_limits(limits()).map_err(problem)?;
        let mut bytes = vec![0; decoder.total_bytes() as usize];
        decoder.read_image(&mut bytes).map_err(problem)?;
        let per_pixel = usize::from(colour.channel_count());
        let was_deep = matches!(
            colour,
            ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16
        );
        if was_deep {
            let (pairs, _) = bytes.as_chunks();
            bytes = colour::high_bytes(pairs.iter().map(|&pair| u16::from_ne_bytes(pair)));
        }
        let picture = Picture { was_deep, ..Picture::of_samples(bytes, per_pixel, size) };
        let is_grey = format == Format::Bmp && !picture.is_coloured();
        Ok(if is_grey { picture.into_grey() } else { picture })
    }
}

/// Whether a WebP is shorter than it says; its decoder takes that for damage.
fn is_cut_webp(bytes: &[u8]) -> bool {
    let length = bytes[4..].first_chunk().map(|&length| u32::from_le_bytes(length) as usize);
    length.is_none_or(|length| length > bytes.len() - 8)
}

fn problem(refusal: ImageError) -> String {
    match refusal {
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => truncated(),
        other => damaged(other),
    }
}
