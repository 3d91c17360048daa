//! Images that are neither square nor grey, for tests.

use std::path::Path;

use super::{Dataset, ImageShape, Pixels, RawImages, ReadOptions};

/// Channels, height and width all differ.
pub const SHAPE: ImageShape = ImageShape { channels: 3, height: 5, width: 7 };

/// The value of a pixel of [`coloured`].
pub fn value(image: usize, channel: usize, y: usize, x: usize) -> u8 {
    (30 * image + 70 * channel + 7 * y + x) as u8
}

/// Two images of the class `a` and one of `b`, of [`SHAPE`].
pub fn coloured() -> Dataset {
    let ImageShape { channels, height, width } = SHAPE;
    let at = move |image: usize, index: usize| {
        let (channel, pixel) = (index / (height * width), index % (height * width));
        value(image, channel, pixel / width, pixel % width)
    };
    let of = |image: usize| (0..channels * height * width).map(move |index| at(image, index));
    let images = RawImages {
        pixels: Pixels::Bytes((0..3).flat_map(of).collect()),
        shape: SHAPE,
        distinct: Some(vec!["a".to_owned(), "b".to_owned()]),
        rows: vec![0, 1, 0],
        ..RawImages::default()
    };
    let options = ReadOptions::default();
    Dataset::new(images, &options, Path::new("coloured"), "hash".to_owned()).unwrap()
}
