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
    pub fn new(format: Format, opened: ImageResult<D>) -> Result<Plain<D>, String> {
        opened.map(|decoder| Plain { decoder, format }).map_err(problem)
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
        let Plain { mut decoder, format } = *self;
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

fn problem(refusal: ImageError) -> String {
    match refusal {
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => truncated(),
        other => damaged(other),
    }
}
