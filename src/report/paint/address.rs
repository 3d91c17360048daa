//! Grey pictures within the text of a page or of a picture.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::png::PngEncoder;
use image::{ColorType, ImageEncoder};

/// A picture as the address of itself: a PNG in base64.
///
/// # Shapes
/// grey `[width · height]`, row-major
pub fn address_of(width: usize, height: usize, grey: &[u8]) -> String {
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(grey, width as u32, height as u32, ColorType::L8)
        .expect("a picture in memory can be written");
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}
