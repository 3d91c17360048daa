//! Arguments for images: the kinds of sources, the columns of a table, and the shape of pictures.

use clap::Args;

use super::parse::class_names;
use crate::data::{ChannelChoice, ClassNames, Fit, Header, PictureSize, Scale, image_sources};

/// Help of an argument that takes images, with the kinds of sources that are read.
pub fn images_help(what: &str) -> String {
    format!("{what}: {}, compressed or not; - is stdin", image_sources())
}

/// How to read images: the columns of a table, and pictures of any size.
#[derive(Debug, Args)]
pub struct ColumnArgs {
    /// Label column, by name or number from 1 [default: found by its name, else the column that is
    /// not named like a pixel, else the first or last by their values]
    #[arg(long, value_name = "COLUMN")]
    pub label: Option<String>,
    /// Whether the first line is a header: auto, yes or no [default: {data.header}]
    #[arg(long, value_name = "WHETHER")]
    pub header: Option<Header>,
    /// Columns to ignore, by name or number, separated by commas; may be repeated [default: row
    /// numbers, names of splits, text, and empty columns]
    #[arg(long, value_name = "COLUMN")]
    pub drop: Vec<String>,
    /// Divisor of the pixel values: auto, or a number like 1, 16, 255 or 65535 [default:
    /// {data.scale}, from their range]
    #[arg(long, value_name = "NUMBER")]
    pub scale: Option<Scale>,
    /// Class names: auto, labels or fashion-mnist [default: {data.names}]
    #[arg(long, value_name = "WHICH", value_parser = class_names)]
    pub names: Option<ClassNames>,
    /// Images in grey or in colour: auto, grey or rgb [default: {data.channels}, in colour if any has one]
    #[arg(long, value_name = "WHICH")]
    pub channels: Option<ChannelChoice>,
    /// Size of all pictures: auto, N for N×N, or HxW [default: {data.size}, that of the pictures if all
    /// have one]
    #[arg(long, value_name = "SIZE")]
    pub size: Option<PictureSize>,
    /// How a picture of another aspect ratio is fitted: crop, pad or stretch [default: {data.fit}]
    #[arg(long, value_name = "HOW")]
    pub fit: Option<Fit>,
    /// Leave out pictures that cannot be read, and say how many and the first of them
    #[arg(long)]
    pub skip_broken: bool,
}
