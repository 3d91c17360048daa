//! Images in one array of 3 or 4 dimensions: where its channels are, which of them to keep, and its size.

use std::path::Path;

use super::csv::to_images;
use crate::data::{ChannelChoice, Channels, ImageShape, PictureOptions, PictureSize, Pixels};
use crate::error::{Fault, Result};

/// What the dimensions of an array of images mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stack {
    /// Number of images.
    pub count: usize,
    /// The shape of each.
    pub shape: ImageShape,
    /// Whether the channels of a pixel are beside each other.
    channels_last: bool,
    /// What the user should check.
    pub remark: Option<String>,
}

impl Stack {
    /// Reads dimensions as `[N, H, W]`, `[N, H, W, C]` or `[N, C, H, W]`, with 1 or 3 channels.
    ///
    /// # Errors
    /// What is wrong with them, as a phrase that follows the name of the file, and a remedy.
    pub fn new(dimensions: &[usize]) -> std::result::Result<Stack, (String, &'static str)> {
        if dimensions.contains(&0) {
            let problem = format!("contains no image: its shape is {dimensions:?}");
            return Err((problem, "save at least one image"));
        }
        let is_channels = |size: usize| size == 1 || size == 3;
        match *dimensions {
            [count, height, width] => {
                let shape = ImageShape::grey(height, width);
                let remark = (width == 3).then(|| {
                    format!("images: {dimensions:?} is read as {count} grey images of {shape}")
                });
                Ok(Stack { count, shape, channels_last: false, remark })
            }
            [count, height, width, channels]
                if is_channels(channels) && (channels == 3 || !is_channels(height)) =>
            {
                let shape = ImageShape { channels, height, width };
                let remark = is_channels(height).then(|| ambiguous(dimensions, shape, "last"));
                Ok(Stack { count, shape, channels_last: true, remark })
            }
            [count, channels, height, width] if is_channels(channels) => {
                let shape = ImageShape { channels, height, width };
                let remark = is_channels(width).then(|| ambiguous(dimensions, shape, "first"));
                Ok(Stack { count, shape, channels_last: false, remark })
            }
            [_, .., 4] | [_, 4, _, _] if dimensions.len() == 4 => {
                let problem = format!("has the shape {dimensions:?}, that is, 4 channels");
                Err((problem, "leave out the alpha channel: x[..., :3]"))
            }
            _ => {
                let problem = format!(
                    "has the shape {dimensions:?}, but images are [images, rows, columns], or have 1 \
                     or 3 channels as a fourth dimension, last or second"
                );
                Err((problem, "reshape them: x.reshape(-1, ROWS, COLUMNS)"))
            }
        }
    }

    /// Moves values from the order of the array to `[N, C, H, W]`.
    pub fn planes<T: Copy>(&self, values: Vec<T>) -> Vec<T> {
        let (channels, pixels) = (self.shape.channels, self.shape.pixels());
        if !self.channels_last || channels == 1 {
            return values;
        }
        let mut planes = Vec::with_capacity(values.len());
        for image in values.chunks_exact(channels * pixels) {
            for channel in 0..channels {
                planes.extend(image.iter().skip(channel).step_by(channels));
            }
        }
        planes
    }
}

fn ambiguous(dimensions: &[usize], shape: ImageShape, place: &str) -> String {
    format!("images: {dimensions:?} is read with its channels {place}, as images of {shape}")
}

/// Images `[N, C, H, W]` with the channels that the options choose.
pub(super) fn in_channels(
    pixels: Pixels,
    shape: ImageShape,
    choice: ChannelChoice,
    remarks: &mut Vec<String>,
) -> (Pixels, ImageShape) {
    let with = |channels: usize| ImageShape { channels, ..shape };
    match (shape.channels, choice) {
        (1, ChannelChoice::Rgb) => to_images(pixels, Channels::Grey, shape, choice),
        (3, ChannelChoice::Auto | ChannelChoice::Grey) if is_grey(&pixels, shape) => {
            remarks.push("images: their three channels are equal, read as grey".to_owned());
            (changed(pixels, shape, Change::FirstPlane), with(1))
        }
        (3, ChannelChoice::Grey) => {
            let luma = "images: in colour, converted to grey as 0.299 R + 0.587 G + 0.114 B (ITU-R \
                        BT.601)";
            remarks.push(luma.to_owned());
            to_images(pixels, Channels::RgbPlanes, with(1), choice)
        }
        _ => (pixels, shape),
    }
}

