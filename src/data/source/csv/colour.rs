//! Brings colours into planes of red, green and blue, or converts them to grey.

use crate::data::{ChannelChoice, Channels, ImageShape, Pixels, luma, luma_byte};

/// Values up to this may be in a smaller unit than 0..255, in which fractions must not be rounded
/// away.
const LARGEST_OF_SMALL_UNITS: u8 = 16;

/// Images of pixels in any order of channels as `[N, C, H, W]`, in colour or grey as chosen; alpha is
/// dropped. `shape` has their height and width.
pub(in crate::data::source) fn to_images(
    pixels: Pixels,
    channels: Channels,
    shape: ImageShape,
    choice: ChannelChoice,
) -> (Pixels, ImageShape) {
    let coloured = ImageShape { channels: 3, ..shape };
    match (choice, channels) {
        (ChannelChoice::Auto | ChannelChoice::Grey, Channels::Grey) => (pixels, shape),
        (ChannelChoice::Grey, _) => (to_grey(pixels, channels, shape), shape),
        _ => (to_planes(pixels, channels, shape.pixels()), coloured),
    }
}

/// Red, green and blue planes; three equal ones of grey images.
fn to_planes(pixels: Pixels, channels: Channels, size: usize) -> Pixels {
    fn planes<T: Copy>(values: &[T], channels: Channels, size: usize) -> Vec<T> {
        let width = (size * channels.count()).max(1);
        let plane = |image: &'_ [T], channel: usize| -> Vec<T> {
            (0..size).map(|pixel| image[channels.positions(pixel, size)[channel]]).collect()
        };
        let images = values.chunks_exact(width);
        images.flat_map(|image| (0..3).flat_map(move |channel| plane(image, channel))).collect()
    }
    match pixels {
        Pixels::Bytes(bytes) => Pixels::Bytes(planes(&bytes, channels, size)),
        Pixels::Floats(floats) => Pixels::Floats(planes(&floats, channels, size)),
    }
}

/// Converts images with any channels to grey images of this shape.
///
/// Bytes stay bytes, rounded as Pillow's `convert("L")` rounds them.
fn to_grey(pixels: Pixels, channels: Channels, shape: ImageShape) -> Pixels {
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
    fn every_order_of_the_channels_gives_the_same_planes() {
        let two = ImageShape::grey(1, 2);
        let of = |values: &[u8], channels, choice| {
            to_images(Pixels::Bytes(values.to_vec()), channels, two, choice)
        };
        let shape = ImageShape { channels: 3, ..two };
        let planes = [1, 4, 2, 5, 3, 6];
        let wanted = (Pixels::Bytes(planes.to_vec()), shape);
        for (channels, values) in [
            (Channels::Rgb, &[1, 2, 3, 4, 5, 6][..]),
            (Channels::RgbPlanes, &planes),
            (Channels::Rgba, &[1, 2, 3, 9, 4, 5, 6, 9]),
        ] {
            assert_eq!(of(values, channels, ChannelChoice::Auto), wanted, "{channels:?}");
        }
        let grey = of(&[7, 8], Channels::Grey, ChannelChoice::Rgb);
        assert_eq!(grey, (Pixels::Bytes(vec![7, 8, 7, 8, 7, 8]), shape));
        assert_eq!(of(&[7, 8], Channels::Grey, ChannelChoice::Auto).1, two);
    }

    #[test]
    fn colours_of_a_small_unit_are_not_rounded() {
        let grey = to_grey(Pixels::Bytes(vec![1, 0, 0]), Channels::Rgb, ImageShape::square(1));
        assert_eq!(grey, Pixels::Floats(vec![0.299]));
    }
}
