//! What decoders have in common: their interface, limits and problems.

use std::fmt::Display;

use image::metadata::Orientation;

use super::pixels::{Header, Picture};

/// Most pixels of a picture, 8192×8192: more than most cameras make, few enough that each core can
/// decode one at a time: as RGB they take 200 MB. Pillow warns above a third more.
pub(super) const MOST_PIXELS: usize = 8192 * 8192;

/// Most memory that a decoder may use, in bytes: twice the 8 bytes of a pixel of four values of 16 bits.
pub(super) const DECODER_MEMORY: usize = 2 * 8 * MOST_PIXELS;

/// A picture file that a decoder has opened.
pub(super) trait Source {
    /// Its size before it is turned.
    fn size(&self) -> Header;

    /// How it has to be turned to be upright.
    fn orientation(&mut self) -> Orientation;

    /// Decodes the pixels.
    ///
    /// # Errors
    /// What is wrong with them, as a phrase that follows the file's name.
    fn read(self: Box<Self>) -> Result<Picture, String>;
}

/// The problem of a file that ends too early.
pub(super) fn truncated() -> String {
    "is truncated".to_owned()
}

/// The problem of a file that a decoder refuses.
pub(super) fn damaged(why: impl Display) -> String {
    format!("is damaged ({why})")
}
