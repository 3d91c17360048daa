//! How a file of labelled images was interpreted, for the user and to read other files the same
//! way.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How a file was interpreted.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reading {
    /// The separator of a table: `commas`, `semicolons, decimal commas`; empty if the file is not a
    /// table.
    pub format: String,
    /// The label column; `None` without labels or columns.
    pub label: Option<LabelFound>,
    /// Ignored columns, which are neither label nor pixels.
    pub left_out: Vec<LeftOut>,
    /// The pixel columns.
    pub columns: ImageColumns,
    /// Decisions that are not obvious, one per line.
    pub decisions: Vec<String>,
    /// Other notes for the user, one per line.
    pub remarks: Vec<String>,
    /// The image files, if the file is a list of them.
    #[serde(skip)]
    pub files: Vec<PathBuf>,
    /// How the file is interpreted, if the first version interpreted it differently or not at all.
    #[serde(skip)]
    pub differs: Option<String>,
}

impl Reading {
    /// Everything to tell the user before the images are used; empty for a plain file.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.decisions.iter().chain(&self.remarks).map(String::as_str)
    }
}

/// The label column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelFound {
    /// Its name in the header, or its number from 1; for one-hot labels, the first and the last.
    pub column: String,
    /// Why it is considered the label.
    pub why: String,
}

/// An ignored column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its name in the header, or its number from 1.
    pub column: String,
    /// Why it is ignored.
    pub why: String,
}

/// The pixel columns of a file, with which other files are read the same way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageColumns {
    /// Names of the pixel columns in image order; `None` without names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
    /// The channels of a pixel.
    #[serde(default)]
    pub channels: Channels,
    /// The name of the label column; `None` without a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Index of the label column and the number of all columns, to read files without a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_at: Option<(usize, usize)>,
    /// Whether the columns of the file were reordered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reordered: bool,
    /// Whether rows and columns of each image were swapped, as EMNIST's files need.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub transposed: bool,
}

/// How the images that a run was trained on were interpreted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainedOn {
    /// Their pixel columns.
    pub columns: ImageColumns,
    /// Their divisor.
    pub scale: f32,
}

impl Default for TrainedOn {
    /// How the first version read all files.
    fn default() -> TrainedOn {
        TrainedOn { columns: ImageColumns::default(), scale: 255.0 }
    }
}

impl TrainedOn {
    /// Which of the columns dropped in training to drop from other files: not those given by number
    /// if the columns had names, since the numbers differ between files.
    pub fn leaves_out(&self, drop: Vec<String>) -> Vec<String> {
        let had_names = self.columns.names.is_some() || self.columns.label.is_some();
        let is_number = |name: &str| name.parse::<usize>().is_ok();
        drop.into_iter().filter(|name| !(had_names && is_number(name))).collect()
    }
}

/// The channels of a pixel; colours are converted to grey on reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channels {
    /// One grey value.
    #[default]
    Grey,
    /// Red, green and blue planes: first all red values of an image, then all green ones, then all
    /// blue ones.
    RgbPlanes,
    /// Red, green and blue, interleaved by pixel.
    Rgb,
    /// Red, green, blue and alpha, interleaved by pixel.
    Rgba,
}

impl Channels {
    /// Number of channels.
    pub fn count(self) -> usize {
        match self {
            Channels::Grey => 1,
            Channels::RgbPlanes | Channels::Rgb => 3,
            Channels::Rgba => 4,
        }
    }

    /// Positions of the colour values of pixel `pixel` out of `pixels` in an image's columns.
    pub fn positions(self, pixel: usize, pixels: usize) -> [usize; 3] {
        match self {
            Channels::Grey => [pixel; 3],
            Channels::RgbPlanes => [pixel, pixels + pixel, 2 * pixels + pixel],
            Channels::Rgb => [3 * pixel, 3 * pixel + 1, 3 * pixel + 2],
            Channels::Rgba => [4 * pixel, 4 * pixel + 1, 4 * pixel + 2],
        }
    }
}

/// Column names, in short form if they are numbered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Names {
    /// `prefix` followed by consecutive numbers.
    Numbered {
        /// The text before the number.
        prefix: String,
        /// The first number.
        first: usize,
        /// How many there are.
        count: usize,
    },
    /// An explicit list.
    Listed(Vec<String>),
}

impl Names {
    /// Names in image order.
    pub fn new(names: Vec<String>) -> Names {
        let split = |name: &str| {
            let prefix = name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
            let first = name[prefix.len()..].parse::<usize>().ok()?;
            Some(Names::Numbered { prefix, first, count: names.len() })
        };
        match names.first().and_then(|name| split(name)) {
            Some(short) if short.list() == names => short,
            _ => Names::Listed(names),
        }
    }

    /// All names.
    pub fn list(&self) -> Vec<String> {
        match self {
            Names::Listed(names) => names.clone(),
            Names::Numbered { prefix, first, count } => {
                (0..*count).map(|i| format!("{prefix}{}", first.saturating_add(i))).collect()
            }
        }
    }
}

/// Grey value of a colour by ITU-R BT.601, in the same unit.
pub fn luma(red: f32, green: f32, blue: f32) -> f32 {
    0.299 * red + 0.587 * green + 0.114 * blue
}

/// Grey value of an 8-bit colour as Pillow computes it, with 16-bit weights, rounded to nearest.
pub fn luma_byte([red, green, blue]: [u8; 3]) -> u8 {
    let [red, green, blue] = [red, green, blue].map(u32::from);
    ((19_595 * red + 38_470 * green + 7_471 * blue + 0x8000) >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_names_have_a_short_form_and_round_trip() {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        for (names, short) in [
            (list(&["pixel1", "pixel2", "pixel3"]), true),
            (list(&["0", "1"]), true),
            (list(&["p08", "p09", "p10"]), false),
            (list(&["1x1", "1x2", "2x1", "2x2"]), false),
            (list(&["a", "b"]), false),
            (list(&[]), false),
        ] {
            let kept = Names::new(names.clone());
            assert_eq!(kept.list(), names);
            assert_eq!(matches!(kept, Names::Numbered { .. }), short, "{names:?}");
            let text = serde_json::to_string(&kept).unwrap();
            assert_eq!(serde_json::from_str::<Names>(&text).unwrap(), kept);
        }
    }

    #[test]
    fn columns_dropped_by_number_are_dropped_only_from_files_without_a_header() {
        let drop = vec!["id".to_owned(), "3".to_owned()];
        let headless = TrainedOn::default();
        assert_eq!(headless.leaves_out(drop.clone()), drop);
        let columns = ImageColumns { label: Some("y".to_owned()), ..ImageColumns::default() };
        assert_eq!(TrainedOn { columns, scale: 1.0 }.leaves_out(drop), ["id"]);
    }

    #[test]
    fn positions_follow_the_order_of_the_channels() {
        assert_eq!(Channels::RgbPlanes.positions(1, 4), [1, 5, 9]);
        assert_eq!(Channels::Rgb.positions(1, 4), [3, 4, 5]);
        assert_eq!(Channels::Rgba.positions(1, 4), [4, 5, 6]);
    }
}
