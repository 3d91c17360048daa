//! Settings of the pictures.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The section `[plots]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlotsConfig {
    /// Where the pictures will be shown.
    pub style: Style,
}

/// Where pictures will be shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// On a screen: with title and remarks, one PNG pixel per layout pixel.
    #[default]
    Screen,
    /// In a paper, where a caption replaces titles and remarks: without these and without margins,
    /// darker greys, 8-point text, a PNG with 270 dots per inch.
    Paper,
}

impl FromStr for Style {
    type Err = String;

    fn from_str(text: &str) -> Result<Style, String> {
        match text {
            "screen" => Ok(Style::Screen),
            "paper" => Ok(Style::Paper),
            _ => Err("must be screen or paper".to_owned()),
        }
    }
}
