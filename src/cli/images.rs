//! Arguments for files of images: the kinds of sources, and the columns of a CSV.

use clap::Args;

use super::parse::class_names;
use crate::data::{ClassNames, Header, Scale, image_sources};

/// Help of an argument that takes images, with the kinds of sources that are read.
pub fn images_help(what: &str) -> String {
    format!("{what}: {}, compressed or not; - is stdin", image_sources())
}

/// How to read the columns of a CSV.
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
}
