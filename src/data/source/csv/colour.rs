//! Converts colours to grey, because the network takes one channel.

use crate::data::{Channels, ImageShape, Pixels, luma, luma_byte};

/// Values up to this may be in a smaller unit than 0..255, in which fractions must not be rounded
/// away.
const LARGEST_OF_SMALL_UNITS: u8 = 16;

/// Converts images with any channels to grey images of this shape.
///
/// Bytes stay bytes, rounded as Pillow's `convert("L")` rounds them.
pub(super) fn to_grey(pixels: Pixels, channels: Channels, shape: ImageShape) -> Pixels {
    let size = shape.pixels();
    if channels == Channels::Grey || size == 0 {
        return pixels;
    }
    let width = size * channels.count();
    let is_byte = |bytes: &[u8]| bytes.iter().any(|&value| value > LARGEST_OF_SMALL_UNITS);
    match pixels {
        Pixels::Bytes(bytes) if is_byte(&bytes) => {
            let of = |image: &[u8], pixel: usize| {
                luma_byte(channels.positions(pixel, size).map(|position| image[position]))
            };
            let images = bytes.chunks_exact(width);
            Pixels::Bytes(
                images.flat_map(|image| (0..size).map(move |pixel| of(image, pixel))).collect(),
            )
        }
        Pixels::Bytes(bytes) => {
            let floats = Pixels::Floats(bytes.into_iter().map(f32::from).collect());
            to_grey(floats, channels, shape)
        }
        Pixels::Floats(floats) => {
            let of = |image: &[f32], pixel: usize| {
                let [red, green, blue] =
                    channels.positions(pixel, size).map(|position| image[position]);
                luma(red, green, blue)
            };
            let images = floats.chunks_exact(width);
            let grey = images.flat_map(|image| (0..size).map(move |pixel| of(image, pixel)));
            Pixels::from_floats(grey.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Image.fromarray(...).convert("L")` of Pillow 11 gives these for the same colours.
    #[test]
    fn bytes_are_rounded_as_pillow_rounds_them() {
        for (colour, grey) in [
            ([255, 0, 0], 76),
            ([0, 255, 0], 150),
            ([0, 0, 255], 29),
            ([255, 255, 255], 255),
            ([48, 221, 26], 147),
            ([1, 2, 3], 2),
        ] {
            assert_eq!(luma_byte(colour), grey, "{colour:?}");
        }
    }

    #[test]
    fn every_order_of_the_channels_gives_the_same_image() {
        let one = ImageShape::square(1);
        let grey = |values: &[u8], channels| to_grey(Pixels::Bytes(values.to_vec()), channels, one);
        for values in [[255, 0, 0], [9, 200, 17]] {
            let wanted = Pixels::Bytes(vec![luma_byte(values)]);
            assert_eq!(grey(&values, Channels::Rgb), wanted);
            assert_eq!(grey(&values, Channels::RgbPlanes), wanted);
            assert_eq!(grey(&[values[0], values[1], values[2], 7], Channels::Rgba), wanted);
        }
        let planes = [[10, 20, 30, 40], [50, 60, 70, 80], [90, 100, 110, 120]].concat();
        let pixel = |i: usize| luma_byte([planes[i], planes[4 + i], planes[8 + i]]);
        let wanted = Pixels::Bytes((0..4).map(pixel).collect());
        assert_eq!(
            to_grey(Pixels::Bytes(planes), Channels::RgbPlanes, ImageShape::square(2)),
            wanted
        );
    }

    #[test]
    fn colours_of_a_small_unit_are_not_rounded() {
        let grey = to_grey(Pixels::Bytes(vec![1, 0, 0]), Channels::Rgb, ImageShape::square(1));
        assert_eq!(grey, Pixels::Floats(vec![0.299]));
    }
}
