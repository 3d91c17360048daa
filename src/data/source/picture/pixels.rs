//! Decoded pictures, in grey or RGB.

use super::colour::{self, GreyOrRgb};
use crate::data::{ImageShape, luma_byte};

/// What is known of a picture before it is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::data::source) struct Header {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
}

/// A decoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::data::source) struct Picture {
    /// Row-major `[H, W, channels]`.
    pub pixels: Vec<u8>,
    /// Its size, and 1 channel for grey or 3 for red, green and blue.
    pub shape: ImageShape,
    /// Whether it had an alpha channel or a transparent colour.
    pub had_opacity: bool,
    /// Whether its values had 16 bits.
    pub was_deep: bool,
}

impl Picture {
    /// A picture of interleaved 8-bit values: grey, grey and alpha, RGB, or RGB and alpha.
    pub(super) fn of_samples(samples: Vec<u8>, per_pixel: usize, size: Header) -> Picture {
        let (pixels, channels) = match per_pixel {
            2 => (colour::converted(&samples, |[grey, _alpha]| [grey]), 1),
            4 => (colour::converted(&samples, |[red, green, blue, _alpha]| [red, green, blue]), 3),
            channels => (samples, channels),
        };
        let shape = ImageShape { channels, height: size.height, width: size.width };
        Picture { pixels, shape, had_opacity: channels != per_pixel, was_deep: false }
    }

    /// The picture of indices into a palette of RGB; grey if each colour of the palette is its index.
    pub(super) fn of_indices(indices: Vec<u8>, palette: &[u8], size: Header) -> Picture {
        match colour::looked_up(indices, palette) {
            GreyOrRgb::Grey(pixels) => Picture::of_samples(pixels, 1, size),
            GreyOrRgb::Rgb(pixels) => Picture::of_samples(pixels, 3, size),
        }
    }

    /// Whether any pixel is not grey.
    pub fn is_coloured(&self) -> bool {
        let is_grey = |pixel: &[u8]| pixel[0] == pixel[1] && pixel[1] == pixel[2];
        self.shape.channels == 3 && !self.pixels.chunks_exact(3).all(is_grey)
    }

    /// In grey by ITU-R BT.601, as Pillow's `convert("L")`.
    pub fn into_grey(mut self) -> Picture {
        if self.shape.channels == 3 {
            self.pixels = colour::converted(&self.pixels, |colour| [luma_byte(colour)]);
            self.shape.channels = 1;
        }
        self
    }

    /// With three channels, which are equal if it was grey.
    pub fn into_rgb(mut self) -> Picture {
        if self.shape.channels == 1 {
            self.pixels = colour::converted(&self.pixels, |[grey]| [grey; 3]);
            self.shape.channels = 3;
        }
        self
    }

    /// The values as `[channels, H, W]`.
    pub fn into_planes(self) -> Vec<u8> {
        let channels = self.shape.channels;
        if channels == 1 {
            return self.pixels;
        }
        let plane = |channel| self.pixels.iter().skip(channel).step_by(channels).copied();
        (0..channels).flat_map(plane).collect()
    }
}