/// Whether the three channels of each image are equal.
fn is_grey(pixels: &Pixels, shape: ImageShape) -> bool {
    fn all<T: PartialEq>(values: &[T], shape: ImageShape) -> bool {
        let size = shape.pixels();
        values.chunks_exact(shape.values()).all(|image| {
            image[..size] == image[size..2 * size] && image[..size] == image[2 * size..]
        })
    }
    match pixels {
        Pixels::Bytes(values) => all(values, shape),
        Pixels::Floats(values) => all(values, shape),
    }
}

/// Images with rows and columns swapped.
pub(super) fn transposed(pixels: Pixels, shape: ImageShape) -> (Pixels, ImageShape) {
    let turned = ImageShape { height: shape.width, width: shape.height, ..shape };
    (changed(pixels, shape, Change::Transposed), turned)
}

/// A change of an image, whatever the type of its values.
#[derive(Clone, Copy)]
enum Change {
    FirstPlane,
    Transposed,
}

impl Change {
    /// Writes the changed image to the end of `to`.
    fn write<T: Copy>(self, image: &[T], shape: ImageShape, to: &mut Vec<T>) {
        match self {
            Change::FirstPlane => to.extend_from_slice(&image[..shape.pixels()]),
            Change::Transposed => {
                for plane in image.chunks_exact(shape.pixels()) {
                    for x in 0..shape.width {
                        to.extend(plane.iter().skip(x).step_by(shape.width));
                    }
                }
            }
        }
    }
}

/// Changes each image.
fn changed(pixels: Pixels, shape: ImageShape, change: Change) -> Pixels {
    fn all<T: Copy>(values: &[T], shape: ImageShape, change: Change) -> Vec<T> {
        let mut to = Vec::new();
        let images = values.chunks_exact(shape.values());
        images.for_each(|image| change.write(image, shape, &mut to));
        to
    }
    match pixels {
        Pixels::Bytes(values) => Pixels::Bytes(all(&values, shape, change)),
        Pixels::Floats(values) => Pixels::Floats(all(&values, shape, change)),
    }
}

