//! What was understood of a file of labelled images, for people and for other files of its kind.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What was understood of a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reading {
    /// How the cells of a table are set apart: `commas`, `semicolons, decimal commas`; empty where
    /// the file is none.
    pub format: String,
    /// The column of the label; none without labels or columns.
    pub label: Option<LabelFound>,
    /// Columns that are neither label nor pixels.
    pub left_out: Vec<LeftOut>,
    /// What the columns of an image are.
    pub columns: ImageColumns,
    /// What was decided of all this and is not the plain case, a line each.
    pub decisions: Vec<String>,
    /// What else the user should know, a line each.
    pub remarks: Vec<String>,
    /// Files that the images are in, where the file itself only names them.
    #[serde(skip)]
    pub files: Vec<PathBuf>,
    /// Where a version that knew plain files alone read this one in another way, or not at all: how
    /// it is read now.
    #[serde(skip)]
    pub differs: Option<String>,
}

impl Reading {
    /// All that the user should know before the images are used; nothing of a plain file.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.decisions.iter().chain(&self.remarks).map(String::as_str)
    }
}

/// The label's column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelFound {
    /// Its name in the header, or its number from 1; of one-hot labels, the first and the last.
    pub column: String,
    /// Why it is taken for the label.
    pub why: String,
}

/// A column that is neither label nor pixels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Its name in the header, or its number from 1.
    pub column: String,
    /// Why it is left out.
    pub why: String,
}

/// What the columns of an image are, by which a run reads other files as its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageColumns {
    /// Names of the pixel columns in the order of the image; none where they have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
    /// What a pixel consists of.
    #[serde(default)]
    pub channels: Channels,
    /// The name of the label's column; none without a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The label's column from 0 and the number of all columns, by which a file without a header is
    /// read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_at: Option<(usize, usize)>,
    /// Whether the columns of the file were put into another order.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reordered: bool,
}

/// How the images were read that a run was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainedOn {
    /// What the columns of an image were.
    pub columns: ImageColumns,
    /// What values were divided by.
    pub scale: f32,
}

impl Default for TrainedOn {
    /// As versions read all files that knew plain ones alone.
    fn default() -> TrainedOn {
        TrainedOn { columns: ImageColumns::default(), scale: 255.0 }
    }
}

impl TrainedOn {
    /// Which of the columns that the training leaves out may be left out of other files: not those that
    /// are named by their numbers where there were names, since other files have other numbers.
    pub fn leaves_out(&self, drop: Vec<String>) -> Vec<String> {
        let had_names = self.columns.names.is_some() || self.columns.label.is_some();
        let is_number = |name: &str| name.parse::<usize>().is_ok();
        drop.into_iter().filter(|name| !(had_names && is_number(name))).collect()
    }
}

/// What a pixel consists of; colours become grey when they are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channels {
    /// One grey value.
    #[default]
    Grey,
    /// Red, green and blue; first all red values of an image, then all green ones, then all blue ones.
    RgbPlanes,
    /// Red, green and blue of one pixel after the other.
    Rgb,
    /// Red, green, blue and opacity of one pixel after the other.
    Rgba,
}

impl Channels {
    /// Values of one pixel.
    pub fn count(self) -> usize {
        match self {
            Channels::Grey => 1,
            Channels::RgbPlanes | Channels::Rgb => 3,
            Channels::Rgba => 4,
        }
    }

    /// The values of pixel `pixel` of `pixels`, as positions in an image's columns.
    pub fn positions(self, pixel: usize, pixels: usize) -> [usize; 3] {
        match self {
            Channels::Grey => [pixel; 3],
            Channels::RgbPlanes => [pixel, pixels + pixel, 2 * pixels + pixel],
            Channels::Rgb => [3 * pixel, 3 * pixel + 1, 3 * pixel + 2],
            Channels::Rgba => [4 * pixel, 4 * pixel + 1, 4 * pixel + 2],
        }
    }
}

/// Names of columns, written short where they are numbered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Names {
    /// `prefix` with the numbers from `first` on.
    Numbered {
        /// What stands before the number.
        prefix: String,
        /// The first number.
        first: usize,
        /// How many there are.
        count: usize,
    },
    /// Each by itself.
    Listed(Vec<String>),
}

impl Names {
    /// Names in the order of an image.
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

/// Grey of a colour by ITU-R BT.601, in the unit of the three.
pub fn luma(red: f32, green: f32, blue: f32) -> f32 {
    0.299 * red + 0.587 * green + 0.114 * blue
}

/// Grey of a colour of bytes, as Pillow computes it: 16-bit shares, rounded to the nearest.
pub fn luma_byte([red, green, blue]: [u8; 3]) -> u8 {
    let [red, green, blue] = [red, green, blue].map(u32::from);
    ((19_595 * red + 38_470 * green + 7_471 * blue + 0x8000) >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_names_are_kept_short_and_come_back_as_they_were() {
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
    fn columns_left_out_by_their_number_are_so_in_files_without_a_header_alone() {
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
