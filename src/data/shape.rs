//! The shape that all images of a set have.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Channels, height and width of an image.
///
/// The values of an image are row-major `[channels, height, width]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct ImageShape {
    /// 1 for grey images, 3 for red, green and blue.
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
}

impl ImageShape {
    /// The shape of grey images.
    pub const fn grey(height: usize, width: usize) -> ImageShape {
        ImageShape { channels: 1, height, width }
    }

    /// The shape of square grey images.
    pub const fn square(side: usize) -> ImageShape {
        ImageShape::grey(side, side)
    }

    /// Height and width of square grey images; `None` for any other.
    pub fn side(self) -> Option<usize> {
        (self.channels == 1 && self.height == self.width).then_some(self.height)
    }

    /// Number of pixels, each of which has a value per channel.
    pub fn pixels(self) -> usize {
        self.height * self.width
    }

    /// Number of values.
    pub fn values(self) -> usize {
        self.channels * self.pixels()
    }
}

impl fmt::Display for ImageShape {
    /// `28×28` for grey images, `3×28×28` for images of three channels.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.channels != 1 {
            write!(to, "{}×", self.channels)?;
        }
        write!(to, "{}×{}", self.height, self.width)
    }
}

/// A shape in a file: for square grey images only `side`, as the first version wrote it.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "images have a side, or channels, height and width")]
enum Stored {
    Square { side: usize },
    Any { channels: usize, height: usize, width: usize },
}

impl From<Stored> for ImageShape {
    fn from(stored: Stored) -> ImageShape {
        match stored {
            Stored::Square { side } => ImageShape::square(side),
            Stored::Any { channels, height, width } => ImageShape { channels, height, width },
        }
    }
}

impl From<ImageShape> for Stored {
    fn from(shape: ImageShape) -> Stored {
        let ImageShape { channels, height, width } = shape;
        match shape.side() {
            Some(side) => Stored::Square { side },
            None => Stored::Any { channels, height, width },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLOUR: ImageShape = ImageShape { channels: 3, height: 5, width: 7 };

    #[test]
    fn values_are_counted_over_all_channels() {
        assert_eq!((COLOUR.pixels(), COLOUR.values()), (35, 105));
        assert_eq!((COLOUR.side(), ImageShape::grey(5, 7).side()), (None, None));
        assert_eq!(ImageShape::square(28).side(), Some(28));
    }

    #[test]
    fn messages_name_the_channels_only_if_there_are_several() {
        let shown = [COLOUR, ImageShape::grey(5, 7)].map(|shape| shape.to_string());
        assert_eq!(shown, ["3×5×7", "5×7"]);
    }

    #[test]
    fn square_grey_images_are_stored_by_their_side_as_before() {
        for (shape, text) in [
            (ImageShape::square(28), r#"{"side":28}"#),
            (ImageShape::grey(5, 7), r#"{"channels":1,"height":5,"width":7}"#),
            (COLOUR, r#"{"channels":3,"height":5,"width":7}"#),
        ] {
            assert_eq!(serde_json::to_string(&shape).unwrap(), text);
            assert_eq!(serde_json::from_str::<ImageShape>(text).unwrap(), shape);
        }
    }
}
