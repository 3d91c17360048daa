//! Turns pictures upright, as their EXIF orientation says.

use image::metadata::Orientation;
use image::metadata::Orientation::*;

use super::pixels::Picture;

/// Whether turning a picture upright swaps height and width.
pub(super) fn swaps_sides(orientation: Orientation) -> bool {
    matches!(orientation, Rotate90 | Rotate90FlipH | Rotate270 | Rotate270FlipH)
}

/// Turns a picture upright.
pub(super) fn upright(mut picture: Picture, orientation: Orientation) -> Picture {
    if orientation == NoTransforms {
        return picture;
    }
    let (height, width) = (picture.shape.height, picture.shape.width);
    if swaps_sides(orientation) {
        (picture.shape.height, picture.shape.width) = (width, height);
    }
    // Where the pixel of row y and column x comes from.
    let origin = |y: usize, x: usize| match orientation {
        NoTransforms => (y, x),
        FlipHorizontal => (y, width - 1 - x),
        Rotate180 => (height - 1 - y, width - 1 - x),
        FlipVertical => (height - 1 - y, x),
        Rotate90FlipH => (x, y),
        Rotate90 => (height - 1 - x, y),
        Rotate270FlipH => (height - 1 - x, width - 1 - y),
        Rotate270 => (x, width - 1 - y),
    };
    let channels = picture.shape.channels;
    let mut pixels = Vec::with_capacity(picture.pixels.len());
    for y in 0..picture.shape.height {
        for x in 0..picture.shape.width {
            let (row, column) = origin(y, x);
            let from = (row * width + column) * channels;
            pixels.extend_from_slice(&picture.pixels[from..from + channels]);
        }
    }
    picture.pixels = pixels;
    picture
}
