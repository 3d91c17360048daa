//! Settings of the pictures.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What stands under `[plots]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlotsConfig {
    /// Where the pictures are to be looked at.
    pub style: Style,
}

/// Where pictures are to be looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// On a screen: with a title and remarks, a pixel of the layout a pixel of the PNG.
    #[default]
    Screen,
    /// In a paper, where a caption tells what titles and remarks tell elsewhere: without these and
    /// without margins, darker greys, text of 8 points, a PNG of 270 dots an inch.
    Paper,
}

impl FromStr for Style {
    type Err = String;

    fn from_str(text: &str) -> Result<Style, String> {
        match text {
            "screen" => Ok(Style::Screen),
            "paper" => Ok(Style::Paper),
            _ => Err("take screen or paper".to_owned()),
        }
    }
}
