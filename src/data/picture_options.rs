//! Settings for pictures: how files of any size and colour become images of one shape.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ImageShape;
use crate::error::{Error, Result};

/// How pictures become images of one shape.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PictureOptions {
    /// Grey or colour.
    pub channels: ChannelChoice,
    /// Height and width.
    pub size: PictureSize,
    /// How a picture of another aspect ratio is fitted.
    pub fit: Fit,
    /// Whether to leave out pictures that cannot be read.
    pub skip_broken: bool,
    /// Height and width of the images that they join, which they are brought to if no size is chosen.
    pub joined: Option<(usize, usize)>,
}

impl PictureOptions {
    /// The options for pictures that join images of this shape.
    pub fn like(self, shape: ImageShape) -> PictureOptions {
        let ImageShape { channels, height, width } = shape;
        let channels = if channels == 1 { ChannelChoice::Grey } else { ChannelChoice::Rgb };
        PictureOptions { channels, joined: Some((height, width)), ..self }
    }
}

/// Whether images are grey or in colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelChoice {
    /// In colour if any picture has a pixel that is not grey.
    #[default]
    Auto,
    /// One channel, by ITU-R BT.601.
    Grey,
    /// Red, green and blue.
    Rgb,
}

/// Height and width of all images: `"auto"`, a number N for N×N, or `"HxW"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "toml::Value", into = "toml::Value")]
pub enum PictureSize {
    /// That of the pictures, which all have it.
    #[default]
    Auto,
    /// These pixels.
    Of {
        /// Rows of pixels.
        height: usize,
        /// Pixels in a row.
        width: usize,
    },
}

/// How a picture is fitted into a size of another aspect ratio.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// Scaled until it covers the size, then cut at the centre.
    #[default]
    Crop,
    /// Scaled until it fits into the size, with black beside it.
    Pad,
    /// Scaled to the size in each direction.
    Stretch,
}

/// The longest side of an image.
const LONGEST: usize = 4096;

impl FromStr for PictureSize {
    type Err = String;

    /// `auto`, `64`, or `48x64` for a height of 48 and a width of 64.
    fn from_str(text: &str) -> std::result::Result<PictureSize, String> {
        if text == "auto" {
            return Ok(PictureSize::Auto);
        }
        let sides = text.split_once(['x', '×']).unwrap_or((text, text));
        let side = |text: &str| {
            text.trim().parse::<usize>().ok().filter(|side| (1..=LONGEST).contains(side))
        };
        match (side(sides.0), side(sides.1)) {
            (Some(height), Some(width)) => Ok(PictureSize::Of { height, width }),
            _ => Err(format!(
                "expected auto, a side in pixels such as 64, or height and width such as 48x64, up to \
                 {LONGEST}"
            )),
        }
    }
}

impl fmt::Display for PictureSize {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PictureSize::Auto => to.write_str("auto"),
            PictureSize::Of { height, width } if height == width => write!(to, "{height}"),
            PictureSize::Of { height, width } => write!(to, "{height}x{width}"),
        }
    }
}

impl TryFrom<toml::Value> for PictureSize {
    type Error = String;

    fn try_from(value: toml::Value) -> std::result::Result<PictureSize, String> {
        match &value {
            toml::Value::String(text) => text.parse(),
            other => other.to_string().parse(),
        }
        .map_err(|problem| format!("{value}: {problem}"))
    }
}

impl From<PictureSize> for toml::Value {
    fn from(size: PictureSize) -> toml::Value {
        match size {
            PictureSize::Of { height, width } if height == width => {
                toml::Value::Integer(height as i64)
            }
            other => toml::Value::String(other.to_string()),
        }
    }
}

impl FromStr for ChannelChoice {
    type Err = Error;

    /// `auto`, `grey` or `rgb`.
    fn from_str(text: &str) -> Result<ChannelChoice> {
        match text {
            "auto" => Ok(ChannelChoice::Auto),
            "grey" | "gray" => Ok(ChannelChoice::Grey),
            "rgb" => Ok(ChannelChoice::Rgb),
            other => Err(Error::setting("data.channels", other, "must be auto, grey or rgb")),
        }
    }
}

impl fmt::Display for ChannelChoice {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            ChannelChoice::Auto => "auto",
            ChannelChoice::Grey => "grey",
            ChannelChoice::Rgb => "rgb",
        })
    }
}

impl FromStr for Fit {
    type Err = Error;

    /// `crop`, `pad` or `stretch`.
    fn from_str(text: &str) -> Result<Fit> {
        match text {
            "crop" => Ok(Fit::Crop),
            "pad" => Ok(Fit::Pad),
            "stretch" => Ok(Fit::Stretch),
            other => Err(Error::setting("data.fit", other, "must be crop, pad or stretch")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_side_or_height_and_width() {
        let of = |height, width| Ok(PictureSize::Of { height, width });
        assert_eq!(["64", "48x64", "48×64"].map(str::parse), [of(64, 64), of(48, 64), of(48, 64)]);
        assert_eq!("auto".parse(), Ok(PictureSize::Auto));
        for wrong in ["0", "64x", "x", "-1", "64x64x3", "4097", ""] {
            assert!(wrong.parse::<PictureSize>().unwrap_err().contains("such as 48x64"), "{wrong}");
        }
    }

    #[test]
    fn a_size_round_trips_through_toml() {
        let read = |value: toml::Value| PictureSize::try_from(value);
        for text in ["auto", "64", "48x64"] {
            let size: PictureSize = text.parse().unwrap();
            assert_eq!(read(size.into()), Ok(size));
        }
        assert_eq!(read(toml::Value::Integer(32)), "32".parse());
        assert!(read(toml::Value::Float(1.5)).unwrap_err().contains("1.5"));
    }
}
