//! Why weights of another size do not fit the tutorial's network.

use super::images::features;
use crate::data::ImageShape;
use crate::model::architecture::{OtherSizes, Shapes};
use crate::words::count;

/// Compares the shapes of weights with a network's images and embedding: channels first, then pixels,
/// then the embedding.
pub(super) fn explain(
    (images, embedding): (ImageShape, i64),
    found: &Shapes,
) -> Option<OtherSizes> {
    let size = |name: &str, axis: usize| found[name].get(axis).copied().unwrap_or(0);
    let first = "feature_net.0.weight";
    let channels = size(first, 1);
    let inputs = size("linear1.weight", 0);
    if channels != images.channels as i64 && channels > 0 && found[first].len() == 4 {
        return Some(other_channels(channels, images));
    }
    if inputs != features(images) && inputs > 0 {
        return Some(other_pixels(inputs, images));
    }
    let outputs = size("linear2.weight", 0);
    if outputs != embedding && outputs > 0 {
        let problem = format!(
            "was trained for embeddings of {}, the settings say {embedding}",
            count(outputs as usize, "number"),
        );
        let remedy = format!("add --set model.embedding={outputs}, or omit --init");
        return Some(OtherSizes { problem, remedy: Some(remedy) });
    }
    None
}

fn other_channels(channels: i64, images: ImageShape) -> OtherSizes {
    let problem = format!(
        "was trained on images of {}, the data has {}",
        count(channels as usize, "channel"),
        images.channels
    );
    let setting = match channels {
        1 => "grey",
        3 => "rgb",
        _ => return OtherSizes { problem, remedy: None },
    };
    let remedy = format!("read pictures with --channels {setting}, or omit --init");
    OtherSizes { problem, remedy: Some(remedy) }
}

/// The weights tell only how many pixels two poolings left, so a square is a guess.
fn other_pixels(inputs: i64, images: ImageShape) -> OtherSizes {
    let ImageShape { height, width, .. } = images;
    let quarter = inputs.isqrt();
    let (least, most) = (quarter * 4, quarter * 4 + 3);
    let is_square = quarter * quarter == inputs;
    let made_for = match is_square {
        true if height == width => format!("{least}×{least} to {most}×{most}"),
        true => format!("about {} pixels, such as {least}×{least}", inputs.saturating_mul(16)),
        false => format!("about {} pixels", inputs.saturating_mul(16)),
    };
    let problem = format!("was trained on images of {made_for}, the data has {height}×{width}");
    let size = if is_square { format!(" (pictures: --size {least})") } else { String::new() };
    let remedy = format!("resize the images to that size{size}, or omit --init");
    OtherSizes { problem, remedy: Some(remedy) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Architecture, Tutorial};

    const COLOUR: ImageShape = ImageShape { channels: 3, height: 20, width: 12 };

    /// Problem and remedy where weights for images of a shape meet data of another.
    fn explained(weights: ImageShape, data: ImageShape) -> Option<[String; 2]> {
        let other = explain((data, 4), &Tutorial::new(weights, 4).shapes())?;
        Some([other.problem, other.remedy.unwrap_or_default()])
    }

    #[test]
    fn weights_for_other_channels_name_both_and_the_setting() {
        let grey = ImageShape::grey(20, 12);
        let [problem, remedy] = explained(grey, COLOUR).unwrap();
        assert_eq!(problem, "was trained on images of 1 channel, the data has 3");
        assert_eq!(remedy, "read pictures with --channels grey, or omit --init");
        let [problem, remedy] = explained(COLOUR, grey).unwrap();
        assert_eq!(problem, "was trained on images of 3 channels, the data has 1");
        assert_eq!(remedy, "read pictures with --channels rgb, or omit --init");
        let four = ImageShape { channels: 4, ..COLOUR };
        let none = String::new();
        assert_eq!(explained(four, COLOUR).unwrap()[1], none, "no setting gives four channels");
    }

    #[test]
    fn weights_for_other_pixels_name_what_the_layers_tell() {
        let square = ImageShape::square;
        let [problem, remedy] = explained(square(28), square(12)).unwrap();
        assert_eq!(problem, "was trained on images of 28×28 to 31×31, the data has 12×12");
        let way_out = "resize the images to that size (pictures: --size 28), or omit --init";
        assert_eq!(remedy, way_out);
        let [problem, remedy] = explained(square(28), ImageShape::grey(20, 12)).unwrap();
        let start = "was trained on images of about 784 pixels, such as 28×28, the data has 20×12";
        assert_eq!((problem.as_str(), remedy.as_str()), (start, way_out));
        let [problem, remedy] = explained(ImageShape::grey(20, 12), square(28)).unwrap();
        assert_eq!(problem, "was trained on images of about 240 pixels, the data has 28×28");
        assert_eq!(remedy, "resize the images to that size, or omit --init");
    }

    #[test]
    fn weights_that_fit_need_no_explanation() {
        assert_eq!(explained(COLOUR, COLOUR), None);
        // The poolings drop the rows and columns beyond a multiple of four.
        assert_eq!(explained(COLOUR, ImageShape { height: 23, ..COLOUR }), None);
    }
}