/// Refuses a size other than that of the images.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) with both.
pub(super) fn refuse_other_size(
    path: &Path,
    shape: ImageShape,
    options: &PictureOptions,
) -> Result<()> {
    match options.size {
        PictureSize::Of { height, width } if (height, width) != (shape.height, shape.width) => {
            let problem = format!(
                "has images of {}×{}, not {height}×{width}, and only pictures are resized",
                shape.height, shape.width
            );
            let remedy = "omit --size (data.size), or resize them first";
            Err(Fault::new(path, problem).remedy(remedy).into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dimensions: &[usize]) -> (usize, String, bool) {
        let stack = Stack::new(dimensions).unwrap();
        (stack.count, stack.shape.to_string(), stack.remark.is_some())
    }

    #[test]
    fn channels_are_found_last_or_second() {
        assert_eq!(read(&[9, 28, 20]), (9, "28×20".to_owned(), false));
        for dimensions in [[9, 28, 20, 1], [9, 1, 28, 20]] {
            assert_eq!(read(&dimensions), (9, "28×20".to_owned(), false));
        }
        for dimensions in [[9, 28, 20, 3], [9, 3, 28, 20]] {
            assert_eq!(read(&dimensions), (9, "3×28×20".to_owned(), false));
        }
    }

    #[test]
    fn dimensions_with_two_meanings_are_remarked_on() {
        assert_eq!(read(&[9, 3, 20, 3]), (9, "3×3×20".to_owned(), true));
        assert_eq!(read(&[9, 3, 20, 1]), (9, "3×20×1".to_owned(), true));
        assert_eq!(read(&[9, 28, 3]), (9, "28×3".to_owned(), true));
        let remark = Stack::new(&[2, 3, 5, 3]).unwrap().remark.unwrap();
        let expected = "images: [2, 3, 5, 3] is read with its channels last, as images of 3×3×5";
        assert_eq!(remark, expected);
    }

    #[test]
    fn arrays_that_are_not_images_are_refused() {
        let problem = |dimensions: &[usize]| Stack::new(dimensions).unwrap_err().0;
        assert!(
            problem(&[9, 784]).starts_with("has the shape [9, 784], but images are [images, rows")
        );
        assert!(problem(&[9, 28, 28, 4]).ends_with("that is, 4 channels"));
        assert!(problem(&[9, 4, 28, 28]).ends_with("that is, 4 channels"));
        assert!(problem(&[9, 28, 28, 7]).contains("have 1 or 3 channels"));
        assert!(problem(&[0, usize::MAX, 2]).starts_with("contains no image"));
    }

    #[test]
    fn planes_are_taken_out_of_interleaved_pixels() {
        let stack = Stack::new(&[2, 1, 2, 3]).unwrap();
        let values = vec![1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        assert_eq!(stack.planes(values), [1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12]);
        let planes = Stack::new(&[1, 3, 1, 2]).unwrap();
        assert_eq!(planes.planes(vec![1, 2, 3, 4, 5, 6]), [1, 2, 3, 4, 5, 6]);
    }

    fn chosen(pixels: &[u8], channels: usize, choice: ChannelChoice) -> (Pixels, String, usize) {
        let shape = ImageShape { channels, height: 1, width: 2 };
        let mut remarks = Vec::new();
        let (pixels, shape) =
            in_channels(Pixels::Bytes(pixels.to_vec()), shape, choice, &mut remarks);
        (pixels, shape.to_string(), remarks.len())
    }

    #[test]
    fn colours_are_kept_if_a_pixel_has_one() {
        let (auto, grey) = (ChannelChoice::Auto, ChannelChoice::Grey);
        let red = [200, 0, 0, 0, 0, 0];
        assert_eq!(chosen(&red, 3, auto), (Pixels::Bytes(red.to_vec()), "3×1×2".to_owned(), 0));
        assert_eq!(chosen(&red, 3, grey), (Pixels::Bytes(vec![60, 0]), "1×2".to_owned(), 1));
        let equal = [7, 200, 7, 200, 7, 200];
        for choice in [auto, grey] {
            let found = chosen(&equal, 3, choice);
            assert_eq!(found, (Pixels::Bytes(vec![7, 200]), "1×2".to_owned(), 1));
        }
    }

    #[test]
    fn grey_images_become_coloured_on_request() {
        let found = chosen(&[7, 9], 1, ChannelChoice::Rgb);
        assert_eq!(found, (Pixels::Bytes(vec![7, 9, 7, 9, 7, 9]), "3×1×2".to_owned(), 0));
    }

    #[test]
    fn rows_and_columns_are_swapped_in_each_plane() {
        let shape = ImageShape { channels: 2, height: 2, width: 3 };
        let values: Vec<u8> = (0..24).collect();
        let (turned, shape) = transposed(Pixels::Bytes(values), shape);
        let Pixels::Bytes(turned) = turned else { panic!("bytes stay bytes") };
        assert_eq!((shape.height, shape.width), (3, 2));
        assert_eq!(&turned[..8], [0, 3, 1, 4, 2, 5, 6, 9]);
        assert_eq!(&turned[18..], [18, 21, 19, 22, 20, 23]);
    }

    #[test]
    fn arrays_are_not_resized() {
        let size = PictureSize::Of { height: 64, width: 64 };
        let options = PictureOptions { size, ..PictureOptions::default() };
        let refused =
            |side| refuse_other_size(Path::new("a.npz"), ImageShape::square(side), &options);
        assert!(refused(64).is_ok());
        assert_eq!(
            refused(28).unwrap_err().to_string(),
            "a.npz: has images of 28×28, not 64×64, and only pictures are resized; omit --size \
             (data.size), or resize them first"
        );
    }
}
