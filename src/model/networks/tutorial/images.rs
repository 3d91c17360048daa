//! The images that the tutorial's network takes.

use crate::data::ImageShape;
use crate::error::{Error, Result};
use crate::words::grouped;

/// The smallest height and width that survive two poolings.
const SMALLEST_SIDE: usize = 4;

/// Images with the most pixels that the network is meant for. The weights of its first linear layer
/// grow with their square: 16.8 million here.
const LARGEST: ImageShape = ImageShape::square(256);

/// Inputs of the first linear layer: pixels left after two poolings, each of which halves height and
/// width, rounded down.
pub fn features(images: ImageShape) -> i64 {
    (images.height / 4).saturating_mul(images.width / 4) as i64
}

/// Refuses images of which the poolings leave nothing, and those with which nearly all weights are in
/// the first linear layer.
///
/// # Errors
/// The message has the number of weights, and a size that fits.
pub(super) fn check(images: ImageShape) -> Result<()> {
    if images.channels == 0 || images.height.min(images.width) < SMALLEST_SIDE {
        return Err(Error::Other(format!(
            "images of {images} do not fit the network, which takes {SMALLEST_SIDE}×{SMALLEST_SIDE} \
             pixels or more: set --size 64 for pictures, or pad or resize the images"
        )));
    }
    let weights = |images| (features(images) as usize).saturating_pow(2);
    if weights(images) > weights(LARGEST) {
        return Err(Error::Other(format!(
            "images of {images} do not fit the network: its first linear layer would have {} weights, \
             more than the {} of {LARGEST} pixels, its limit; set --size 64 for pictures, or resize \
             the images",
            grouped(weights(images)),
            grouped(weights(LARGEST)),
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message that refuses images of a shape.
    fn refusal(images: ImageShape) -> String {
        check(images).unwrap_err().to_string()
    }

    #[test]
    fn images_that_the_poolings_leave_nothing_of_are_refused() {
        let none = ImageShape { channels: 0, height: 28, width: 28 };
        for (images, named) in [
            (ImageShape::square(3), "images of 3×3 do not fit"),
            (ImageShape::grey(3, 200), "images of 3×200 do not fit"),
            (ImageShape { channels: 3, height: 28, width: 0 }, "images of 3×28×0 do not fit"),
            (none, "images of 0×28×28 do not fit"),
        ] {
            let message = refusal(images);
            assert!(message.starts_with(named), "{message}");
            assert!(message.contains("takes 4×4 pixels or more: set --size 64"), "{message}");
        }
    }

    #[test]
    fn images_with_too_many_weights_are_refused_with_their_number_and_a_size() {
        let photo = ImageShape { channels: 3, height: 600, width: 800 };
        assert_eq!(
            refusal(photo),
            "images of 3×600×800 do not fit the network: its first linear layer would have \
             900,000,000 weights, more than the 16,777,216 of 256×256 pixels, its limit; set --size \
             64 for pictures, or resize the images"
        );
        let absurd = ImageShape { channels: 3, height: usize::MAX, width: usize::MAX };
        for images in [ImageShape::square(260), ImageShape::grey(4, 16_388), absurd] {
            assert!(refusal(images).contains("its limit; set --size 64"), "{images}");
        }
        // As many pixels as 256×256.
        assert!(check(ImageShape::grey(1024, 64)).is_ok());
    }
}
