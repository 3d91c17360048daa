//! Reads one image file, in grey.

use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::Path;

use image::io::{Limits, Reader};
use image::{DynamicImage, ImageError};

use crate::data::{ImageShape, luma_byte};

/// The longest accepted side of an image, in pixels.
const LONGEST_SIDE: u32 = 8192;

/// An image in grey.
pub(super) struct Grey {
    /// Row-major `[H, W]`.
    pub pixels: Vec<u8>,
    /// Height and width, of one channel.
    pub shape: ImageShape,
    /// Whether it had colours.
    pub was_coloured: bool,
    /// Whether it had an alpha channel.
    pub had_opacity: bool,
    /// Whether its values had 16 bits.
    pub was_deep: bool,
}

/// Reads a PNG or JPEG image, whatever its extension.
///
/// # Errors
/// What is wrong with it, as a phrase that follows its name.
pub(super) fn read_image(path: &Path) -> std::result::Result<Grey, String> {
    let file = File::open(path).map_err(|refusal| format!("cannot be read ({refusal})"))?;
    let reader = Reader::new(BufReader::new(file)).with_guessed_format();
    let mut reader = reader.map_err(|refusal| format!("cannot be read ({refusal})"))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    reader.limits(limits);
    let image = reader.decode().map_err(|refusal| match refusal {
        ImageError::Unsupported(_) => "is neither PNG nor JPEG: convert it".to_owned(),
        ImageError::Limits(_) => format!("is larger than {LONGEST_SIDE}×{LONGEST_SIDE} pixels"),
        ImageError::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => "is truncated".to_owned(),
        other => format!("is damaged ({other})"),
    })?;
    Ok(grey(image))
}

/// Grey values by ITU-R BT.601 in integers, as in Pillow; ignores alpha.
fn grey(image: DynamicImage) -> Grey {
    let shape = ImageShape::grey(image.height() as usize, image.width() as usize);
    let color = image.color();
    let was_deep = color.bytes_per_pixel() / color.channel_count() > 1;
    let (was_coloured, had_opacity) = (color.has_color(), color.has_alpha());
    let pixels = match was_coloured {
        // Grey values stay unchanged.
        false => image.into_luma8().into_raw(),
        true => image.into_rgb8().pixels().map(|pixel| luma_byte(pixel.0)).collect(),
    };
    Grey { pixels, shape, was_coloured, had_opacity, was_deep }
}
