//! Decodes JPEG: grey, YCbCr, RGB, CMYK and YCCK, baseline and progressive.
//!
//! The decoder hands over the values as they are in the file, after upsampling. Which colours they are
//! is decided here as in libjpeg, and the arithmetic is libjpeg's ([`colour`]).

use image::metadata::Orientation;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::colour;
use super::pixels::{Header, Picture};
use super::source::{Source, damaged, truncated};

/// Markers of segments, the byte after `0xff`.
const EOI: u8 = 0xd9;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP14: u8 = 0xee;

/// A JPEG and what its segments say.
pub(super) struct Jpeg<'a> {
    bytes: &'a [u8],
    frame: Frame,
    /// Whether it is a JFIF, which is in grey or YCbCr.
    is_jfif: bool,
    /// How Adobe's programs transformed the colours: 0 not, 1 to YCbCr, 2 to YCCK.
    adobe: Option<u8>,
    exif: Option<&'a [u8]>,
    /// Whether the marker of the end is there.
    ends: bool,
}

/// What the header of a frame says.
struct Frame {
    size: Header,
    /// A name for each component.
    components: Vec<u8>,
}

impl Frame {
    /// Reads the segment after a marker SOFn.
    fn new(segment: &[u8]) -> Option<Frame> {
        let &[_depth, h1, h0, w1, w0, count, ref components @ ..] = segment else { return None };
        let side = |bytes| usize::from(u16::from_be_bytes(bytes));
        let components = components.chunks_exact(3).take(count.into()).map(|one| one[0]);
        let size = Header { height: side([h1, h0]), width: side([w1, w0]) };
        Some(Frame { size, components: components.collect() })
    }
}

impl<'a> Jpeg<'a> {
    /// Reads all segments.
    ///
    /// # Errors
    /// It has no frame, for it ends before one.
    pub fn open(bytes: &'a [u8]) -> Result<Jpeg<'a>, String> {
        let (mut frame, mut is_jfif, mut adobe, mut exif, mut ends) =
            (None, false, None, None, false);
        for (marker, segment) in (Segments { bytes, at: 2 }) {
            match marker {
                0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) && frame.is_none() => {
                    frame = Frame::new(segment);
                }
                APP0 => is_jfif |= segment.starts_with(b"JFIF\0"),
                APP1 if exif.is_none() => exif = segment.strip_prefix(b"Exif\0\0"),
                APP14 if segment.starts_with(b"Adobe") => adobe = segment.get(11).copied(),
                EOI => ends = true,
                _ => {}
            }
        }
        match frame {
            Some(frame) => Ok(Jpeg { bytes, frame, is_jfif, adobe, exif, ends }),
            None if ends => Err(damaged("it has no frame")),
            None => Err(truncated()),
        }
    }

    /// Whether three components are red, green and blue rather than YCbCr.
    fn is_rgb(&self) -> bool {
        match (self.is_jfif, self.adobe) {
            (true, _) => false,
            (false, Some(transform)) => transform == 0,
            (false, None) => self.frame.components == *b"RGB",
        }
    }

    /// The values of all components, interleaved.
    fn samples(&self) -> Result<Vec<u8>, String> {
        let options =
            DecoderOptions::default().set_max_width(usize::MAX).set_max_height(usize::MAX);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(self.bytes), options);
        decoder.decode_headers().map_err(problem)?;
        if let Some(stored) = decoder.input_colorspace() {
            decoder.set_options(options.jpeg_set_out_colorspace(stored));
        }
        let samples = decoder.decode().map_err(problem)?;
        let Header { height, width } = self.frame.size;
        match samples.len() == height * width * self.frame.components.len() {
            true => Ok(samples),
            false => Err(damaged("its headers contradict each other")),
        }
    }
}

impl Source for Jpeg<'_> {
    fn size(&self) -> Header {
        self.frame.size
    }

    fn orientation(&mut self) -> Orientation {
        let found = self.exif.and_then(Orientation::from_exif_chunk);
        found.unwrap_or(Orientation::NoTransforms)
    }

    fn read(self: Box<Self>) -> Result<Picture, String> {
        if !self.ends {
            return Err(truncated());
        }
        let mut samples = self.samples()?;
        match self.frame.components.len() {
            1 => Ok(Picture::of_samples(samples, 1, self.frame.size)),
            3 => {
                if !self.is_rgb() {
                    let (pixels, _) = samples.as_chunks_mut();
                    pixels.iter_mut().for_each(|pixel| *pixel = colour::ycbcr_to_rgb(*pixel));
                }
                Ok(Picture::of_samples(samples, 3, self.frame.size))
            }
            4 => {
                let is_ycck = self.adobe == Some(2);
                let pixels = colour::converted(&samples, |pixel| ink_to_rgb(pixel, is_ycck));
                Ok(Picture::of_samples(pixels, 3, self.frame.size))
            }
            other => Err(damaged(format!("it has {other} components"))),
        }
    }
}

/// RGB of CMYK or YCCK. Like Adobe's programs, all programs store 255 - C, M, Y and K, whether or not
/// they say that they are Adobe's; YCCK inverts C, M and Y again.
fn ink_to_rgb([a, b, c, black]: [u8; 4], is_ycck: bool) -> [u8; 3] {
    let [cyan, magenta, yellow] = match is_ycck {
        true => colour::ycbcr_to_rgb([a, b, c]),
        false => [255 - a, 255 - b, 255 - c],
    };
    colour::cmyk_to_rgb([cyan, magenta, yellow, 255 - black])
}

fn problem(refusal: DecodeErrors) -> String {
    match refusal {
        DecodeErrors::ExhaustedData | DecodeErrors::IoErrors(_) => truncated(),
        DecodeErrors::Unsupported(kind) => {
            format!("is a JPEG of a rare kind ({kind:?}): convert it, as with djpeg or magick")
        }
        other => damaged(other),
    }
}

/// The segments of a JPEG, each by its marker, up to the end; entropy-coded data is skipped.
struct Segments<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Segments<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        loop {
            let start =
                self.at + self.bytes.get(self.at..)?.iter().position(|&byte| byte == 0xff)?;
            match *self.bytes.get(start + 1)? {
                // Nothing belongs to the picture after its end.
                EOI => {
                    self.at = self.bytes.len();
                    return Some((EOI, &[]));
                }
                0xff => self.at = start + 1,
                // A restart, or a value of 0xff in the data.
                ..0xc0 | 0xd0..=0xd8 => self.at = start + 2,
                marker => {
                    let length = [*self.bytes.get(start + 2)?, *self.bytes.get(start + 3)?];
                    self.at = start + 2 + usize::from(u16::from_be_bytes(length)).max(2);
                    return Some((marker, self.bytes.get(start + 4..self.at)?));
                }
            }
        }
    }
}
