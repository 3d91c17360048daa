//! Fits pictures into a size.

use super::pixels::{Header, Picture};
use super::resize;
use crate::data::Fit;

/// How a picture is scaled, and which part of it is kept.
#[derive(Debug, PartialEq, Eq)]
struct Placement {
    /// The size that the whole picture is scaled to.
    scaled: Header,
    /// The part of that, by its first row and column.
    top: usize,
    left: usize,
    kept: Header,
}

impl Picture {
    /// Fits it into a height and width, at least 1 each; bilinear, from all pixels that an output pixel
    /// covers (antialiased). A picture that has the size stays as it is.
    ///
    /// [`Fit::Crop`] is torchvision's `Resize` and `CenterCrop` for any aspect ratio, [`Fit::Pad`] is
    /// Pillow's `ImageOps.pad`, [`Fit::Stretch`] its `Image.resize`.
    pub fn fitted(self, height: usize, width: usize, fit: Fit) -> Picture {
        let (from, to) = (self.size(), Header { height, width });
        if from == to {
            return self;
        }
        match fit {
            Fit::Stretch => self.placed(Placement { scaled: to, top: 0, left: 0, kept: to }),
            Fit::Crop => {
                let scaled = covering(from, to);
                let top = centred(scaled.height - height);
                let left = centred(scaled.width - width);
                self.placed(Placement { scaled, top, left, kept: to })
            }
            Fit::Pad => {
                let scaled = within(from, to);
                self.placed(Placement { scaled, top: 0, left: 0, kept: scaled }).padded(to)
            }
        }
    }

    fn size(&self) -> Header {
        Header { height: self.shape.height, width: self.shape.width }
    }

    fn placed(mut self, Placement { scaled, top, left, kept }: Placement) -> Picture {
        let rows = resize::weights(self.shape.height, scaled.height, top..top + kept.height);
        let columns = resize::weights(self.shape.width, scaled.width, left..left + kept.width);
        let resized = match (resize::columns_first(self.size(), scaled), self.shape.channels) {
            (false, 1) => resize::rows_then_columns::<1>,
            (false, _) => resize::rows_then_columns::<3>,
            (true, 1) => resize::columns_then_rows::<1>,
            (true, _) => resize::columns_then_rows::<3>,
        };
        self.pixels = resized(&self.pixels, self.shape.width, &rows, &columns);
        (self.shape.height, self.shape.width) = (kept.height, kept.width);
        self
    }

    /// In the middle of a black picture.
    fn padded(mut self, to: Header) -> Picture {
        let from = self.size();
        let channels = self.shape.channels;
        let (top, left) = (centred(to.height - from.height), centred(to.width - from.width));
        let mut pixels = vec![0; to.height * to.width * channels];
        let rows = pixels.chunks_exact_mut(to.width * channels).skip(top);
        for (row, line) in rows.zip(self.pixels.chunks_exact(from.width * channels)) {
            row[left * channels..][..line.len()].copy_from_slice(line);
        }
        self.pixels = pixels;
        (self.shape.height, self.shape.width) = (to.height, to.width);
        self
    }
}

/// The size that just covers another one; the longer side is rounded down, as in torchvision.
fn covering(from: Header, to: Header) -> Header {
    match to.width * from.height >= to.height * from.width {
        true => Header { height: to.width * from.height / from.width, width: to.width },
        false => Header { height: to.height, width: to.height * from.width / from.height },
    }
}

/// The size that just fits into another one, as in Pillow's `ImageOps.contain`.
fn within(from: Header, to: Header) -> Header {
    let ratio = |size: Header| size.width as f64 / size.height as f64;
    let rounded = |side: f64| (side.round_ties_even() as usize).max(1);
    match ratio(from).total_cmp(&ratio(to)) {
        std::cmp::Ordering::Equal => to,
        std::cmp::Ordering::Greater => {
            let height = from.height as f64 / from.width as f64 * to.width as f64;
            Header { height: rounded(height), width: to.width }
        }
        std::cmp::Ordering::Less => {
            let width = from.width as f64 / from.height as f64 * to.height as f64;
            Header { height: to.height, width: rounded(width) }
        }
    }
}

/// Half of what is left, ties to even, as Python rounds.
fn centred(left: usize) -> usize {
    let half = left / 2;
    half + (left % 2) * (half % 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(height: usize, width: usize) -> Header {
        Header { height, width }
    }

    #[test]
    fn a_crop_covers_the_size_and_a_padded_picture_fits_into_it() {
        assert_eq!(covering(size(375, 500), size(224, 224)), size(224, 298));
        assert_eq!(covering(size(500, 375), size(224, 100)), size(224, 168));
        assert_eq!(within(size(375, 500), size(224, 224)), size(168, 224));
        assert_eq!(within(size(1, 5000), size(64, 64)), size(1, 64));
    }

    #[test]
    fn what_is_left_is_halved_as_python_rounds() {
        assert_eq!([0, 1, 2, 3, 4, 5].map(centred), [0, 0, 1, 2, 2, 2]);
    }

    #[test]
    fn the_longest_pictures_are_fitted_without_much_memory() {
        let pixels = vec![200; 1 << 16];
        let shape = crate::data::ImageShape::grey(1 << 16, 1);
        let picture = Picture { pixels, shape, had_opacity: false, was_deep: false };
        for fit in [Fit::Crop, Fit::Pad, Fit::Stretch] {
            let fitted = picture.clone().fitted(48, 64, fit);
            assert_eq!((fitted.size(), fitted.pixels.len()), (size(48, 64), 48 * 64));
            assert!(fitted.pixels.contains(&200), "{fit:?}");
        }
    }
}
